"""Read a file's headers with a bound on bytes and on reads, whatever the file claims."""

from typing import BinaryIO

_BYTES = 1 << 20
_READS = 20_000


class UnreadableMedia(Exception):
    """The file is not what its name says, or its headers are broken or absurd.

    ``reason`` says so in a sentence for the person who uploaded it.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Scanner:
    """Reads at absolute places of a file of ``size`` bytes.

    Raises ``UnreadableMedia`` past the end of the file and past its allowance: at most 1 MiB in at
    most 20,000 reads.
    """

    def __init__(self, file: BinaryIO, size: int) -> None:
        self.size = size
        self._file = file
        self._bytes_left = _BYTES
        self._reads_left = _READS

    def read(self, place: int, length: int) -> bytes:
        """Exactly ``length`` bytes from ``place``."""
        if place < 0 or place + length > self.size:
            raise UnreadableMedia("The file ends before its headers do.")
        self._bytes_left -= length
        self._reads_left -= 1
        if self._bytes_left < 0 or self._reads_left < 0:
            raise UnreadableMedia("The file's headers are too long or too many.")
        self._file.seek(place)
        data = self._file.read(length)
        if len(data) != length:
            raise UnreadableMedia("The file ends before its headers do.")
        return data

    def number(self, place: int, length: int) -> int:
        """An unsigned big-endian number."""
        return int.from_bytes(self.read(place, length), "big")
