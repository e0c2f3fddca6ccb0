"""``mediasim doctor``: what keeps a simulator from running here, or makes it run worse."""

import platform
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Literal

from simulator.console import FAILED, OK, escaped, say, say_json
from simulator.version import installed_version

Verdict = Literal["ok", "note", "broken"]

_OLDEST_PYTHON = (3, 11)

NEEDED = (
    # distribution, module, the first version without a known hole
    ("av", "av", ""),
    ("click", "click", ""),
    ("h11", "h11", "0.16"),
    ("httptools", "httptools", ""),
    ("jinja2", "jinja2", "3.1.6"),
    ("msgspec", "msgspec", ""),
    ("pillow", "PIL.Image", "12.3"),
    ("python-multipart", "python_multipart", "0.0.27"),
    ("rich", "rich", ""),
    ("starlette", "starlette", "1.3.1"),
    ("structlog", "structlog", ""),
    ("uvicorn", "uvicorn", ""),
)
OPTIONAL = (
    # and what it is like without it
    ("uvloop", "uvloop", "", "asyncio's own loop is slower"),
    ("mcp", "mcp", "2.2", "there are no tools over MCP"),
)
ENCODERS = (
    ("libx264", "videos (H.264)"),
    ("aac", "sound in videos (AAC)"),
    ("libmp3lame", "music and speech (MP3)"),
)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at; ``advice`` where something can be done about it."""

    name: str
    verdict: Verdict
    detail: str
    advice: str = ""


def doctor(state: str | None, port: int, *, as_json: bool) -> int:
    """Prints every finding; 1 when something needed is broken."""
    found = list(_findings(state, port))
    broken = any(finding.verdict == "broken" for finding in found)
    if as_json:
        say_json({"ok": not broken, "findings": [_plain(finding) for finding in found]})
    else:
        _print(found)
    return FAILED if broken else OK


def _findings(state: str | None, port: int) -> Iterator[Finding]:
    yield _python()
    yield Finding("mediasim", "ok", installed_version())
    libraries = [_library(name, module, least) for name, module, least in NEEDED]
    yield from libraries
    for name, module, least, without in OPTIONAL:
        yield _optional(name, module, least, without)
    if any(finding.verdict == "broken" for finding in libraries):
        return  # what comes now is made of them
    yield from _encoders()
    yield _catalogue()
    yield _port(port)
    if state is not None:
        from simulator.commands.state_health import look_at  # noqa: PLC0415 - after the libraries

        yield Finding("state file", *look_at(Path(state)))


def _python() -> Finding:
    detail = f"{platform.python_version()} ({platform.python_implementation()})"
    if sys.version_info < _OLDEST_PYTHON:
        return Finding("python", "broken", detail, "Python 3.11 or newer is needed")
    return Finding("python", "ok", detail)


def _library(name: str, module: str, least: str) -> Finding:
    try:
        found = version(name)
        import_module(module)
    except PackageNotFoundError:
        return Finding(name, "broken", "is not installed", "install it")
    except Exception as error:  # noqa: BLE001 - a broken extension module raises anything
        return Finding(name, "broken", f"can't be loaded: {error}", "install it again")
    if least and _numbers(found) < _numbers(least):
        return Finding(name, "broken", found, f"has known holes: install {least} or newer")
    return Finding(name, "ok", found)


def _optional(name: str, module: str, least: str, without: str) -> Finding:
    found = _library(name, module, least)
    if found.verdict != "broken":
        return found
    return Finding(name, "note", found.detail, f"{found.advice}; {without}")


def _encoders() -> Iterator[Finding]:
    import av  # noqa: PLC0415 - after the libraries

    for name, used_for in ENCODERS:
        if name in av.codecs_available:
            yield Finding(f"encoder {name}", "ok", used_for)
        else:
            advice = f"without it there are no {used_for}; install a full build of av"
            yield Finding(f"encoder {name}", "broken", "av was built without it", advice)


def _catalogue() -> Finding:
    from simulator.engine.load import (  # noqa: PLC0415 - after the libraries
        CatalogError,
        catalog_directory,
        load_catalog,
    )

    try:
        catalog = load_catalog(catalog_directory())
    except CatalogError as error:
        return Finding("catalogue", "broken", str(error), "install mediasim again")
    return Finding("catalogue", "ok", f"{len(catalog.listed())} models")


def _port(port: int) -> Finding:
    from simulator.settings import DEFAULT_HOST  # noqa: PLC0415 - after the libraries
    from simulator.surfaces.server import CannotBind, bind  # noqa: PLC0415 - after the libraries

    name = f"port {port}"
    try:
        bind(DEFAULT_HOST, port).close()
    except CannotBind as error:
        detail = str(error)
        return Finding(name, "broken", detail, "stop what listens there, or choose another --port")
    return Finding(name, "ok", f"{DEFAULT_HOST}:{port} is free")


def _numbers(text: str) -> tuple[int, ...]:
    """``1.10.0rc1`` as (1, 10, 0)."""
    parts = []
    for part in text.split("."):
        digits = part[: len(part) - len(part.lstrip("0123456789"))]
        if not digits:
            break
        parts.append(int(digits))
    return tuple(parts)


def _plain(finding: Finding) -> dict[str, str]:
    return {
        "name": finding.name,
        "verdict": finding.verdict,
        "detail": finding.detail,
        "advice": finding.advice,
    }


def _print(found: list[Finding]) -> None:
    """Plain lines: rich may be what is broken."""
    width = max(len(finding.name) for finding in found)
    for finding in found:
        say(f"{finding.verdict:<6}  {finding.name:<{width}}  {escaped(finding.detail)}")
        if finding.advice:
            say(f"{'':<{width + 10}}{escaped(finding.advice)}")
    broken = [finding.name for finding in found if finding.verdict == "broken"]
    say(f"Broken: {', '.join(broken)}." if broken else "Nothing is broken.")
