"""Options and markers of the contract suite under pytest: ``pytest --pyargs contracts
--mediasim-target URL``. Nothing else of the suite is loaded until a target is named."""

from pathlib import Path

import pytest

SUITE = Path(__file__).parent / "test_contract.py"
WHY_NOTHING = "mediasim contracts: nothing is collected, no --mediasim-target names a backend"
MARKERS = (
    "requirement(id): the requirement of the contract that the test looks at",
    "billable(max_credits): finding out may cost so many credits",
)


def pytest_addoption(parser: pytest.Parser) -> None:
    """The options of ``mediasim check`` that matter here."""
    group = parser.getgroup("mediasim contracts")
    group.addoption("--mediasim-target", metavar="URL|FILE", default="", help="What is checked.")
    group.addoption("--mediasim-mcp-url", metavar="URL", default="", help="Where MCP answers.")
    group.addoption("--mediasim-key-env", metavar="NAME", default="", help="Who holds the key.")
    group.addoption("--mediasim-level", metavar="L0..L4", default="L4", help="The highest level.")
    group.addoption("--mediasim-lanes", metavar="NAME,…", default="", help="Only these lanes.")
    group.addoption("--mediasim-conformance", metavar="DIR", default="", help="MCP's own suite.")
    group.addoption("--mediasim-max-credits", type=float, help="What may be spent.  [0]")
    group.addoption("--mediasim-seed", type=int, default=0, help="Names the worlds.")
    group.addoption("--mediasim-shard", metavar="I/N", default="1/1", help="One of N parts.")


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Markers; and under xdist what one check looks at stays in one process."""
    for marker in MARKERS:
        config.addinivalue_line("markers", marker)
    if config.getoption("--mediasim-target") and config.getoption("dist", "no") == "load":
        config.option.dist = "loadgroup"


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Without a target there is nothing to collect."""
    if collection_path == SUITE and not config.getoption("--mediasim-target"):
        return True
    return None


def pytest_report_collectionfinish(config: pytest.Config, items: list[pytest.Item]) -> list[str]:
    """Why the suite is silent, when it was asked."""
    if config.getoption("--mediasim-target") or not _asked(config):
        return []
    return [WHY_NOTHING]


def _asked(config: pytest.Config) -> bool:
    """Whether the arguments name this package or its file."""
    folder = SUITE.parent
    named = [argument.partition("::")[0] for argument in config.args]
    return any(Path(name).resolve() in (folder, SUITE) or name == "contracts" for name in named)
