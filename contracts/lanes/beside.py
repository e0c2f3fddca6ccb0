"""What a target is compared with: a simulator that runs already, or one that is started for it."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from importlib.util import find_spec

from contracts.check import CannotTell, DoesNotApply
from contracts.opening import client
from contracts.talk.backend import Backend, world_keys
from contracts.talk.keys import scrubber
from contracts.talk.wire import Wire
from contracts.target import Target, WrongTarget, probe

STARTED = "simulator"
"""In place of a URL: start one."""

SERVE = ("-m", "simulator", "serve", "--port", "0", "--frozen")
READY_S = 60.0
STOP_S = 10.0


@asynccontextmanager
async def other(backend: Backend) -> AsyncIterator[Backend]:
    """A world of a simulator. What is sent there is in no trace: the target's own exchanges show
    the difference. Raises DoesNotApply without a second backend, CannotTell when it is none that
    has worlds."""
    told = backend.target.beside or (STARTED if backend.target.is_simulator else "")
    if not told:
        raise DoesNotApply("there is no backend to compare it with")
    if told != STARTED:
        async with _at(told, backend) as found:
            yield found
        return
    if find_spec("simulator") is None:
        raise DoesNotApply("no simulator is installed to compare it with")
    async with _started(_options(backend.target)) as url, _at(url, backend) as found:
        yield found


@asynccontextmanager
async def _at(url: str, backend: Backend) -> AsyncIterator[Backend]:
    async with client() as http:
        try:
            target = await probe(http, url)
        except WrongTarget as error:
            raise CannotTell(f"the backend beside it: {error}") from error
        if not (target.has_worlds and target.is_loopback):
            raise CannotTell("the backend beside it is no simulator on this machine")
        wire = Wire(http, {"rest": target.rest_url, "mcp": target.mcp_url}, scrubber(()))
        name = f"beside-{backend.name}"
        yield Backend(target, wire, world_keys(name), era=backend.era, name=name, seed=backend.seed)


def _options(target: Target) -> Sequence[str]:
    """As the target itself runs, as far as it tells."""
    if not target.is_simulator:
        return ()
    switches = [f"--no-{name}" for name in ("limits", "magic") if name not in target.features]
    policies = [f"--policy={name}={value}" for name, value in sorted(target.policies.items())]
    return (*switches, *policies)


@asynccontextmanager
async def _started(options: Sequence[str]) -> AsyncIterator[str]:
    """Its URL. It ends with the check."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *SERVE,
        *options,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        yield await _url(process)
    finally:
        if process.returncode is None:
            process.terminate()
            try:
                await asyncio.wait_for(process.wait(), STOP_S)
            except TimeoutError:
                process.kill()
                await process.wait()


async def _url(process: asyncio.subprocess.Process) -> str:
    if process.stdout is None:
        raise CannotTell("the simulator to compare it with says nothing")
    try:
        line = await asyncio.wait_for(process.stdout.readline(), READY_S)
        return str(json.loads(line)["url"])
    except (TimeoutError, ValueError, KeyError) as error:
        raise CannotTell("the simulator to compare it with did not start") from error
