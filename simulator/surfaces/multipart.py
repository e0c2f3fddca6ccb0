"""A multipart/form-data body as a stream of parts, parsed as it arrives and kept nowhere."""

from collections.abc import Iterable
from dataclasses import dataclass

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

Header = tuple[bytes, bytes]

PARTS_MOST = 64
HEADERS_MOST = 8
HEADER_BYTES_MOST = 4_096


class NotMultipart(Exception):
    """The request does not carry multipart/form-data."""


class BrokenMultipart(Exception):
    """The body is not what its boundary promised; the text says where it went wrong."""


@dataclass(frozen=True, slots=True)
class Part:
    """The head of a part. ``file_name`` is None when it carries a value rather than a file;
    ``content_type`` is what the sender says of it, ``""`` when it says nothing."""

    field: str
    file_name: str | None
    content_type: str = ""


@dataclass(frozen=True, slots=True)
class PartEnd:
    """The last byte of the part that began last has been seen."""


Event = Part | memoryview | PartEnd


def boundary_of(headers: Iterable[Header]) -> bytes:
    """The boundary that the request's Content-Type names.

    Raises NotMultipart for another type, BrokenMultipart when the boundary is missing.
    """
    content_type = dict(headers).get(b"content-type", b"").decode("latin-1")
    media_type, options = parse_options_header(content_type)
    if media_type != b"multipart/form-data":
        raise NotMultipart
    boundary = options.get(b"boundary", b"")
    if not boundary:
        raise BrokenMultipart("the Content-Type names no boundary")
    return boundary


class Multipart:
    """Turns the pieces of a body into events: of each part its head, its bytes, its end.

    ``finished`` is true once the closing boundary was seen; what follows it is passed over. At most
    64 parts, each with at most 8 headers of 4,096 bytes.
    """

    def __init__(self, boundary: bytes) -> None:
        """Raises BrokenMultipart for a boundary of more than 256 bytes."""
        self.finished = False
        self._events: list[Event] = []
        self._parts = 0
        self._name = b""
        self._value = b""
        self._head: dict[bytes, bytes] = {}
        try:
            self._parser = MultipartParser(
                boundary,
                {
                    "on_part_begin": self._begin,
                    "on_header_field": self._add_name,
                    "on_header_value": self._add_value,
                    "on_header_end": self._add_header,
                    "on_headers_finished": self._open,
                    "on_part_data": self._add_data,
                    "on_part_end": self._close,
                    "on_end": self._finish,
                },
                max_header_count=HEADERS_MOST,
                max_header_size=HEADER_BYTES_MOST,
            )
        except FormParserError as error:
            raise BrokenMultipart(str(error)) from None

    def feed(self, data: bytes) -> list[Event]:
        """What the next piece of the body completes, in order; bytes are views into ``data``.

        Raises BrokenMultipart.
        """
        try:
            self._parser.write(data)
        except FormParserError as error:
            raise BrokenMultipart(str(error)) from None
        events, self._events = self._events, []
        return events

    def _begin(self) -> None:
        self._parts += 1
        if self._parts > PARTS_MOST:
            raise BrokenMultipart(f"there are more than {PARTS_MOST} parts")
        self._head = {}

    def _add_name(self, data: bytes, start: int, end: int) -> None:
        self._name += data[start:end]

    def _add_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _add_header(self) -> None:
        self._head[self._name.lower()] = self._value
        self._name = self._value = b""

    def _open(self) -> None:
        disposition = self._head.get(b"content-disposition", b"").decode("latin-1")
        kind, options = parse_options_header(disposition)
        field = options.get(b"name")
        if kind != b"form-data" or field is None:
            raise BrokenMultipart("a part has no Content-Disposition: form-data with a name")
        file_name = options.get(b"filename")
        self._events.append(
            Part(
                field.decode("utf-8", "replace"),
                None if file_name is None else file_name.decode("utf-8", "replace"),
                self._head.get(b"content-type", b"").decode("latin-1").strip().lower(),
            )
        )

    def _add_data(self, data: bytes, start: int, end: int) -> None:
        self._events.append(memoryview(data)[start:end])

    def _close(self) -> None:
        self._events.append(PartEnd())

    def _finish(self) -> None:
        self.finished = True
