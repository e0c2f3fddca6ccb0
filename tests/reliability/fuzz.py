"""Hostile requests, and what every answer must be: ``python -m tests.reliability.fuzz``.

A request starts as a right one of a known route; then its fields, types, path, query, headers or
bytes are spoilt. No answer may be a 5xx, and each refusal has one of the documented shapes.
"""

import argparse
import asyncio
import json
import logging
import random
import sys
import time
from collections import Counter
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from starlette.types import ASGIApp

from simulator.domain.errors import REFUSAL_STATUS
from simulator.engine.operations import OPERATIONS
from simulator.surfaces.control_calls.table import CONTROL_OPERATIONS
from tests.reliability.inproc import made, quiet_logs, send
from tests.reliability.monsters import (
    BODIES,
    HEADER_VALUES,
    NUMBERS,
    QUOTED,
    TEXTS,
    VALUES,
    to_json,
)
from tests.surfaces.rawhttp import Answer

SLOW_S = 2.0
JSON_TYPE = b"application/json"
IDS = ("00000000-0000-4000-a000-000000000000", "first-two-fail", "x", "")
OTHER_PATHS = (
    "/health",
    "/openapi.json",
    "/docs",
    "/docs/",
    "/docs/models.json",
    "/docs/models/nano-banana.json",
    "/docs/models/{id}.json",
    "/llms.txt",
    "/media/w/{id}/{id}.png",
    "/media/w/uploads/{id}.png",
    "/v1/generate/media/{id}/stream",
    "/_sim/openapi.json",
    "/{id}",
)
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE", "BREW")
KEYS = (b"sk_test_w", b"sk_test_w", b"sk_test_w.other", b"sk_test_", b"sk_live_x", b"\xff\x00")
NAMESPACES = (b"w", b"v", b"", b"a/b", b"..", b"\xff", b"x" * 70, b"w\x00")
BODY_OF: Mapping[str, dict[str, Any]] = {
    "/v1/generate/media": {
        "model": "kling-3-0-std",
        "prompt": "A lighthouse",
        "generation_type": "image-to-video",
        "source_media_urls": ["https://example.com/a.png"],
        "duration": "5s",
        "aspect_ratio": "16:9",
        "quality": "standard",
        "resolution": "1K",
        "sound": True,
        "seed": 7,
        "negative_prompt": "fog",
        "generate_audio": False,
        "kling_elements": [
            {
                "name": "cat",
                "description": "a cat",
                "element_input_urls": ["https://example.com/1.png", "https://example.com/2.png"],
            }
        ],
    },
    "/_sim/scenarios/{name}": {"play": True, "surface": "rest"},
    "/v1/generate/estimate": {
        "model": "kling-3-0-std",
        "generation_type": "text-to-video",
        "parameters": {"duration": "5s", "quality": "standard", "resolution": "1K"},
    },
    "/_sim/reset": {"all": False},
    "/_sim/clock/speed": {"speed": 2},
    "/_sim/clock/set": {"now": "2026-01-02T03:04:05Z"},
    "/_sim/clock/advance": {"seconds": 1},
    "/_sim/accounts": {"key": "sk_test_w.new", "credits": 10, "scopes": ["generate:media"]},
    "/_sim/accounts/{account}/credits": {"credits": 5, "reason": "because"},
}


@dataclass(frozen=True, slots=True)
class Request:
    method: str
    target: str
    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes = b""

    def shown(self) -> str:
        shown = [(name, value[:60]) for name, value in self.headers]
        return f"{self.method} {self.target[:200]!r} {shown} {self.body[:300]!r}"


