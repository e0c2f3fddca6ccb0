"""A job as a line of text: JSON arrays in the order of the fields, a third shorter than objects.

A field may be added at the end with a default; any other change of Job, Timetable or Output needs
a new schema version.
"""

from dataclasses import MISSING, fields
from typing import Any, get_type_hints

import msgspec

from simulator.domain.jobs import Job, Quirks, Timetable
from simulator.domain.outputs import Output


def _positional(kind: type, **nested: Any) -> type[msgspec.Struct]:
    """``kind``, a dataclass, as the shape of an array; ``nested`` replaces types of fields."""
    types = get_type_hints(kind) | nested
    shape: list[tuple[str, Any] | tuple[str, Any, Any]] = []
    for field in fields(kind):
        if field.default_factory is not MISSING:
            default = msgspec.field(default_factory=field.default_factory)
            shape.append((field.name, types[field.name], default))
        elif field.default is not MISSING:
            shape.append((field.name, types[field.name], field.default))
        else:
            shape.append((field.name, types[field.name]))
    return msgspec.defstruct(kind.__name__, shape, array_like=True)


_Text = _positional(
    Job,
    times=_positional(Timetable),
    outputs=tuple[_positional(Output), ...],  # type: ignore[misc]  # made here
    quirks=_positional(Quirks) | None,
)
_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(_Text).decode


def text_of(job: Job) -> str:
    """What is stored of a job."""
    return _encode(msgspec.convert(job, _Text, from_attributes=True)).decode()


def job_of(text: str) -> Job:
    """The job that was stored; ``msgspec.ValidationError`` when the text is none."""
    return msgspec.convert(_decode(text), Job, from_attributes=True)
