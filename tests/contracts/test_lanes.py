"""Each check of the wire, the keys and the life cycle: it passes on the simulator, and finds the
fault that it is there for."""

import itertools
from collections.abc import Callable
from typing import Any

import httpx2
import pytest

from contracts.lanes import access, delivery, lifecycle, wire_mcp, wire_rest
from contracts.run import Settings
from contracts.verdicts import Verdict
from tests.contracts.trial import Bend, plan_of, trial

OURS = (access, wire_rest, wire_mcp, lifecycle, delivery)
IDS = sorted({each for lane in OURS for check in lane.CHECKS for each in check.requirements})
BAD = (Verdict.FAIL, Verdict.WARN)
REST_STATUS = "/v1/generate/media/"


@pytest.mark.parametrize("era", ["session", "stateless"])
async def test_the_simulator_does_all_of_it_in_both_eras(era: str) -> None:
    async with trial(settings=Settings(era=era)) as tried:
        findings = await tried.judged(plan_of(tried.target, *IDS))
    assert [each for each in findings if each.verdict is not Verdict.PASS] == []
    assert {each.requirement for each in findings} == set(IDS)


def statuses(change: Callable[[dict[str, Any]], Any]) -> Bend:
    """Bends the status answers of media, over REST."""

    def bend(request: httpx2.Request, status: int, told: Any) -> tuple[int, Any]:
        if request.url.path.startswith(REST_STATUS) and status == 200 and told:
            change(told)
            return status, dict(told)
        return status, told

    return bend


def at(path: str, status: int, told: Any = None, *, method: str = "") -> Bend:
    """Another answer at a path."""

    def bend(request: httpx2.Request, was: int, body: Any) -> tuple[int, Any]:
        hit = request.url.path == path and method in ("", request.method)
        return (status, body if told is None else told) if hit else (was, body)

    return bend


def keyless(request: httpx2.Request, status: int, told: Any) -> tuple[int, Any]:
    """Lets in whoever has no key, or a bad one."""
    return (200, {"credits": 5}) if status == 401 else (status, told)


def no_scopes(request: httpx2.Request, status: int, told: Any) -> tuple[int, Any]:
    """Forgets to look at scopes."""
    if status == 403:
        return 200, {}
    if isinstance(told, dict) and "lacks the scope" in str(told):
        return 200, {**told, "result": {"content": [], "structuredContent": {}}}
    return status, told


def results(name: str, change: Callable[[dict[str, Any]], Any]) -> Bend:
    """Bends what a JSON-RPC method answers."""

    def bend(request: httpx2.Request, status: int, told: Any) -> tuple[int, Any]:
        if f'"method": "{name}"'.encode() in request.content and isinstance(told, dict):
            change(told)
            return status, dict(told)
        return status, told

    return bend


def backwards(counter: "itertools.count[int]") -> Callable[[dict[str, Any]], None]:
    """Every third look, a job is pending again."""

    def change(told: dict[str, Any]) -> None:
        if next(counter) % 3 == 2:
            told["status"] = "pending"

    return change


