"""The bench can be run: its cheapest parts, small, without a word about speed."""

import pytest

from simulator.app import build
from simulator.settings import Settings
from simulator.surfaces.server import ServerThread
from tests.bench.engine_probes import leap, memory
from tests.bench.figures import Figure, table
from tests.bench.load import answer_end, run
from tests.bench.mcp_rows import Begin, in_session, stateless
from tests.bench.processes import MEMORY, Server
from tests.bench.render_probe import SOUND, render_ms

PLENTY = Settings(limits=False, frozen=True, credits=10**12)


async def test_a_leap_is_timed_and_its_ledger_checked() -> None:
    assert set(await leap(build(PLENTY), 7)) == {"seconds"}


async def test_the_memory_of_jobs_is_weighed() -> None:
    assert set(await memory(build(PLENTY), 7)) == {"bytes_per_job"}


def test_a_rendering_is_timed() -> None:
    assert render_ms(SOUND) >= 0


def test_the_loader_of_our_own_gets_only_good_answers() -> None:
    with ServerThread(build(PLENTY).app) as server:
        loaded = run(f"http://127.0.0.1:{server.port}", connections=2, seconds=0.1)
    assert (loaded.refused, loaded.broken, loaded.requests > 0) == (0, 0, True)


@pytest.mark.parametrize("begin", [stateless, in_session])
def test_calls_over_mcp_are_answered_in_both_eras(begin: Begin) -> None:
    with ServerThread(build(PLENTY).app) as server:
        url = f"http://127.0.0.1:{server.port}"
        posted = begin(Server(MEMORY, 0, url, 0.0))
        loaded = run(url, 2, 0.5, *posted)
    assert (loaded.refused, loaded.broken, loaded.requests > 0) == (0, 0, True)


def test_an_answer_ends_with_its_body() -> None:
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
    assert [answer_end(part) for part in (answer[:20], answer[:-1], answer + b"HTTP")] == [
        None,
        None,
        len(answer),
    ]


def test_the_table_says_which_goals_are_met() -> None:
    figures = [
        Figure("a rate", "req/s", (1.0, 3.0, 2.0), 2.0, at_least=True),
        Figure("a wait", "ms", (1500.0, 20.0, 3.0), 10.0),
        Figure("a pause", "ms", (4.0,), 5.0),
        Figure("a size", "MB", (0.5,)),
    ]
    assert table(figures).splitlines() == [
        "what              goal      median      min .. max  verdict",
        "a rate   >= 2.00 req/s  2.00 req/s    1.00 .. 3.00  meets",
        "a wait      <= 10.0 ms     20.0 ms   3.00 .. 1,500  misses",
        "a pause     <= 5.00 ms     4.00 ms    4.00 .. 4.00  meets",
        "a size                    0.500 MB  0.500 .. 0.500",
    ]
