"""Files of scenarios: a mistake in one is told with its file and row, and nothing is loaded."""

from pathlib import Path

import pytest

from simulator.domain.effects import Effect
from simulator.engine.controls.scenarios import described
from simulator.engine.scenarios import Scenario
from simulator.engine.scenarios_load import (
    Library,
    ScenarioError,
    load_scenarios,
    scenarios_directory,
)

ROW = """
[[scenario]]
name = "a-b"
title = "T"
says = "S"
client = "C"
strength = "assumed"
source = "a test"
request = "fail=timeout"
arm.accounts.main.credits = 20
arm.faults = [{ do = { kind = "stuck" } }]
arm.breakpoints = [{ point = "start.after_hold" }]
play = [
    { do = "start", name = "x", body = { prompt = ["@prompt:3"] } },
    { do = "poll", job = "x", expect = { fields = { id = "@of:x.id" } } },
]
ledger.entries = [{ kind = "hold", credits = 7 }]
ledger.balances.main = { available = 13, held = 7 }
"""
PLAY = ROW[ROW.index("play = [") : ROW.index("ledger.entries")]
POLL = '{ do = "poll", job = "x", expect = { fields = { id = "@of:x.id" } } }'


def load(directory: Path, text: str, name: str = "x.toml") -> list[Scenario]:
    (directory / name).write_text(text, encoding="utf-8")
    return load_scenarios(directory).all()


def replaced(old: str, new: str) -> str:
    assert old in ROW
    return ROW.replace(old, new)


def step(text: str) -> str:
    """The row with another second step."""
    return replaced(POLL, text)


