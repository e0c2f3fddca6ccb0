"""Faults of the wire over a real socket: which bytes arrive, and how the connection ends."""

import logging
import time
from collections.abc import Callable, Iterator

import pytest

from tests.lab.socketed import Arrived, Socketed, message, socketed
from tests.lab.ways import IMAGE

Start = Callable[[str], Arrived]


@pytest.fixture
def host(caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]) -> Iterator[Socketed]:
    """A simulator that must not have logged anything by the end of the test."""
    with caplog.at_level(logging.INFO), socketed() as host:
        yield host
    loud = [record for record in caplog.records if record.levelno >= logging.WARNING]
    assert [record.getMessage() for record in loud] == []
    assert capfd.readouterr().err == ""


@pytest.fixture(params=["rest", "stateless", "session"])
def start(request: pytest.FixtureRequest, host: Socketed) -> Start:
    """A start with a fault, by every way in."""

    def over_rest(effect: str) -> Arrived:
        return host.start(effect)

    def stateless(effect: str) -> Arrived:
        return host.tool("generate_media", IMAGE, effect)

    def in_session(effect: str) -> Arrived:
        return host.session_tool("generate_media", IMAGE, effect)

    return {"rest": over_rest, "stateless": stateless, "session": in_session}[request.param]


@pytest.mark.fault("drop")
@pytest.mark.parametrize(("when", "kinds"), [("before", []), ("after", ["hold"])])
def test_a_dropped_answer_leaves_not_one_byte(
    host: Socketed, start: Start, when: str, kinds: list[str]
) -> None:
    answer = start(f"drop={when}")
    assert (answer.head, answer.body, answer.closed) == ("", b"", True)
    assert host.kinds() == kinds


@pytest.mark.fault("truncate")
@pytest.mark.parametrize("keep", [0, 0.3, 1])
def test_a_truncated_answer_keeps_its_length_and_not_its_bytes(
    host: Socketed, start: Start, keep: float
) -> None:
    answer = start(f"truncate={keep}")
    length = int(answer.header("content-length") or 0)
    assert (answer.status, answer.header("x-sim-fault"), answer.closed) == (200, "header", True)
    assert len(answer.body) == int(length * keep)
    assert host.kinds() == ["hold"]


@pytest.mark.fault("drip")
def test_a_drip_comes_in_pieces_and_whole(host: Socketed, start: Start) -> None:
    usual, dripped = start(""), start("drip=200;every_ms=1")
    assert (dripped.status, dripped.closed) == (200, True)
    assert len(dripped.body) == int(dripped.header("content-length") or 0)
    assert abs(len(dripped.body) - len(usual.body)) < 10


@pytest.mark.fault("delay")
def test_a_delayed_answer_comes_late_and_whole(host: Socketed, start: Start) -> None:
    began = time.monotonic()
    answer = start("delay=80")
    assert time.monotonic() - began >= 0.08
    assert (answer.status, host.kinds()) == (200, ["hold"])


@pytest.mark.fault("malformed")
def test_a_malformed_answer_is_sent_whole(host: Socketed, start: Start) -> None:
    answer = start("malformed")
    assert (answer.status, answer.body[:1], answer.closed) == (200, b"{", True)
    assert len(answer.body) == int(answer.header("content-length") or 0)


@pytest.mark.fault("content_type")
def test_another_content_type_is_the_only_one(host: Socketed, start: Start) -> None:
    answer = start("content_type=text/html")
    assert answer.head.lower().count("content-type:") == 1
    assert answer.header("content-type") == "text/html"


@pytest.mark.fault("status")
def test_a_status_arrives_with_its_reason(host: Socketed, start: Start) -> None:
    answer = start("status=503")
    assert answer.head.startswith("HTTP/1.1 503 Service Unavailable\r\n")
    assert host.kinds() == []


def test_a_connection_that_is_kept_is_used_on_after_a_fault(host: Socketed) -> None:
    answer = host.start("drop=after")
    assert (answer.head, host.start().status) == ("", 200)


@pytest.mark.fault("broken_file")
@pytest.mark.parametrize("part", [None, "bytes=100-1099"])
def test_a_truncated_file_ends_in_the_middle(host: Socketed, part: str | None) -> None:
    path = _path(host.completed("broken_file=truncated")["url"])
    headers = {} if part is None else {"Range": part}
    answer = host.arrived(message("GET", path, headers))
    length = int(answer.header("content-length") or 0)
    assert answer.status == (200 if part is None else 206)
    assert (len(answer.body), answer.closed) == (length // 2, True)


@pytest.mark.fault("broken_file")
def test_a_slow_file_comes_to_its_end(host: Socketed) -> None:
    path = _path(host.completed("broken_file=slow")["url"])
    answer = host.arrived(message("GET", path, {"Range": "bytes=0-30000"}))
    assert len(answer.body) == int(answer.header("content-length") or 0) > 0


@pytest.mark.fault("broken_file")
@pytest.mark.parametrize("how", ["missing", "wrong_type", "truncated", "slow"])
def test_the_head_of_a_broken_file_has_no_body(host: Socketed, how: str) -> None:
    path = _path(host.completed(f"broken_file={how}")["url"])
    answer = host.arrived(message("HEAD", path))
    assert (answer.body, answer.header("x-sim-fault"), answer.closed) == (b"", "header", True)


def _path(url: str) -> str:
    return url.removeprefix("http://testserver")
