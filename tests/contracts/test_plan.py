"""Plans: which checks are made in which order, and why the others are not."""

import pytest

from contracts.check import Check
from contracts.plan import Choice, PlanError, all_checks, make_plan
from contracts.requirements import Requirement, load_requirements
from contracts.talk.backend import Backend
from contracts.target import FEATURES, Target
from contracts.verdicts import Verdict

SIMULATOR = Target("http://127.0.0.1:1", "http://127.0.0.1:1/mcp", features=frozenset(FEATURES))
PROVIDER = Target("https://api.example", max_credits=10)


async def nothing(backend: Backend, surface: str) -> None:
    """A check that holds."""


def row(name: str, level: str = "L1", **more: object) -> Requirement:
    values: dict[str, object] = {"surfaces": ("rest", "mcp"), "lane": "access", **more}
    return Requirement(
        id=name,
        says="It does.",
        section="page: Response",
        strength="documented",
        level=level,
        **values,  # type: ignore[arg-type]  # what a test changes has the row's own types
    )


def test_checks_come_level_by_level_and_on_each_surface() -> None:
    rows = [row("late", "L3"), row("early", "L0")]
    plan = make_plan(rows, [Check((each.id,), nothing) for each in rows], SIMULATOR, Choice())
    told = [(item.index, item.requirements[0].id, item.surface) for item in plan.items]
    assert told == [
        (1, "early", "rest"),
        (2, "early", "mcp"),
        (3, "late", "rest"),
        (4, "late", "mcp"),
    ]


def test_a_requirement_without_a_check_did_not_run() -> None:
    plan = make_plan([row("a")], [], SIMULATOR, Choice())
    assert [each.verdict for each in plan.left] == [Verdict.NOT_RUN] * 2


def test_a_feature_that_is_not_declared_does_not_apply() -> None:
    rows = [row("a", feature="music", surfaces=("rest",))]
    plan = make_plan(rows, [Check(("a",), nothing)], PROVIDER, Choice())
    assert plan.items == ()
    (left,) = plan.left
    assert (left.verdict, left.why) == (
        Verdict.NOT_APPLICABLE,
        "the target does not declare music",
    )


def test_a_target_without_mcp_is_not_asked_over_it() -> None:
    plan = make_plan([row("a")], [Check(("a",), nothing)], PROVIDER, Choice())
    assert [item.surface for item in plan.items] == ["rest"]
    assert [each.verdict for each in plan.left] == [Verdict.NOT_APPLICABLE]


def test_what_the_cap_does_not_cover_is_not_planned() -> None:
    rows = [
        row(name, surfaces=("rest",), cost="billable", worst_case_credits=6) for name in ("a", "b")
    ]
    checks = [Check((each.id,), nothing) for each in rows]
    plan = make_plan(rows, checks, PROVIDER, Choice())
    assert [item.requirements[0].id for item in plan.items] == ["a"]
    assert [(each.requirement, each.verdict) for each in plan.left] == [("b", Verdict.NOT_RUN)]
    assert len(make_plan(rows, checks, SIMULATOR, Choice()).items) == 2


def test_a_lane_that_was_not_asked_for_did_not_run() -> None:
    rows = [row("a"), row("b", lane="laws")]
    plan = make_plan(rows, [Check(("a",), nothing)], SIMULATOR, Choice(lanes=("access",)))
    assert {each.why for each in plan.left} == {"the lane laws was not asked for"}


def test_levels_above_the_highest_are_not_looked_at() -> None:
    rows = [row("a"), row("b", "L3")]
    plan = make_plan(rows, [Check(("a", "b"), nothing)], SIMULATOR, Choice(level="L1"))
    assert [each.id for each in plan.requirements] == ["a"]
    assert [[each.id for each in item.requirements] for item in plan.items] == [["a"], ["a"]]


@pytest.mark.parametrize("parts", [1, 2, 3, 7])
def test_shards_part_the_whole_and_keep_its_numbers(parts: int) -> None:
    rows = [row(f"r{number}") for number in range(9)]
    checks = [Check((each.id,), nothing) for each in rows]
    whole = make_plan(rows, checks, SIMULATOR, Choice())
    shards = [
        make_plan(rows, checks, SIMULATOR, Choice(shard=(part, parts)))
        for part in range(1, parts + 1)
    ]
    found = sorted((item for shard in shards for item in shard.items), key=lambda item: item.index)
    assert found == list(whole.items)


def test_what_nobody_looks_at_is_told_by_one_shard() -> None:
    told = [
        make_plan([row("a")], [], SIMULATOR, Choice(shard=(part, 3))).left for part in (1, 2, 3)
    ]
    assert [len(each) for each in told] == [2, 0, 0]


def test_a_check_of_a_requirement_that_is_none_is_a_mistake() -> None:
    with pytest.raises(PlanError, match="nothing looks at 'b', which is no requirement"):
        make_plan([row("a")], [Check(("b",), nothing)], SIMULATOR, Choice())


def test_a_lane_that_is_none_is_told() -> None:
    with pytest.raises(PlanError, match="there is no lane 'acess', expected some of access"):
        all_checks(load_requirements(), ("acess",))
