"""The log on standard error: one line an event, as text or as JSON, whoever writes it."""

import json
import logging
import sys
from collections.abc import Mapping, MutableMapping
from typing import Any, TextIO

from simulator.console import escaped

# structlog imports all of rich where it finds it: a quarter of a second and 8 MB at every start,
# for tracebacks in colour that nobody asked for. None is Python's way to say "not there".
_HIDDEN = "rich" not in sys.modules
if _HIDDEN:
    sys.modules["rich"] = None  # type: ignore[assignment]  # what the import system reads
try:
    import structlog
finally:
    if _HIDDEN:
        del sys.modules["rich"]

_COLOURS: Mapping[str, str] = {"debug": "2", "info": "36", "warning": "33", "error": "31"}
_FIRST = ("timestamp", "level", "event")


def configure(log_format: str, log_level: str, stream: TextIO | None = None) -> None:
    """Sets up structlog, and Python's own logging, which libraries use, to the same lines."""
    stream = stream or sys.stderr
    coloured = log_format == "text" and stream.isatty()

    def render(logger: Any, name: str, event: MutableMapping[str, Any]) -> str:
        return as_json(event) if log_format == "json" else as_text(event, coloured=coloured)

    shared = (
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    )
    level = logging.getLevelNamesMapping()[log_level.upper()]
    structlog.configure(
        processors=[*shared, render],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(stream),
        cache_logger_on_first_use=True,
    )
    log = structlog.get_logger()

    def forward(record: logging.LogRecord) -> bool:
        log.log(record.levelno, record.getMessage(), exc_info=record.exc_info)
        return False

    handler = logging.StreamHandler(stream)
    handler.addFilter(forward)
    logging.basicConfig(handlers=[handler], level=max(level, logging.INFO), force=True)


def logger() -> Any:
    """The log as it is configured by now; in a process that configured none, as where a test runs
    the app in itself, warnings on standard error and nothing else."""
    if structlog.is_configured():
        return structlog.get_logger().bind()
    quiet = structlog.make_filtering_bound_logger(logging.WARNING)
    return structlog.wrap_logger(structlog.PrintLogger(sys.stderr), wrapper_class=quiet).bind()


def as_json(event: Mapping[str, Any]) -> str:
    """ASCII only, so no character of a value can do anything to a terminal."""
    return json.dumps(_ordered(event), default=str)


def as_text(event: Mapping[str, Any], *, coloured: bool = False) -> str:
    """``time level event name=value …``; an exception follows on indented lines."""
    fields = _ordered(event)
    when, level = str(fields.pop("timestamp", "")), str(fields.pop("level", ""))
    words, trace = str(fields.pop("event", "")), fields.pop("exception", None)
    pairs = "".join(f" {name}={escaped(_value(value))}" for name, value in fields.items())
    mark = f"{level:<7}"
    if coloured:
        mark = f"\x1b[{_COLOURS.get(level, '0')}m{mark}\x1b[0m"
    line = f"{when} {mark} {escaped(words)}{pairs}"
    if trace is None:
        return line
    return "\n".join([line, *(f"    {escaped(each)}" for each in str(trace).splitlines())])


def _ordered(event: Mapping[str, Any]) -> dict[str, Any]:
    first = {name: event[name] for name in _FIRST if name in event}
    return first | {name: event[name] for name in sorted(event) if name not in first}


def _value(value: Any) -> str:
    text = str(value)
    return json.dumps(text, ensure_ascii=False) if " " in text or not text else text
