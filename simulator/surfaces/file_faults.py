"""What goes wrong with a result's file on its way out."""

import asyncio
from dataclasses import dataclass
from fractions import Fraction

from starlette.types import Message, Send

from simulator.domain.errors import Denial
from simulator.domain.faults import Call
from simulator.domain.jobs import Job
from simulator.engine.asks import Asks
from simulator.engine.breakpoints import Parked
from simulator.engine.provider import Provider
from simulator.engine.worlds import Caller, World
from simulator.surfaces.answering import FAULT
from simulator.surfaces.connection import ConnectionDropped
from simulator.surfaces.staging import USUAL, Manner, enter

DOWNLOAD = "download_file"
ROUTE = "/media/{namespace}/{generation_id}/{file}"

_SLOW = (16 * 1024, 0.1)
_WRONG = b"<!doctype html><title>502</title><p>This is not the file.</p>"


@dataclass(frozen=True, slots=True)
class FileFate:
    """``wrong``: a page of HTML comes instead. ``told``: the ids of the faults."""

    manner: Manner = USUAL
    wrong: bool = False
    told: str = ""


async def file_fate(provider: Provider, world: World, job: Job) -> FileFate:
    """What the job's own fate and the world's faults make of a download. Raises Denial, Rejection
    and ConnectionDropped."""
    if not world.lab.busy and job.quirks is None:
        return FileFate()
    asks = Asks("files", ROUTE, DOWNLOAD, fields={"generation_id": job.id, "model": job.model})
    caller = Caller(world, job.account, frozenset(), asks=asks)
    manner = await _of_world(provider, caller, asks)
    how = None if job.quirks is None else job.quirks.broken_file
    told = asks.told()
    if how is None or job.quirks is None:
        return FileFate(manner, told=told)
    asked_by = [str(one["from"]) for one in job.quirks.faults if one["kind"] == "broken_file"]
    told = ",".join([*asked_by, *([told] if told else [])])
    if how == "missing":
        raise Denial(404, "There is no file here, or not yet.", {"x-sim-fault": told})
    if how == "truncated":
        return FileFate(Manner(keep=Fraction(1, 2)), told=told)
    if how == "slow":
        return FileFate(Manner(drip=_SLOW), told=told)
    return FileFate(manner, wrong=True, told=told)


async def _of_world(provider: Provider, caller: Caller, asks: Asks) -> Manner:
    call: Call = asks.call(caller.account)
    try:
        manner, _ = await enter(provider, caller, asks, ("wire",))
        await caller.world.lab.breakpoints.reach("file.before", call)
    except Parked as parked:
        if parked.timeout:
            raise ConnectionDropped from None
        text = f"Released from {parked.breakpoint_id} to fail."
        raise Denial(500, text, {"x-sim-fault": parked.breakpoint_id}) from None
    except Denial as denial:
        told = {"x-sim-fault": asks.told()}
        raise Denial(denial.status, denial.detail, {**denial.headers, **told}) from None
    return manner


class FileReply:
    """A file's answer on its way out, in its fate."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._left: int | None = None
        self.fate = FileFate()
        self.status = 0
        self.size = 0
        self.begun = False

    async def send(self, message: Message) -> None:
        """As ASGI's ``send``. Raises ConnectionDropped."""
        if self.fate == FileFate():
            await self._count(message)
        elif message["type"] == "http.response.start":
            await self._start(message)
        else:
            await self._body(message)

    async def _start(self, message: Message) -> None:
        manner = self.fate.manner
        if manner.drop:
            raise ConnectionDropped
        headers = dict(message["headers"])
        if self.fate.told:
            headers[FAULT] = self.fate.told.encode("ascii")
        if message["status"] in (200, 206):
            if self.fate.wrong:
                headers[b"content-type"] = b"text/html"
                headers[b"content-length"] = b"%d" % len(_WRONG)
            if manner.content_type is not None:
                headers[b"content-type"] = manner.content_type
            if manner.keep is not None:
                self._left = int(int(headers[b"content-length"]) * manner.keep)
        await self._count({**message, "headers": list(headers.items())})

    async def _body(self, message: Message) -> None:
        body, more = message.get("body", b""), message.get("more_body", False)
        if self.fate.wrong:
            if not more:
                await self._count({"type": "http.response.body", "body": _WRONG})
            return
        if self._left is not None:
            body, self._left = body[: self._left], self._left - len(body)
            if self._left <= 0 or not more:
                await self._count({"type": "http.response.body", "body": body, "more_body": True})
                raise ConnectionDropped
        size, pause_s = self.fate.manner.drip or (len(body) or 1, 0.0)
        for start in range(0, len(body) or 1, size):
            last = start + size >= len(body) and not more
            piece = body[start : start + size]
            await self._count({"type": "http.response.body", "body": piece, "more_body": not last})
            if not last and pause_s:
                await asyncio.sleep(pause_s)

    async def _count(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status, self.begun = message["status"], True
        else:
            self.size += len(message.get("body", b""))
        await self._send(message)
