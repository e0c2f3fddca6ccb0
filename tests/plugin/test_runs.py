"""Whole runs of pytest with the plugin: what they report, refuse and keep apart."""

import csv
import json
import re
from textwrap import dedent

import pytest

from simulator.testing import Mediasim, Server
from simulator.testing.beginning import fresh_world
from simulator.testing.reporting import FILES, write_report
from simulator.testing.spending import over_budget

# Loaded here, so that runs inside this process find them loaded.
LOADED = (over_budget, fresh_world, write_report)

HEAD = """
    import pytest

    IMAGE = {"prompt": "A lighthouse at dusk", "model": "nano-banana"}

    def start(mediasim, **fields):
        return mediasim.client.post("/v1/generate/media", json={**IMAGE, **fields})
"""


@pytest.fixture
def run(pytester: pytest.Pytester, mediasim_server: Server) -> "Run":
    return Run(pytester, mediasim_server.url)


class Run:
    """Runs one module of tests against the simulator of this test run."""

    def __init__(self, pytester: pytest.Pytester, url: str) -> None:
        self.pytester = pytester
        self.url = url

    def __call__(self, text: str, *arguments: str) -> pytest.RunResult:
        self.pytester.makepyfile(test_it=dedent(HEAD) + dedent(text))
        url = f"--mediasim-url={self.url}"
        return self.pytester.runpytest_inprocess("-p", "no:cacheprovider", url, *arguments)

    def alone(self, text: str, *arguments: str) -> pytest.RunResult:
        """With a simulator of its own."""
        self.pytester.makepyfile(test_it=dedent(HEAD) + dedent(text))
        return self.pytester.runpytest_inprocess("-p", "no:cacheprovider", *arguments)


def test_a_run_without_a_url_has_a_simulator_of_its_own(run: Run) -> None:
    result = run.alone(f"""
    def test_it(mediasim, mediasim_server):
        assert start(mediasim).status_code == 200
        assert mediasim_server.url != {run.url!r}
    """)
    result.assert_outcomes(passed=1)


def test_the_world_of_a_test_that_failed_is_kept_to_be_looked_at_and_others_are_dropped(
    run: Run, mediasim: Mediasim
) -> None:
    result = run("""
    def test_passed(mediasim):
        start(mediasim)

    def test_failed(mediasim):
        start(mediasim)
        assert False
    """)
    result.assert_outcomes(passed=1, failed=1)
    listed = mediasim.control.reset(True)
    begun = [name.rpartition("-")[0] for name in listed.reset]
    assert (begun.count("test-passed"), begun.count("test-failed")) == (0, 1)


def test_the_simulator_of_a_run_is_set_up_by_a_fixture(run: Run) -> None:
    result = run.alone("""
    from simulator.settings import Settings

    @pytest.fixture(scope="session")
    def mediasim_settings():
        return Settings(seed=5, credits=2_000, admin_token="secret")

    def test_on_a_socket(mediasim):
        assert mediasim.control.info().seed == 5
        assert mediasim.ledger.balance().available == 2
        assert mediasim.clock.look().mode == "frozen"

    def test_in_process(mediasim_local):
        assert mediasim_local.world.server.url == "http://testserver"
    """)
    result.assert_outcomes(passed=2)


def test_a_failure_shows_calls_jobs_and_ledger_of_its_world(run: Run) -> None:
    result = run("""
    def test_it(mediasim):
        mediasim.faults.fail("content_policy", times=1)
        start(mediasim)
        start(mediasim, model="nope")
        mediasim.clock.advance(60)
        assert False
    """)
    result.assert_outcomes(failed=1)
    result.stdout.re_match_lines(
        [
            r"-+ mediasim world test-it-[0-9a-f]{10} -+",
            r"2026-01-01T00:01:00\.000Z, clock frozen; .*/_sim",
            r"calls, the last 5 of 5:",
            r".* rest generate_media \(main\): 200 \S+ fault-1",
            r".* rest generate_media \(main\): 400 model_not_found",
            r"       sent .*\"model\": \"nope\"",
            r"       got .*\"error\": \"model_not_found\"",
            r"jobs, 1 in all:",
            r"  1\. .* nano-banana failed .* fail by fault-1",
            r"ledger, 3 entries; 10000 available, 0 held, 0 spent:",
            r"  3\. release 7 .* failed: content_policy",
        ],
        consecutive=False,
    )
    assert result.stdout.str().count("       got ") == 1


