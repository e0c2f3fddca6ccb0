"""What a header reader finds."""

from dataclasses import dataclass

from simulator.domain.outputs import MediaKind

DAY_MS = 24 * 3600 * 1000


@dataclass(frozen=True, slots=True)
class Measures:
    """Pixels and milliseconds as the headers state them, not yet judged."""

    kind: MediaKind
    format: str
    width: int = 0
    height: int = 0
    duration_ms: int | None = None
