"""The lane that compares a backend with a simulator beside it, which runs as a process."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from contracts.lanes.beside import STARTED
from contracts.lanes.differential import COMMANDS
from contracts.plan import Plan
from contracts.verdicts import Verdict
from tests.contracts.stranger import findings_of
from tests.contracts.test_law_lanes import costs, once, starts
from tests.contracts.trial import Trial, plan_of, trial


def planned(tried: Trial) -> Plan:
    return once(plan_of(tried.target, COMMANDS, surfaces=["rest"]))


async def test_the_simulator_does_what_another_of_its_kind_does() -> None:
    async with trial() as tried:
        findings = await tried.judged(planned(tried))
    assert [each.verdict for each in findings if each.surface == "rest"] == [Verdict.PASS]


async def test_another_price_is_found_by_the_first_start_that_shows_it() -> None:
    async with trial(starts(costs(2))()) as tried:
        findings = await tried.judged(planned(tried))
    (found,) = [each for each in findings if each.surface == "rest"]
    assert found.verdict is Verdict.FAIL
    sent = [each.call for each in found.trace if not each.setup]
    assert sent == ["get_balance", "generate_media"]


async def test_it_does_not_apply_without_a_backend_beside(tmp_path: Path) -> None:
    findings = await findings_of(tmp_path, (), COMMANDS)
    assert {each.verdict for each in findings} == {Verdict.NOT_APPLICABLE}


@pytest.mark.parametrize(
    ("defects", "verdict"), [((), Verdict.PASS), (("no-refund",), Verdict.FAIL)]
)
@pytest.mark.parametrize("seed", [0, 1])
async def test_a_stranger_is_told_from_a_simulator_whatever_the_seed(
    tmp_path: Path, defects: Sequence[str], verdict: Verdict, seed: int
) -> None:
    findings = await findings_of(
        tmp_path, defects, COMMANDS, seed=seed, surfaces=["rest"], beside=STARTED
    )
    assert [each.verdict for each in findings if each.surface == "rest"] == [verdict]
