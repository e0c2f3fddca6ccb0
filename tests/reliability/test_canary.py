"""Keys, tokens and prompts of a scripted tour, looked for wherever they could leak to.

The state file holds prompts, since a status answers with its prompt; it holds no key and no token.
"""

import asyncio
import json
import os
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.reliability.served import Served
from tests.reliability.wire import Wire, request
from tests.surfaces.rawhttp import Answer, exchange

LIVE_KEY = "sk_live_canary1a7f"
TOKEN = "token-canary-2b8e"
ONCE = "once-canary-3c9d"
PROMPT = "prompt-canary-4d0c"
SECRETS = (LIVE_KEY, TOKEN, ONCE)
MEDIA = "/v1/generate/media"
ADMIN = {"Authorization": f"Bearer {TOKEN}"}
BODY = {"model": "z-image", "prompt": f"A lighthouse {PROMPT}"}


@dataclass
class Tour:
    """A tour's folder, the command line as others saw it, and every answer."""

    folder: Path
    arguments: str = ""
    answers: list[tuple[str, Answer]] = field(default_factory=list)

    @property
    def log(self) -> str:
        return (self.folder / "log").read_text()

    def files(self) -> dict[str, bytes]:
        """What the process left on the disk, its log aside."""
        found = {path for path in self.folder.rglob("*") if path.is_file()}
        return {str(path): path.read_bytes() for path in sorted(found) if path.name != "log"}


def holders(files: dict[str, bytes], canary: str) -> list[str]:
    return [name for name, data in files.items() if canary.encode() in data]


@pytest.fixture(scope="module", params=["live keys refused", "live keys taken"])
def tour(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Tour:
    taken = request.param == "live keys taken"
    tour = Tour(tmp_path_factory.mktemp("tour"))
    (tour.folder / "tmp").mkdir()
    options = ["--state", str(tour.folder / "state"), "--log-level", "debug"]
    options += ["--log-format", "json" if taken else "text", "--policy", "idempotency=replay"]
    options += ["--allow-live-keys"] if taken else []
    variables = {"MEDIASIM_ADMIN_TOKEN": TOKEN, "TMPDIR": str(tour.folder / "tmp")}
    with Served(tour.folder / "log", *options, variables=variables) as served:
        asyncio.run(walk(served.port, tour))
        while_it_runs = Path(f"/proc/{served.popen.pid}/cmdline")
        tour.arguments = while_it_runs.read_text() if while_it_runs.exists() else ""
        served.terminate()
    return tour


async def walk(port: int, tour: Tour) -> None:
    """Every way for a secret to come in: good and bad headers, bodies, refusals, faults."""
    async with Wire(port, LIVE_KEY) as live, Wire(port, "sk_test_w") as test:

        async def note(wire: Wire, method: str, path: str, *rest: object) -> Answer:
            body, headers = (*rest, None, None)[:2]
            answer = await wire(method, path, body, headers)  # type: ignore[arg-type]  # as they came
            tour.answers.append((f"{method} {path}", answer))
            return answer

        for wire in (live, test):
            started = await note(wire, "POST", MEDIA, BODY, {"Idempotency-Key": ONCE})
            await note(wire, "POST", MEDIA, BODY, {"Idempotency-Key": ONCE})
            await note(wire, "POST", MEDIA, {**BODY, "model": "no"}, {"Idempotency-Key": ONCE})
            await note(wire, "POST", MEDIA, {**BODY, "duration": PROMPT, "aspect_ratio": "9:9"})
            await note(wire, "POST", MEDIA, {**BODY, "prompt": PROMPT * 5_000})
            await note(wire, "POST", MEDIA, {"model": [PROMPT], "prompt": {PROMPT: 5}})
            await note(wire, "POST", MEDIA, json.dumps(BODY).encode()[:-3])
            await note(wire, "GET", "/v1/balance")
            await note(wire, "GET", f"{MEDIA}/none")
            if started.status == 200:
                await note(wire, "GET", f"{MEDIA}/{started.json['id']}")
            await note(wire, "GET", "/_sim/jobs", None, ADMIN)
            await note(wire, "GET", "/_sim/jobs", None, {"Authorization": f"bearer {TOKEN}x"})
        await note(test, "POST", "/_sim/clock/advance", {"seconds": 9_000}, ADMIN)
        await note(test, "GET", "/_sim/ledger", None, ADMIN)
        await note(test, "GET", "/_sim/info", None, ADMIN)
        await note(test, "POST", "/_sim/accounts", {"key": LIVE_KEY}, ADMIN)
        await note(test, "GET", f"/v1/balance?api_key={LIVE_KEY}&token={TOKEN}&prompt={PROMPT}")
        await note(test, "GET", "/v1/balance", None, {"Authorization": f"Bearer {LIVE_KEY}"})
        await note(test, "POST", "/nothing", BODY)
    exchange(port, b"GET / HTTP/1.1\r\nX-API-Key: " + LIVE_KEY.encode() + b"\r\nbroken\r\n\r\n")
    exchange(port, request("GET", f"/\x1b[31m?{LIVE_KEY}", LIVE_KEY, None, None))
    exchange(
        port, request("GET", "/%0d%0aforged%20line%1b%5b31m%c2%9b31m", "sk_test_w", None, None)
    )


def test_the_tour_was_taken_and_logged(tour: Tour) -> None:
    statuses = {answer.status for _, answer in tour.answers}
    assert {200, 400, 401, 404, 422} <= statuses
    assert tour.log.count(MEDIA) > 10


@pytest.mark.parametrize("canary", [*SECRETS, PROMPT])
def test_neither_secret_nor_prompt_is_logged(tour: Tour, canary: str) -> None:
    assert [line for line in tour.log.splitlines() if canary in line] == []


@pytest.mark.parametrize("canary", SECRETS)
def test_no_answer_repeats_a_secret(tour: Tour, canary: str) -> None:
    found = [
        (asked, answer)
        for asked, answer in tour.answers
        if canary.encode() in answer.body or canary in str(answer.headers)
    ]
    assert found == []


def test_no_refusal_repeats_the_prompt(tour: Tour) -> None:
    found = [
        (asked, answer)
        for asked, answer in tour.answers
        if answer.status >= 400 and PROMPT.encode() in answer.body
    ]
    assert found == []


@pytest.mark.parametrize("canary", SECRETS)
def test_no_file_holds_a_secret(tour: Tour, canary: str) -> None:
    assert holders(tour.files(), canary) == []


def test_the_state_file_holds_the_prompt_which_a_status_needs(tour: Tour) -> None:
    assert {Path(name).name for name in holders(tour.files(), PROMPT)} <= {"state", "state-wal"}
    assert holders(tour.files(), PROMPT)


@pytest.mark.parametrize("canary", [*SECRETS, PROMPT])
def test_no_secret_stands_in_the_arguments(tour: Tour, canary: str) -> None:
    assert canary not in tour.arguments
    assert "serve" in tour.arguments or os.name != "posix"


def test_control_characters_of_a_path_are_escaped_in_the_log(tour: Tour) -> None:
    printable = [char for char in tour.log if char == "\n" or char.isprintable()]
    assert "".join(printable) == tour.log
    assert [line for line in tour.log.splitlines() if line.startswith("forged")] == []
    assert "forged" in tour.log