MISTAKES = {
    "no TOML": ("[[scenario]\n", "x.toml: Expected"),
    "another table": (ROW + "[more]\n", "x.toml: unknown table 'more', expected scenario"),
    "no rows": ("", "x.toml: expected [[scenario]] rows"),
    "one table": ('[scenario]\nname = "a"\n', "x.toml: expected [[scenario]] rows"),
    "rows of no tables": ("scenario = [1]\n", "x.toml: expected [[scenario]] rows"),
    "no name": (replaced('name = "a-b"\n', ""), "row 1 (no name): Object missing required field"),
    "an unknown field": (replaced("title", "titel"), "row 1 (a-b): Object contains unknown field"),
    "a name not in kebab-case": (replaced('"a-b"', '"A b"'), "name 'A b', expected kebab-case"),
    "a long name": (replaced('"a-b"', f'"{"a" * 49}"'), "of at most 48 characters"),
    "an empty text": (replaced('"S"', '""'), "row 1 (a-b): says is empty"),
    "no steps": (replaced(PLAY, "play = []\n"), "play is empty"),
    "no surface": (ROW.replace("title", "surfaces = []\ntitle"), "surfaces is empty"),
    "an unknown strength": (replaced('"assumed"', '"hoped"'), "Invalid enum value 'hoped'"),
    "a bad request": (replaced("fail=timeout", "sulk"), "request: unknown kind of fault 'sulk'"),
    "a bad fault": (replaced('"stuck"', '"sulk"'), "arm.faults: unknown kind of fault 'sulk'"),
    "an unknown point": (replaced("start.after_hold", "nowhere"), "arm.breakpoints: 'nowhere'"),
    "an unknown policy": (
        ROW.replace("title", "arm.policies.mood = 'bad'\ntitle"),
        "unknown policy 'mood'",
    ),
    "no main account": (replaced("accounts.main", "accounts.bob"), "expected main among them"),
    "a bad account": (
        ROW.replace("title", 'arm.accounts."b b".credits = 1\ntitle'),
        "arm.accounts: 'b b' is no account's name",
    ),
    "an unknown scope": (
        ROW.replace("title", 'arm.accounts.main.scopes = ["fly"]\ntitle'),
        "arm.accounts: scope 'fly', expected some of generate:media",
    ),
    "no balance of an account": (
        ROW.replace("title", "arm.accounts.bob.credits = 1\ntitle"),
        "ledger.balances: expected one for each account, bob, main",
    ),
    "an entry of nobody": (
        replaced("credits = 7 }]", 'credits = 7, account = "eve" }]'),
        "ledger.entries: account 'eve' is not armed",
    ),
    "an unknown step": (step('{ do = "sing" }'), "Invalid enum value 'sing'"),
    "a poll of nothing": (step('{ do = "poll" }'), "play 2 (poll): needs job"),
    "a join of nothing": (step('{ do = "join" }'), "play 2 (join): needs name"),
    "a download of nothing": (step('{ do = "download" }'), "play 2 (download): needs url"),
    "an arming of nothing": (step('{ do = "arm" }'), "play 2 (arm): needs fault"),
    "an arming of a bad fault": (
        step('{ do = "arm", fault = { do = { kind = "sulk" } } }'),
        "play 2 (arm): unknown kind of fault 'sulk'",
    ),
    "a job of nobody": (step('{ do = "poll", job = "y.0" }'), "no step before it is named 'y'"),
    "a step that reads its own answer": (
        step('{ do = "start", name = "y", body = { a = ["@of:y.id"] } }'),
        "play 2 (start): no step before it is named 'y'",
    ),
    "a join of nobody": (step('{ do = "join", name = "y" }'), "no step before it is named 'y'"),
    "an unknown account": (step('{ do = "start", account = "eve" }'), "account 'eve' is not armed"),
    "a breakpoint too many": (
        step('{ do = "wait", breakpoint = 1 }'),
        "play 2 (wait): breakpoint 1 is not armed",
    ),
    "a nameless step for later": (
        step('{ do = "start", later = true }'),
        "play 2 (start): needs a name, to be joined",
    ),
    "a name twice": (ROW + ROW, "row 2 (a-b): the name is that of another row in x.toml already"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_told_with_its_place(mistake: str, tmp_path: Path) -> None:
    text, said = MISTAKES[mistake]
    with pytest.raises(ScenarioError) as caught:
        load(tmp_path, text)
    assert str(caught.value).startswith(str(tmp_path))
    assert said in str(caught.value)


def test_the_row_that_the_mistakes_are_made_in_is_good(tmp_path: Path) -> None:
    (row,) = load(tmp_path, ROW, "some_topic.toml")
    assert (row.name, row.topic, row.surfaces) == ("a-b", "some_topic", ["rest", "mcp"])


def test_files_are_read_in_the_order_of_their_names(tmp_path: Path) -> None:
    (tmp_path / "b.toml").write_text(ROW, encoding="utf-8")
    rows = load(tmp_path, ROW.replace("a-b", "z"), "a.toml")
    assert [row.name for row in rows] == ["z", "a-b"]


def test_a_name_twice_in_two_files_names_both(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text(ROW, encoding="utf-8")
    with pytest.raises(ScenarioError, match=r"x\.toml: row 1 .* another row in a\.toml already"):
        load(tmp_path, ROW)


def test_a_directory_without_files_is_a_mistake(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match="no scenarios here"):
        load_scenarios(tmp_path)


def test_a_file_that_cannot_be_read_is_a_mistake(tmp_path: Path) -> None:
    (tmp_path / "x.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(ScenarioError, match=r"x\.toml"):
        load_scenarios(tmp_path)


def test_an_installed_package_looks_beside_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = tmp_path / "engine" / "scenarios_load.py"
    (tmp_path / "_fixtures" / "scenarios").mkdir(parents=True)
    monkeypatch.setattr("simulator.engine.scenarios_load.__file__", str(module))
    assert scenarios_directory() == tmp_path / "_fixtures" / "scenarios"


def test_a_library_reads_its_files_once(tmp_path: Path) -> None:
    load(tmp_path, ROW)
    library = Library(tmp_path)
    first = library.scenarios()
    (tmp_path / "x.toml").unlink()
    assert library.scenarios() is first


def test_a_library_knows_what_a_scenario_does_to_one_request(tmp_path: Path) -> None:
    load(tmp_path, ROW + ROW.replace("a-b", "c").replace('request = "fail=timeout"\n', ""))
    library = Library(tmp_path)
    (effect,) = library.effects("a-b") or ()
    assert (effect.kind, effect.word("reason")) == ("fail", "timeout")
    assert (library.effects("c"), library.effects("d")) == ((), None)
    assert isinstance(effect, Effect)


def test_a_long_value_of_a_step_is_cut_where_it_is_described(tmp_path: Path) -> None:
    (row,) = load(tmp_path, step('{ do = "download", url = "' + "u" * 200 + '" }'))
    assert described(row.play[1]) == f"download url={'u' * 120}…"
