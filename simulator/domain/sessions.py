"""Upload sessions: a token that files are collected under, and what they amount to."""

from collections.abc import Sequence
from dataclasses import dataclass

from simulator.domain.evidence import ASSUMED, OBSERVED, Ruling
from simulator.domain.inputs import Upload

LIFETIME_MS = 60 * 60 * 1000
FILES_MOST = 20
SESSION_OVER = (
    "This upload session takes no more files: it has expired or is full."
    " Open another with get_upload_url."
)

RULINGS = (
    Ruling(
        "sessions.collect",
        OBSERVED,
        "the provider's MCP listing",
        "get_upload_url opens a session with a page and an address for direct uploads;"
        " get_upload_session tells what has arrived, in order.",
    ),
    Ruling(
        "sessions.lifetime",
        ASSUMED,
        "ruling",
        "A session takes files for one hour of the world's clock, 20 at most; what it holds can be"
        " read ever after.",
    ),
    Ruling(
        "sessions.billing-readiness",
        OBSERVED,
        "the provider's MCP listing",
        "billing_readiness is exact when every video and sound has a known length, else"
        " pessimistic_fallback.",
    ),
)


@dataclass(frozen=True, slots=True)
class UploadSession:
    """``uploads`` are the ids of what has arrived, in order."""

    token: str
    account: str
    model: str
    created_at_ms: int
    uploads: tuple[str, ...] = ()

    @property
    def expires_at_ms(self) -> int:
        return self.created_at_ms + LIFETIME_MS

    @property
    def room(self) -> int:
        """How many more files it takes."""
        return FILES_MOST - len(self.uploads)

    def takes_files(self, now_ms: int) -> bool:
        return now_ms < self.expires_at_ms and self.room > 0


@dataclass(frozen=True, slots=True)
class Totals:
    """Lengths in milliseconds; ``unknown`` counts the videos and sounds without one."""

    video_ms: int
    audio_ms: int
    unknown: int

    @property
    def readiness(self) -> str:
        return "pessimistic_fallback" if self.unknown else "exact"


def totals(uploads: Sequence[Upload]) -> Totals:
    """What the files of a session amount to."""
    return Totals(
        video_ms=sum(upload.duration_ms for upload in uploads if upload.kind == "video"),
        audio_ms=sum(upload.duration_ms for upload in uploads if upload.kind == "audio"),
        unknown=sum(upload.kind != "image" and not upload.duration_ms for upload in uploads),
    )
