"""What the lanes look at alike: fields of an answer, and which calls a target has."""

from collections.abc import Iterable, Mapping
from typing import Any

from contracts.check import Broken, expect
from contracts.talk.backend import Backend
from contracts.talk.exchange import Reply
from contracts.talk.operations import OPERATIONS, Operation

IMAGE: Mapping[str, Any] = {
    "prompt": "A lighthouse at dusk",
    "model": "nano-banana",
    "aspect_ratio": "16:9",
}
"""The cheapest start that the page shows."""

NO_ID = "00000000-0000-4000-8000-000000000000"
"""An id that no backend ever gave."""

NUMBER = (int, float)


def field(where: Mapping[str, Any], name: str, kind: type | tuple[type, ...]) -> Any:
    """A field of an answer. Raises Broken when it is missing or of another type; a truth value is
    no number."""
    value = where.get(name)
    wanted = kind if isinstance(kind, tuple) else (kind,)
    good = isinstance(value, wanted) and (bool in wanted or not isinstance(value, bool))
    kinds = " or ".join(each.__name__ for each in wanted)
    expect(good, f"{name} of type {kinds}", f"{value!r} in {str(dict(where))[:300]}")
    return value


def answered(reply: Reply, what: str) -> Mapping[str, Any]:
    """The object of an answer that is no refusal. Raises Broken."""
    expect(not reply.refused and isinstance(reply.body, dict), what, reply)
    return reply.fields


def operations(backend: Backend, surface: str) -> Iterable[Operation]:
    """The calls that a target has on a surface."""
    for each in OPERATIONS:
        if (not each.feature or backend.has(each.feature)) and (surface == "mcp" or each.path):
            yield each


def arguments(operation: Operation) -> Mapping[str, Any]:
    """Some that have the right shape; of a call that looks something up, an id that is none."""
    if operation.example is not None:
        return operation.example
    return dict.fromkeys(operation.required, NO_ID)


async def jobs(backend: Backend) -> list[Any]:
    """The rows of ``get_generations``. Raises Broken."""
    reply = await backend.call("get_generations")
    rows = reply.fields.get("generations")
    if reply.refused or not isinstance(rows, list):
        raise Broken("a list in generations", reply)
    return rows


def http_status(reply: Reply, *wanted: int) -> None:
    """Raises Broken when an answer over REST has another status, or one over MCP is no refusal."""
    expected = f"status {' or '.join(str(each) for each in wanted)}"
    if reply.surface == "rest":
        expect(reply.status in wanted, expected, reply)
    else:
        expect(reply.refused, "a refusal", reply)
