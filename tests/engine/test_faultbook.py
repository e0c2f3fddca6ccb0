"""Faults set beforehand: which calls they take, how often, and what comes before them."""

from fractions import Fraction
from typing import Any

import pytest

from simulator.domain.effects import Layer, effect_from_text, effects_from_text
from simulator.domain.faults import Call, Fault, Fired, Match, that_take_place
from simulator.engine.asks import Asks, decide
from simulator.engine.faultbook import FaultBook

JOB: tuple[Layer, ...] = ("job",)
WIRE: tuple[Layer, ...] = ("wire",)
START = Call("generate_media", "rest", "/v1/generate/media", "main", "nano-banana", {"n": {"m": 1}})


def a_fault(text: str = "fail=x", match: Match | None = None, **fields: Any) -> Fault:
    return Fault("", 0, match or Match(), effect_from_text(text), **fields)


def taken(book: FaultBook, count: int, call: Call = START, now_ms: int = 0) -> list[bool]:
    return [bool(book.take(call, now_ms, ("job", "wire"))) for _ in range(count)]


def test_asked_for_three_means_exactly_three() -> None:
    book = FaultBook(0)
    book.add(a_fault(times=3))
    assert taken(book, 5) == [True, True, True, False, False]


def test_the_first_that_are_skipped_pass() -> None:
    book = FaultBook(0)
    book.add(a_fault(skip=2, times=1))
    assert taken(book, 4) == [False, False, True, False]


def test_what_did_not_come_to_pass_is_taken_by_the_next() -> None:
    book = FaultBook(0)
    book.add(a_fault(times=1))
    book.give_back(book.take(START, 0, JOB))
    assert taken(book, 2) == [True, False]


def test_a_fault_acts_within_its_window_of_the_worlds_clock() -> None:
    book = FaultBook(0)
    book.add(a_fault(from_ms=10, until_ms=20))
    assert [taken(book, 1, now_ms=now_ms)[0] for now_ms in (9, 10, 19, 20)] == [
        *(False, True, True, False)
    ]


def test_a_probability_is_drawn_from_the_seed() -> None:
    books = [FaultBook(7), FaultBook(7), FaultBook(8)]
    for book in books:
        book.add(a_fault(probability=Fraction(1, 4)))
    drawn, again, other = [taken(book, 1_000) for book in books]
    assert (drawn == again, drawn == other) == (True, False)
    assert 200 < sum(drawn) < 300


@pytest.mark.parametrize(
    ("match", "fits"),
    [
        (Match(), True),
        (Match(operation="generate_media"), True),
        (Match(operation="generate_music"), False),
        (Match(route="/v1/generate/media"), True),
        (Match(tool="generate_media"), False),
        (Match(model="nano-banana"), True),
        (Match(model="z-image"), False),
        (Match(account="alice"), False),
        (Match(fields={"n.m": 1}), True),
        (Match(fields={"n.m": 2}), False),
        (Match(fields={"n.m.o": None}), True),
    ],
)
def test_a_fault_takes_what_its_match_fits(match: Match, fits: bool) -> None:
    book = FaultBook(0)
    book.add(a_fault(match=match))
    assert taken(book, 1) == [fits]


@pytest.mark.ruling("faults.priority")
def test_headers_go_before_the_prompt_and_the_prompt_before_rules() -> None:
    book = FaultBook(0)
    book.add(a_fault("fail=rule", times=1))
    asks = Asks(asked=(Fired("header", effect_from_text("fail=header")),))
    prompt = "[sim:fail=prompt][sim:slow=2]"
    by_header = decide(book, asks, prompt, START, 0, ("job",))
    by_prompt = decide(book, None, prompt, START, 0, ("job",))
    by_rule = decide(book, None, "", START, 0, ("job",))
    assert [[(one.id, one.effect.kind) for one in fired] for fired in (by_header, by_prompt)] == [
        [("header", "fail"), ("prompt", "slow")],
        [("prompt", "fail"), ("prompt", "slow")],
    ]
    assert [one.id for one in by_rule] == ["fault-1"]


def test_a_removed_fault_is_gone_and_its_id_is_not_given_again() -> None:
    book = FaultBook(0)
    first = book.add(a_fault()).fault.id
    assert (book.remove(first), book.remove(first)) == (True, False)
    assert book.add(a_fault()).fault.id == "fault-2"


def test_kinds_that_cannot_touch_a_call_are_not_taken() -> None:
    book = FaultBook(0)
    book.add(a_fault("status=500", times=1))
    assert book.take(START, 0, WIRE, ("status",)) == ()
    assert [one.id for one in book.take(START, 0, WIRE)] == ["fault-1"]


def test_what_waits_for_a_call_is_found_and_not_counted() -> None:
    book = FaultBook(0)
    book.add(a_fault("stuck", Match(model="z-image")))
    book.add(a_fault("stuck", until_ms=5))
    book.add(a_fault("stuck", times=1))
    found = [book.waiting(START, now_ms, "stuck") for now_ms in (0, 5)]
    assert [one and one.id for one in found] == ["fault-2", "fault-3"]
    assert taken(book, 1, now_ms=5) == [True]
    assert (book.waiting(START, 5, "stuck"), book.waiting(START, 0, "fail")) == (None, None)


def test_what_is_given_back_after_its_rule_is_gone_is_forgotten() -> None:
    book = FaultBook(0)
    book.add(a_fault(times=1))
    fired = book.take(START, 0, JOB)
    book.remove("fault-1")
    book.give_back(fired)
    assert book.all() == []


RIVALS = [
    ("stuck, fail, moderation", ["stuck"]),
    ("moderation, stuck", ["moderation"]),
    ("drop, status=503, malformed, delay=1", ["drop", "delay"]),
    ("outage, drop, truncate", ["outage", "truncate"]),
    ("status=503, oversized, schema_changed", ["status"]),
    ("stream_silent, stream_cut", ["stream_silent"]),
    ("slow=2, late_cdn=1, slow=3", ["slow", "late_cdn"]),
]


@pytest.mark.parametrize(("text", "left"), RIVALS)
@pytest.mark.ruling("faults.priority")
def test_what_excludes_another_is_chosen_by_its_place(text: str, left: list[str]) -> None:
    fired = [Fired("header", effect) for effect in effects_from_text(text)]
    assert [one.effect.kind for one in that_take_place(fired)] == left
