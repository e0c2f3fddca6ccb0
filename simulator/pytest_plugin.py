"""The pytest plugin: a world of its own for each test. Nothing is loaded until a test asks."""

from collections.abc import Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    import httpx2
    from starlette.types import ASGIApp

    from simulator.settings import Settings
    from simulator.testing import AsyncMediasim, Mediasim, Server
    from simulator.testing.marks import Wishes

MARKS = (
    "mediasim(credits=, seed=, speed=, scenario=): how the world begins; speed lets its clock run",
    "mediasim_budget(credits=): the test fails when it captured or holds more",
)
_MARK, _BUDGET = "mediasim", "mediasim_budget"
_WORLD_FIXTURES = frozenset({"mediasim", "mediasim_local"})
_WORLD = pytest.StashKey["Mediasim"]()
_FAILED = pytest.StashKey[bool]()
_STORIES = pytest.StashKey[list[str]]()
_SUMMARY = pytest.StashKey[str]()
_OUTPUT = "mediasim_stories"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Each option has a setting of its name in the configuration file."""
    group = parser.getgroup("mediasim", "a simulator of a media-generation API")
    url = (
        "use the simulator at URL [MEDIASIM_URL, else one of this process]; if it needs a token,"
        " MEDIASIM_ADMIN_TOKEN holds it"
    )
    report = "write what each test spent and how its client behaved into DIR"
    group.addoption("--mediasim-url", metavar="URL", help=url)
    group.addoption("--mediasim-report", metavar="DIR", help=report)
    parser.addini("mediasim_url", url)
    parser.addini("mediasim_report", f"{report}, which is relative to the configuration file")


def pytest_configure(config: pytest.Config) -> None:
    """Makes the marks known."""
    for mark in MARKS:
        config.addinivalue_line("markers", mark)
    config.stash[_STORIES] = []


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Raises UsageError for marks that can't be read, or that have nothing to measure."""
    for item in items:
        marked = _wishes(item) is not None or _budget(item) is not None
        fixtures = set(getattr(item, "fixturenames", ()))
        own = [mark.name for mark in item.own_markers if mark.name in (_MARK, _BUDGET)]
        if marked and own and not fixtures & _WORLD_FIXTURES:
            expected = " or ".join(sorted(_WORLD_FIXTURES))
            raise pytest.UsageError(
                f"{item.nodeid}: the mark {own[0]} needs the fixture {expected}"
            )


@pytest.fixture(scope="session")
def mediasim_settings() -> "Settings | None":
    """Override it to say how the simulator of this process is set up; clocks of tests stand still
    at first whatever it says."""
    return None


@pytest.fixture(scope="session")
def mediasim_server(
    pytestconfig: pytest.Config, mediasim_settings: "Settings | None"
) -> "Iterator[Server]":
    """The simulator on which every test has its world: in a thread of this process, on a free port,
    unless the command line, the configuration file or MEDIASIM_URL names one."""
    from simulator.testing import serving  # noqa: PLC0415 - nothing is loaded until a test asks
    from simulator.testing.server import told_url  # noqa: PLC0415 - as above

    with serving(_option(pytestconfig, "mediasim_url") or told_url(), mediasim_settings) as server:
        yield server


@pytest.fixture
def mediasim(request: pytest.FixtureRequest, mediasim_server: "Server") -> "Iterator[Mediasim]":
    """A world of the test's own; its clock stands still until the test moves it."""
    from simulator.testing.beginning import fresh_world  # noqa: PLC0415 - as above

    world = fresh_world(mediasim_server, *_named(request))
    yield from _watched(request, world)


@pytest.fixture
def mediasim_async(mediasim: "Mediasim") -> "AsyncMediasim":
    """The same world for a test that runs on an event loop."""
    from simulator.testing import AsyncMediasim  # noqa: PLC0415 - as above

    return AsyncMediasim(mediasim)


@pytest.fixture
def mediasim_app(mediasim_settings: "Settings | None") -> "Iterator[ASGIApp]":
    """A simulator of the test's own, as an ASGI app without a socket, at http://testserver."""
    from simulator.testing.inprocess import built_app  # noqa: PLC0415 - as above

    with built_app(mediasim_settings) as app:
        yield app


@pytest.fixture
def mediasim_transport(mediasim_app: "ASGIApp") -> "httpx2.AsyncBaseTransport":
    """Speaks to ``mediasim_app``: ``httpx2.AsyncClient(transport=mediasim_transport)``."""
    from simulator.testing.transports import app_transport  # noqa: PLC0415 - as above

    return app_transport(mediasim_app)


