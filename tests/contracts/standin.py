"""A stand-in for the MCP conformance package, and for the Node that runs it: Python, both."""

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from contracts.conformance import NEXT, PACKAGE, RELEASED

PROGRAM = """
import json, os, pathlib, sys, time, urllib.error, urllib.request

here = pathlib.Path(__file__).parent
given = dict(zip(sys.argv[2::2], sys.argv[3::2]))
order = json.loads((here / "order.json").read_text())
seen = {"pid": os.getpid(), "argv": sys.argv, "env": dict(os.environ)}
(here / "seen.json").write_text(json.dumps(seen))


def ask(message):
    headers = {"Content-Type": "application/json", "Accept": "application/json, text/event-stream"}
    body = json.dumps(message).encode()
    request = urllib.request.Request(given["--url"], body, headers)
    try:
        with urllib.request.urlopen(request) as answer:
            return f"{answer.status} {answer.read().decode()}"
    except urllib.error.HTTPError as error:
        return f"{error.code} {error.read().decode()}"


answers = [ask(message) for message in order["messages"]]
(here / "asked").write_text("")
print("asked", given["--url"])
time.sleep(order["sleeps_s"])
checks = [{**check, "errorMessage": check["errorMessage"].replace("ANSWER", " ".join(answers))
           .replace("URL", given["--url"])} for check in order["checks"]]
if order["verdict"]:
    folder = pathlib.Path(given["-o"]) / f"server-{given['--scenario']}-2026"
    folder.mkdir()
    text = json.dumps(checks) if order["verdict"] == "checks" else order["verdict"]
    (folder / "checks.json").write_text(text)
sys.exit(order["status"])
"""

NODE = """#!/bin/sh
if [ "$1" = --version ]; then echo {version}; else exec {python} "$@"; fi
"""

PING = {"jsonrpc": "2.0", "id": 1, "method": "ping"}


def said(status: str, text: str = "", name: str = "a-check") -> dict[str, Any]:
    """A check as the package writes it. ANSWER and URL in ``text`` stand for what came back, and
    for where it was asked."""
    description = "Server does as it should"
    return {"id": name, "status": status, "description": description, "errorMessage": text}


@dataclass(frozen=True, slots=True)
class StandIn:
    """``folder``: in which it is installed."""

    folder: Path

    def place(self, version: str = RELEASED) -> Path:
        name = "conformance" if version == RELEASED else "conformance-next"
        return self.folder / "node_modules" / name

    def seen(self, version: str = RELEASED) -> dict[str, Any]:
        """The arguments and the environment of its last process."""
        told: dict[str, Any] = json.loads((self.place(version) / "seen.json").read_text())
        return told

    def order(
        self,
        *checks: dict[str, Any],
        messages: Sequence[Any] = (PING,),
        verdict: str = "checks",
        sleeps_s: float = 0,
        status: int = 0,
    ) -> None:
        """What it does from now on. ``verdict``: "checks", "" for none, or its text."""
        told = {
            "checks": checks,
            "messages": messages,
            "verdict": verdict,
            "sleeps_s": sleeps_s,
            "status": status,
        }
        for version in (RELEASED, NEXT):
            if self.place(version).exists():
                (self.place(version) / "order.json").write_text(json.dumps(told))


def install(folder: Path, *versions: str) -> StandIn:
    """As npm does, under the names by which two versions can be installed beside each other."""
    made = StandIn(folder)
    for version in versions:
        place = made.place(version)
        (place / "dist").mkdir(parents=True)
        about = {"name": PACKAGE, "version": version, "bin": {"conformance": "index.js"}}
        (place / "package.json").write_text(json.dumps(about))
        (place / "index.js").write_text(PROGRAM)
    made.order(said("SUCCESS"))
    return made


def node(folder: Path, version: str = "v22.3.1") -> Path:
    """A folder for PATH, with a Node of this version and nothing else."""
    folder.mkdir(exist_ok=True)
    program = folder / "node"
    program.write_text(NODE.format(version=version, python=sys.executable))
    program.chmod(0o755)
    return folder