def test_a_failure_shows_no_secret(run: Run) -> None:
    result = run("""
    def test_it(mediasim):
        secret = "sk_live_" + "x" * 24
        mediasim.client.post("/v1/generate/media", json={**IMAGE, "prompt": f"My key {secret}"})
        mediasim.client.post("/v1/generate/media", json={**IMAGE, "model": secret})
        pytest.fail("told")
    """)
    told = result.stdout.str().partition("mediasim world")[2]
    assert "generate_media" in told
    assert "x" * 24 not in told


def test_a_world_is_let_go_of_after_its_test(run: Run) -> None:
    result = run("""
    from simulator.pytest_plugin import _WORLD

    def test_first(mediasim):
        pass

    def test_second(request, mediasim):
        first, second = request.session.items
        assert (_WORLD in first.stash, _WORLD in second.stash) == (False, True)
    """)
    result.assert_outcomes(passed=2)


def test_a_long_body_is_cut_in_the_report(run: Run) -> None:
    result = run("""
    def test_it(mediasim):
        start(mediasim, prompt="word " * 200)
        pytest.fail("told")
    """)
    told = result.stdout.str().partition("mediasim world")[2]
    assert re.search(r"sent .{300}… \(\d+ characters\)", told)


def test_a_test_that_passes_shows_nothing(run: Run) -> None:
    result = run("def test_it(mediasim): start(mediasim)\n")
    result.assert_outcomes(passed=1)
    result.stdout.no_fnmatch_line("*mediasim world*")


def test_a_failure_in_process_shows_its_world_too(run: Run) -> None:
    result = run("""
    def test_it(mediasim_local):
        assert False
    """)
    result.stdout.fnmatch_lines(["*mediasim world test-it-*", "*http://testserver/_sim"])


def test_a_simulator_that_is_gone_is_told_beside_the_failure(run: Run) -> None:
    result = run.alone("""
    from simulator.testing import serving

    @pytest.fixture
    def mediasim_server():
        with serving() as server:
            yield server

    @pytest.fixture
    def gone(mediasim, mediasim_server):
        yield
        mediasim.control.calls.url = "http://gone"
        mediasim.control.calls._transport = lambda *_: (_ for _ in ()).throw(OSError("gone"))
        raise AssertionError("late")

    def test_it(gone):
        pass
    """)
    result.stdout.fnmatch_lines(["the simulator does not tell: http://gone: gone"])


BUDGETED = """
    @pytest.mark.mediasim_budget(credits=%s)
    def test_it(mediasim):
        mediasim.faults.fail(times=1)
        for _ in range(3):
            start(mediasim)
        mediasim.clock.advance_to_next_event()
        mediasim.clock.advance(7)
"""


def test_a_test_within_its_budget_passes(run: Run) -> None:
    run(BUDGETED % "14").assert_outcomes(passed=1)


def test_a_test_that_spent_more_fails_and_tells_its_jobs(run: Run) -> None:
    result = run(BUDGETED % "13.5")
    result.assert_outcomes(failed=1)
    first = r"over budget: 14 credits captured or held, 13\.5 allowed"
    each = r"  7  nano-banana  [0-9a-f-]+  main  \w+"
    result.stdout.re_match_lines([first, each, ".*", each])


def test_a_test_that_fails_anyway_is_not_told_of_its_budget(run: Run) -> None:
    result = run(BUDGETED % "0" + "        assert False, 'first'\n")
    result.stdout.no_fnmatch_line("*over budget*")


@pytest.mark.parametrize(
    ("mark", "told"),
    [
        ("mediasim(credit=5)", "unknown argument 'credit'"),
        ("mediasim(5)", "expected arguments by name"),
        ("mediasim(seed=-1)", "seed=-1"),
        ("mediasim_budget(5)", "expected credits="),
    ],
)
def test_a_mark_that_cannot_be_read_is_wrong_use(run: Run, mark: str, told: str) -> None:
    result = run(f"@pytest.mark.{mark}\ndef test_it(mediasim): pass\n")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"ERROR: test_it.py::test_it: *{told}*"])


