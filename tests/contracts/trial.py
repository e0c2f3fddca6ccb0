"""The suite's checks against a simulator in this process; its answers can be bent on their way."""

import json
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx2

from contracts.check import Check
from contracts.plan import Choice, Plan, all_checks, make_plan
from contracts.requirements import Requirement, load_requirements
from contracts.run import Findings, Runner, Settings
from contracts.talk.keys import Keys, Scrubber
from contracts.talk.wire import Wire
from contracts.target import Target, probe
from contracts.verdicts import Finding, settled
from tests.mcp.wire import BASE, wired

Bend = Callable[[httpx2.Request, int, Any], tuple[int, Any]]
"""``(request, status, JSON of the answer)`` to a status and the JSON that is told instead."""


@dataclass
class Transport:
    """Bends answers; ``before`` may raise in place of sending, ``after`` in place of answering."""

    inner: httpx2.ASGITransport
    bend: Bend | None = None
    before: Callable[[httpx2.Request], None] | None = None
    after: Callable[[httpx2.Request], None] | None = None
    requests: list[httpx2.Request] = field(default_factory=list)

    async def handle(self, request: httpx2.Request) -> httpx2.Response:
        self.requests.append(request)
        if self.before is not None:
            self.before(request)
        response = await self.inner.handle_async_request(request)
        if self.after is not None:
            self.after(request)
        if self.bend is None or request.url.path.startswith("/_sim"):
            return response
        return await _bent(request, response, self.bend)


async def _bent(request: httpx2.Request, response: httpx2.Response, bend: Bend) -> httpx2.Response:
    content = await response.aread()
    try:
        told = json.loads(content)
    except ValueError:
        told = None
    status, changed = bend(request, response.status_code, told)
    headers = [(k, v) for k, v in response.headers.items() if k.lower() != "content-length"]
    if changed is not told:
        content = json.dumps(changed).encode()
    return httpx2.Response(status, headers=headers, content=content, request=request)


@dataclass
class Trial:
    """One simulator, a runner for it, and what travelled between them."""

    target: Target
    runner: Runner
    transport: Transport

    async def judged(self, plan: Plan) -> tuple[Finding, ...]:
        """The findings of a plan, one for each requirement and surface."""
        findings = Findings()
        await self.runner.run(plan, findings, lambda finding: None)
        return settled(findings.ordered(plan))


@asynccontextmanager
async def trial(
    bend: Bend | None = None,
    *,
    before: Callable[[httpx2.Request], None] | None = None,
    after: Callable[[httpx2.Request], None] | None = None,
    settings: Settings | None = None,
) -> AsyncIterator[Trial]:
    """A simulator as `serve` runs it, but for its clock, which stands still."""
    async with wired(limits=True) as simulator:
        inner = httpx2.ASGITransport(app=simulator.simulator.app)
        transport = Transport(inner)
        mocked = httpx2.MockTransport(transport.handle)
        async with httpx2.AsyncClient(transport=mocked, base_url=BASE) as http:
            target = await probe(http, BASE)
            transport.bend, transport.before, transport.after = bend, before, after
            transport.requests.clear()
            urls = {"rest": target.rest_url, "mcp": target.mcp_url}
            wire = Wire(http, urls, Scrubber())
            runner = Runner(target, wire, Keys(""), settings or Settings())
            yield Trial(target, runner, transport)


def plan_of(target: Target, *ids: str, surfaces: Sequence[str] = ("rest", "mcp")) -> Plan:
    """The checks of some requirements, as the suite plans them."""
    rows = load_requirements()
    lanes = tuple(sorted({row.lane for row in rows if row.id in ids}))
    checks = [check for check in all_checks(rows, lanes) if set(check.requirements) & set(ids)]
    return make_plan(
        [row for row in rows if any(row.id in check.requirements for check in checks)],
        checks,
        target,
        Choice(lanes=lanes, surfaces=tuple(surfaces)),
    )


def plan_for(target: Target, *checks: Check, strength: str = "documented") -> Plan:
    """Checks of the tests' own, with a row for each requirement that they name."""
    rows = [
        Requirement(
            id=each,
            says="It does.",
            section="page: Response",
            strength=strength,
            surfaces=("rest", "mcp"),
            level="L1",
            lane="access",
        )
        for check in checks
        for each in check.requirements
    ]
    return make_plan(rows, checks, target, Choice())
