"""Plays recorded calls again and looks whether the answers still show what was wrong.

Nothing but the standard library: a replay that is written as a pytest file carries this text.
"""

import time
from base64 import b64decode
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from itertools import groupby
from threading import Barrier, BrokenBarrierError
from typing import Any
from urllib.parse import urlsplit

from contracts.replays.answers import PUT_OFF, answer_of, at, filled, is_running, judged

PATIENCE, READY_S, BETWEEN_S = 8, 30.0, 0.001
CLOSER, PUT_OFF_S = 5, 2.0
"""How much oftener a job is looked at that shows something on its way only."""


class CannotPlay(Exception):
    """No answer came, or the target lacks what the calls need."""


@dataclass(frozen=True)
class Place:
    """Where to play. ``key``: the account's; ``second_key``: another one's, "" for none.
    ``wait_s``: between two looks at a job whose clock can't be moved, ``finish_s`` in all."""

    rest: str
    mcp: str
    key: str = field(repr=False)
    second_key: str = field(default="", repr=False)
    wait_s: float = 0.5
    finish_s: float = 120.0


@dataclass(frozen=True)
class Played:
    """``shown``: every fact is as it was recorded, so the backend is still broken. ``lines``: each
    fact with what was answered now."""

    shown: bool
    lines: tuple[str, ...]
    answers: tuple[Mapping[str, Any], ...] = ()
    known: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class _Turn:
    """Where those who send at once wait for each other, and who goes before whom."""

    ready: Barrier
    position: int


def play(script: Mapping[str, Any], place: Place) -> Played:
    """Every step in order. Raises CannotPlay."""
    known = {"url": place.rest, "world": _world(place.key)}
    controlled = any(step["control"] for step in script["steps"]) and _has_control(place)
    answers: dict[int, Mapping[str, Any]] = {}
    lines: list[str] = []
    shown = True
    for _, steps in groupby(script["steps"], key=lambda step: step["crowd"] or -step["number"]):
        for step, answer in _crowd(list(steps), place, known, answers, controlled=controlled):
            answers[step["number"]] = answer
            for need in step["needs"]:
                met, line = judged(need, step["number"], answers, known)
                if not met:
                    raise CannotPlay(f"{line}; with it nothing can be told")
            for take in step["take"]:
                found = at(answer, take["at"])
                if isinstance(found, str):
                    known[take["name"]] = found
            for fact in step["facts"]:
                same, line = judged(fact, step["number"], answers, known)
                shown = shown and same
                lines.append(line)
    return Played(shown and bool(lines), tuple(lines), tuple(answers.values()), known)


def _crowd(
    steps: Sequence[Mapping[str, Any]],
    place: Place,
    known: Mapping[str, str],
    answers: Mapping[int, Mapping[str, Any]],
    *,
    controlled: bool,
) -> list[tuple[Mapping[str, Any], Mapping[str, Any]]]:
    """The answers to steps that are made at once."""
    if any(step["control"] and step["facts"] for step in steps) and not controlled:
        raise CannotPlay("the target has no control plane to look into")
    asked = [step for step in steps if controlled or not step["control"]]
    if len(asked) == 1:
        return [(asked[0], _answered(asked[0], place, known, answers))]
    ready = Barrier(max(len(asked), 1))
    with ThreadPoolExecutor(ready.parties) as pool:
        coming = [
            pool.submit(_answered, step, place, known, answers, _Turn(ready, position))
            for position, step in enumerate(asked)
        ]
        return [(step, each.result()) for step, each in zip(asked, coming, strict=True)]


def _answered(
    step: Mapping[str, Any],
    place: Place,
    known: Mapping[str, str],
    answers: Mapping[int, Mapping[str, Any]],
    turn: _Turn | None = None,
) -> Mapping[str, Any]:
    """A look at a job is repeated until it shows what was recorded, or the job has ended."""
    since = time.monotonic()
    looks: list[Mapping[str, Any]] = []
    while True:
        looks.append(_sent(step, place, known, turn))
        answer, turn = {**looks[-1], "looks": tuple(looks)}, None
        told = {**answers, step["number"]: answer}
        shows = step["watch"] == "shown" and all(
            judged(fact, step["number"], told, known)[0] for fact in step["facts"]
        )
        late = time.monotonic() - since > place.finish_s
        put_off = answer["status"] == PUT_OFF
        if not step["watch"] or shows or late or not (put_off or is_running(answer["body"])):
            return answer
        wait_s = place.wait_s / (CLOSER if step["watch"] == "shown" else 1)
        time.sleep(PUT_OFF_S if put_off else wait_s)


def _sent(
    step: Mapping[str, Any], place: Place, known: Mapping[str, str], turn: _Turn | None
) -> Mapping[str, Any]:
    base = {"rest": place.rest, "mcp": place.mcp, "": ""}[step["base"]]
    url = urlsplit(base + filled(step["path"], known))
    headers = {name: filled(value, known) for name, value in step["headers"].items()}
    key = _key(step, place)
    if key:
        headers |= {"Authorization": f"Bearer {key}"} if step["bearer"] else {"X-API-Key": key}
    body = b64decode(step["body_base64"]) + bytes(step["zeros"]) + step["tail"].encode("latin-1")
    body = body or filled(step["body"], known).encode()
    path = url._replace(scheme="", netloc="").geturl() or "/"
    make = HTTPSConnection if url.scheme == "https" else HTTPConnection
    for attempt in range(PATIENCE):
        connection = make(url.netloc, timeout=60)
        try:
            connection.connect()
            if turn is not None and not attempt:
                turn.ready.wait(READY_S)
                time.sleep(turn.position * BETWEEN_S)
            connection.request(step["method"], path, body or None, headers)
            reply = connection.getresponse()
            return answer_of(reply.status, dict(reply.getheaders()), reply.read())
        except (OSError, HTTPException, BrokenBarrierError) as error:
            if not step["again"] or attempt == PATIENCE - 1:
                raise CannotPlay(f"step {step['number']}: {error!r}") from error
            time.sleep(0.05 * 2**attempt)
        finally:
            connection.close()
    raise CannotPlay("no answer")


def _key(step: Mapping[str, Any], place: Place) -> str:
    """The account's; in another world of the same script the key that opens that one."""
    if step["control"] or step["who"] not in ("main", "second", "bad"):
        return ""
    if step["who"] == "bad":
        return "no-such-key"
    main = f"sk_test_{_world(place.key)}-{step['world']}" if step["world"] else place.key
    if step["who"] == "main":
        return main
    return f"{main}.second" if step["world"] else place.second_key or f"{place.key}.second"


def _world(key: str) -> str:
    return key.removeprefix("sk_test_").partition(".")[0]


def _has_control(place: Place) -> bool:
    url = urlsplit(place.rest)
    make = HTTPSConnection if url.scheme == "https" else HTTPConnection
    connection = make(url.netloc, timeout=60)
    try:
        connection.request("GET", f"{url.path}/_sim/info")
        return connection.getresponse().status == 200
    except (OSError, HTTPException) as error:
        raise CannotPlay(f"{place.rest}: {error!r}") from error
    finally:
        connection.close()