@pytest.mark.parametrize("mark", ["mediasim(credits=5)", "mediasim_budget(credits=5)"])
def test_a_mark_without_a_world_is_wrong_use(run: Run, mark: str) -> None:
    result = run(f"@pytest.mark.{mark}\ndef test_it(): pass\n")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*needs the fixture mediasim or mediasim_local"])


def test_a_mark_of_a_whole_module_is_for_those_that_have_a_world(run: Run) -> None:
    result = run("""
    pytestmark = [pytest.mark.mediasim(credits=8), pytest.mark.mediasim_budget(credits=8)]

    def test_with(mediasim):
        assert mediasim.ledger.balance().available == 8

    def test_without():
        pass
    """)
    result.assert_outcomes(passed=2)


def test_a_scenario_is_put_into_the_world(run: Run) -> None:
    result = run("""
    @pytest.mark.mediasim(scenario="credits-for-one-of-ten")
    def test_it(mediasim):
        assert start(mediasim).status_code in (200, 402)
        assert mediasim.ledger.balance().available < 10_000
    """)
    result.assert_outcomes(passed=1)


def test_an_unknown_scenario_is_an_error_of_the_test(run: Run) -> None:
    result = run("@pytest.mark.mediasim(scenario='none')\ndef test_it(mediasim): pass\n")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*ControlError: 404: There is no scenario of this name*"])


def test_nobody_at_the_url_is_told_with_the_url(run: Run) -> None:
    result = run.alone("def test_it(mediasim): pass\n", "--mediasim-url=http://127.0.0.1:9")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*ControlError: http://127.0.0.1:9: Connection refused"])


def test_the_url_may_stand_in_the_configuration_file(run: Run) -> None:
    run.pytester.makeini(f"[pytest]\nmediasim_url = {run.url}\n")
    result = run.alone(f"""
    def test_it(mediasim_server):
        assert mediasim_server.url == {run.url!r}
    """)
    result.assert_outcomes(passed=1)


def test_the_url_may_come_from_the_environment(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MEDIASIM_URL", run.url)
    result = run.alone(f"""
    def test_it(mediasim_server):
        assert mediasim_server.url == {run.url!r}
    """)
    result.assert_outcomes(passed=1)


REPORTED = """
    def test_spends(mediasim):
        for _ in range(2):
            start(mediasim)
        mediasim.clock.advance(3600)

    def test_holds(mediasim):
        start(mediasim, model="z-image")

    def test_calls_nobody(mediasim):
        pass
"""


@pytest.mark.parametrize("workers", ["-n0", "-n2"])
def test_a_report_tells_what_each_test_spent(
    run: Run, workers: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Workers are processes: they start in a moment without what else is installed.
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    plugins = ("-p", "xdist", "-p", "mediasim")
    result = run(REPORTED, "--mediasim-report=told", *plugins, workers)
    result.assert_outcomes(passed=3)
    folder = run.pytester.path / "told"
    assert sorted(path.name for path in folder.iterdir()) == sorted(FILES)
    text = (folder / "costs.csv").read_text(encoding="utf-8")
    rows = list(csv.DictReader(text.splitlines()))
    assert {row["test"]: (row["captured"], row["open"]) for row in rows} == {
        "test_it.py::test_spends": ("14", "0"),
        "test_it.py::test_holds": ("0", "4"),
    }
    conduct = json.loads((folder / "conduct.json").read_text(encoding="utf-8"))
    lapses = {
        each["test"]: [rule["id"] for rule in each["conduct"]["rules"]] for each in conduct["tests"]
    }
    assert "never_looks" in lapses["test_it.py::test_spends"]
    result.stdout.fnmatch_lines(["2 tests, 14 credits captured, 4 still held, lapses in * told"])


def test_a_report_named_in_the_configuration_file_is_beside_it(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    run.pytester.makeini("[pytest]\nmediasim_report = told\n")
    monkeypatch.chdir(run.pytester.mkdir("deep"))
    run("def test_it(mediasim): start(mediasim)\n", "..")
    assert (run.pytester.path / "told" / "costs.html").is_file()


def test_without_the_option_nothing_is_written(run: Run) -> None:
    run("def test_it(mediasim): start(mediasim)\n")
    assert [path.name for path in run.pytester.path.iterdir() if path.is_dir()] in (
        [],
        ["__pycache__"],
    )
