"""Deliberately broken backends and the requirements that must find them: a dozen, and the rules
of the hunt. All of them: `tox -e mutants`."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from contracts.mutation import killing, mutants
from contracts.mutation.killing import choose
from contracts.mutation.matrix import Matrix, html_text, json_text, write_matrix
from contracts.mutation.mutants import (
    CLEAN,
    Mutant,
    MutantsFailed,
    Outcome,
    Suite,
    Way,
    clean_run,
    hunt,
    listed,
    running,
    tried,
)
from contracts.plan import PlanError
from contracts.requirements import by_id

SHORT = (
    "no-key-asked",
    "scope-not-asked",
    "balance-as-text",
    "any-type-taken",
    "prompt-one-short",
    "square-at-4K",
    "a-second-less-of-video",
    "refusal-costs",
    "outputs-missing",
    "oldest-first",
    "refusal-is-no-error",
    "sound-lost-by-the-tool",
    "one-song-more",
    "everybody-pays",
)


@dataclass(frozen=True)
class Hunted:
    """What came of the short form, and the clean backend that goes on running."""

    suite: Suite
    all: Mapping[str, Mutant]
    clean: int
    outcomes: Mapping[str, Outcome]


@pytest.fixture(scope="module")
def hunted() -> Hunted:
    return asyncio.run(_hunted())


async def _hunted() -> Hunted:
    suite, outcomes = Suite(), {}
    known = {each.name: each for each in await listed()}
    chosen = [known[name] for name in SHORT]

    def told(outcome: Outcome) -> None:
        outcomes[outcome.mutant.name] = outcome

    async with running(CLEAN) as clean:
        passed = await clean_run(suite, chosen, clean)
        await hunt(suite, chosen, 2, Way(clean), told)
    return Hunted(suite, known, len(passed), outcomes)


@pytest.mark.parametrize("name", SHORT)
def test_a_mutant_is_killed_by_the_requirement_named_for_it(hunted: Hunted, name: str) -> None:
    outcome = hunted.outcomes[name]
    assert outcome.killed, outcome.why


@pytest.mark.parametrize("name", SHORT)
def test_a_kill_is_by_a_fault_that_was_reached(hunted: Hunted, name: str) -> None:
    assert hunted.outcomes[name].reached > 0


def test_a_fault_of_a_tool_alone_is_found_at_the_tool_alone(hunted: Hunted) -> None:
    assert hunted.outcomes["sound-lost-by-the-tool"].surfaces == ("mcp",)


def test_the_clean_backend_passes_all_of_them_first(hunted: Hunted) -> None:
    assert hunted.clean >= len(SHORT)


def test_every_mutant_names_a_requirement_that_there_is(hunted: Hunted) -> None:
    known = by_id(hunted.suite.requirements)
    assert [each.name for each in hunted.all.values() if each.requirement not in known] == []


def test_every_requirement_that_is_named_has_a_check(hunted: Hunted) -> None:
    checked = {name for check in hunted.suite.checks for name in check.requirements}
    assert [each.name for each in hunted.all.values() if each.requirement not in checked] == []


def _asked_for(hunted: Hunted, name: str, requirement: str) -> Outcome:
    mutant = replace(hunted.all[name], requirement=requirement)
    return asyncio.run(tried(hunted.suite, mutant, Way("")))


def test_a_mutant_whose_fault_was_never_reached_survives(hunted: Hunted) -> None:
    outcome = _asked_for(hunted, "documents-need-a-key", "wire:health")
    assert (outcome.killed, outcome.why) == (False, "the fault was never reached")


def test_what_is_found_of_a_fault_that_was_never_reached_is_no_kill(
    hunted: Hunted, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def never(*given: object) -> int:
        return 0

    monkeypatch.setattr(mutants, "_reached", never)
    outcome = _asked_for(hunted, "health-in-other-words", "wire:health")
    assert (outcome.killed, "though something was found" in outcome.why) == (False, True)


def test_a_mutant_that_its_requirement_does_not_find_survives(hunted: Hunted) -> None:
    outcome = _asked_for(hunted, "goes-back", "lifecycle:echo")
    assert outcome.reached > 0
    assert (outcome.killed, outcome.why) == (False, "pass")


def test_a_mutant_that_is_none_does_not_start() -> None:
    async def start() -> None:
        async with running("nobody"):
            pass

    with pytest.raises(MutantsFailed, match="there is no mutant 'nobody'"):
        asyncio.run(start())


def test_a_broken_backend_is_not_taken_for_the_clean_one(hunted: Hunted) -> None:
    mutant = hunted.all["health-in-other-words"]

    async def run() -> None:
        async with running(mutant.name) as url:
            await clean_run(hunted.suite, [mutant], url)

    with pytest.raises(MutantsFailed, match=r"wire:health \[rest\] fail"):
        asyncio.run(run())


def test_a_requirement_that_is_none_ends_the_run(hunted: Hunted) -> None:
    with pytest.raises(MutantsFailed, match="no requirement 'wire:nothing'"):
        _asked_for(hunted, "goes-back", "wire:nothing")


# ---- which are chosen ------------------------------------------------------------------------

ROWS = tuple(Mutant(f"m{number}", "MCP", "", "") for number in range(5))


def test_shards_have_every_mutant_once() -> None:
    parts = [choose(ROWS, "", f"{number}/3") for number in (1, 2, 3)]
    assert sorted(each.name for part in parts for each in part) == [each.name for each in ROWS]


def test_some_are_chosen_by_name_in_the_order_of_the_table() -> None:
    assert [each.name for each in choose(ROWS, "m3, m1", "1/1")] == ["m1", "m3"]


def test_all_of_a_kind_are_chosen_by_its_name() -> None:
    assert choose(ROWS, "MCP", "1/1") == ROWS


@pytest.mark.parametrize(
    ("only", "shard"), [("nobody", "1/1"), ("", "3/2"), ("", "1"), ("", "0/2")]
)
def test_what_can_not_be_chosen_is_wrong_use(only: str, shard: str) -> None:
    with pytest.raises(PlanError):
        choose(ROWS, only, shard)


# ---- the matrix ------------------------------------------------------------------------------


@pytest.fixture
def matrix(hunted: Hunted) -> Matrix:
    """One that was killed, one that survived with a name for a browser to trip over, and one that
    was not reached."""
    killed = hunted.outcomes["refusal-costs"]
    alive = replace(killed.mutant, name="alive", says="<b>It lives & lies</b>")
    late = replace(killed.mutant, name="late")
    outcomes = {
        killed.mutant.name: killed,
        "alive": Outcome(alive, (), "pass", 3, 1.0),
    }
    asked = (killed.mutant, alive, late)
    return Matrix(asked, outcomes, by_id(hunted.suite.requirements), 7, 12.0, interrupted=True)


def test_the_matrix_as_json_tells_who_was_killed_where(matrix: Matrix) -> None:
    told = json.loads(json_text(matrix))
    rows = {row["name"]: (row["killed"], row["surfaces"]) for row in told["mutants"]}
    assert rows == {"refusal-costs": (True, ["mcp", "rest"]), "alive": (False, [])}
    assert (told["whole"], told["interrupted"]) == (False, True)


def test_a_matrix_with_a_survivor_is_not_whole(matrix: Matrix) -> None:
    assert not replace(matrix, asked=matrix.asked[:2]).whole


def test_a_matrix_that_lacks_a_mutant_is_not_whole(matrix: Matrix) -> None:
    assert not replace(matrix, asked=(matrix.asked[0], matrix.asked[2])).whole


def test_a_matrix_of_kills_alone_is_whole(matrix: Matrix) -> None:
    assert replace(matrix, asked=matrix.asked[:1]).whole


def test_the_page_escapes_what_mutants_say(matrix: Matrix) -> None:
    page = html_text(matrix)
    assert "&lt;b&gt;It lives &amp; lies&lt;/b&gt;" in page


def test_the_page_needs_nothing_from_elsewhere(matrix: Matrix) -> None:
    page = html_text(matrix)
    assert [word for word in ("<script", "<link", "src=", "url(", "@import") if word in page] == []


def test_both_are_written_into_a_folder_that_is_made(matrix: Matrix, tmp_path: Path) -> None:
    written = write_matrix(matrix, tmp_path / "new")
    assert [path.name for path in written] == ["mutants.json", "mutants.html"]
    assert all(path.stat().st_size > 500 for path in written)


# ---- the command -----------------------------------------------------------------------------


@pytest.fixture
def stubbed(hunted: Hunted, monkeypatch: pytest.MonkeyPatch) -> dict[str, Outcome]:
    """The command with outcomes that are given, in place of backends that are started."""
    known = dict(hunted.outcomes)

    async def found(suite: Suite, mutants: object, jobs: int, way: Way, told: object) -> None:
        assert callable(told)
        for outcome in known.values():
            told(outcome)

    async def passed(suite: Suite, mutants: object, url: str) -> tuple[()]:
        return ()

    async def all_of_them() -> tuple[Mutant, ...]:
        return tuple(each.mutant for each in known.values())

    @asynccontextmanager
    async def nobody(name: str) -> AsyncIterator[str]:
        yield "http://127.0.0.1:9"

    monkeypatch.setattr(killing, "hunt", found)
    monkeypatch.setattr(killing, "clean_run", passed)
    monkeypatch.setattr(killing, "listed", all_of_them)
    monkeypatch.setattr(killing, "running", nobody)
    return known


def test_all_killed_is_exit_status_0(stubbed: dict[str, Outcome]) -> None:
    assert CliRunner().invoke(killing.mutants, []).exit_code == 0


def test_a_survivor_is_exit_status_1_and_is_named(stubbed: dict[str, Outcome]) -> None:
    alive = replace(stubbed["oldest-first"], surfaces=(), why="pass")
    stubbed["oldest-first"] = alive
    result = CliRunner().invoke(killing.mutants, [])
    assert result.exit_code == 1
    assert "oldest-first survived lifecycle:listed: pass" in result.output


def _told(stubbed: dict[str, Outcome], silent: int) -> None:
    """A replay of each, of which some show nothing."""
    for number, name in enumerate(SHORT):
        replay = "shows nothing" if number < silent else "tells them apart"
        stubbed[name] = replace(stubbed[name], replay=replay)


def test_replays_that_tell_nothing_are_named_and_exit_status_1(
    stubbed: dict[str, Outcome],
) -> None:
    _told(stubbed, 1)
    result = CliRunner().invoke(killing.mutants, ["--replays"])
    assert result.exit_code == 1
    assert "no-key-asked: a replay shows nothing." in result.output
    assert f"replays: {len(stubbed) - 1} of {len(stubbed)} tell them apart" in result.output


def test_replays_that_all_tell_them_apart_are_exit_status_0(stubbed: dict[str, Outcome]) -> None:
    _told(stubbed, 0)
    assert CliRunner().invoke(killing.mutants, ["--replays"]).exit_code == 0


def test_an_unknown_mutant_is_exit_status_2(stubbed: dict[str, Outcome]) -> None:
    result = CliRunner().invoke(killing.mutants, ["--only", "nobody"])
    assert (result.exit_code, "there is no mutant 'nobody'" in result.output) == (2, True)


def test_a_clean_backend_that_is_not_clean_is_exit_status_4(
    stubbed: dict[str, Outcome], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fails(suite: Suite, mutants: object, url: str) -> None:
        raise MutantsFailed("the clean backend does not pass")

    monkeypatch.setattr(killing, "clean_run", fails)
    assert CliRunner().invoke(killing.mutants, []).exit_code == 4


def test_an_interrupted_hunt_is_exit_status_130_and_writes_what_it_has(
    stubbed: dict[str, Outcome], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    async def interrupted(*given: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(killing, "hunt", interrupted)
    result = CliRunner().invoke(killing.mutants, ["--report-dir", str(tmp_path)])
    assert result.exit_code == 130
    assert json.loads((tmp_path / "mutants.json").read_text("utf-8"))["interrupted"] is True


def test_the_list_starts_nothing_and_names_each_requirement(stubbed: dict[str, Outcome]) -> None:
    result = CliRunner().invoke(killing.mutants, ["--list"])
    assert (result.exit_code, "lifecycle:listed" in result.output) == (0, True)
