"""Rules of conduct: each finds its lapse, and leaves the innocent alone."""

from collections.abc import Iterable
from typing import Any

import pytest

from simulator.domain.conduct import CONDUCT, Act, Finding, History, Work, report

S = 1_000


def act(seq: int, at_s: float, does: str, **fields: Any) -> Act:
    operation = {"start": "generate_media", "poll": "get_generation_status"}.get(does, does)
    filled = {"operation": operation, "account": "main", **fields}
    return Act(seq=seq, at_ms=round(at_s * S), does=does, **filled)


def polls(*at_s: float, told: str = "processing") -> list[Act]:
    return [act(n + 1, at, "poll", generation="g", told=told) for n, at in enumerate(at_s)]


def work(generation: str = "g", **fields: Any) -> Work:
    filled = {
        "account": "main",
        "makes": "image",
        "created_at_ms": 0,
        "done_at_ms": 9 * S,
        "completed": True,
        "captured": 7_000,
        **fields,
    }
    return Work(generation=generation, **filled)


def found(rule: str, acts: Iterable[Act], *works: Work, now_s: int = 100) -> list[Finding]:
    history = History(list(acts), {one.generation: one for one in works}, now_s * S)
    return [finding for finding in report(history) if finding.rule == rule]


def test_polls_that_come_within_five_seconds_are_told_once_a_generation() -> None:
    (finding,) = found("polls_too_fast", polls(0, 4.999, 9.999, 12))
    assert finding.calls == (2, 4)


def test_polls_every_five_seconds_are_as_advised() -> None:
    assert found("polls_too_fast", polls(0, 5, 10)) == []


@pytest.mark.parametrize(("at_s", "count"), [(9.9, 1), (10, 0)])
def test_the_first_look_waits(at_s: float, count: int) -> None:
    assert len(found("looks_too_early", polls(at_s), work())) == count


def test_a_look_at_what_nobody_knows_is_not_judged() -> None:
    assert found("looks_too_early", polls(0)) == []


def test_a_poll_after_the_end_is_one_too_many() -> None:
    ended = polls(10, 15, told="completed")
    (finding,) = found("polls_after_end", ended)
    assert finding.calls == (2,)
    assert found("polls_after_end", polls(10, 15)) == []


@pytest.mark.parametrize(("at_s", "count"), [(29.9, 1), (30, 0)])
def test_whoever_is_asked_to_wait_waits(at_s: float, count: int) -> None:
    refused = act(1, 0, "start", error="rate_limit_exceeded", retry_after_s=30)
    others = act(2, 1, "start", account="alice")
    assert len(found("ignores_retry_after", [refused, others, act(3, at_s, "start")])) == count


def lost_then(*more: Act) -> list[Act]:
    return [act(1, 0, "start", signature="x", broken=True), *more]


def test_a_start_after_a_lost_answer_costs_what_was_made_twice() -> None:
    again = act(2, 1, "start", signature="x", generation="b")
    works = work("a", begun_by=1), work("b", begun_by=2, captured=7_000)
    (finding,) = found("starts_again_after_ambiguous", lost_then(again), *works)
    assert (finding.calls, finding.millicredits) == ((1, 2), 7_000)


def test_a_start_after_an_answer_that_was_lost_before_the_commit_costs_nothing() -> None:
    again = act(2, 1, "start", signature="x", generation="b")
    (finding,) = found("starts_again_after_ambiguous", lost_then(again), work("b", begun_by=2))
    assert finding.millicredits == 0


@pytest.mark.parametrize(
    "between",
    [
        [act(2, 1, "look"), act(3, 2, "start", signature="x")],
        [act(2, 1, "start", signature="y")],
        [act(2, 1, "start", signature="x", account="alice")],
        [],
    ],
)
def test_who_looks_first_or_starts_something_else_is_careful(between: list[Act]) -> None:
    assert found("starts_again_after_ambiguous", lost_then(*between)) == []


def test_a_family_label_is_sent_once() -> None:
    sent = [act(n, n, "start", error="variant_required", label="kling") for n in (1, 2)]
    (finding,) = found("repeats_family_label", sent)
    assert finding.calls == (1, 2)
    assert found("repeats_family_label", sent[:1]) == []