class Fuzz:
    """An endless, repeatable row of requests."""

    def __init__(self, seed: int) -> None:
        self.dice = random.Random(seed)
        self.routes = [(op.method, op.path, dict(op.example)) for op in OPERATIONS]
        self.routes += [(op.method, op.path, dict(op.example)) for op in CONTROL_OPERATIONS]
        self.routes += [("GET", path, {}) for path in OTHER_PATHS]
        self.routes.append(("POST", "/v1/upload/media", {}))
        # A reset would empty what the other requests are to find; it is tried, but rarely.
        self.weights = [1 if path == "/_sim/reset" else 10 for _, path, _ in self.routes]

    def request(self) -> Request:
        method, path, example = self.dice.choices(self.routes, self.weights)[0]
        body = deepcopy(dict(BODY_OF.get(path, example)))
        if path == "/v1/generate/cost":
            body = deepcopy(dict(BODY_OF["/v1/generate/media"]))
        if path == "/_sim/clock/advance" and self.dice.random() < 0.5:
            body = {"until": {"generation_id": "x", "status": "completed"}}
        if self.dice.random() < 0.08:
            method = self.dice.choice(METHODS)
        data = self._body(body) if method in ("POST", "PUT", "PATCH") else b""
        headers = self._headers(data, upload=path == "/v1/upload/media")
        return Request(method, self._path(path) + self._query(), headers, data)

    def _path(self, path: str) -> str:
        while "{" in path:
            name = path[path.index("{") : path.index("}") + 1]
            value = self.dice.choice(IDS) if self.dice.random() < 0.5 else self._quoted()
            path = path.replace(name, value, 1)
        if self.dice.random() < 0.05:
            path += self.dice.choice(("/", "//", "/..", "/%2e%2e/", ";x", "%00", "%0d%0a", "%"))
        return path

    def _query(self) -> str:
        if self.dice.random() < 0.7:
            return ""
        names = ("status", "limit", "model", "model_type", "account", "generation_id", "bucket")
        pairs = [
            f"{self.dice.choice(names)}={self._quoted()}" for _ in range(self.dice.randrange(1, 4))
        ]
        return "?" + "&".join(pairs)

    def _quoted(self) -> str:
        """A value as a URL carries it; broken escapes and half surrogates among them."""
        return self.dice.choice(QUOTED)

    def _body(self, body: dict[str, Any]) -> bytes:
        if self.dice.random() < 0.12:
            return self.dice.choice(BODIES)
        for _ in range(self.dice.choice((0, 1, 1, 1, 2, 4))):
            self._spoil(body)
        text = to_json(body)
        if body and self.dice.random() < 0.1:  # a name twice
            text = text[:-1] + b"," + to_json({self.dice.choice(list(body)): 5})[1:]
        if self.dice.random() < 0.06:
            text = self._noise(text)
        return text

    def _spoil(self, body: dict[str, Any]) -> None:
        """Puts a wrong value somewhere, at the top or further in."""
        place: Any = body
        name: Any = self.dice.choice([*body, "unknown"]) if body else "unknown"
        while self.dice.random() < 0.5:
            inner = place.get(name) if isinstance(place, dict) else place[name]
            if not isinstance(inner, (dict, list)) or not inner:
                break
            place = inner
            name = self.dice.choice(list(inner) if isinstance(inner, dict) else range(len(inner)))
        choices = (VALUES, NUMBERS, TEXTS)
        value = self.dice.choice(self.dice.choices(choices, (5, 3, 4))[0])
        if self.dice.random() < 0.1 and isinstance(place, dict):
            place.pop(name, None)
        else:
            place[name] = deepcopy(value)

    def _noise(self, text: bytes) -> bytes:
        if not text:
            return text
        spoilt = bytearray(text)
        for _ in range(self.dice.randrange(1, 6)):
            spoilt[self.dice.randrange(len(spoilt))] = self.dice.randrange(256)
        return bytes(spoilt[: self.dice.randrange(1, len(spoilt) + 1)])

    def _headers(self, body: bytes, *, upload: bool) -> tuple[tuple[bytes, bytes], ...]:
        headers = [(b"host", b"127.0.0.1"), (b"x-api-key", self.dice.choice(KEYS))]
        if body:
            headers.append((b"content-length", b"%d" % len(body)))
            headers.append((b"content-type", JSON_TYPE))
        if upload and self.dice.random() < 0.8:
            headers = [pair for pair in headers if pair[0] != b"content-type"]
            headers.append((b"content-type", b"multipart/form-data; boundary=b"))
        if self.dice.random() < 0.15:
            headers.append((b"x-sim-namespace", self.dice.choice(NAMESPACES)))
        if self.dice.random() < 0.25:
            name, values = self.dice.choice(HEADER_VALUES)
            headers.append((name, self.dice.choice(values)))
        return tuple(headers)


