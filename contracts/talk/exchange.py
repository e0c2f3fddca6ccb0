"""One request with its answer, as the report, the replay and the person who reads them see it."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

ANSWER_KEPT_BYTES = 32_000
LIST_KEPT_BYTES = 262_144
LISTS = frozenset({"get_models", "get_generations"})
"""Calls whose answers are kept whole: what a failure shows in is found anywhere in them."""

SENT_KEPT_BYTES = 262_144


@dataclass(frozen=True, slots=True)
class Capture:
    """A value of an answer that later requests use. ``where``: the dotted path of a field of the
    answer's object, or ``header:`` and a header's name."""

    name: str
    where: str
    value: str


@dataclass(frozen=True, slots=True)
class Exchange:
    """``surface``: rest, mcp or control. ``call``: the operation, tool or method. ``base``: rest
    or mcp, what ``path`` is appended to; "" when ``path`` is a whole URL. ``who``: whose key went
    along (main, second, bad, none); headers hold its name, never its value. ``world``: which of
    the check's worlds. ``setup``: it prepared the world, and is no part of what is judged.
    ``status`` 0: no answer came. ``order``: of the requests of its check as they were sent;
    ``beside``: an earlier one had no answer yet. ``sent`` and ``answer``: bodies, the
    beginnings of long ones; ``sent_bytes`` and ``answer_bytes``: how long they were."""

    number: int
    surface: str
    call: str
    who: str
    method: str
    base: str
    path: str
    headers: tuple[tuple[str, str], ...] = ()
    sent: bytes = b""
    sent_bytes: int = 0
    status: int = 0
    answer_headers: tuple[tuple[str, str], ...] = ()
    answer: bytes = b""
    answer_bytes: int = 0
    captures: tuple[Capture, ...] = ()
    world: int = 0
    setup: bool = False
    order: int = 0
    beside: bool = False

    @property
    def text(self) -> str:
        """The answer's body, as far as it is text."""
        if self.answer_bytes > len(self.answer):
            return f"{self.answer.decode('utf-8', 'replace')} … ({self.answer_bytes} bytes)"
        return self.answer.decode("utf-8", "replace")


Trace = tuple[Exchange, ...]


@dataclass(frozen=True, slots=True)
class Reply:
    """What a call came to, alike over both surfaces. ``status``: of the HTTP answer. ``refused``:
    an HTTP status of 400 or more, a tool's ``isError``, or a JSON-RPC error. ``body``: the object
    that was answered; over MCP the tool's structured content (or the object in its text), or
    ``{"rpc_error": …}``. ``headers``: names in lower case."""

    status: int
    body: Any
    headers: Mapping[str, str] = field(default_factory=dict)
    refused: bool = False
    content: bytes = b""
    surface: str = "rest"

    @property
    def fields(self) -> Mapping[str, Any]:
        """The body when it is an object, else {}."""
        return self.body if isinstance(self.body, dict) else {}

    @property
    def code(self) -> str:
        """The code of a business refusal, else ""."""
        found = self.fields.get("error")
        return found if self.refused and isinstance(found, str) else ""

    @property
    def generation_id(self) -> str:
        """The id of a start's answer, else ""."""
        found = self.fields.get("generation_id") or self.fields.get("separation_id")
        return found if isinstance(found, str) else ""

    @property
    def credits(self) -> float:
        """What an accepted start says it costs, else 0."""
        found = self.fields.get("estimated_cost_credits")
        if self.refused or isinstance(found, bool) or not isinstance(found, int | float):
            return 0
        return found

    @property
    def summary(self) -> str:
        """One line of it."""
        text = json.dumps(self.body, ensure_ascii=False) if self.body is not None else "no object"
        kind = "refusal" if self.refused else "answer"
        return f"{self.surface} {kind} {self.status}: {text[:600]}"


def parsed(content: bytes) -> Any:
    """The JSON value of a body; None for anything else."""
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        return None


def event_messages(content: bytes) -> Sequence[Any]:
    """The JSON values of an event stream's ``data`` fields."""
    found = []
    for block in content.decode("utf-8", "replace").replace("\r\n", "\n").split("\n\n"):
        lines = [line[5:].lstrip(" ") for line in block.split("\n") if line.startswith("data:")]
        if lines:
            found.append(parsed("\n".join(lines).encode()))
    return found
