"""Music: a simple mode (a prompt) and an advanced one (title and style), and what each refuses."""

from dataclasses import dataclass

from simulator.domain.errors import Rejection
from simulator.domain.evidence import DOCUMENTED, OBSERVED, Ruling
from simulator.domain.rules import Rule

PROMPT_MOST = 400
VOCAL_GENDERS = ("m", "f", "random")
MODELS = ("V4", "V4_5", "V4_5PLUS", "V5", "V5_5")
NEWEST = MODELS[-1]

RULINGS = (
    Ruling(
        "music.model",
        OBSERVED,
        "live list 2026-04-17; left out: ruling",
        "A music model that is unknown or left out is the newest, V5_5.",
    ),
    Ruling(
        "music.songs",
        DOCUMENTED,
        "docs: how it works; two songs a generation: ruling",
        "A music generation delivers songs, each with an audio, a stream and a cover.",
    ),
    Ruling(
        "music.streaming",
        OBSERVED,
        "clients of the API; when: ruling",
        "In the last quarter of its processing a generation is streaming: songs show a stream_url"
        " while audio_url is still null.",
    ),
)


@dataclass(frozen=True, slots=True)
class MusicAsk:
    """The fields of ``generate_music``, texts stripped of outer spaces; empty: left out."""

    prompt: str = ""
    title: str = ""
    style: str = ""
    instrumental: bool = False
    vocal_gender: str = ""
    song_description: str = ""
    lyrics: str = ""

    @property
    def advanced(self) -> bool:
        return bool(self.title or self.style)


def invalid_music_mode(ask: MusicAsk) -> Rejection | None:
    if ask.advanced and not (ask.title and ask.style):
        missing = "style" if ask.title else "title"
        return Rejection(
            "invalid_music_mode",
            f"title and style go together; {missing} is missing.",
            missing=missing,
        )
    if not ask.advanced and not ask.prompt:
        return Rejection(
            "invalid_music_mode",
            "Send a prompt (simple mode), or title and style (advanced mode).",
            missing="prompt",
        )
    return None


def prompt_too_long(ask: MusicAsk) -> Rejection | None:
    if ask.advanced or len(ask.prompt) <= PROMPT_MOST:
        return None
    return Rejection(
        "prompt_too_long",
        f"A music prompt has at most {PROMPT_MOST} characters; this one has {len(ask.prompt)}.",
        max_characters=PROMPT_MOST,
        characters=len(ask.prompt),
    )


def invalid_vocal_gender(ask: MusicAsk) -> Rejection | None:
    if not ask.advanced or ask.vocal_gender in VOCAL_GENDERS:
        return None
    return Rejection(
        "invalid_vocal_gender",
        f"Advanced mode needs vocal_gender, one of {', '.join(VOCAL_GENDERS)}.",
        allowed=list(VOCAL_GENDERS),
    )


def invalid_music_text(ask: MusicAsk) -> Rejection | None:
    if not ask.advanced:
        return None
    if bool(ask.song_description) == bool(ask.lyrics):
        what = "both came" if ask.lyrics else "neither came"
        return Rejection(
            "invalid_music_text",
            f"Advanced mode takes song_description or lyrics; {what}.",
        )
    if ask.instrumental and ask.lyrics:
        return Rejection(
            "invalid_music_text", "An instrumental takes song_description, not lyrics."
        )
    return None


MUSIC_RULES: tuple[Rule[MusicAsk], ...] = (
    Rule(
        "music.mode",
        DOCUMENTED,
        "docs: music tools; code: ruling",
        "Simple mode needs a prompt; advanced mode needs both title and style.",
        invalid_music_mode,
    ),
    Rule(
        "music.prompt-length",
        DOCUMENTED,
        "docs: music tools; code: ruling",
        "A simple prompt has at most 400 characters.",
        prompt_too_long,
    ),
    Rule(
        "music.vocal-gender",
        DOCUMENTED,
        "docs: music tools; code: ruling",
        "Advanced mode needs vocal_gender: m, f or random.",
        invalid_vocal_gender,
    ),
    Rule(
        "music.text",
        DOCUMENTED,
        "docs: music tools; code: ruling",
        "Advanced mode takes exactly one of song_description and lyrics; an instrumental takes"
        " song_description.",
        invalid_music_text,
    ),
)