def faults_of(request: Request, answer: Answer) -> list[str]:
    """What is wrong with an answer, whatever was asked."""
    if answer.status >= 500 or answer.status < 200:
        return [f"{answer.status} {answer.body[:200]!r}"]
    if answer.status < 400 or request.method == "HEAD":
        return []
    try:
        body = json.loads(answer.body)
    except ValueError:
        return [f"{answer.status} is no JSON: {answer.body[:200]!r}"]
    return [] if _is_refusal(answer.status, body) else [f"{answer.status} has the shape {body}"]


def _is_refusal(status: int, body: Any) -> bool:
    if not isinstance(body, dict):
        return False
    if "error" in body:
        message = body.get("message")
        return REFUSAL_STATUS.get(body["error"]) == status and isinstance(message, str)
    detail = body.get("detail")
    if status != 422:
        return isinstance(detail, str) and bool(detail) and set(body) == {"detail"}
    return isinstance(detail, list) and bool(detail) and all(_is_problem(each) for each in detail)


def _is_problem(problem: Any) -> bool:
    return (
        isinstance(problem, dict)
        and set(problem) == {"loc", "msg", "type"}
        and all(isinstance(part, (str, int)) for part in problem["loc"])
        and all(isinstance(problem[name], str) and problem[name] for name in ("msg", "type"))
    )


@dataclass(slots=True)
class Report:
    wrong: list[str] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)
    slow: list[str] = field(default_factory=list)
    most_s: float = 0.0


async def fuzz_app(app: ASGIApp, seed: int, requests: int) -> Report:
    """Sends a seed's requests to an app in this process."""
    fuzz, report = Fuzz(seed), Report()
    for number in range(requests):
        request = fuzz.request()
        if request.target.partition("?")[0].endswith("/stream") and request.method == "GET":
            continue  # a stream of a job that runs does not end while the clock stands still
        began = time.perf_counter()
        try:
            answer = await send(
                app, request.method, request.target, list(request.headers), request.body
            )
        except Exception as error:  # noqa: BLE001 - whatever escapes is what is looked for
            report.wrong.append(f"#{number} {request.shown()}: raised {error!r}")
            continue
        seconds = time.perf_counter() - began
        report.statuses[answer.status] += 1
        report.most_s = max(report.most_s, seconds)
        if seconds > SLOW_S:
            report.slow.append(f"#{number} {request.shown()}: {seconds:.1f} s")
        report.wrong += [
            f"#{number} {request.shown()}: {text}" for text in faults_of(request, answer)
        ]
    return report


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=200_000)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    quiet_logs()
    logging.disable(logging.WARNING)  # the multipart parser tells of each body that it refuses
    total = Report()
    per_seed = 5_000
    with TemporaryDirectory() as folder:
        for offset in range(-(-options.requests // per_seed)):
            seed = options.seed + offset
            state = Path(folder) / f"state-{seed}" if offset % 4 == 3 else None
            app = made(state=state).app
            report = asyncio.run(fuzz_app(app, seed, per_seed))
            total.wrong += [f"seed {seed}: {text}" for text in report.wrong]
            total.slow += report.slow
            total.statuses += report.statuses
            total.most_s = max(total.most_s, report.most_s)
    print("\n".join([*total.wrong[:50], *total.slow[:20]]))
    print(
        f"{sum(total.statuses.values())} requests, {len(total.wrong)} wrong, {len(total.slow)} over"
        f" {SLOW_S:g} s, longest {total.most_s:.2f} s; {dict(sorted(total.statuses.items()))}"
    )
    return 1 if total.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
