"""What is installed: the wheel's contents, and the versions that were tested."""

import re
import subprocess
import sys
import tomllib
import zipfile

import pytest

from tests.house.repository import ROOT, files


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    """The wheel of the working tree, built without a network."""
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    (built,) = folder.glob("*.whl")
    return zipfile.ZipFile(built)


def test_the_wheel_carries_every_file_of_data(wheel: zipfile.ZipFile) -> None:
    shipped = {name for name in wheel.namelist() if name.startswith("simulator/_fixtures/")}
    kept = {path.relative_to(ROOT / "fixtures").as_posix() for path in files("fixtures/")}
    assert kept
    assert shipped == {f"simulator/_fixtures/{name}" for name in kept}


def test_the_wheel_carries_the_contract_suites_data(wheel: zipfile.ZipFile) -> None:
    shipped = {name for name in wheel.namelist() if name.startswith("contracts/_fixtures/")}
    kept = {
        path.relative_to(ROOT / "fixtures").as_posix()
        for folder in ("requirements", "cases", "catalog")
        for path in files(f"fixtures/{folder}/")
    }
    assert shipped == {f"contracts/_fixtures/{name}" for name in kept}


def test_the_wheel_holds_two_packages_and_nothing_else(wheel: zipfile.ZipFile) -> None:
    roots = {name.partition("/")[0] for name in wheel.namelist()}
    assert roots == {"simulator", "contracts", "mediasim-0.1.0.dist-info"}


@pytest.mark.parametrize("package", ["simulator", "contracts"])
def test_the_wheel_says_that_its_packages_are_typed(wheel: zipfile.ZipFile, package: str) -> None:
    assert f"{package}/py.typed" in wheel.namelist()


def test_the_wheel_installs_the_command(wheel: zipfile.ZipFile) -> None:
    entries = wheel.read("mediasim-0.1.0.dist-info/entry_points.txt").decode()
    assert "mediasim = simulator.cli:main" in entries
    assert "[mediasim.commands]\ncheck = contracts.cli:check" in entries
    assert "mediasim = simulator.pytest_plugin" in entries.partition("[pytest11]")[2]


def pinned() -> list[str]:
    """The lines of constraints.txt, comments left out."""
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def test_every_constraint_is_one_exact_version() -> None:
    exact = re.compile(r"[a-z0-9-]+==[0-9][\w.]*( ; .+)?")
    assert [line for line in pinned() if not exact.fullmatch(line)] == []


def test_every_dependency_that_we_name_is_pinned() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    groups = project["dependency-groups"].values()
    named = [
        *project["project"]["dependencies"],
        *(entry for group in groups for entry in group if isinstance(entry, str)),
    ]
    names = {re.split(r"[<>=!~;\[ ]", each)[0] for each in named}
    assert sorted(names - {line.partition("==")[0] for line in pinned()}) == []
