"""Which bytes of a file a request wants (RFC 9110, 13.1 conditions and 14 ranges)."""

import re

_ONE_RANGE = re.compile(r"\s*bytes\s*=\s*(\d{0,18})\s*-\s*(\d{0,18})\s*", re.ASCII | re.IGNORECASE)


class Unsatisfiable(Exception):
    """The range begins behind the file's last byte."""


def wanted(header: str | None, size: int) -> tuple[int, int] | None:
    """First byte and the one behind the last; None for the whole file.

    Several ranges at once and what is no range are answered with the whole file. Raises
    Unsatisfiable.
    """
    match = _ONE_RANGE.fullmatch(header) if header is not None else None
    if match is None or match.groups() == ("", ""):
        return None
    first, last = match.groups()
    if not first:
        start, stop = max(0, size - int(last)), size
    else:
        start, stop = int(first), int(last) + 1 if last else size
        if last and stop <= start:
            return None
    if start >= size:
        raise Unsatisfiable
    return start, min(stop, size)


def is_current(if_none_match: str | None, etag: str) -> bool:
    """Whether the caller has this very file already: weak comparison, or any with ``*``."""
    if if_none_match is None:
        return False
    held = [tag.strip().removeprefix("W/") for tag in if_none_match.split(",")]
    return etag in held or held == ["*"]


def goes_on(if_range: str | None, etag: str) -> bool:
    """Whether a range continues the file the caller has begun: strong comparison. A date never
    does: files are served without one."""
    return if_range is None or if_range.strip() == etag
