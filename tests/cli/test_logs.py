"""The log: one line an event, whatever its values hold."""

import io
import json
import logging
from collections.abc import Callable, Iterator, Mapping

import pytest
import structlog

from simulator.logs import as_json, as_text, configure

HOSTILE = "a\x1b[2Jb\nlevel=error forged\r\x9b\u2028c"


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    """Where a test's log goes; afterwards logging is as it was."""
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    yield io.StringIO()
    for handler in root.handlers[:]:
        root.removeHandler(handler)
    for handler in before:
        root.addHandler(handler)
    root.setLevel(level)
    structlog.reset_defaults()


def test_a_line_of_text_has_time_level_event_and_fields_in_order() -> None:
    event = {"status": 200, "event": "request", "level": "info", "path": "/", "timestamp": "T"}
    assert as_text(event) == "T info    request path=/ status=200"


@pytest.mark.parametrize("write", [as_text, as_json])
@pytest.mark.parametrize("field", ["event", "path"])
def test_control_characters_are_escaped(
    write: Callable[[Mapping[str, str]], str], field: str
) -> None:
    line = write({"event": "request", field: HOSTILE})
    assert line.isprintable()


def test_an_exception_follows_on_indented_lines() -> None:
    text = as_text({"event": "failed", "exception": "Traceback\n  ValueError: \x1b[2J"})
    assert text.splitlines()[1:] == ["    Traceback", "      ValueError: \\x1b[2J"]


@pytest.mark.parametrize("log_format", ["text", "json"])
def test_what_libraries_log_comes_as_the_same_lines(stream: io.StringIO, log_format: str) -> None:
    configure(log_format, "info", stream)
    logging.getLogger("uvicorn.error").warning("port %s", 1)
    (line,) = stream.getvalue().splitlines()
    level = json.loads(line)["level"] if log_format == "json" else line.split()[1]
    assert level == "warning"


def test_nothing_below_the_level_is_written(stream: io.StringIO) -> None:
    configure("text", "error", stream)
    structlog.get_logger().warning("quiet")
    logging.getLogger("uvicorn.error").warning("quiet")
    assert stream.getvalue() == ""
