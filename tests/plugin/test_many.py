"""Many simulators at once, and many tests on one: nothing of one reaches another."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from simulator.client import ControlClient
from simulator.commands.local import local_simulator
from simulator.settings import Settings
from simulator.testing import Server
from tests.plugin.isolation import run

AT_ONCE = 50


def test_fifty_simulators_at_once_have_fifty_ports_and_all_answer() -> None:
    servers = [local_simulator(Settings(seed=seed)) for seed in range(AT_ONCE)]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        try:
            urls = list(pool.map(lambda server: server.start(), servers))
            seeds = list(pool.map(_seed, urls))
        finally:
            list(pool.map(lambda server: server.stop(), servers))
    assert len({server.port for server in servers} - {0}) == AT_ONCE
    assert seeds == list(range(AT_ONCE))


def _seed(url: str) -> int:
    with ControlClient(url) as client:
        return client.info().seed


def test_worlds_of_tests_in_other_processes_and_another_order_end_the_same(
    tmp_path: Path, mediasim_server: Server
) -> None:
    alone = run(tmp_path, mediasim_server.url, 40, 0, 1)
    together = run(tmp_path, mediasim_server.url, 40, 3, 2)
    assert len(alone) == 40
    assert together == alone
