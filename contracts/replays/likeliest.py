"""Which values of recorded answers are likely to be what made a check fail."""

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import Any

from contracts.replays import answers
from contracts.replays.bench import Bench
from contracts.replays.heard import Heard, Leaf, leaves, walk

JUDGE_S, SOME_S = 6.0, 1.5
LEAVES_MOST = 500
NAMES_MOST = 6
JOBS = "get_generations"
STAGES = ("completed", "failed", "processing", "queued", "pending", "none of them")
_WORD = re.compile(r"[A-Za-z][\w:-]+|-?\d+(?:\.\d+)?")
_MEDIA_TYPE = re.compile(r"content-type|json|\w/|event-stream", re.IGNORECASE)
_IDS = ("id", "generation_id")
_NAME = re.compile(r"[a-z]\w*")


def likeliest(
    bench: Bench, expected: str, words: Sequence[str]
) -> Iterator[tuple[Iterable[Sequence[Leaf]], float]]:
    """Values to be tried, with the seconds that are spent on them at most: by the names in what was
    expected; those that were got; names that are missing; the states of jobs; all others."""
    heard = bench.heard
    told = [
        leaf
        for leaf in _ours(heard)[:LEAVES_MOST]
        if leaf.path[0] != "header" or _MEDIA_TYPE.search(expected)
    ]
    told += _listed(heard, words)
    missing = list(_left_out(heard, words))
    got = words_of(bench.got)
    for some in (
        [leaf for leaf in told if leaf.path[-1] in (*words, "#length")],
        [leaf for leaf in told if is_among(leaf.value, got)],
    ):
        yield chain(_each(some), _alike(heard, some)), JUDGE_S
    yield chain(_alike(heard, missing), _each(missing)), SOME_S
    yield _each([leaf for leaf in told if leaf.value in STAGES]), SOME_S
    yield chain(_each([*told, *missing]), _alike(heard, [*told, *missing])), JUDGE_S


def _each(some: Sequence[Leaf]) -> Iterator[Sequence[Leaf]]:
    for leaf in some:
        yield [leaf]


def is_among(value: Any, words: Sequence[str]) -> bool:
    """Whether it is one of these words; none that any sentence may have by chance."""
    if answers.is_number(value):
        return any(tells_number(each) and float(each) == value for each in words)
    return isinstance(value, str) and len(value) > 1 and value in words


def _ours(heard: Sequence[Heard]) -> list[Leaf]:
    """All of them, but those of jobs that nothing but a list of jobs names at the end: an account
    may have many."""
    named = "\n".join(
        f"{each.exchange.path} {each.exchange.sent!r} {each.content!r}"
        for each in heard
        if each.exchange.call != JOBS
    )
    told = leaves(heard)
    foreign = {
        (leaf.index, leaf.path[:-1])
        for leaf in told
        if leaf.path[-1] in _IDS and heard[leaf.index].exchange.call == JOBS
        if str(leaf.value) not in named
    }

    def is_foreign(leaf: Leaf) -> bool:
        return any((leaf.index, leaf.path[:end]) in foreign for end in range(len(leaf.path)))

    return sorted(told, key=is_foreign)


def _listed(heard: Sequence[Heard], words: Sequence[str]) -> list[Leaf]:
    """How long lists are that are named in what was expected."""
    found: list[Leaf] = []
    for index in range(len(heard) - 1, -1, -1):
        inside = walk(heard[index].answer["body"], ("body",))
        lists = {path[:at]: None for path, _ in inside for at, each in enumerate(path) if each == 0}
        for path in lists if not heard[index].exchange.setup else ():
            length = answers.at(heard[index].answer, (*path, "#length"))
            if path[-1] in words and answers.is_number(length):
                found.append(Leaf(index, (*path, "#length"), length))
    return found


def _alike(heard: Sequence[Heard], tried: Sequence[Leaf]) -> list[list[Leaf]]:
    """Those with one value at one place of several answers, while the jobs run and at any time; the
    last answer's first."""
    found: dict[str, list[Leaf]] = {}
    for leaf in tried:
        for stage in (answers.is_running(heard[leaf.index].answer["body"]), "any"):
            found.setdefault(repr((leaf.path, leaf.value, stage)), []).append(leaf)
    return [places for places in found.values() if len(places) > 1]


def _left_out(heard: Sequence[Heard], words: Sequence[str]) -> Iterator[Leaf]:
    """Fields that are named in what was expected, where an object lacks them."""
    names = [word for word in words if _NAME.fullmatch(word)][:NAMES_MOST]
    for index in range(len(heard) - 1, -1, -1):
        if heard[index].exchange.setup:
            continue
        answer = heard[index].answer
        objects = dict.fromkeys(path[:-1] for path, _ in walk(answer["body"], ("body",)))
        for place in objects:
            inside = answers.at(answer, place)
            for name in names:
                if isinstance(inside, dict) and name not in inside:
                    yield Leaf(index, (*place, name), answers.MISSING)


def words_of(expected: str) -> Sequence[str]:
    """Those of a sentence, each once; the whole of it and what is quoted in it come as well."""
    quoted = re.findall(r"'([^']*)'", expected)
    return tuple(dict.fromkeys([*quoted, *_WORD.findall(expected)]))[:24]


def tells_number(word: str) -> bool:
    """Whether a word is a number."""
    return bool(re.fullmatch(r"-?\d+(\.\d+)?", word))
