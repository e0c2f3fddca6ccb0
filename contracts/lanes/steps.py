"""The steps of a law's example, and how they are drawn."""

from collections.abc import Sequence
from dataclasses import dataclass

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from contracts.lanes.menu import Dish

LOOKS = ("get_balance", "get_models", "get_generations", "get_generation_status")
WAITS_S = (1.0, 5.0, 30.0, 600.0)
CLOSE_LOOKS, FOLLOWING_LOOKS = 12, 5
CREDITS = (1_000.0, 0.0, 20.0, 100.0, 10_000.0, 100_000.0)


@dataclass(frozen=True, slots=True)
class Ask:
    """A start. ``fails``: its job is told to fail."""

    dish: Dish
    fails: bool = False


@dataclass(frozen=True, slots=True)
class Quote:
    """The price of a start is asked for."""

    dish: Dish


@dataclass(frozen=True, slots=True)
class Look:
    """A call that only reads. ``job``: which of those that were started; none: an id that is
    none."""

    call: str
    job: int = 0


@dataclass(frozen=True, slots=True)
class Poll:
    """The status of a job that was started, if there is one."""

    job: int


@dataclass(frozen=True, slots=True)
class Wait:
    """The clock leaps, or some time passes."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Follow:
    """A job is looked at again and again, some time between two looks."""

    job: int
    seconds: float


Step = Ask | Quote | Look | Poll | Wait | Follow


@dataclass(frozen=True, slots=True)
class Example:
    """``credits``: what the account has at first, where that can be set."""

    credits: float
    steps: Sequence[Step]


def examples(
    dishes: Sequence[Dish], *, most: int, quotes: bool, failing: bool, kinds: int = 3
) -> SearchStrategy[Example]:
    """``most``: steps. ``failing``: jobs can be told to fail. ``kinds``: how many jobs a poll
    chooses from."""
    good = [dish for dish in dishes if not dish.refused]
    sure = [dish for dish in good if dish.documented]
    goods = (sure, sure, good)  # most are needed: all other steps look at what they did
    bad = [dish for dish in dishes if dish.refused]
    fails = st.sampled_from((False, False, True) if failing else (False,))
    some: list[SearchStrategy[Step]] = [
        *(st.builds(Ask, st.sampled_from(some_good), fails) for some_good in goods),
        st.builds(Wait, st.sampled_from(WAITS_S)),
        st.builds(Poll, st.sampled_from(range(kinds))),
        st.builds(Follow, st.sampled_from(range(kinds)), st.sampled_from(WAITS_S[:3])),
        st.builds(Look, st.sampled_from(LOOKS), st.sampled_from(range(kinds))),
    ]
    if bad:
        some.append(st.builds(Ask, st.sampled_from(bad)))
    if quotes:
        some.append(st.builds(Quote, st.sampled_from(dishes)))
    steps = st.lists(st.one_of(some), min_size=1, max_size=most)
    return st.builds(Example, st.sampled_from(CREDITS), steps)


def surely(dishes: Sequence[Dish], *, failing: bool) -> Sequence[Example]:
    """What is played where only few examples can be: a job that is followed closely, one that
    fails as well, and one of a video, which is the dearest kind to be wrong about."""
    sure = [dish for dish in dishes if dish.documented and not dish.refused]
    cheapest = sure[0]
    videos = [dish for dish in sure if str(dish.body.get("generation_type", "")).endswith("video")]
    # In pairs: a backend whose jobs get along by being looked at must show each of its stages.
    looks: list[Step] = [Poll(0), Poll(0), Wait(WAITS_S[0])] * CLOSE_LOOKS
    close: list[Step] = [Ask(cheapest), *looks]
    video: list[Step] = [Ask(each) for each in videos[:1]]
    fails: list[Step] = [Ask(cheapest, fails=True), *looks]
    first = [fails] if failing else []
    return [Example(CREDITS[0], steps) for steps in (*first, close, video)]


def endings(dishes: Sequence[Dish], *, failing: bool) -> Sequence[Example]:
    """The cheapest job, and one that fails."""
    cheapest = next(dish for dish in dishes if dish.documented and not dish.refused)
    fates = (False, True) if failing else (False,)
    return [Example(CREDITS[0], [Ask(cheapest, fails=fate)]) for fate in fates]
