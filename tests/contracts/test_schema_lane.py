"""The lane that draws requests from the target's own OpenAPI document."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx2
import pytest

from contracts.lanes import schema
from contracts.verdicts import Verdict
from tests.contracts.stranger import findings_of
from tests.contracts.trial import Bend, plan_of, trial

IDS = (schema.DOCUMENT, *schema.LAWS)
BALANCE = "/v1/balance"


async def test_the_simulator_keeps_its_document() -> None:
    async with trial() as tried:
        findings = await tried.judged(plan_of(tried.target, *IDS))
        paths = {request.url.path for request in tried.transport.requests}
    assert [(each.requirement, each.verdict) for each in findings] == [
        (each, Verdict.PASS) for each in IDS
    ]
    assert {"/v1/models", "/v1/generate/media", "/v1/upload/media", BALANCE} <= paths


async def test_no_request_has_another_key_or_an_order_to_misbehave() -> None:
    async with trial() as tried:
        await tried.judged(plan_of(tried.target, *IDS))
        sent = [each for each in tried.transport.requests if each.url.path.startswith("/v1/")]
    keys = {request.headers.get("x-api-key", "") for request in sent}
    assert len(keys) == 1
    assert [each for each in sent for name in each.headers if name.startswith("x-sim")] == []
    assert [each for each in sent if "authorization" in each.headers] == []


async def test_a_settings_file_in_a_folder_above_is_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "schemathesis.toml").write_text("this is no TOML")
    (tmp_path / "deep").mkdir()
    monkeypatch.chdir(tmp_path / "deep")
    async with trial() as tried:
        findings = await tried.judged(plan_of(tried.target, *IDS))
    assert {each.verdict for each in findings} == {Verdict.PASS}


async def test_it_does_not_apply_to_a_backend_without_a_document(tmp_path: Path) -> None:
    findings = await findings_of(tmp_path, (), *IDS)
    assert {each.verdict for each in findings} == {Verdict.NOT_APPLICABLE}


def answering(status: int, told: Any) -> Bend:
    def bend(request: httpx2.Request, was: int, body: Any) -> tuple[int, Any]:
        return (status, told) if request.url.path == BALANCE else (was, body)

    return bend


def unreadable(request: httpx2.Request, status: int, told: Any) -> tuple[int, Any]:
    return (200, {"openapi": "3.1.0"}) if request.url.path == schema.PLACE else (status, told)


FAULTS: tuple[tuple[str, Callable[[], Bend]], ...] = (
    (schema.DOCUMENT, lambda: unreadable),
    (schema.CRASHES, lambda: answering(500, {"detail": "no"})),
    (schema.STATUSES, lambda: answering(418, {"detail": "no"})),
    (schema.BODIES, lambda: answering(200, {"credits": "5"})),
)


@pytest.mark.parametrize(("requirement", "fault"), FAULTS)
async def test_a_fault_is_found_by_its_requirement(
    requirement: str, fault: Callable[[], Bend]
) -> None:
    async with trial(fault()) as tried:
        findings = await tried.judged(plan_of(tried.target, requirement))
    (found,) = [each for each in findings if each.requirement == requirement]
    assert found.verdict is Verdict.FAIL
    assert found.trace
