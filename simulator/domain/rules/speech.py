"""Dialogue: how much text it takes, and whose voices."""

from collections.abc import Sequence
from dataclasses import dataclass

from simulator.domain.errors import Rejection
from simulator.domain.evidence import ASSUMED, DOCUMENTED, OBSERVED, Ruling
from simulator.domain.rules import Rule

CHARACTERS_LEAST, CHARACTERS_MOST = 5, 5_000
DEFAULT_VOICE = "Rachel"
VOICES = (
    "Rachel",
    "Drew",
    "Clyde",
    "Paul",
    "Aria",
    "Domi",
    "Dave",
    "Roger",
    "Fin",
    "Sarah",
    "James",
    "Jane",
    "Juniper",
    "Arabella",
    "Hope",
    "Bradford",
    "Reginald",
    "Gaming",
    "Austin",
    "Kuon",
    "Blondie",
    "Priyanka",
    "Alexandra",
    "Monika",
    "Mark",
    "Grimblewood",
)
CHARACTERS_A_SECOND = 15

RULINGS = (
    Ruling(
        "dialogue.polled-as-media",
        OBSERVED,
        "clients of the API",
        "A dialogue's status is read at the media route.",
    ),
    Ruling(
        "dialogue.length",
        ASSUMED,
        "ruling",
        "Speech lasts one second for every 15 characters, and at least one second.",
    ),
    Ruling(
        "dialogue.voice-default",
        OBSERVED,
        "clients of the API",
        "A line without a voice is spoken by Rachel.",
    ),
)


@dataclass(frozen=True, slots=True)
class Line:
    """A line of dialogue; ``voice`` None: the default."""

    text: str
    voice: str | None = None


def characters(lines: Sequence[Line]) -> int:
    """Code points of all lines together."""
    return sum(len(line.text) for line in lines)


def speech_ms(lines: Sequence[Line]) -> int:
    """How long it takes to speak the lines."""
    return max(1_000, characters(lines) * 1_000 // CHARACTERS_A_SECOND)


def dialogue_too_short(lines: Sequence[Line]) -> Rejection | None:
    count = characters(lines)
    if count >= CHARACTERS_LEAST:
        return None
    return Rejection(
        "dialogue_too_short",
        f"A dialogue has at least {CHARACTERS_LEAST} characters; this one has {count}.",
        min_characters=CHARACTERS_LEAST,
        characters=count,
    )


def dialogue_too_long(lines: Sequence[Line]) -> Rejection | None:
    count = characters(lines)
    if count <= CHARACTERS_MOST:
        return None
    return Rejection(
        "dialogue_too_long",
        f"A dialogue has at most {CHARACTERS_MOST} characters; this one has {count}.",
        max_characters=CHARACTERS_MOST,
        characters=count,
    )


def invalid_voice(lines: Sequence[Line]) -> Rejection | None:
    for index, line in enumerate(lines):
        if line.voice is not None and line.voice not in VOICES:
            return Rejection(
                "invalid_voice",
                f"dialogue[{index}] asks for a voice that there is not.",
                index=index,
                allowed=list(VOICES),
            )
    return None


DIALOGUE_RULES: tuple[Rule[Sequence[Line]], ...] = (
    Rule(
        "dialogue.characters-min",
        DOCUMENTED,
        "docs: limitations; code: ruling",
        "A dialogue has at least 5 characters in all.",
        dialogue_too_short,
    ),
    Rule(
        "dialogue.characters-max",
        DOCUMENTED,
        "docs: limitations; code: ruling",
        "A dialogue has at most 5,000 characters in all.",
        dialogue_too_long,
    ),
    Rule(
        "dialogue.voice",
        OBSERVED,
        "clients of the API; code: ruling",
        "A voice outside the list of 26 is refused before anything is charged.",
        invalid_voice,
    ),
)
