"""The file of a snapshot: JSON in one fixed order, each entry, job and upload on a line of its own.

The same snapshot is the same bytes. A file that another program has laid out anew is read as well.
"""

from collections.abc import Iterable, Mapping
from dataclasses import MISSING, fields, is_dataclass
from functools import cache
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

import msgspec

from simulator.engine.snapshots.snapshot import FORMAT, VERSION, Snapshot

_SIGNED = frozenset({"millicredits", "issued"})
_Natural = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]
_Whole = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]
_encode = msgspec.json.Encoder().encode


class SnapshotError(ValueError):
    """A file that is no snapshot to put back: what is wrong, and its line where one is known."""

    def __init__(self, what: str, line: int | None = None) -> None:
        super().__init__(what if line is None else f"line {line}: {what}")
        self.what = what
        self.line = line


class _Header(msgspec.Struct):
    format: str = ""
    version: int = 0


def text_of(snapshot: Snapshot) -> bytes:
    """The file, in UTF-8, ending with a newline."""
    head: tuple[tuple[str, object], ...] = (
        ("format", snapshot.format),
        ("version", snapshot.version),
        ("world", snapshot.world),
        ("clock", snapshot.clock),
        ("counters", snapshot.counters),
    )
    sections: tuple[tuple[str, Iterable[object]], ...] = (
        ("accounts", snapshot.accounts),
        ("calls", snapshot.calls),
        ("entries", snapshot.entries),
        ("holds", snapshot.holds),
        ("idempotency_keys", snapshot.idempotency_keys),
        ("jobs", snapshot.jobs),
        ("upload_sessions", snapshot.upload_sessions),
        ("uploads", snapshot.uploads),
    )
    parts = [b'"%s": %s' % (name.encode(), _encode(value)) for name, value in head]
    parts += [b'"%s": %s' % (name.encode(), _lines(items)) for name, items in sections]
    parts.append(b'"extras": ' + _extras(snapshot.extras))
    return b"{\n" + b",\n".join(parts) + b"\n}\n"


def snapshot_of(text: bytes) -> Snapshot:
    """What a file says. Raises SnapshotError for one that is damaged, of another program or of a
    newer version, and for fields that are missing, unknown or of the wrong kind."""
    try:
        header = msgspec.json.decode(text, type=_Header)
        if header.format != FORMAT:
            raise SnapshotError(f"this is no snapshot: expected the format {FORMAT!r}")
        if header.version > VERSION:
            raise SnapshotError(
                f"was written by a newer version ({header.version}, this one knows {VERSION})"
            )
        return msgspec.convert(_decoder().decode(text), Snapshot, from_attributes=True)
    except msgspec.ValidationError as error:
        what, _, place = str(error).partition(" - at `$.")
        path = place.rstrip("`")
        raise SnapshotError(f"{path}: {what}" if path else what, line_of(text, path)) from error
    except msgspec.DecodeError as error:
        raise SnapshotError(f"is damaged: {error}", _broken_line(text, str(error))) from error
    except UnicodeDecodeError as error:
        line = text.count(b"\n", 0, error.start) + 1
        raise SnapshotError("is damaged: this is not UTF-8", line) from error
    except RecursionError as error:
        raise SnapshotError("is nested too deeply") from error


def line_of(text: bytes, path: str) -> int | None:
    """The line of ``section[index]``, or of ``section``, in a file that is laid out as ours."""
    section, _, rest = path.partition("[")
    section = section.partition(".")[0]
    start = text.find(b'\n"%s": ' % section.encode())
    if not section or start < 0:
        return None
    line = text.count(b"\n", 0, start) + 2
    index = rest.partition("]")[0]
    return line + int(index) + 1 if index.isdigit() else line


def _lines(items: Iterable[object]) -> bytes:
    lines = b",\n".join(_encode(item) for item in items)
    return b"[\n" + lines + b"\n]" if lines else b"[]"


def _extras(extras: Mapping[str, object]) -> bytes:
    parts = [
        b"%s: %s" % (_encode(name), _lines(value) if isinstance(value, list) else _encode(value))
        for name, value in extras.items()
    ]
    return b"{\n" + b",\n".join(parts) + b"\n}" if parts else b"{}"


@cache
def _decoder() -> "msgspec.json.Decoder[Any]":
    return msgspec.json.Decoder(strict(Snapshot))


def strict(hint: Any, name: str = "") -> Any:
    """``hint`` as a shape for decoding: of each dataclass in it exactly the fields, and no whole
    number that a store can't keep or that a count, a size or an instant can't be."""
    if hint is int:
        return _Whole if name in _SIGNED else _Natural
    if is_dataclass(hint):
        return _struct(hint)
    if get_origin(hint) is tuple:
        return tuple[strict(get_args(hint)[0], name), ...]  # type: ignore[misc]  # made here
    if get_origin(hint) in (Union, UnionType):
        return Union[tuple(strict(part, name) for part in get_args(hint))]  # noqa: UP007 - of parts that are made here
    return hint


def _struct(kind: Any) -> type[msgspec.Struct]:
    types = get_type_hints(kind)
    shape: list[tuple[str, Any] | tuple[str, Any, Any]] = []
    for one in fields(kind):
        hint = strict(types[one.name], one.name)
        if one.default_factory is not MISSING:
            default = msgspec.field(default_factory=one.default_factory)
            shape.append((one.name, hint, default))
        elif one.default is not MISSING:
            shape.append((one.name, hint, one.default))
        else:
            shape.append((one.name, hint))
    return msgspec.defstruct(kind.__name__, shape, forbid_unknown_fields=True)


def _broken_line(text: bytes, error: str) -> int | None:
    """msgspec states the byte at which the text is broken."""
    digits = error.rpartition("(byte ")[2].rstrip(")")
    return text.count(b"\n", 0, int(digits)) + 1 if digits.isdigit() else None
