"""The second backend's rules and prices, in the small: its mistakes there are found, and nothing
else."""

from pathlib import Path

from contracts.verdicts import Verdict
from tests.candidate.defects import DEFECTS
from tests.contracts.stranger import findings_of
from tests.contracts.strangers_mistakes import BY_RULES

RIGHT = (
    "billing:seedance-2:output-seconds",
    "limits:prompt:wan-2-5",
    "limits:resolution:gpt-image-2:square-at-high",
    "prices:kling-3-0-std-audio",
    "refusals:too_many_images",
    "routing:not-found",
)
WRONG = frozenset(each for ids in BY_RULES.values() for each in ids)


async def test_the_rules_find_its_mistakes_and_nothing_else(tmp_path: Path) -> None:
    findings = await findings_of(
        tmp_path, DEFECTS, *WRONG, *RIGHT, surfaces=["rest"], credits=20_000
    )
    rest = [each for each in findings if each.surface == "rest"]
    assert {each.requirement: each.verdict for each in rest} == {
        **dict.fromkeys(WRONG, Verdict.FAIL),
        **dict.fromkeys(RIGHT, Verdict.PASS),
    }


async def test_without_its_mistakes_they_find_nothing(tmp_path: Path) -> None:
    findings = await findings_of(tmp_path, (), *WRONG, *RIGHT, credits=20_000)
    assert {each.verdict for each in findings} == {Verdict.PASS}