@pytest.fixture
def mediasim_local(
    request: pytest.FixtureRequest,
    mediasim_app: "ASGIApp",
    mediasim_settings: "Settings | None",
) -> "Iterator[AsyncMediasim]":
    """A world of the test's own in ``mediasim_app``, for a test that runs on asyncio."""
    from simulator.testing import AsyncMediasim, Mediasim  # noqa: PLC0415 - as above
    from simulator.testing.beginning import fresh_world  # noqa: PLC0415 - as above
    from simulator.testing.inprocess import app_server  # noqa: PLC0415 - as above

    outside = app_server(mediasim_app, mediasim_settings, from_loop=False)
    inside = app_server(mediasim_app, mediasim_settings, from_loop=True)
    for world in _watched(request, fresh_world(outside, *_named(request))):
        yield AsyncMediasim(Mediasim(inside, world.namespace))


def _named(request: pytest.FixtureRequest) -> "tuple[str, str, Wishes]":
    from simulator.testing.marks import Wishes  # noqa: PLC0415 - as above

    item: pytest.Item = request.node
    return item.nodeid, item.name, _wishes(item) or Wishes()


def _watched(request: pytest.FixtureRequest, world: "Mediasim") -> "Iterator[Mediasim]":
    """``world`` while the hooks below see it; afterwards what was spent there is noted."""
    item: pytest.Item = request.node
    item.stash[_WORLD] = world
    yield world
    if _option(request.config, "mediasim_report"):
        from simulator.testing.reporting import story_of  # noqa: PLC0415 - as above

        request.config.stash[_STORIES].append(story_of(world.control, item.nodeid))
    if not item.stash.get(_FAILED, False):
        # A server has room for so many; that of a failed test is kept to be looked at.
        world.control.reset(drop=True)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Lets go of the test's world when all is told."""
    told = yield
    if _WORLD in item.stash:
        del item.stash[_WORLD]
    if _FAILED in item.stash:
        del item.stash[_FAILED]
    return told


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, None, None]:
    """Fails a test that passed but spent too much."""
    yield
    world, budget = item.stash.get(_WORLD, None), _budget(item)
    if world is not None and budget is not None:
        from simulator.testing.spending import over_budget  # noqa: PLC0415 - as above

        told = over_budget(world.control, budget)
        if told:
            pytest.fail(told, pytrace=False)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Shows what happened in the world of a test that failed."""
    report = yield
    world = item.stash.get(_WORLD, None)
    if world is not None and report.failed:
        item.stash[_FAILED] = True
        from simulator.testing.evidence import evidence  # noqa: PLC0415 - as above

        report.sections.append((f"mediasim world {world.namespace}", evidence(world.control)))
    return report


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Takes what the tests of an xdist worker left to tell."""
    told = getattr(node, "workeroutput", {}).get(_OUTPUT, [])
    node.config.stash[_STORIES].extend(told)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Writes the report; a worker of xdist hands its part on."""
    folder, texts = _option(session.config, "mediasim_report"), session.config.stash[_STORIES]
    if not folder:
        return
    output = getattr(session.config, "workeroutput", None)
    if output is not None:
        output[_OUTPUT] = texts
        return
    from simulator.testing.reporting import write_report  # noqa: PLC0415 - as above

    session.config.stash[_SUMMARY] = write_report(Path(folder), texts)


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Says where the report is, and what is in it."""
    summary = config.stash.get(_SUMMARY, None)
    if summary is not None:
        terminalreporter.write_sep("-", "mediasim report")
        terminalreporter.write_line(summary)


def _option(config: pytest.Config, name: str) -> str | None:
    """Of the command line, else of the configuration file; a folder there is relative to it."""
    given: str | None = config.getoption(name)
    if given or not config.getini(name):
        return given
    text = str(config.getini(name))
    return str(config.rootpath / text) if name == "mediasim_report" else text


def _wishes(item: pytest.Item) -> "Wishes | None":
    """Raises UsageError; None: the test has no such mark."""
    if item.get_closest_marker(_MARK) is None:
        return None
    from simulator.testing.marks import WrongMark, wishes_of  # noqa: PLC0415 - as above

    try:
        return wishes_of(_arguments(item, _MARK))
    except WrongMark as error:
        raise pytest.UsageError(f"{item.nodeid}: {error}") from None


def _budget(item: pytest.Item) -> float | None:
    """Raises UsageError; None: the test has no such mark."""
    if item.get_closest_marker(_BUDGET) is None:
        return None
    from simulator.testing.marks import WrongMark, budget_of  # noqa: PLC0415 - as above

    try:
        return budget_of(_arguments(item, _BUDGET))
    except WrongMark as error:
        raise pytest.UsageError(f"{item.nodeid}: {error}") from None


def _arguments(item: pytest.Item, name: str) -> list[tuple[tuple[Any, ...], Any]]:
    """Of every mark of that name, the nearest last."""
    return [(mark.args, mark.kwargs) for mark in reversed(list(item.iter_markers(name)))]
