"""What goes wrong with a result's file on its way out."""

from dataclasses import dataclass, replace
from fractions import Fraction

from starlette.types import Message, Receive, Scope, Send

from simulator.domain.effects import kinds_of
from simulator.domain.errors import Denial, Rejection
from simulator.domain.faults import Fired
from simulator.domain.jobs import Job
from simulator.domain.traces import asked_of, shown_in_absence
from simulator.engine.breakpoints import Parked
from simulator.engine.provider import Provider
from simulator.engine.worlds import Caller, World
from simulator.surfaces.answering import FAULT, refusal
from simulator.surfaces.asked import asks_of, no_scenario
from simulator.surfaces.connection import ConnectionDropped, gone
from simulator.surfaces.staging import USUAL, Manner, Pause, Stage, enter, released, send_pieces

DOWNLOAD = "download_file"
ROUTE = "/media/{namespace}/{generation_id}/{file}"

_ASKING = frozenset({b"x-sim-fault", b"x-sim-delay"})
_OF_CALLS = kinds_of("wire") & {"malformed"}
"""No file is JSON."""

_SLOW = (16 * 1024, 0.1)
_WRONG = b"<!doctype html><title>502</title><p>This is not the file.</p>"
_OF_THE_FILE = frozenset({b"etag", b"content-range", b"accept-ranges", b"cache-control"})


@dataclass(frozen=True, slots=True)
class FileFate:
    """``wrong``: a page of HTML comes instead. ``told``: the ids of the faults."""

    manner: Manner = USUAL
    wrong: bool = False
    told: str = ""


async def file_fate(
    provider: Provider, world: World, job: Job, scope: Scope, receive: Receive
) -> FileFate:
    """What the job's own fate, the world's faults and the request's headers make of a download.
    Raises Denial, which says what made it, and ConnectionDropped."""
    asking = [pair for pair in scope["headers"] if pair[0] in _ASKING]
    if not world.lab.busy and job.quirks is None and not asking:
        return FileFate()
    asks = asks_of(asking, no_scenario)
    asks.surface, asks.route, asks.operation = "files", ROUTE, DOWNLOAD
    asks.path = scope["path"]
    asks.fields = {"generation_id": job.id, "model": job.model}
    asks.left = lambda: gone(receive)
    stage = Stage(asks)
    how = None if job.quirks is None else job.quirks.broken_file
    if how is not None:
        asks.fired += [one for one in asked_of(job) if one.effect.kind == "broken_file"]
    await _enter(provider, Caller(world, job.account, frozenset(), asks=asks), stage)
    manner = stage.manner
    if how == "missing":
        raise absent(asks.fired)
    if how == "truncated":
        manner = replace(manner, keep=Fraction(1, 2))
    elif how == "slow":
        manner = replace(manner, drip=_SLOW)
    return FileFate(manner, wrong=how == "wrong_type", told=asks.told())


def why_absent(job: Job, name: str, now_ms: int) -> Denial:
    """The answer to who looks for a file that is not there, or not yet."""
    return absent(shown_in_absence(job, name, now_ms))


def absent(fired: "tuple[Fired, ...] | list[Fired]" = ()) -> Denial:
    """404, and the faults that made it."""
    told = ",".join(dict.fromkeys(one.id for one in fired))
    headers = {FAULT.decode(): told} if told else {}
    return Denial(404, "There is no file here, or not yet.", headers)


async def _enter(provider: Provider, caller: Caller, stage: Stage) -> None:
    asks = stage.asks
    try:
        await enter(provider, caller, stage, ("wire",), _OF_CALLS)
        call = asks.call(caller.account)
        await caller.world.lab.breakpoints.reach("file.before", call, asks.left)
    except Parked as parked:
        error, told = released(parked), f"{asks.told()},{parked.breakpoint_id}".strip(",")
        if isinstance(error, Denial):
            raise _told(error, told) from None
        raise ConnectionDropped(told) from None
    except ConnectionDropped:
        raise ConnectionDropped(asks.told()) from None
    except (Denial, Rejection) as error:
        await provider.worlds.pause(stage.manner.delay_s)
        if stage.manner.drop:
            raise ConnectionDropped(asks.told()) from None
        raise _told(_as_denial(error), asks.told()) from None


def _as_denial(error: Denial | Rejection) -> Denial:
    """Files have one form of refusal."""
    if isinstance(error, Denial):
        return error
    status, _, headers = refusal(error)
    named = {name.decode(): value.decode() for name, value in headers}
    return Denial(status, error.message, named)


def _told(denial: Denial, told: str) -> Denial:
    return Denial(denial.status, denial.detail, {**denial.headers, FAULT.decode(): told})


class FileReply:
    """A file's answer on its way out, in its fate. ``head_only``: nobody reads a body."""

    def __init__(self, send: Send, pause: Pause, request_id: str, *, head_only: bool) -> None:
        self._send = send
        self._named = (b"x-request-id", request_id.encode("ascii"))
        self._pause = pause
        self._head_only = head_only
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
        if manner.delay_s:
            await self._pause(manner.delay_s)
        if manner.drop:
            raise ConnectionDropped
        status, headers = message["status"], dict(message["headers"])
        if self.fate.told:
            headers[FAULT] = self.fate.told.encode("ascii")
        if status in (200, 206):
            if self.fate.wrong:
                status = 200
                headers = {name: headers[name] for name in headers if name not in _OF_THE_FILE}
                headers[b"content-type"] = b"text/html"
                headers[b"content-length"] = b"%d" % len(_WRONG)
            if manner.content_type is not None:
                headers[b"content-type"] = manner.content_type
            if manner.keep is not None:
                self._left = int(int(headers[b"content-length"]) * manner.keep)
        await self._count({**message, "status": status, "headers": list(headers.items())})

    async def _body(self, message: Message) -> None:
        body, more = message.get("body", b""), message.get("more_body", False)
        if self._head_only or self.status not in (200, 206):
            await self._count(message)
            return
        if self.fate.wrong:
            if more:
                return
            body = _WRONG
        manner = self.fate.manner
        if self._left is not None:
            body, self._left = body[: self._left], self._left - len(body)
            if self._left <= 0 or not more:
                await send_pieces(self._count, body, manner, self._pause, more=True)
                raise ConnectionDropped
        await send_pieces(self._count, body, manner, self._pause, more=more)
        if body and more and manner.drip is not None:
            await self._pause(manner.drip[1])

    async def _count(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status, self.begun = message["status"], True
            message = {**message, "headers": [*message["headers"], self._named]}
        else:
            self.size += len(message.get("body", b""))
        await self._send(message)
