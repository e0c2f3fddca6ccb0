"""A call of the control plane as an operation."""

import msgspec

from simulator.domain.evidence import ASSUMED
from simulator.engine.operations import Call, Operation

PREFIX = "/_sim"


def control_call(
    name: str,
    method: str,
    path: str,
    shape: tuple[type[msgspec.Struct], type[msgspec.Struct]],
    call: Call,
    summary: str,
) -> Operation:
    """``shape``: of the body (or the query and path) and of the answer. ``call``:
    ``(control, world, body)``; its docstring is the description."""
    return Operation(
        name=name,
        method=method,
        path=PREFIX + path,
        summary=summary,
        description=call.__doc__ or summary + ".",
        body=shape[0],
        answer=shape[1],
        call=call,
        strength=ASSUMED,
        source="mediasim's own",
    )
