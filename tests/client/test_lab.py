"""Faults, breakpoints, queues, snapshots and costs through the client."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from simulator.client import ControlClient, ControlError
from tests.client.simulator import start_status, started


def test_a_fault_takes_as_many_calls_as_it_was_asked_for(client: ControlClient) -> None:
    client.faults.arm("fail", reason="content_policy", times=2)
    outcomes = [client.job(started(client)).outcome for _ in range(3)]
    assert outcomes == ["failed", "failed", "completed"]


def test_a_fault_is_listed_with_what_it_does_and_what_is_left(client: ControlClient) -> None:
    armed = client.faults.arm(
        "slow",
        factor=3,
        match={"model": "nano-banana", "fields": {"prompt": "x"}},
        times=5,
        skip=1,
        probability=0.5,
        for_seconds=60,
        after_seconds=30,
    )
    (listed,) = client.faults.all()
    assert listed == armed
    assert listed.do == {"kind": "slow", "factor": 3}
    assert (listed.match.model, listed.match.fields) == ("nano-banana", {"prompt": "x"})
    assert (listed.times, listed.left, listed.skip, listed.probability) == (5, 5, 1, 0.5)
    assert (listed.begins_at, listed.ends_at) == (
        "2026-01-01T00:00:30.000Z",
        "2026-01-01T00:01:30.000Z",
    )


def test_a_fault_is_removed_by_its_id_and_the_rest_at_once(client: ControlClient) -> None:
    first, *_ = [client.faults.arm("stuck") for _ in range(3)]
    client.faults.remove(first.id)
    assert client.faults.clear() == 2
    assert client.faults.all() == []


def test_a_parked_start_goes_on_when_it_is_released(client: ControlClient) -> None:
    point = client.breakpoints.set("start.after_hold", match={"account": "main"}, times=1)
    with ThreadPoolExecutor(1) as pool:
        start = pool.submit(started, client)
        (parked,) = client.breakpoints.wait(point.id).parked
        held = client.ledger().balance.held
        assert client.breakpoints.release(point.id) == 1
        assert client.job(start.result()).status == "pending"
    assert (parked.operation, parked.account, held) == ("generate_media", "main", 7)


def test_of_two_that_are_parked_one_can_be_made_to_fail(client: ControlClient) -> None:
    point = client.breakpoints.set("start.before_check", at_timeout="fail")
    assert point.at_timeout == "fail"
    with ThreadPoolExecutor(2) as pool:
        starts = [pool.submit(start_status, client) for _ in range(2)]
        client.breakpoints.wait(point.id, parked=2)
        assert client.breakpoints.release(point.id, "fail", count=1) == 1
        assert client.breakpoints.release(point.id) == 1
        assert sorted(start.result() for start in starts) == [200, 500]


def test_waiting_in_vain_ends_with_nobody_parked(client: ControlClient) -> None:
    point = client.breakpoints.set("file.before")
    assert client.breakpoints.wait(point.id, parked=2, seconds=0.05).parked == []


def test_breakpoints_are_listed_and_removed(client: ControlClient) -> None:
    first, second = (client.breakpoints.set("settle.before", hold_seconds=1) for _ in range(2))
    assert client.breakpoints.all() == [first, second]
    client.breakpoints.remove(first.id)
    assert client.breakpoints.clear() == 1


def test_a_queue_makes_the_second_job_wait_for_the_first(client: ControlClient) -> None:
    client.queues.set("nano-banana", workers=1)
    first, second = client.job(started(client)), client.job(started(client))
    assert first.timetable.done_at == second.timetable.processing_at


def test_queues_are_listed_and_removed(client: ControlClient) -> None:
    queue = client.queues.set("nano-banana", workers=2, burst=3, job_seconds=5)
    other = client.queues.set("z-image")
    assert client.queues.all() == [queue, other]
    assert (queue.workers, queue.burst, queue.job_seconds) == (2, 3, 5)
    client.queues.remove("z-image")
    assert client.queues.clear() == 1


def test_a_world_is_as_it_was_after_a_restore(client: ControlClient) -> None:
    started(client)
    before = client.ledger()
    client.snapshots.save("early")
    started(client)
    assert client.snapshots.restore("early").namespace == client.namespace
    assert client.ledger() == before


def test_a_snapshot_goes_into_another_world(client: ControlClient) -> None:
    job_id = started(client)
    client.snapshots.save("one")
    other = client.within(client.namespace + "-fork")
    client.snapshots.fork("one", other.namespace)
    assert [job.id for job in other.jobs()] == [job_id]


def test_a_snapshot_travels_as_a_file(client: ControlClient) -> None:
    job_id = started(client)
    client.snapshots.save("one")
    file = client.snapshots.download("one")
    client.reset()
    client.snapshots.load("two", file)
    client.snapshots.restore("two")
    assert [job.id for job in client.jobs()] == [job_id]


def test_snapshots_are_listed_replaced_and_deleted(client: ControlClient) -> None:
    client.snapshots.save("one")
    started(client)
    assert client.snapshots.save("one", replace=True).jobs == 1
    assert [one.name for one in client.snapshots.all()] == ["one"]
    client.snapshots.delete("one")
    assert client.snapshots.all() == []


def test_costs_are_told_by_model_and_account(client: ControlClient) -> None:
    started(client)
    started(client, "alice")
    client.clock.advance(3600)
    rows = client.costs("model", "account").rows
    assert [(row.model, row.account, row.figures.captured) for row in rows] == [
        ("nano-banana", "alice", 7),
        ("nano-banana", "main", 7),
    ]


def test_costs_of_one_account_are_its_own(client: ControlClient) -> None:
    started(client)
    started(client, "alice")
    assert client.costs(account="alice").total.held == 7


def test_costs_everywhere_count_other_worlds_too(client: ControlClient) -> None:
    other = client.within(client.namespace + "-2")
    started(other)
    assert other.namespace in client.costs("namespace", everywhere=True).namespaces


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda client: client.faults.arm("sulk"), "unknown kind of fault 'sulk'"),
        (lambda client: client.faults.arm("slow", factor="x"), "factor"),
        (lambda client: client.faults.remove("fault-9"), "no fault with this id"),
        (lambda client: client.breakpoints.set("nowhere"), "unknown point 'nowhere'"),
        (lambda client: client.breakpoints.release("x"), "no breakpoint with this id"),
        (lambda client: client.breakpoints.remove("x"), "no breakpoint with this id"),
        (lambda client: client.queues.set("x"), "unknown model 'x'"),
        (lambda client: client.queues.remove("x"), "no queue"),
        (lambda client: client.snapshots.save("a b"), "name"),
        (lambda client: client.snapshots.restore("x"), "no snapshot of this name"),
        (lambda client: client.snapshots.download("x"), "no snapshot of this name"),
        (lambda client: client.snapshots.load("x", b"{}"), "snapshot"),
        (lambda client: client.costs("colour"), "'colour': expected some of"),
    ],
)
def test_a_refusal_says_what_was_wrong(
    client: ControlClient, call: Callable[[ControlClient], object], said: str
) -> None:
    with pytest.raises(ControlError) as caught:
        call(client)
    assert 400 <= caught.value.status < 500
    assert said in caught.value.detail
