"""The journal through the client."""

import pytest

from simulator.client import ControlClient, ControlError
from simulator.engine.controls.journal import LIMIT_MOST
from tests.client.simulator import start_status, started


def test_calls_are_told_with_what_was_sent_and_answered(client: ControlClient) -> None:
    job_id = started(client)
    (call,) = client.journal.page(surface="rest").requests
    assert (call.operation, call.status, call.generation_id) == ("generate_media", 200, job_id)
    assert call.request["prompt"] == "A lighthouse at dusk"
    assert call.answer["generation_id"] == job_id
    assert [row.kind for row in call.ledger] == ["hold"]


def test_calls_are_found_by_what_they_were_and_became(client: ControlClient) -> None:
    client.faults.arm("status", code=503, times=1)
    start_status(client)
    started(client, "alice")
    journal = client.journal
    assert [call.account for call in journal.page(status=200, surface="rest").requests] == ["alice"]
    assert journal.page(model="nano-banana", account="alice").total == journal.page().total
    assert journal.page(generation_id="nobody").requests == []


def test_pages_follow_one_another(client: ControlClient) -> None:
    ids = [started(client) for _ in range(3)]
    first = client.journal.page(limit=2, operation="generate_media")
    assert first.next_cursor is not None
    second = client.journal.page(cursor=first.next_cursor, operation="generate_media")
    assert [call.generation_id for call in [*first.requests, *second.requests]] == ids


def test_the_newest_come_first_when_asked_for(client: ControlClient) -> None:
    ids = [started(client) for _ in range(3)]
    page = client.journal.page(newest_first=True, limit=2, operation="generate_media")
    assert [call.generation_id for call in page.requests] == [ids[2], ids[1]]


def test_all_calls_come_whatever_their_number(client: ControlClient) -> None:
    count = LIMIT_MOST + 5
    for _ in range(count):
        client.info()
    numbers = [call.seq for call in client.journal.all(operation="info")]
    assert len(numbers) == count
    assert numbers == sorted(numbers)


def test_an_unknown_filter_is_a_mistake_of_the_test(client: ControlClient) -> None:
    with pytest.raises(TypeError, match="unknown filter 'colour', expected some of operation"):
        client.journal.page(colour="red")  # type: ignore[call-arg]  # what is tested


def test_the_journal_is_emptied(client: ControlClient) -> None:
    started(client)
    client.journal.clear()
    assert client.journal.page(surface="rest").requests == []


@pytest.mark.parametrize(
    ("times", "ok"),
    [
        ({}, True),
        ({"exactly": 2}, True),
        ({"exactly": 1}, False),
        ({"at_least": 2}, True),
        ({"at_least": 3}, False),
        ({"at_most": 2}, True),
        ({"at_most": 1}, False),
        ({"never": True}, False),
    ],
)
def test_calls_are_counted(client: ControlClient, times: dict[str, int], ok: bool) -> None:
    started(client)
    started(client)
    verdict = client.journal.verify({"operation": "generate_media"}, **times)  # type: ignore[arg-type]  # never is a bool
    assert (verdict.ok, verdict.count) == (ok, 2)


def test_calls_follow_one_another_as_told(client: ControlClient) -> None:
    started(client)
    started(client, "alice")
    main, alice = {"account": "main"}, {"account": "alice"}
    assert client.journal.verify(in_order=[main, alice]).ok
    assert not client.journal.verify(in_order=[alice, main]).ok


def test_calls_come_within_a_time(client: ControlClient) -> None:
    started(client)
    client.clock.advance(60)
    started(client)
    wanted = {"operation": "generate_media"}
    assert client.journal.verify(wanted, within_seconds=60).ok
    assert not client.journal.verify(wanted, within_seconds=59).ok


def test_a_miss_tells_the_nearest_call_field_by_field(client: ControlClient) -> None:
    started(client)
    wanted = {"operation": "generate_media", "request.prompt": {"contains": "dawn"}}
    (near,) = client.journal.verify(wanted).near_misses
    (difference,) = near.differences
    assert (difference.field, difference.got) == ("request.prompt", "'A lighthouse at dusk'")


def test_a_matcher_of_an_unknown_field_is_refused(client: ControlClient) -> None:
    with pytest.raises(ControlError, match="unknown field 'colour'") as caught:
        client.journal.verify({"colour": "red"})
    assert caught.value.status == 422


def test_a_client_that_behaves_is_told_so(client: ControlClient) -> None:
    started(client)
    report = client.conduct()
    assert (report.ok, report.calls, report.credits) == (True, 1, 0)


def test_forty_starts_at_once_are_a_lapse(client: ControlClient) -> None:
    for _ in range(40):
        start_status(client)
    report = client.conduct()
    assert not report.ok
    assert [rule.id for rule in report.rules if rule.findings]
