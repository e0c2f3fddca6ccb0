"""The report for a README: what shields.io shows from an endpoint."""

import json

from contracts.result import Result

COLOURS = (("L4", "brightgreen"), ("L3", "green"), ("L2", "yellowgreen"), ("L1", "yellow"))


def badge_text(result: Result) -> str:
    """The level that was granted; red when a check failed."""
    if result.unreachable:
        message, colour = "unreachable", "lightgrey"
    elif result.interrupted:
        message, colour = "interrupted", "lightgrey"
    else:
        message = result.level or "no level"
        colour = dict(COLOURS).get(result.level, "orange")
        colour = "red" if result.status == 1 else colour
    told = {"schemaVersion": 1, "label": "contract", "message": message, "color": colour}
    return json.dumps(told, indent=2) + "\n"
