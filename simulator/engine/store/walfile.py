"""The header of sqlite's write-ahead log. sqlite itself takes a log with a damaged header for an
empty one, and everything that was only in it would be gone without a word.

Source: "WAL-mode File Format" of sqlite's documentation, the header and the checksum algorithm.
"""

from pathlib import Path
from struct import unpack

HEADER_BYTES = 32
_WORD = 2**32


def wal_is_damaged(wal: Path) -> bool:
    """Whether a log that holds more than its header has one that sqlite will not believe."""
    with wal.open("rb") as file:
        header = file.read(HEADER_BYTES + 1)
    if len(header) <= HEADER_BYTES:
        return False
    magic, *_, first, second = unpack(">8I", header[:HEADER_BYTES])
    if magic not in (0x377F0682, 0x377F0683):
        return True
    words = unpack(">6I" if magic & 1 else "<6I", header[:24])
    return _checksum(words) != (first, second)


def _checksum(words: tuple[int, ...]) -> tuple[int, int]:
    first = second = 0
    for one, two in zip(words[::2], words[1::2], strict=True):
        first = (first + one + second) % _WORD
        second = (second + two + first) % _WORD
    return first, second
