"""Matchers of calls: what fits, what nearly does, and which matchers can't be read."""

from typing import Any

import pytest

from simulator.domain.matching import (
    NEAREST_MOST,
    BadMatcher,
    Seen,
    conditions,
    in_order,
    look_up,
    matching,
    nearest,
    shortest_ms,
)

KNOWN = ("operation", "status", "request", "error")


def call(seq: int = 1, **fields: Any) -> Seen:
    return Seen(seq, seq * 1_000, {"operation": "start", "status": 200, **fields})


def fits(wanted: dict[str, Any], **fields: Any) -> bool:
    return bool(matching([call(**fields)], conditions(wanted, KNOWN)))


@pytest.mark.parametrize(
    ("wanted", "there"),
    [
        ({"operation": "start"}, True),
        ({"operation": "poll"}, False),
        ({"status": 200.0}, True),
        ({"status": True}, False),
        ({"request.n": True}, True),
        ({"request.n": 1}, False),
        ({"request.model": {"contains": "banana"}}, True),
        ({"request.model": {"contains": 1}}, False),
        ({"request.urls": {"contains": "b"}}, True),
        ({"request.urls.1": "b"}, True),
        ({"request.urls.2": "b"}, False),
        ({"request": {"contains": "model"}}, True),
        ({"status": {"contains": "2"}}, False),
        ({"request.model": {"matches": "^nano-[a-z]+$"}}, True),
        ({"request.model": {"matches": "^kling"}}, False),
        ({"status": {"matches": "200"}}, False),
        ({"request.colour": {"present": False}}, True),
        ({"request.model": {"present": False}}, False),
        ({"request.colour": "red"}, False),
        ({"request.a.b": 3}, True),
        ({"request.model.x": 1}, False),
        ({"request": {"equals": {"x": 1}}}, False),
        ({"request.model": {"contains": "n", "matches": "a$"}}, True),
    ],
)
def test_a_call_fits_a_matcher(wanted: dict[str, Any], there: bool) -> None:
    request = {"model": "nano-banana", "n": True, "urls": ["a", "b"], "a.b": 3}
    assert fits(wanted, request=request) is there


@pytest.mark.parametrize(
    "wanted",
    [
        {"colour": 1},
        {"request.x": {"contains": "a", "like": "b"}},
        {"request.x": {"present": "yes"}},
        {"request.x": {"matches": "("}},
        {"request.x": {"matches": ""}},
        {"request.x": {"matches": 7}},
        {"request.x": {"matches": "(a+)+b"}},
        {"request.x": {"matches": "x" * 201}},
    ],
)
def test_a_matcher_that_cannot_be_read_says_so(wanted: dict[str, Any]) -> None:
    with pytest.raises(BadMatcher):
        conditions(wanted, KNOWN)


def test_the_nearest_call_lacks_the_fewest_fields_and_is_the_latest() -> None:
    wanted = conditions({"operation": "start", "status": 402, "error": "x"}, KNOWN)
    calls = [call(1, status=402), call(2), call(3, status=402), call(4, operation="poll")]
    near = nearest(calls, wanted)
    assert [one.seq for one in near] == [3, 1, 2]
    (difference,) = near[0].differences
    assert (difference.field, difference.expected, difference.got) == ("error", "'x'", "absent")


def test_differences_tell_what_was_expected_in_words() -> None:
    wanted = conditions({"request.x": {"present": True}, "status": {"contains": "4"}}, KNOWN)
    near = nearest([call(request={})], (*wanted, *conditions({"operation": "start"}, KNOWN)))
    assert [one.expected for one in near[0].differences] == ["present", "contains '4'"]
    (absent,) = conditions({"request.x": {"present": False}}, KNOWN)
    assert absent.says() == "absent"


def test_a_call_that_fits_in_nothing_is_not_near() -> None:
    wanted = conditions({"operation": "poll", "status": 404}, KNOWN)
    assert nearest([call()], wanted) == []


def test_few_near_calls_are_shown() -> None:
    calls = [call(seq, status=500) for seq in range(1, 20)]
    wanted = conditions({"operation": "start", "status": 200}, KNOWN)
    assert len(nearest(calls, wanted)) == NEAREST_MOST


def test_steps_follow_one_another_with_others_between() -> None:
    calls = [call(n, operation=name) for n, name in enumerate(["a", "b", "c"], 1)]
    steps = [conditions({"operation": name}, KNOWN) for name in ("a", "c")]
    assert (in_order(calls, steps), in_order(calls, steps[::-1])) == (2, 1)


def test_a_path_that_leads_nowhere_is_absent() -> None:
    assert look_up({"a": 1}, "a.b") == (False, None)


def test_a_name_of_a_thousand_parts_cannot_be_read() -> None:
    with pytest.raises(BadMatcher, match="longer than 200 characters"):
        conditions({"request" + ".9" * 1_000: 1}, KNOWN)


STEPS = [conditions({"operation": name}, KNOWN) for name in ("start", "poll")]


@pytest.mark.parametrize(
    ("operations", "took_ms"),
    [
        (("start", "poll"), 1_000),
        (("start", "other", "poll"), 2_000),
        (("start", "start", "poll"), 1_000),
        (("start", "other", "poll", "start", "poll"), 1_000),
        (("start", "poll", "other", "poll"), 1_000),
        (("poll", "start"), 0),
        ((), 0),
    ],
)
def test_an_order_is_timed_where_it_is_shortest(operations: tuple[str, ...], took_ms: int) -> None:
    calls = [call(n, operation=name) for n, name in enumerate(operations)]
    assert shortest_ms(calls, STEPS) == took_ms


def test_no_steps_take_no_time() -> None:
    assert shortest_ms([call()], []) == 0
