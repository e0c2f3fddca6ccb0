"""What the files of the repository may be, and may not say."""

import re

from tests.house.repository import ROOT, files, place

MAX_LINES = 400

# Written in halves, so that this file does not hold what it looks for.
REGISTRY_HOSTS = (
    "pypi" + ".org",
    "python" + "hosted.org",
    "registry" + ".npmjs.org",
    "registry.yarnpkg" + ".com",
    "proxy.golang" + ".org",
    "index" + "-url",
    "find" + "-links",
)
MACHINE_PATH = re.compile(rb"(?<![\w.:/~-])/(?:home|root|work|Users|opt|mnt|srv|private)/\w")


def test_no_python_file_is_longer_than_400_lines() -> None:
    lengths = {path: len(path.read_bytes().splitlines()) for path in files(suffix=".py")}
    assert [place(path, n) for path, n in lengths.items() if n > MAX_LINES] == []


def test_no_file_names_a_registry_host() -> None:
    found = [
        f"{path.relative_to(ROOT)}: {host}"
        for path in files()
        for host in REGISTRY_HOSTS
        if host.encode() in path.read_bytes().lower()
    ]
    assert found == []


def test_no_file_names_a_path_of_somebodys_machine() -> None:
    found = [
        place(path, number)
        for path in files()
        for number, line in enumerate(path.read_bytes().splitlines(), start=1)
        if MACHINE_PATH.search(line)
    ]
    assert found == []


def test_no_lock_file_is_kept_because_it_names_hosts() -> None:
    locks = {"uv.lock", "package-lock.json", "yarn.lock", "pnpm-lock.yaml", "poetry.lock"}
    assert [path for path in files() if path.name in locks] == []


def test_the_data_folder_holds_no_python() -> None:
    assert files("fixtures/", ".py") == []
