"""The search behind the laws, without any backend."""

import asyncio
from dataclasses import dataclass, field

import httpx2
import pytest
from hypothesis import strategies as st

from contracts.check import Broken, CannotTell, Judgement
from contracts.lanes.searching import NOT_AGAIN, PLAYS_MOST, Extent, Watch, search
from contracts.talk.backend import Backend
from contracts.talk.exchange import Exchange
from contracts.talk.keys import Keys, Scrubber
from contracts.talk.wire import Log, Trouble, Wire
from contracts.target import Target

NUMBERS = st.lists(st.sampled_from(range(20)), max_size=6)
EXTENT = Extent(examples=60, requests=5_000)
ONCE = Extent(examples=20, requests=500, shrinks=False)


@dataclass
class Stage:
    """A backend that is never called; each play counts one exchange."""

    backend: Backend
    plays: list[list[int]] = field(default_factory=list)

    def play(self, drawn: list[int]) -> None:
        self.plays.append(drawn)
        for number in drawn:
            self.backend.log.exchanges.append(
                Exchange(0, "rest", f"call {number}", "main", "GET", "rest", "/")
            )


@pytest.fixture
def stage() -> Stage:
    wire = Wire(httpx2.AsyncClient(), {}, Scrubber())
    return Stage(Backend(Target("http://nowhere"), wire, Keys(""), seed=5))


def calls(judgement: Judgement) -> list[str]:
    return [each.call for each in judgement.trace]


async def test_each_law_is_judged_by_itself_and_by_its_shortest_example(stage: Stage) -> None:
    async def play(drawn: list[int], watch: Watch) -> None:
        stage.play(drawn)
        watch.hold("big", all(each < 15 for each in drawn), "less than 15", drawn)
        watch.hold("long", len(drawn) < 3, "fewer than 3", drawn)
        watch.hold("kept", True, "anything", drawn)

    found = await search(stage.backend, ("big", "long", "kept"), NUMBERS, play, EXTENT)
    big, long, kept = found
    assert calls(big) == ["call 15"]
    assert calls(long) == ["call 0"] * 3
    assert kept.broken is None
    assert [each.requirement for each in found] == ["big", "long", "kept"]


async def test_what_passed_leaves_no_exchanges_behind(stage: Stage) -> None:
    async def play(drawn: list[int], watch: Watch) -> None:
        stage.play(drawn)

    await search(stage.backend, ("kept",), NUMBERS, play, EXTENT)
    assert len(stage.plays) > 40
    assert stage.backend.log == Log()


async def test_a_law_that_is_broken_only_once_is_told_to_be_so(stage: Stage) -> None:
    async def play(drawn: list[int], watch: Watch) -> None:
        stage.play(drawn)
        watch.hold("shy", len(stage.plays) != 7, "the same each time", "something else")

    (shy,) = await search(stage.backend, ("shy",), NUMBERS, play, EXTENT)
    assert isinstance(shy.broken, Broken)
    assert shy.broken.note == NOT_AGAIN


async def test_no_more_is_sent_than_the_cap_and_the_rest_can_not_be_told(stage: Stage) -> None:
    async def play(drawn: list[int], watch: Watch) -> None:
        stage.play([1] * 10)
        watch.hold("first", False, "nothing", drawn)

    found = await search(
        stage.backend, ("first", "second"), NUMBERS, play, Extent(examples=5, requests=10)
    )
    assert len(stage.plays) == 1
    assert isinstance(found[0].broken, Broken)
    assert isinstance(found[1].broken, CannotTell)


async def test_where_each_play_costs_nothing_is_played_twice_and_all_laws_are_judged(
    stage: Stage,
) -> None:
    async def play(drawn: list[int], watch: Watch) -> None:
        stage.play(drawn)
        watch.hold("first", len(drawn) < 2, "fewer than 2", drawn)
        watch.hold("second", len(drawn) < 3, "fewer than 3", drawn)

    surely = [[1, 2, 3, 4]]
    found = await search(stage.backend, ("first", "second"), NUMBERS, play, ONCE, surely)
    assert all(isinstance(each.broken, Broken) for each in found)
    assert stage.plays[0] == surely[0]
    assert len(stage.plays) <= ONCE.examples + len(surely)


async def test_an_example_is_played_again_when_the_connection_breaks(stage: Stage) -> None:
    async def play(drawn: list[int], watch: Watch) -> None:
        stage.play(drawn)
        if len(stage.plays) % 3 == 0:
            raise Trouble("gone")
        watch.hold("big", all(each < 15 for each in drawn), "less than 15", drawn)

    (big,) = await search(stage.backend, ("big",), NUMBERS, play, EXTENT)
    assert calls(big) == ["call 15"]


async def test_trouble_that_lasts_ends_the_search(stage: Stage) -> None:
    async def play(drawn: list[int], watch: Watch) -> None:
        stage.play(drawn)
        raise Trouble("gone")

    with pytest.raises(Trouble, match="gone"):
        await search(stage.backend, ("any",), NUMBERS, play, EXTENT)
    assert len(stage.plays) == PLAYS_MOST


async def test_a_cancelled_search_plays_no_further(stage: Stage) -> None:
    async def play(drawn: list[int], watch: Watch) -> None:
        stage.play(drawn)
        await asyncio.sleep(0.01)

    task = asyncio.create_task(search(stage.backend, ("any",), NUMBERS, play, EXTENT))
    await asyncio.sleep(0.05)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await asyncio.sleep(0.1)
    played = len(stage.plays)
    await asyncio.sleep(0.1)
    assert len(stage.plays) == played
