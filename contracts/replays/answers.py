"""What a replay looks at in the answers to its calls. Nothing but the standard library: replays
carry this text."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from hashlib import sha256
from itertools import pairwise
from typing import Any

from contracts.replays.filefacts import file_facts

MISSING = "[missing]"
RUNNING = ("pending", "queued", "processing")
NUMBER = (int, float)
PUT_OFF = 429


def answer_of(status: int, headers: Mapping[str, str], content: bytes) -> Mapping[str, Any]:
    """An answer's parts by name: status, headers, body (its JSON, or None), bytes, and of what is
    no JSON the digest and what its first bytes tell."""
    named = {name.lower(): value for name, value in headers.items()}
    text = content.decode("utf-8", "replace")
    if named.get("content-type", "").startswith("text/event-stream"):
        text = "".join(line[5:] for line in text.splitlines() if line.startswith("data: {"))
    try:
        body = json.loads(text)
    except ValueError:
        body = None
    told = {"status": status, "header": named, "body": body, "bytes": len(content)}
    if body is None:
        told |= {"digest": sha256(content).hexdigest(), "file": file_facts(content)}
    return told


def at(answer: Mapping[str, Any], path: Sequence[Any]) -> Any:
    """A part of an answer; ``#keys`` are an object's names, ``#length`` is a list's length,
    ``#kind`` the type of a value, ``#digest`` stands for the whole of what is too long to be
    listed."""
    value: Any = answer
    for part in path:
        if part == "#kind":
            return type(value).__name__ if value != MISSING else MISSING
        if part == "#keys":
            return sorted(value) if isinstance(value, dict) else MISSING
        if part == "#digest":
            return sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()
        if part == "#length":
            return len(value) if isinstance(value, list) else MISSING
        if (isinstance(value, list) and isinstance(part, int) and part < len(value)) or (
            isinstance(value, dict) and part in value
        ):
            value = value[part]
        else:
            return MISSING
    return value


def judged(
    fact: Mapping[str, Any],
    number: int,
    answers: Mapping[int, Mapping[str, Any]],
    known: Mapping[str, str],
) -> tuple[bool, str]:
    """Whether a fact about the answer to a step is as it was recorded, and a line that tells it. A
    fact has ``at``, and ``is``, or what it should be and was ``above``, ``below`` or ``not``, or
    may be anything ``other_than``; or the step that it should be like and was ``unlike``; or it
    ``falls`` from one look at a job to the next. ``since``: an earlier step's value is taken away.
    ``known``: values by the names that stand for them."""
    found, what = at(answers.get(number, {}), fact["at"]), ".".join(map(str, fact["at"]))
    wanted = fact.get("is")
    if "since" in fact:
        other, path = fact["since"]
        earlier = at(answers.get(other, {}), path)
        found = found - earlier if is_number(found) and is_number(earlier) else MISSING
        what += f" since step {other}"
    elif isinstance(wanted, str):
        wanted = filled(wanted, known)
    told = f"step {number}: {what} is {json.dumps(found, ensure_ascii=False)[:200]}"
    if "falls" in fact:
        values = [at(each, fact["at"]) for each in answers.get(number, {}).get("looks", ())]
        numbers = [each for each in values if is_number(each)]
        fell = any(one > other for one, other in pairwise(numbers))
        told = f"step {number}: {what} was {json.dumps(numbers)}, look by look, and"
        return fell, f"{told} fell, as recorded" if fell else f"{told} did not fall, as it had"
    if "other_than" in fact:
        return found != fact["other_than"], told
    if "unlike" in fact:
        other, path = fact["unlike"]
        like = at(answers.get(other, {}), path)
        differs = like != found and MISSING not in (like, found)
        return differs, f"{told}, was unlike that of step {other}, {json.dumps(like)[:200]}"
    for word in ("above", "below", "not"):
        if word in fact:
            return _differs(found, word, fact[word]), f"{told}, was {word} {json.dumps(fact[word])}"
    same = found == wanted and isinstance(found, bool) == isinstance(wanted, bool)
    recorded = json.dumps(wanted, ensure_ascii=False)[:200]
    return same, f"{told}, as recorded" if same else f"{told}, was {recorded}"


def _differs(found: Any, word: str, ought: Any) -> bool:
    """Whether it is still on the wrong side of what it should be."""
    if word == "not":
        return bool(found not in (ought, MISSING))
    if not is_number(found):
        return False
    return bool(found > ought if word == "above" else found < ought)


def is_number(value: Any) -> bool:
    """Whether it is one; true is none."""
    return isinstance(value, NUMBER) and not isinstance(value, bool)


def filled(text: str, known: Mapping[str, str]) -> str:
    """With the values for the names in it."""
    for name, value in known.items():
        text = text.replace("${" + name + "}", value)
    return text


def is_running(body: Any) -> bool:
    """Whether a status answer tells of a job that has not ended."""
    paths = (["status"], ["result", "structuredContent", "status"])
    return isinstance(body, dict) and any(at(body, path) in RUNNING for path in paths)