def test_what_a_rule_refused_is_not_sent_again() -> None:
    sent = [act(n, n, "start", error="prompt_too_long", signature="x") for n in (1, 2)]
    assert len(found("repeats_refused_request", sent)) == 1
    assert found("repeats_refused_request", sent[:1]) == []


def test_a_refusal_that_passes_may_be_tried_again() -> None:
    sent = [act(n, n, "start", error="insufficient_credits", signature="x") for n in (1, 2)]
    assert found("repeats_refused_request", sent) == []


def test_starts_beyond_the_limit_are_told() -> None:
    assert found("too_many_at_once", [act(1, 0, "start")]) == []
    refused = act(2, 0, "start", error="concurrency_limit_exceeded")
    assert found("too_many_at_once", [refused])[0].calls == (2,)


def test_a_generation_that_nobody_looks_at_was_paid_for_nothing() -> None:
    (finding,) = found("never_looks", [act(1, 0, "start")], work(begun_by=1))
    assert (finding.calls, finding.millicredits) == ((1,), 7_000)


@pytest.mark.parametrize(
    ("acts", "works"),
    [
        (polls(10), [work(begun_by=1)]),
        ([act(2, 0, "look", operation="get_generations")], [work(begun_by=1)]),
        ([], [work()]),
        ([], [work(begun_by=1, done_at_ms=None, completed=False)]),
        ([], [work(begun_by=1, done_at_ms=200 * S)]),
    ],
)
def test_who_looked_or_need_not_have_yet_is_innocent(acts: list[Act], works: list[Work]) -> None:
    assert found("never_looks", acts, *works) == []


def test_who_follows_a_stream_has_looked() -> None:
    followed = act(2, 1, "follow", generation="g")
    assert found("never_looks", [followed], work(begun_by=1)) == []


@pytest.mark.parametrize(("account", "seq"), [("alice", 3), ("main", 1)])
def test_a_list_of_others_or_from_before_shows_nothing(account: str, seq: int) -> None:
    listed = act(seq, 0, "look", operation="get_generations", account=account)
    assert len(found("never_looks", [listed], work(begun_by=2))) == 1


def test_a_file_that_is_handed_on_need_not_be_fetched() -> None:
    next_one = act(9, 20, "start", uses=("g",))
    seen = polls(10, told="completed")
    assert found("downloads_nothing", [*seen, next_one], work(begun_by=1)) == []
    assert found("never_looks", [next_one], work(begun_by=1)) == []


def test_an_answer_that_names_the_same_generation_began_nothing_again() -> None:
    lost = act(1, 0, "start", signature="x", broken=True, generation="a")
    again = act(2, 1, "start", signature="x", generation="a")
    assert found("starts_again_after_ambiguous", [lost, again], work("a", begun_by=1)) == []


def test_what_broke_on_its_way_was_refused_by_no_rule() -> None:
    sent = [act(n, n, "start", error="internal", signature="x", broken=True) for n in (1, 2)]
    assert found("repeats_refused_request", sent) == []


def test_files_that_nobody_fetches_were_paid_for_nothing() -> None:
    seen = polls(10, told="completed")
    (finding,) = found("downloads_nothing", seen, work(begun_by=1))
    assert finding.millicredits == 7_000
    assert found("downloads_nothing", seen, work())[0].calls == ()
    fetched = act(2, 11, "fetch", generation="g")
    assert found("downloads_nothing", [*seen, fetched], work()) == []


def test_every_rule_finds_what_bears_its_name() -> None:
    assert len({rule.id for rule in CONDUCT}) == len(CONDUCT)
    assert all(rule.says.endswith(".") and rule.why.endswith(".") for rule in CONDUCT)


def test_only_the_rules_that_are_asked_for_judge() -> None:
    history = History(polls(0, 1, told="completed"), {}, 0)
    chosen = [rule for rule in CONDUCT if rule.id == "polls_after_end"]
    assert {finding.rule for finding in report(history, chosen)} == {"polls_after_end"}


def test_no_rule_finds_nothing() -> None:
    assert report(History(polls(0, 1), {}, 0), []) == []
