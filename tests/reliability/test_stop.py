"""SIGTERM under load: it ends in time, with status 0, and keeps what it acknowledged."""

import asyncio
import socket
from pathlib import Path

from simulator.surfaces.server import bind
from tests.reliability.served import Served
from tests.reliability.wire import GONE, Wire, read_answer, request
from tests.surfaces.rawhttp import Answer

KEY = "sk_test_w"
BODY = {"model": "z-image", "prompt": "A lighthouse"}
STUCK = {"model": "z-image", "prompt": "[sim:stuck]"}
ASKED, STREAMS = 100, 10


def serve(folder: Path) -> Served:
    return Served(folder / "log", "--state", str(folder / "state"), "--no-limits")


async def stream(port: int, job_id: str, opened: asyncio.Event) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(request("GET", f"/v1/generate/media/{job_id}/stream", KEY, None, None))
    head = await reader.readuntil(b"\r\n\r\n")
    opened.set()
    rest = await reader.read()
    writer.close()
    return head + rest


async def halves(port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter, bytes]:
    """A start of which all but the last bytes are sent, and those bytes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    data = request("POST", "/v1/generate/media", KEY, BODY, None)
    writer.write(data[:-5])
    await writer.drain()
    return reader, writer, data[-5:]


async def finish(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, rest: bytes) -> Answer:
    try:
        writer.write(rest)
        return await read_answer(reader)
    except (OSError, asyncio.IncompleteReadError):
        return GONE
    finally:
        writer.close()


async def stop_under_load(served: Served) -> tuple[int, list[Answer], list[bytes]]:
    """The exit status, the answers of starts that were half sent before it, and the streams."""
    async with Wire(served.port, KEY) as wire:
        job_id = (await wire("POST", "/v1/generate/media", STUCK)).json["generation_id"]
    opened = [asyncio.Event() for _ in range(STREAMS)]
    streams = [asyncio.ensure_future(stream(served.port, job_id, each)) for each in opened]
    await asyncio.gather(*(each.wait() for each in opened))
    waiting = [await halves(served.port) for _ in range(ASKED)]
    stopping = asyncio.ensure_future(asyncio.to_thread(served.terminate))
    answers = await asyncio.gather(*(finish(*each) for each in waiting))
    return await stopping, list(answers), list(await asyncio.gather(*streams))


def test_a_stop_under_load_keeps_what_it_answered_and_frees_the_port(tmp_path: Path) -> None:
    with serve(tmp_path) as served:
        status, answers, streams = asyncio.run(stop_under_load(served))
        bind("127.0.0.1", served.port).close()
    assert status == 0
    assert {answer.status for answer in answers} <= {200, 0}
    assert all(b"event: error" in each and b"shutting down" in each for each in streams)
    acknowledged = {answer.json["generation_id"] for answer in answers if answer.status == 200}
    assert acknowledged <= asyncio.run(jobs_after(tmp_path))
    assert (tmp_path / "log").read_text() == ""


async def jobs_after(folder: Path) -> set[str]:
    """The jobs that a fresh process finds, once it has found the ledger sound."""
    with serve(folder) as served:
        async with Wire(served.port, KEY) as wire:
            assert (await wire("GET", "/_sim/ledger/verify")).json["ok"]
            jobs = (await wire("GET", "/_sim/jobs")).json["jobs"]
    return {job["id"] for job in jobs}


def test_a_stop_does_not_wait_for_requests_that_never_come_whole(tmp_path: Path) -> None:
    async def stuck(served: Served) -> int:
        waiting = [await halves(served.port) for _ in range(ASKED)]
        status = await asyncio.to_thread(served.terminate)
        for _, writer, _ in waiting:
            writer.close()
        return status

    with serve(tmp_path) as served:
        assert asyncio.run(stuck(served)) == 0
        with socket.socket() as sock:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            sock.bind(("127.0.0.1", served.port))
