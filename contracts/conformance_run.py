"""One scenario of the conformance package against an address, and what it says of it."""

import asyncio
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from contracts.check import CannotTell, DoesNotApply
from contracts.conformance import Conformance

RUN_S = 90.0
SHOWN_CHARS = 300
PASSED_ON = ("SYSTEMROOT", "TEMP", "TMP", "TMPDIR")
"""All that the package's process learns of this one's environment: no key, no proxy."""


@dataclass(frozen=True, slots=True)
class Scenario:
    """``version``: of the package. ``revision``: of MCP."""

    version: str
    revision: str
    name: str


@dataclass(frozen=True, slots=True)
class Said:
    """One check of a scenario. ``status``: SUCCESS, FAILURE, WARNING, INFO or SKIPPED. ``text``:
    what it says beyond its description, "" for nothing."""

    name: str
    status: str
    description: str
    text: str = ""


async def played(having: Conformance, scenario: Scenario, url: str) -> tuple[Said, ...]:
    """What a scenario's checks come to. ``url`` is in none of their texts. Raises DoesNotApply when
    the package's version is not there, CannotTell when it ends without a verdict or not at all."""
    entry = having.entries.get(scenario.version)
    if entry is None:
        raise DoesNotApply(f"version {scenario.version} of the package is not installed")
    with TemporaryDirectory(prefix="conformance-") as place:
        out = Path(place)
        arguments = ("--url", url, "--scenario", scenario.name, "-o", place)
        command = (entry, "server", *arguments, "--spec-version", scenario.revision)
        status = await _run(having.node, command, out)
        return _verdict(out, status, url)


def _verdict(out: Path, status: int, url: str) -> tuple[Said, ...]:
    found = sorted(out.glob("*/checks.json"))
    if len(found) != 1:
        raise CannotTell(f"the package ended with {status} and no verdict: {_tail(out, url)}")
    return read_checks(found[0].read_text("utf-8", "replace"), url)


def read_checks(text: str, url: str = "") -> tuple[Said, ...]:
    """The package's ``checks.json``. Raises CannotTell when it is none."""
    try:
        rows = json.loads(text)
    except ValueError:
        rows = None
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise CannotTell("the package's verdict can't be read")
    return tuple(_said(row, url) for row in rows)


def _said(row: Mapping[str, Any], url: str) -> Said:
    details = row.get("details")
    note = details.get("message") if isinstance(details, dict) else None
    text = row.get("errorMessage") or note
    return Said(
        name=_line(row.get("id"), url),
        status=str(row.get("status")),
        description=_line(row.get("description"), url),
        text=_line(text, url),
    )


def _line(value: object, url: str) -> str:
    text = value if isinstance(value, str) else ""
    text = " ".join((text.replace(url, "the endpoint") if url else text).split())
    return text if len(text) <= SHOWN_CHARS else f"{text[:SHOWN_CHARS]}…"


async def _run(node: Path, command: Sequence[str | Path], out: Path) -> int:
    """The exit status. What is written goes to a file beside the verdict. Raises CannotTell after
    RUN_S; the process is gone in every case."""
    with (out / "output").open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            node,
            *command,
            cwd=out,
            env=_environment(),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=output,
            stderr=output,
        )
    try:
        return await asyncio.wait_for(process.wait(), RUN_S)
    except TimeoutError as error:
        raise CannotTell(f"the package did not end in {RUN_S:g} s") from error
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


def _environment() -> dict[str, str]:
    # What a process needs to begin at all on some systems; nothing else of ours is its business.
    ours = os.environ  # noqa: TID251 - it is read in order not to be handed on
    return {"NO_COLOR": "1", **{name: ours[name] for name in PASSED_ON if name in ours}}


def _tail(out: Path, url: str) -> str:
    lines = (out / "output").read_text("utf-8", "replace").strip().splitlines()
    return _line(" / ".join(lines[-3:]), url) or "it says nothing"