FAULTS: tuple[tuple[str, str, Callable[[], Bend]], ...] = (
    ("access:reachable", "rest", lambda: at("/v1/models", 503)),
    ("access:key", "rest", lambda: at("/v1/balance", 401)),
    ("access:no-key", "rest", lambda: keyless),
    ("access:no-key", "mcp", lambda: keyless),
    ("access:bad-key", "rest", lambda: keyless),
    ("access:bad-key", "mcp", lambda: keyless),
    ("access:no-key-start", "rest", lambda: keyless),
    ("access:scope", "rest", lambda: no_scopes),
    ("access:scope", "mcp", lambda: no_scopes),
    ("access:scope-suffices", "rest", lambda: at("/v1/generations", 403)),
    ("access:challenge", "rest", lambda: at("/v1/balance", 401, {"error": "no"})),
    ("access:key-in-url", "rest", lambda: at("/v1/balance", 200)),
    ("wire:open-documents", "rest", lambda: at("/llms.txt", 401)),
    ("wire:health", "rest", lambda: at("/health", 200, {"status": "ok"})),
    ("wire:models", "rest", lambda: at("/v1/models", 200, {"models": [], "total_count": 0})),
    ("wire:models", "rest", lambda: at("/v1/models", 200, {"models": [{}], "total_count": 1})),
    ("wire:balance", "rest", lambda: at("/v1/balance", 200, {"credits": "5"})),
    ("wire:generations", "rest", lambda: at("/v1/generations", 200, [])),
    ("wire:time-estimate", "rest", lambda: at("/v1/generate/estimate", 200, {"seconds": 3})),
    ("wire:cost-estimate", "rest", lambda: at("/v1/generate/cost", 200, {"credits": 0})),
    ("wire:json", "rest", lambda: at("/v1/nothing", 404, "nothing")),
    ("wire:unknown-path", "rest", lambda: at("/v1/nothing", 400)),
    ("wire:wrong-method", "rest", lambda: at("/v1/balance", 404, method="PUT")),
    ("wire:not-json", "rest", lambda: at("/v1/generate/media", 500)),
    ("wire:missing-fields", "rest", lambda: at("/v1/generate/media", 422, {"detail": "bad"})),
    ("wire:required-fields", "rest", lambda: at("/v1/generate/media", 200, {})),
    ("wire:wrong-types", "rest", lambda: at("/v1/generate/media", 200, {})),
    ("wire:refusal-body", "rest", lambda: at("/v1/generate/media", 400, {"error": "no"})),
    ("wire:unknown-fields", "rest", lambda: at("/v1/generate/cost", 422, {"detail": []})),
    ("mcp:handshake", "mcp", lambda: results("initialize", lambda told: told["result"].clear())),
    ("mcp:tools", "mcp", lambda: results("tools/list", lambda told: told["result"]["tools"].pop())),
    ("mcp:ping", "mcp", lambda: results("ping", lambda told: told.update(result=5))),
    ("mcp:discover", "mcp", lambda: results("server/discover", lambda told: told.pop("result"))),
    ("mcp:unknown-method", "mcp", lambda: results("no/such-method", lambda told: told.clear())),
    ("mcp:request-ids", "mcp", lambda: results("tools/list", lambda told: told.update(id=0))),
    ("mcp:not-json", "mcp", lambda: at("/mcp", 200)),
    ("mcp:structured", "mcp", lambda: results("tools/call", untold)),
    ("lifecycle:status", "rest", lambda: statuses(lambda told: told.update(progress=None))),
    ("lifecycle:forward", "rest", lambda: statuses(backwards(itertools.count()))),
    ("lifecycle:final", "rest", lambda: statuses(restless(itertools.count()))),
    ("lifecycle:progress", "rest", lambda: statuses(restless(itertools.count(0, -1)))),
    ("lifecycle:progress-ends", "rest", lambda: statuses(lambda told: told.update(progress=100))),
    ("lifecycle:outputs", "rest", lambda: statuses(lambda told: told.update(outputs=[]))),
    ("lifecycle:times", "rest", lambda: statuses(lambda told: told.update(created_at="now"))),
    ("lifecycle:echo", "rest", lambda: statuses(lambda told: told.update(model="other"))),
    ("lifecycle:listed", "rest", lambda: at("/v1/generations", 200, {"generations": []})),
    ("lifecycle:image-file", "rest", lambda: statuses(smaller)),
    ("lifecycle:failed", "rest", lambda: statuses(lambda told: told.update(error_message=None))),
    ("lifecycle:polling", "rest", lambda: statuses(restless(itertools.count()))),
)


def untold(told: dict[str, Any]) -> None:
    """The text of a tool's answer says something else than its object."""
    told["result"]["content"][0]["text"] = "{}"


def restless(counter: "itertools.count[int]") -> Callable[[dict[str, Any]], None]:
    """Progress goes its own way."""
    return lambda told: told.update(progress=50 + next(counter))


def smaller(told: dict[str, Any]) -> None:
    """A size that is not the file's."""
    for output in told["outputs"]:
        output["width"] = 10


@pytest.mark.parametrize(("requirement", "surface", "fault"), FAULTS)
async def test_a_fault_is_found_by_its_requirement(
    requirement: str, surface: str, fault: Callable[[], Bend]
) -> None:
    async with trial(fault()) as tried:
        plan = plan_of(tried.target, requirement, surfaces=[surface])
        findings = await tried.judged(plan)
    (found,) = [
        each for each in findings if each.requirement == requirement and each.surface == surface
    ]
    assert found.verdict in BAD, found
    assert found.expected
    assert found.trace
