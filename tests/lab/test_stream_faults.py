"""Faults of an event stream, over a real socket."""

import json
import logging
from collections.abc import Iterator

import pytest

from tests.lab.socketed import Arrived, Socketed, message, socketed


@pytest.fixture
def host(caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]) -> Iterator[Socketed]:
    """A simulator that must not have logged anything by the end of the test."""
    with caplog.at_level(logging.INFO), socketed() as host:
        yield host
    assert [each for each in caplog.records if each.levelno >= logging.WARNING] == []
    assert capfd.readouterr().err == ""


def stream(host: Socketed, effect: str = "", job: str = "", patience_s: float = 5.0) -> Arrived:
    """The stream of a job that has ended, whose start asked for ``job``."""
    started = json.loads(host.start(job).body)
    host.json("POST", "/_sim/clock/advance", {"seconds": 3600})
    headers = {"X-Sim-Fault": effect} if effect else {}
    path = f"/v1/generate/media/{started['generation_id']}/stream"
    return host.arrived(message("GET", path, headers), patience_s)


def events(answer: Arrived) -> list[str]:
    lines = answer.body.decode().split("\n")
    return [line.removeprefix("event: ") for line in lines if line.startswith("event: ")]


def test_a_healthy_stream_ends_with_its_result(host: Socketed) -> None:
    answer = stream(host)
    assert (events(answer), answer.header("x-sim-fault")) == (["result"], None)
    assert answer.whole


@pytest.mark.fault("stream_cut")
def test_a_stream_is_cut_before_its_first_event(host: Socketed) -> None:
    answer = stream(host, "stream_cut")
    assert (answer.status, answer.body, answer.closed) == (200, b"", True)
    assert (answer.whole, answer.header("x-sim-fault")) == (False, "header")


@pytest.mark.fault("stream_cut")
def test_a_stream_is_cut_after_so_many_events_without_the_last_chunk(host: Socketed) -> None:
    answer = stream(host, "stream_cut=1")
    assert (events(answer), answer.closed, answer.whole) == (["result"], True, False)


@pytest.mark.fault("stream_silent")
def test_a_silent_stream_says_nothing_and_stays_open(host: Socketed) -> None:
    answer = stream(host, "stream_silent", patience_s=0.3)
    assert (answer.status, answer.body, answer.closed) == (200, b"", False)


@pytest.mark.fault("stream_error")
def test_a_stream_ends_with_an_error(host: Socketed) -> None:
    answer = stream(host, "stream_error=Out of luck.")
    assert (events(answer), b"Out of luck." in answer.body) == (["error"], True)


def test_only_one_thing_goes_wrong_with_a_stream(host: Socketed) -> None:
    answer = stream(host, "stream_error,stream_silent,stream_cut")
    assert (events(answer), answer.closed) == (["error"], True)


@pytest.mark.fault("drop")
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_dropped_stream_never_begins(host: Socketed, when: str) -> None:
    answer = stream(host, f"drop={when}")
    assert (answer.head, answer.closed) == ("", True)


@pytest.mark.fault("truncate")
def test_a_truncated_stream_breaks_off_in_its_last_event(host: Socketed) -> None:
    answer = stream(host, "truncate=0.5")
    assert answer.body.startswith(b"event: result\ndata: {")
    assert (answer.body.endswith(b"\n\n"), answer.closed) == (False, True)


@pytest.mark.fault("malformed")
def test_a_malformed_stream_has_an_event_that_is_no_json(host: Socketed) -> None:
    (data,) = [line[6:] for line in stream(host, "malformed").body.decode().split("\n")[1:2]]
    with pytest.raises(json.JSONDecodeError):
        json.loads(data)


@pytest.mark.fault("content_type")
def test_a_stream_calls_itself_something_else(host: Socketed) -> None:
    answer = stream(host, "content_type=text/plain,drip=50;every_ms=1,delay=1")
    assert (answer.header("content-type"), events(answer)) == ("text/plain", ["result"])


@pytest.mark.fault("status")
def test_a_stream_is_refused_with_a_status(host: Socketed) -> None:
    answer = stream(host, "status=502")
    assert (answer.status, answer.header("x-sim-fault")) == (502, "header")


@pytest.mark.ruling("faults.told")
@pytest.mark.parametrize(("job", "told"), [("fail", "header"), ("broken_file", None)])
def test_a_stream_tells_what_its_reader_will_have_seen(
    host: Socketed, job: str, told: str | None
) -> None:
    assert stream(host, job=job).header("x-sim-fault") == told


@pytest.mark.ruling("faults.told")
def test_a_stream_tells_at_its_head_what_is_yet_to_come(host: Socketed) -> None:
    started = json.loads(host.start("fail").body)
    path = f"/v1/generate/media/{started['generation_id']}"
    head, look = (host.arrived(message("HEAD", each)) for each in (f"{path}/stream", path))
    assert (head.header("x-sim-fault"), look.header("x-sim-fault")) == ("header", None)


@pytest.mark.fault("late_visibility")
def test_a_job_that_is_not_visible_yet_has_no_stream(host: Socketed) -> None:
    answer = stream(host, job="late_visibility=7200")
    assert (answer.status, answer.header("x-sim-fault")) == (404, "header")


def test_a_rule_can_be_for_one_route_and_one_call(host: Socketed) -> None:
    rule = {"do": {"kind": "stream_cut"}, "match": {"operation": "follow_generation"}, "times": 1}
    host.json("POST", "/_sim/faults", rule)
    assert [len(stream(host).body) > 0 for _ in range(2)] == [False, True]
