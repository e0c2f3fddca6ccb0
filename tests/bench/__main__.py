"""``python -m tests.bench``: figures beside their goals. Information, never a gate."""

import argparse
import json
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from tests.bench.engine_rows import leap, memory_per_job
from tests.bench.figures import Figure, table
from tests.bench.http_rows import starts_and_polls
from tests.bench.load import HOW_TO_GET_WRK, has_wrk
from tests.bench.mcp_rows import calls
from tests.bench.media_rows import polls_while_rendering, renders
from tests.bench.processes import PLATFORM
from tests.bench.startup_rows import startup

ROWS: Mapping[str, Callable[[bool], Iterator[Figure]]] = {
    "http": lambda short: starts_and_polls(2 if short else 5, 1 if short else 3),
    "mcp": lambda short: calls(2 if short else 15, 1),
    "leap": lambda short: leap(2 if short else 5, 10_000 if short else 100_000),
    "startup": lambda short: startup(2 if short else 7),
    "memory": lambda short: memory_per_job(1 if short else 3, 10_000 if short else 50_000),
    "renders": lambda short: renders(2 if short else 5),
    "stalls": lambda short: polls_while_rendering(2 if short else 5, 1 if short else 3),
}


def main() -> int:
    """Runs the rows that were asked for; the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("rows", nargs="*", help=f"some of {', '.join(ROWS)}; all by default")
    parser.add_argument("--short", action="store_true", help="two rounds and small sizes")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the figures here")
    asked = parser.parse_args()
    unknown = sorted(set(asked.rows) - set(ROWS))
    if unknown:
        parser.error(f"unknown row {unknown[0]!r}, expected some of {', '.join(ROWS)}")
    if not PLATFORM["proc"]:
        parser.error("processor time and memory are read from /proc, which is not here")
    if not has_wrk():
        print(HOW_TO_GET_WRK, file=sys.stderr)
    figures: list[Figure] = []
    for name in asked.rows or ROWS:
        print(f"measuring {name} ...", file=sys.stderr)
        figures += ROWS[name](asked.short)
    print(table(figures))
    if asked.json is not None:
        records = [figure.record() for figure in figures]
        asked.json.write_text(json.dumps(records, indent=2) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
