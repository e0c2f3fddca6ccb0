"""Which of the recorded calls a replay can't do without."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from contracts.replays import answers
from contracts.replays.crowd import asked, is_refused
from contracts.replays.heard import LOOKS, Heard, Leaf, crowds
from contracts.talk.operations import BY_NAME

LEAP = "POST clock/advance"
_READS = ("GET", "HEAD")
_BALANCE = "get_balance"
_HANDSHAKE = ("initialize", "notifications/initialized")
_NAMED = re.compile(r"\$\{(kept_\d+_\d+)\}")


def needed(heard: Sequence[Heard], decisive: Sequence[Leaf]) -> set[int]:
    """What is told because something had happened, or should have: without it the same would be
    told by any backend. Leaps of the clock before a look, starts since a look that told the same,
    and starts at once of which more should be paid."""
    found: set[int] = set()
    for leaf in decisive:
        before = range(leaf.index)
        same = [index for index in before if _tells(heard[index], heard[leaf.index], leaf)]
        if not _reads(heard[leaf.index]):
            continue
        found |= {index for index in before if heard[index].exchange.call == LEAP}
        if same:
            since = range(same[0], leaf.index)
            found |= {index for index in since if is_start(heard[index])}
        numbers = answers.is_number(leaf.value) and answers.is_number(leaf.ought)
        if numbers and leaf.value > leaf.ought:
            crowded = {index for crowd in crowds(heard) for index in crowd if index < leaf.index}
            found |= {index for index in crowded if _may_cost(heard[index])}
    return found


def repeated(heard: Sequence[Heard], shown: Sequence[Leaf]) -> set[int]:
    """The same request before, when it was answered alike: how often it is made may matter."""
    found: set[int] = set()
    for leaf in shown:
        told = heard[leaf.index]
        if not _reads(told):
            before = range(leaf.index)
            like = [index for index in before if _tells(heard[index], told, leaf)]
            found |= {index for index in like if asked(heard[index]) == asked(told)}
    return found


def _may_cost(heard: Heard) -> bool:
    """Whether it was accepted, or would have been with more credits."""
    return is_start(heard) and (not is_refused(heard) or b"insufficient_credits" in heard.content)


def _tells(earlier: Heard, later: Heard, leaf: Leaf) -> bool:
    one, other = earlier.exchange, later.exchange
    alike = (one.call, one.who, one.world) == (other.call, other.who, other.world)
    return alike and answers.at(earlier.answer, leaf.path) == leaf.value


def _reads(heard: Heard) -> bool:
    told = heard.exchange
    return BY_NAME[told.call].reads if told.call in BY_NAME else told.method in _READS


def is_start(heard: Heard) -> bool:
    """Whether it is a call that may start a job."""
    told = heard.exchange
    return not told.setup and told.call in BY_NAME and BY_NAME[told.call].starts


def connected(steps: Sequence[Mapping[str, Any]]) -> tuple[Mapping[str, Any], ...]:
    """Without the calls that have nothing to do with what shows the failure: those on other jobs,
    where it shows in the answer to a start or in what is told of a job. All of them where it shows
    anywhere else, in a balance for one: nothing is played again to see whether it still does."""
    shown = [step for step in steps if step["facts"]]
    if not shown or not all(_is_of_its_own(step) for step in shown):
        return tuple(steps)
    makers = {take["name"]: step["number"] for step in steps for take in step["take"]}
    kept: set[int] = set()
    coming = shown + [step for step in steps if step["needed"]]
    while coming:
        step = coming.pop()
        if step["number"] in kept:
            continue
        kept.add(step["number"])
        names = _names(step)
        used = (*names, *_NAMED.findall(str(step["headers"])), *step["about"])
        wanted = {makers[name] for name in used if name in makers}
        wanted |= {fact["unlike"][0] for fact in step["facts"] if "unlike" in fact}
        coming += [each for each in steps if each["number"] in wanted or _led(each, step, names)]
    return tuple(step for step in steps if step["number"] in kept)


def _is_of_its_own(step: Mapping[str, Any]) -> bool:
    """Whether what it tells depends on one request alone, or on the jobs that it names."""
    if step["call"] == _BALANCE or any("since" in fact for fact in step["facts"]):
        return False
    starts = step["call"] in BY_NAME and BY_NAME[step["call"]].starts
    return starts or bool(_names(step) or step["about"])


def _led(earlier: Mapping[str, Any], step: Mapping[str, Any], names: set[str]) -> bool:
    """Whether an earlier call may have brought about what this one was told: those at once with it,
    the handshake before it, other looks at the same job, where no later one repeats them."""
    if earlier["crowd"] and earlier["crowd"] == step["crowd"]:
        return True
    if earlier["number"] > step["number"] or earlier["surface"] != step["surface"]:
        return False
    if earlier["call"] in _HANDSHAKE:
        return bool(earlier["who"] == step["who"])
    repeats = step["watch"] == "shown"
    return not repeats and step["call"] in LOOKS and bool(names & _names(earlier))


def _names(step: Mapping[str, Any]) -> set[str]:
    """Of what it is about, among the values of earlier answers; a session is in the headers."""
    return set(_NAMED.findall(f"{step['path']} {step['body']}"))
