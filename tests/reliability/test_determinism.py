"""The same seed and the same script give the same bytes, in whatever process and however stored."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.reliability.inproc import made
from tests.reliability.replay import digest, run
from tests.reliability.served import ROOT

STEPS = 1_000
CALL_NUMBER = re.compile(rb"'x-request-id': '\w+'")


def digest_elsewhere(hash_seed: str, *options: str) -> str:
    return subprocess.run(
        [sys.executable, "-m", "tests.reliability.replay", "--steps", str(STEPS), *options],
        cwd=ROOT,
        env={**os.environ, "PYTHONHASHSEED": hash_seed},
        check=True,
        capture_output=True,
        text=True,
    ).stdout.strip()


@pytest.fixture(scope="module")
def first() -> str:
    return digest_elsewhere("0")


@pytest.mark.parametrize("hash_seed", ["0", "1", "4294967295"])
def test_a_thousand_steps_give_the_same_bytes_in_every_process(first: str, hash_seed: str) -> None:
    assert digest_elsewhere(hash_seed) == first


def test_a_state_file_gives_the_same_bytes_as_memory(first: str, tmp_path: Path) -> None:
    assert digest_elsewhere("2", "--state", str(tmp_path / "state")) == first


async def test_another_length_of_the_script_gives_another_digest() -> None:
    assert len({await digest(steps) for steps in (20, 21, 22)}) == 3


async def test_a_reset_world_gives_the_same_bytes_again() -> None:
    simulator = made(credits=400_000)
    runs = []
    for _ in range(2):
        runs.append(await run(simulator, "w", 3, 200))
        world = await simulator.provider.worlds.world("w")
        await simulator.provider.worlds.reset(world)
    assert [without_call_number(each) for each in runs[0]] == [
        without_call_number(each) for each in runs[1]
    ]


def without_call_number(told: bytes) -> bytes:
    """The control plane and the files count their calls over all worlds; all else begins anew."""
    return CALL_NUMBER.sub(b"", told)
