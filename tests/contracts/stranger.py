"""The suite's checks against the second backend in this process, with the guard before it or
without, on a way that may be a bad one."""

from collections.abc import AsyncIterator, Callable, Collection, Coroutine, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

import httpx2

from contracts.guard import MAIN_KEY, SECOND_KEY, GuardProfile, Secret
from contracts.guard.admission import FILE_PATH
from contracts.guard.app import GuardApp
from contracts.opening import FREE_CALLS
from contracts.run import Findings, Runner, Settings
from contracts.talk.keys import Keys, Scrubber
from contracts.talk.wire import Wire
from contracts.target import Target, from_file
from contracts.verdicts import Finding, settled
from tests.candidate.app import build
from tests.candidate.defects import DEFECTS
from tests.candidate.running import MAIN, SECOND, within
from tests.candidate.service import Settings as Candidate
from tests.contracts.trial import plan_of

PROFILE = Path(__file__).parents[1] / "candidate" / "target.toml"
BASE = "http://candidate"
GUARD = "http://127.0.0.1:1"
JOB_S, POLL_S, FINISH_S = 0.6, 0.05, 20

Handle = Callable[[httpx2.Request], Coroutine[None, None, httpx2.Response]]
Answer = Callable[[httpx2.Request], httpx2.Response | None]
"""What comes back in place of an answer, None for the true one; may raise."""


async def findings_of(
    folder: Path,
    defects: Collection[str],
    *ids: str,
    seed: int = 0,
    surfaces: Sequence[str] = ("rest", "mcp"),
    credits: int = 5_000,
    beside: str = "",
) -> tuple[Finding, ...]:
    """Of these requirements' checks, on a backend with these of its mistakes. Its second account
    has 20 credits."""
    assert set(defects) <= set(DEFECTS)
    target = replace(_told(), rest_url=BASE, mcp_url=f"{BASE}/mcp", max_credits=credits)
    if beside:
        target = replace(target, beside=beside, features=target.features | {"beside"})
    async with within(folder, frozenset(defects), JOB_S, 2 * credits) as caller:
        wire = Wire(caller.http, {"rest": BASE, "mcp": target.mcp_url}, Scrubber())
        return await _judged(target, wire, Keys(MAIN, SECOND), seed, ids, surfaces)


async def guarded_findings_of(
    folder: Path, *ids: str, before_guard: Answer, behind_guard: Answer, max_credits: float
) -> tuple[Finding, ...]:
    """The same through the guard, of a backend without mistakes. The answers stand for what the
    ways to the guard and to the backend do to a request before it is delivered."""
    target = replace(
        _told(),
        rest_url=GUARD,
        mcp_url=f"{GUARD}/mcp",
        max_credits=max_credits,
        allowed_hosts=("candidate",),
    )
    async with _backend(folder) as backend:
        profile = GuardProfile(
            rest_url="http://localhost",
            mcp_url="http://localhost/mcp",
            key=Secret(MAIN),
            second_key=Secret(SECOND),
            max_credits=max_credits,
            allowed_hosts=("candidate",),
            free_calls=FREE_CALLS,
            calls_a_minute={},
        )
        guard = GuardApp(profile, transport=httpx2.MockTransport(_way(backend, behind_guard)))
        transport = httpx2.MockTransport(_way(httpx2.ASGITransport(app=guard), before_guard))
        async with httpx2.AsyncClient(transport=transport) as http:
            urls = {"rest": target.rest_url, "mcp": target.mcp_url}
            wire = Wire(http, urls, Scrubber(), file_url=_file_url)
            found = await _judged(target, wire, Keys(MAIN_KEY, SECOND_KEY), 0, ids)
        await guard.close()
        assert guard.purse.spent + guard.purse.reserved <= max_credits * 1_000
        return found


async def _judged(
    target: Target,
    wire: Wire,
    keys: Keys,
    seed: int,
    ids: Sequence[str],
    surfaces: Sequence[str] = ("rest", "mcp"),
) -> tuple[Finding, ...]:
    runner = Runner(target, wire, keys, Settings(seed))
    plan, findings = plan_of(target, *ids, surfaces=surfaces), Findings()
    await runner.run(plan, findings, lambda finding: None)
    return settled(findings.ordered(plan))


@asynccontextmanager
async def _backend(folder: Path) -> AsyncIterator[httpx2.ASGITransport]:
    settings = Candidate(((MAIN, 10_000), (SECOND, 20)), folder, JOB_S, frozenset())
    app = build(settings, BASE)
    async with app.router.lifespan_context(app):
        yield httpx2.ASGITransport(app=app)


def _way(transport: httpx2.ASGITransport, answer: Answer) -> Handle:
    async def handle(request: httpx2.Request) -> httpx2.Response:
        return answer(request) or await transport.handle_async_request(request)

    return handle


def _file_url(url: str) -> str:
    return f"{GUARD}{FILE_PATH}?url={quote(url, safe='')}"


def _told() -> Target:
    return replace(from_file(PROFILE), poll_s=POLL_S, finish_s=FINISH_S)
