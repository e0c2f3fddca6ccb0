"""Captions and separation: products that are priced by the length of a file."""

from dataclasses import dataclass

from simulator.domain.errors import Rejection
from simulator.domain.evidence import ASSUMED, OBSERVED, Ruling
from simulator.domain.inputs import Source
from simulator.domain.rules import Rule

LENGTH_MOST_S = 30 * 60

RULINGS = (
    Ruling(
        "sound.prices",
        ASSUMED,
        "live list 2026-03-28 (0.5 and 6 credits); units: ruling",
        "Captions cost 0.5 credits for each second begun, separation 6 for each minute begun.",
    ),
    Ruling(
        "sound.unmeasured",
        ASSUMED,
        "ruling; the pessimistic fallback was observed",
        "A file whose length is not known is billed for the most that is allowed, 30 minutes.",
    ),
    Ruling(
        "captions.synchronous",
        OBSERVED,
        "docs: how it works; the wait: ruling",
        "Captions answer with their result; the provider's wait of minutes is not simulated.",
    ),
    Ruling(
        "captions.words",
        ASSUMED,
        "ruling",
        "Caption words are drawn from the file's id, two a second over its length.",
    ),
    Ruling(
        "separation.outputs",
        OBSERVED,
        "docs: how it works",
        "Separation delivers vocals_url and instrumental_url, as long as the file.",
    ),
)


@dataclass(frozen=True, slots=True)
class SoundAsk:
    """A file to be heard."""

    source: Source

    @property
    def measured_ms(self) -> int | None:
        """The length of an upload; None when nobody measured it."""
        upload = self.source.upload
        return None if upload is None or not upload.duration_ms else upload.duration_ms

    @property
    def billed_ms(self) -> int:
        return LENGTH_MOST_S * 1_000 if self.measured_ms is None else self.measured_ms


def unsupported_media_type(ask: SoundAsk) -> Rejection | None:
    if ask.source.kind in ("audio", "video"):
        return None
    allowed = ["mp4", "mov", "webm", "mp3", "wav", "m4a"]
    return Rejection(
        "unsupported_media_type",
        f"media_url must be the URL of a video or an audio file: {', '.join(allowed)}.",
        field="media_url",
        extension=ask.source.extension,
        allowed=allowed,
    )


def media_too_long(ask: SoundAsk) -> Rejection | None:
    if ask.billed_ms <= LENGTH_MOST_S * 1_000:
        return None
    return Rejection(
        "media_too_long",
        f"The file may last at most {LENGTH_MOST_S} s; it lasts {ask.billed_ms / 1000:g} s.",
        max_seconds=LENGTH_MOST_S,
        seconds=ask.billed_ms / 1000,
    )


SOUND_RULES: tuple[Rule[SoundAsk], ...] = (
    Rule(
        "sound.source-type",
        ASSUMED,
        "ruling",
        "Captions and separation take a video or an audio file, by its extension.",
        unsupported_media_type,
    ),
    Rule(
        "sound.length",
        OBSERVED,
        "docs: captions; separation: ruling",
        "A file lasts at most 30 minutes, where its length is known.",
        media_too_long,
    ),
)
