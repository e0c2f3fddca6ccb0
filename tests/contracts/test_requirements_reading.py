"""Rows of requirements as they are read: a mistake is told with its file and line."""

from pathlib import Path

import pytest

from contracts.data import DataError, fixtures_folder, read_toml
from contracts.requirements import load_requirements

ROW = """[[requirement]]
id = "a:b"
says = "It does."
section = "page: Response"
strength = "documented"
surfaces = ["rest"]
level = "L1"
lane = "access"
"""


def written(folder: Path, text: str) -> Path:
    (folder / "some.toml").write_text(text, encoding="utf-8")
    return folder


def test_a_row_is_read_with_its_place(tmp_path: Path) -> None:
    (row,) = load_requirements(written(tmp_path, f"# first\n\n{ROW}"))
    assert (row.id, row.cost, row.worst_case_credits) == ("a:b", "free", 0)
    assert row.place == "some.toml:3"


def test_a_feature_and_needs_are_all_needed(tmp_path: Path) -> None:
    text = f'{ROW}feature = "control"\nneeds = ["magic"]\n'
    (row,) = load_requirements(written(tmp_path, text))
    assert row.features == {"control", "magic"}


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (('id = "a:b"\n', ""), "some.toml:9: id is missing"),
        (('"L1"', '"L9"'), "some.toml:9: level: 'L9', expected one of 'L0'"),
        (('["rest"]', '["soap"]'), "some.toml:9: surfaces: 'soap', expected one of 'rest'"),
        (('["rest"]', '"rest"'), "some.toml:9: surfaces: expected a list of texts"),
        (('"It does."', "5"), "some.toml:9: says: expected str"),
        (('lane = "access"', 'lane = "access"\ncost = "billable"'), "worst_case_credits belongs"),
        (('lane = "access"', 'lane = "access"\nnote = "x"'), "some.toml:9: unknown key 'note'"),
        (('"documented"', '"sure"'), "some.toml:9: strength: 'sure', expected one of"),
        (('id = "a:b"', 'id = "first"'), "some.toml:9: first is also at some.toml:1"),
    ],
)
def test_a_mistake_in_a_row_is_told_with_its_line(
    tmp_path: Path, change: tuple[str, str], told: str
) -> None:
    first = ROW.replace("a:b", "first")
    folder = written(tmp_path, first + ROW.replace(*change))
    with pytest.raises(DataError) as error:
        load_requirements(folder)
    assert told in str(error.value)


def test_a_file_that_is_no_toml_is_told_with_its_line(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"some\.toml:2: "):
        load_requirements(written(tmp_path, "a = 1\nb = = 2\n"))


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"none\.toml:1: No such file"):
        read_toml(tmp_path / "none.toml")


def test_the_data_lies_beside_the_checkout() -> None:
    assert (fixtures_folder() / "requirements").is_dir()
