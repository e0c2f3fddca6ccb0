"""MCP as its own conformance package judges it: one requirement for each of its scenarios."""

import asyncio
import re
import secrets  # noqa: TID251 - an address that nobody guesses is no part of what is judged
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import cache, partial
from pathlib import Path

from contracts.check import Broken, CannotTell, Check, DoesNotApply, Function, Judgement
from contracts.conformance import NEXT, PACKAGE, RELEASED, Conformance, installed
from contracts.conformance_run import Said, Scenario, played
from contracts.guard import Guard, GuardProfile, Record, Secret
from contracts.guard.guard import GuardFailed
from contracts.guard.secret import secret_from
from contracts.requirements import Requirement
from contracts.talk.backend import Backend, world_keys
from contracts.talk.exchange import Exchange, Trace
from contracts.talk.wire import Trouble
from contracts.target import HINTS, Target, WrongTarget

LANE = "protocol"
SESSION, STATELESS = "2025-11-25", "2026-07-28"
LOCAL = "dns-rebinding-protection"
"""A scenario for servers on this machine."""

NEXT_ONLY = ("server-session-lifecycle",)
"""Scenarios of an older revision that only the next version has."""

TEST_TOOLS = (
    "test_simple_text",
    "test_image_content",
    "test_audio_content",
    "test_embedded_resource",
    "test_multiple_content_types",
    "test_tool_with_logging",
    "test_error_handling",
    "test_tool_with_progress",
    "test_sampling",
    "test_elicitation",
    "test_elicitation_sep1034_defaults",
    "test_elicitation_sep1330_enums",
    "test_missing_capability",
    "test_streaming_elicitation",
    "test_logging_tool",
    "wrong_tool_name",
)
TEST_METHODS = ("unknown/method", "TOOLS/LIST")
FREE_CALLS = (
    *(f"tool {name}" for name in TEST_TOOLS),
    *(f"rpc {name}" for name in TEST_METHODS),
)
"""What the package calls that is none of the provider's: nothing can be started by it."""

_NOT_TESTABLE = re.compile(r"Not testable|\S+ returned JSON-RPC error -32601\b")
"""A failure that is none: a tool or a method that the scenario looks for, and no server needs."""

FAILURES_TOLD = 2


def checks(requirements: Sequence[Requirement]) -> tuple[Check, ...]:
    """One for each row of the lane."""
    return tuple(
        Check((row.id,), _function(row.id), ("mcp",), name="conformance")
        for row in requirements
        if row.lane == LANE
    )


def scenario_of(requirement: str) -> Scenario:
    """``protocol:<revision>:<scenario>``, and which version of the package has it."""
    _, revision, name = requirement.split(":")
    newer = revision == STATELESS or name in NEXT_ONLY
    return Scenario(NEXT if newer else RELEASED, revision, name)


def _function(requirement: str) -> Function:
    return partial(it_conforms, requirement)


async def it_conforms(requirement: str, backend: Backend, surface: str) -> Sequence[Judgement]:
    """One scenario. Raises DoesNotApply, CannotTell, Trouble."""
    target, scenario = backend.target, scenario_of(requirement)
    if not target.conformance:
        raise DoesNotApply(HINTS["conformance"])
    if scenario.name == LOCAL and not target.is_loopback:
        raise DoesNotApply("the scenario is for servers on this machine")
    try:
        having = _installed(target.conformance)
        async with _way(target, backend.name) as (guard, url):
            said = await played(having, scenario, url)
            records = guard.records()
    except (GuardFailed, ValueError, WrongTarget) as error:
        raise CannotTell(str(error)) from error
    _check_way(records)
    return [Judgement(requirement, judged(said, scenario), trace_of(records))]


@asynccontextmanager
async def _way(target: Target, world: str) -> AsyncIterator[tuple[Guard, str]]:
    """A guard, and the address at which the package finds the target without a key. Raises
    GuardFailed, ValueError."""
    path = f"/_guard/mcp/{secrets.token_urlsafe(24)}"
    # A guard begins and ends slowly, and other checks are under way.
    guard = await asyncio.to_thread(Guard, _profile(target, world, path))
    await asyncio.to_thread(guard.__enter__)
    try:
        yield guard, f"{guard.url}{path}"
    finally:
        await asyncio.to_thread(guard.__exit__, None, None, None)


@cache
def _installed(folder: str) -> Conformance:
    return installed(Path(folder))


def _profile(target: Target, world: str, path: str) -> GuardProfile:
    """Of a guard that lets out nothing that costs. Raises ValueError."""
    key = Secret(world_keys(world).main) if target.has_worlds else secret_from(target.key_env)
    return GuardProfile(
        rest_url=target.rest_url,
        mcp_url=target.mcp_url,
        key=key,
        max_credits=0,
        free_calls=FREE_CALLS,
        keyless_path=path,
    )


def _check_way(records: Sequence[Record]) -> None:
    """Raises Trouble when the way to the target broke, CannotTell when the guard stood in it."""
    for record in records:
        if record.status == 502 and record.reason:
            raise Trouble(f"{record.call}: {record.reason}")
    for record in records:
        if record.verdict == "guard":
            raise CannotTell(f"the guard held back {record.call or 'a request'}: {record.reason}")


def judged(said: Sequence[Said], scenario: Scenario) -> Broken | DoesNotApply | None:
    """What the package's checks come to: its failures, not its warnings, which are of advice."""
    bad = [each for each in said if each.status == "FAILURE" and not _not_testable(each)]
    if bad:
        more = f"; {len(bad) - FAILURES_TOLD} more" if len(bad) > FAILURES_TOLD else ""
        told = bad[:FAILURES_TOLD]
        expected = "; ".join(each.description or each.name for each in told)
        got = "; ".join(f"{each.name}: {each.text or 'it failed'}" for each in told)
        about = f"{PACKAGE} {scenario.version}, scenario {scenario.name} of {scenario.revision}"
        return Broken(f"{expected}{more}", f"{got}{more}", about)
    if any(each.status == "SUCCESS" for each in said):
        return None
    why = next((each.text or each.description for each in said), "it has no checks")
    return DoesNotApply(f"nothing of the scenario applies: {why}")


def _not_testable(said: Said) -> bool:
    return bool(_NOT_TESTABLE.match(said.text))


def trace_of(records: Sequence[Record]) -> Trace:
    """What went through the guard, as exchanges of a check."""
    return tuple(_exchange(number, each) for number, each in enumerate(records, start=1))


def _exchange(number: int, record: Record) -> Exchange:
    sent, answer = record.request_body.encode(), record.answer_body.encode()
    return Exchange(
        number=number,
        surface="mcp",
        call=record.call,
        who=record.account,
        method=record.method,
        base="mcp",
        path="",
        headers=record.request_headers,
        sent=sent,
        sent_bytes=len(sent),
        status=record.status,
        answer_headers=record.answer_headers,
        answer=answer,
        answer_bytes=len(answer),
    )
