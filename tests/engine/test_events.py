"""A world's events: complete, in order, and the same for whoever reads on from any of them."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.engine import events as module
from simulator.engine.events import Cursor, Event, Feed, cursor_of
from simulator.engine.journal import Entry as Call
from simulator.engine.provider import Provider
from simulator.engine.worlds import Caller, Defaults
from tests.engine.driving import caller, done, leap, start
from tests.engine.world import RealTime, make_provider

HOUR_MS = 3_600_000


def a_feed(provider: Provider, who: Caller, cursor: Cursor | None = None) -> Feed:
    return Feed(provider.store, provider.worlds, who.world, cursor)


def told(feed: Feed) -> list[Event]:
    return done(feed.next())


def names(events: list[Event]) -> list[str]:
    return [event.name for event in events]


def facts(events: list[Event]) -> list[tuple[str, object]]:
    """Jobs by their status, entries by their kind, calls by their number."""
    fields = {"job": "status", "entry": "kind", "request": "id", "fault": "fault", "lost": "count"}
    return [
        (each.name, getattr(each.data, fields[each.name]) if each.name in fields else None)
        for each in events
    ]


def note(provider: Provider, who: Caller, faults: tuple[str, ...] = ()) -> Call:
    """A call as it comes into the journal."""
    journal = who.world.lab.journal
    call = Call(
        seq=journal.next(),
        request_id="req_1",
        surface="rest",
        method="GET",
        path="/v1/balance",
        query=b"",
        operation="get_balance",
        account=who.account,
        headers=(),
        request=b"",
        request_bytes=0,
        status=200,
        answer=b"{}",
        answer_bytes=2,
        rule="",
        faults=faults,
        at_ms=who.world.clock.now(provider.worlds.real_ms()),
        real_ms=0,
        took_us=1,
    )
    journal.add(call)
    return call


def test_a_new_reader_learns_how_the_clock_stands_and_nothing_of_the_past() -> None:
    provider = make_provider()
    who = caller(provider)
    start(provider, who)
    feed = a_feed(provider, who)
    assert names(told(feed)) == ["clock"]
    assert told(feed) == []


def test_a_job_is_told_with_its_entries_from_its_start_to_its_end() -> None:
    provider = make_provider()
    who = caller(provider)
    feed = a_feed(provider, who)
    told(feed)
    job_id = start(provider, who)
    assert facts(told(feed)) == [("job", "pending"), ("entry", "hold")]
    leap(provider, who.world, 1_500)
    assert facts(told(feed))[1:] == [("job", "queued")]
    leap(provider, who.world, HOUR_MS)
    events = told(feed)
    assert facts(events)[1:] == [("job", "processing"), ("job", "completed"), ("entry", "capture")]
    assert {event.data.generation_id for event in events[1:]} == {job_id}  # type: ignore[union-attr]  # jobs and entries


def test_one_leap_tells_what_small_steps_tell() -> None:
    found = []
    for steps in (1, 600):
        provider = make_provider()
        who = caller(provider)
        feed = a_feed(provider, who)
        told(feed)
        start(provider, who, "a [sim:fail] b")
        start(provider, who)
        seen: list[Event] = []
        for _ in range(steps):
            leap(provider, who.world, 60_000 // steps)
            seen += told(feed)
        found.append([(event.name, event.data) for event in seen if event.name != "clock"])
    assert sorted(found[0], key=str) == sorted(found[1], key=str)
    assert len(found[0]) == 12


def test_a_call_that_answers_at_once_is_completed_once() -> None:
    provider = make_provider()
    who = caller(provider)
    feed = a_feed(provider, who)
    told(feed)
    job_id = start(provider, who)
    job = done(provider.store.job(who.world.id, job_id))
    assert job is not None
    instant = job.times.created_at_ms
    times = replace(
        job.times,
        queued_at_ms=instant,
        processing_at_ms=instant,
        done_at_ms=instant,
        completes_at_ms=instant,
    )
    hold = done(provider.store.entries(who.world.id, instant))[-1]
    capture = replace(hold, seq=hold.seq + 1, kind="capture")
    at_once = module._job_events(replace(job, times=times), instant, instant, [hold, capture])
    assert [each.data.status for each in at_once] == ["completed"]  # type: ignore[union-attr]  # all of them are jobs


def test_credits_that_move_without_a_job_are_told_too() -> None:
    provider = make_provider()
    who = caller(provider)
    feed = a_feed(provider, who)
    told(feed)
    done(provider.store.adjust(who.world.id, "main", -5, "x", leap(provider, who.world, 0)))
    (clock, entry) = told(feed)
    assert (clock.name, entry.name) == ("clock", "entry")
    assert entry.data.credits == -0.005  # type: ignore[union-attr]  # an entry


def test_a_call_is_told_with_the_faults_in_its_answer() -> None:
    provider = make_provider()
    who = caller(provider)
    feed = a_feed(provider, who)
    told(feed)
    note(provider, who)
    note(provider, who, ("fault-1", "header"))
    assert facts(told(feed)) == [
        ("request", 1),
        ("fault", "fault-1"),
        ("fault", "header"),
        ("request", 2),
    ]


def test_each_change_of_the_clock_is_told_once() -> None:
    provider = make_provider()
    who = caller(provider)
    feed = a_feed(provider, who)
    told(feed)
    done(provider.worlds.set_clock(who.world, who.world.clock.resume(0)))
    (event,) = told(feed)
    assert event.data.mode == "running"  # type: ignore[union-attr]  # the clock
    assert told(feed) == []


def test_what_happens_in_another_world_is_not_told() -> None:
    provider = make_provider()
    who, stranger = caller(provider), caller(provider, "v")
    feed = a_feed(provider, who)
    told(feed)
    start(provider, stranger)
    note(provider, stranger)
    leap(provider, stranger.world, HOUR_MS)
    assert told(feed) == []


def test_a_world_that_was_emptied_says_so_and_begins_again() -> None:
    provider = make_provider()
    who = caller(provider)
    feed = a_feed(provider, who)
    told(feed)
    start(provider, who)
    told(feed)
    done(provider.worlds.reset(who.world))
    assert facts(told(feed))[:3] == [("reset", None), ("clock", None), ("entry", "grant")]
    start(provider, who)
    assert facts(told(feed)) == [("job", "pending"), ("entry", "hold")]


def test_a_new_life_is_told_although_its_numbers_are_those_of_the_old_one() -> None:
    provider = make_provider()
    who = caller(provider)
    feed = a_feed(provider, who)
    told(feed)
    done(provider.worlds.reset(who.world))
    assert names(told(feed)) == ["reset", "clock", "entry"]


def test_a_change_that_was_read_at_its_very_instant_is_told_once() -> None:
    provider = make_provider()
    who = caller(provider)
    feed = a_feed(provider, who)
    told(feed)
    job = done(provider.store.job(who.world.id, start(provider, who)))
    assert job is not None
    seen = []
    for instant in (job.times.queued_at_ms, job.times.processing_at_ms, job.times.done_at_ms):
        leap(provider, who.world, (instant or 0) - leap(provider, who.world, 0))
        seen += [fact for fact in facts(told(feed)) if fact[0] == "job"]
    assert [each[1] for each in seen] == ["pending", "queued", "processing", "completed"]


@pytest.mark.parametrize("ahead", [(9, 0, 0), (0, 1, 0), (0, 0, 9)])
def test_a_place_ahead_of_everything_belongs_to_a_life_that_is_over(
    ahead: tuple[int, int, int],
) -> None:
    provider = make_provider()
    who = caller(provider)
    now_ms = leap(provider, who.world, 0)
    cursor = Cursor(1 + ahead[0], now_ms + ahead[1], ahead[2])
    assert names(told(a_feed(provider, who, cursor))) == ["reset", "clock", "entry"]
    assert names(told(a_feed(provider, who, Cursor(1, now_ms, 0)))) == ["clock"]


def test_a_reader_that_is_too_slow_is_told_how_much_it_missed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "BATCH_MOST", 2)
    provider = make_provider()
    who = caller(provider)
    feed = a_feed(provider, who)
    told(feed)
    for _ in range(5):
        start(provider, who)
        note(provider, who)
    events = told(feed)
    assert facts(events)[0] == ("lost", 6)
    assert [each for each in facts(events) if each[0] != "job"][1:] == [
        ("entry", "hold"),
        ("entry", "hold"),
        ("request", 4),
        ("request", 5),
    ]
    assert told(feed) == []


def test_calls_that_the_journal_dropped_count_as_missed() -> None:
    provider = make_provider()
    who = caller(provider)
    feed = a_feed(provider, who)
    told(feed)
    for _ in range(3):
        note(provider, who)
    who.world.lab.journal.clear()
    note(provider, who)
    assert facts(told(feed)) == [("lost", 3), ("request", 4)]


def test_it_is_known_how_long_until_the_next_change() -> None:
    real = RealTime()
    provider = make_provider(defaults=Defaults(speed=10.0), real=real)
    who = caller(provider)
    feed = a_feed(provider, who)
    assert done(feed.due_in_s()) is None
    start(provider, who)
    assert done(feed.due_in_s()) == 0.1
    real.ms = 40
    assert done(feed.due_in_s()) == pytest.approx(0.06)


def test_nothing_is_due_while_the_clock_stands() -> None:
    provider = make_provider()
    who = caller(provider)
    start(provider, who)
    assert done(a_feed(provider, who).due_in_s()) is None


def test_an_events_id_reads_back() -> None:
    cursor = Cursor(12, 1_767_225_600_000, 7)
    assert cursor.text() == "12.1767225600000.7"
    assert cursor_of(cursor.text()) == cursor


@pytest.mark.parametrize(
    "text", ["", "1", "1.2", "1.2.3.4", "-1.2.3", "1.2.x", "1.999999999999999.1", "1.2.3 ", "٣.2.3"]
)
def test_what_is_no_events_id_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="expected the id of an event"):
        cursor_of(text)


STEPS = st.lists(
    st.sampled_from(["start", "fail", "stuck", "note", "faulty", "leap", "step", "adjust", "read"]),
    max_size=25,
)


@given(STEPS, st.data())
def test_reading_on_from_any_event_misses_nothing(steps: list[str], data: st.DataObject) -> None:
    provider = make_provider()
    who = caller(provider)
    feed = a_feed(provider, who)
    seen = told(feed)
    for step in steps:
        act(provider, who, step)
        if step == "read":
            seen += told(feed)
    seen += told(feed)
    place = data.draw(st.integers(0, len(seen) - 1))
    again = told(a_feed(provider, who, seen[place].cursor))
    rest = [(each.name, each.data) for each in seen[place + 1 :] if each.name != "clock"]
    found = [(each.name, each.data) for each in again if each.name != "clock"]
    assert [each for each in rest if each not in found] == []
    assert "lost" not in names(again)
    assert "reset" not in names(again)


def act(provider: Provider, who: Caller, step: str) -> None:
    prompts = {"start": "x", "fail": "[sim:fail]", "stuck": "[sim:stuck]"}
    if step in prompts:
        start(provider, who, prompts[step])
    elif step in ("note", "faulty"):
        note(provider, who, ("prompt",) if step == "faulty" else ())
    elif step in ("leap", "step"):
        leap(provider, who.world, 20_000 if step == "leap" else 700)
    elif step == "adjust":
        now_ms = leap(provider, who.world, 0)
        done(provider.store.adjust(who.world.id, "main", 1, "x", now_ms))
