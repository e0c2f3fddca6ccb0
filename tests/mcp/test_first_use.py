"""The SDK is loaded when MCP is first used, by a thread: it takes most of a second."""

import subprocess
import sys

import pytest

from tests.cli.process import TIMEOUT_S, environment

SDK = "{'mcp', 'mcp_types'} & set(sys.modules)"
FIRST_CALL = """
import asyncio, sys
from tests.mcp.wire import wired

async def main():
    turns = []

    async def others():
        while True:
            turns.append(bool({'mcp', 'mcp_types'} & set(sys.modules)))
            await asyncio.sleep(0)

    async with wired() as wire:
        await asyncio.sleep(0.01)
        assert 'mcp' not in sys.modules
        beside = asyncio.create_task(others())
        answer = await wire.tool('get_balance', {})
        beside.cancel()
        assert 'simulator.surfaces.mcp_fixtures' not in sys.modules
        print(turns.count(False), turns.count(True))

asyncio.run(main())
"""


def ran(code: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=environment(),
        check=True,
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
    )
    return done.stdout.strip()


@pytest.mark.parametrize(
    "code",
    [
        "import simulator.cli",
        "import simulator.app; simulator.app.build_app()",
        "import simulator.commands.serve",
        "from simulator.cli import run; run(['mcp', '--help'])",
    ],
)
def test_what_uses_no_mcp_loads_no_sdk(code: str) -> None:
    assert ran(f"import sys\n{code}\nprint(sorted({SDK}))").endswith("[]")


def test_other_requests_are_served_while_the_sdk_is_loaded() -> None:
    before, during = ran(FIRST_CALL).split()
    assert int(before) + int(during) > 100
    assert int(during) > 20  # a load in the loop itself would let it turn a few times only
