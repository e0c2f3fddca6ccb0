"""What a check talks to: a target's REST routes, MCP tools and, on a simulator, its clock."""

import asyncio
import json
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from contracts.check import Broken, CannotTell, DoesNotApply
from contracts.talk import jsonrpc
from contracts.talk.carrying import FORM_TYPE, JSON_TYPE, carrying, form_of
from contracts.talk.codes import BUSY, RATE_LIMITED, SHORT
from contracts.talk.exchange import Reply, Trace
from contracts.talk.keys import Keys
from contracts.talk.mcpclient import McpClient
from contracts.talk.operations import BY_NAME, UPLOAD, Operation
from contracts.talk.shortage import shortage
from contracts.talk.wire import RESENDS, Log, Sent, Trouble, Wire
from contracts.target import Target

FINAL = ("completed", "failed")
TOO_MANY = 429
PATIENCE = 6
LEAP_S = 30
LEAPS = 14  # 30 s, twice as far each time: about five days
LONGEST_WAIT_S = 61.0


class Backend:
    """One account, or two, of a target, and on a simulator a world of their own. ``name``: the
    world's. ``seed``: what random checks draw from. Every method that sends raises Trouble and
    Withheld (see ``contracts.talk.wire``)."""

    def __init__(
        self,
        target: Target,
        wire: Wire,
        keys: Keys,
        *,
        era: str = jsonrpc.SESSION,
        name: str = "",
        log: Log | None = None,
        number: int = 0,
        seed: int = 0,
    ) -> None:
        self.target = target
        self.era = era
        self.seed = seed
        self.name = name
        self.log = log or Log()
        self._wire = wire
        self._keys = keys
        self._number = number
        self._made = number
        self._now = ""
        self.mcp = McpClient(self._send, has_mcp=bool(target.mcp_url), era=era)
        if name:
            self.log.worlds.append(name)
            self.log.leave.append(self.mcp.leave)

    @property
    def trace(self) -> Trace:
        return self.log.trace

    def has(self, feature: str) -> bool:
        return feature in self.target.features

    async def call(
        self,
        name: str,
        arguments: Mapping[str, Any] | None = None,
        *,
        surface: str = "rest",
        who: str = "main",
        patient: bool = True,
        refused: bool = False,
    ) -> Reply:
        """One of the provider's calls, by its tool's name. ``patient``: a rate limit is waited out.
        ``refused``: it should be, so may be sent twice. Raises DoesNotApply without it."""
        operation = BY_NAME[name]
        ask = partial(self._ask, operation, arguments or {}, surface, who, refused, patient)
        reply = await ask()
        for attempt in range(PATIENCE if patient else 0):
            if reply.code != RATE_LIMITED or reply.status == TOO_MANY:
                break  # a status of its own was waited out below
            await self._wait_out(reply, attempt)
            reply = await ask()
        if operation.starts:
            self.log.credits += reply.credits
        return reply

    async def _ask(
        self,
        operation: Operation,
        arguments: Mapping[str, Any],
        surface: str,
        who: str,
        refused: bool,
        patient: bool,
    ) -> Reply:
        if surface == "mcp":
            if operation is UPLOAD:
                raise DoesNotApply("files are uploaded over HTTP only")
            again = refused or operation.reads
            return await self.mcp.tool(operation.name, arguments, who=who, again=again)
        if not operation.path:
            raise DoesNotApply(f"{operation.name} has no route")
        path, body = operation.request(arguments)
        fields, content = carrying(body, {})
        return await self._send(
            "rest",
            operation.name,
            operation.method,
            "rest",
            path,
            who=who,
            headers=fields,
            body=content,
            again=refused or operation.reads,
            patient=patient,
        )

    async def request(
        self,
        method: str,
        path: str,
        *,
        body: object = None,
        content: bytes = b"",
        headers: Mapping[str, str] | None = None,
        who: str = "main",
        call: str = "",
        again: bool | None = None,
    ) -> Reply:
        """A request to the REST side as it is told: ``body`` as JSON, or ``content`` as it is.
        ``again``: it may be sent twice; None: if it is a GET."""
        fields, told = carrying(body, headers or {})
        return await self._send(
            "rest",
            call or f"{method} {path.partition('?')[0]}",
            method,
            "rest",
            path,
            who=who,
            headers=fields,
            body=content if body is None else told,
            again=method in ("GET", "HEAD") if again is None else again,
        )

    async def upload(
        self, content: bytes, filename: str, media_type: str, *, who: str = "main"
    ) -> Reply:
        """A file to ``POST /v1/upload/media``, in the form's field ``file``."""
        form, kind = form_of(content, filename, media_type), dict((FORM_TYPE,))
        return await self.request(
            "POST", UPLOAD.path, content=form, headers=kind, who=who, call=UPLOAD.name, again=True
        )

    async def fetch(self, url: str) -> Reply:
        """A file by its whole URL, without a key. Raises CannotTell for a host that the target
        does not allow."""
        place = urlsplit(url)
        if not {place.netloc, place.hostname} & self.target.hosts:
            raise CannotTell(f"files lie at {place.netloc}, which is no allowed host")
        return await self._send(
            "rest", "file", "GET", "", url, who="none", headers={"Accept": "*/*"}, again=True
        )

    # ---- jobs and credits --------------------------------------------------------------------

    async def balance(self, *, surface: str = "rest", who: str = "main") -> float:
        """The credits that are available. Raises Broken."""
        reply = await self.call("get_balance", surface=surface, who=who)
        credits = reply.fields.get("credits")
        if reply.refused or not isinstance(credits, int | float) or isinstance(credits, bool):
            raise Broken("a balance with a number in credits", reply)
        return credits

    async def start(
        self,
        arguments: Mapping[str, Any],
        *,
        surface: str = "rest",
        who: str = "main",
        name: str = "generate_media",
    ) -> Reply:
        """A start that should be accepted. Raises Broken when it is not, CannotTell when the
        account has run dry."""
        reply = await self.call(name, arguments, surface=surface, who=who)
        if reply.code == SHORT:
            await self.check_covered(name, arguments, reply, who=who)
        if reply.refused or not reply.generation_id:
            raise Broken("an accepted start with a generation_id", reply)
        return reply

    async def check_covered(
        self, name: str, arguments: Mapping[str, Any], reply: Reply, *, who: str = "main"
    ) -> None:
        """After a start was refused for want of credits. Raises CannotTell when they are truly
        missing. On a simulator credits are the check's own."""
        if not self.has("control"):
            found = shortage(await self.balance(who=who), name, arguments, reply)
            if found:
                raise CannotTell(found)

    async def poll(
        self,
        generation_id: str,
        *,
        surface: str = "rest",
        who: str = "main",
        name: str = "get_generation_status",
    ) -> Mapping[str, Any]:
        """A job's status answer. Raises Broken."""
        (field,) = BY_NAME[name].path_fields
        reply = await self.call(name, {field: generation_id}, surface=surface, who=who)
        if reply.refused or not isinstance(reply.fields.get("status"), str):
            raise Broken("a status answer", reply)
        return reply.fields

    async def wait_finished(
        self,
        generation_id: str,
        *,
        surface: str = "rest",
        who: str = "main",
        name: str = "get_generation_status",
    ) -> Mapping[str, Any]:
        """The status answer of a job that has ended: by leaps of the clock where it can be moved,
        else by polls. Raises Broken when it does not end."""
        seen = await self.poll(generation_id, surface=surface, who=who, name=name)
        leap_s, since = LEAP_S, time.monotonic()
        for _ in range(LEAPS if self.has("control") else 1_000_000):
            if seen["status"] in FINAL or time.monotonic() - since > self.target.finish_s:
                break
            await self.pause(leap_s)
            leap_s *= 2
            seen = await self.poll(generation_id, surface=surface, who=who, name=name)
        if seen["status"] not in FINAL:
            raise Broken("a job that ends", f"{seen['status']} for ever")
        return seen

    async def pause(self, seconds: float) -> None:
        """Moves the clock where it can be moved; elsewhere sleeps, between polls' advice and
        ``seconds``."""
        if self.has("control"):
            await self.advance(seconds)
        else:
            await asyncio.sleep(min(seconds, self.target.poll_s))

    # ---- the simulator's control plane -------------------------------------------------------

    async def control(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        *,
        setup: bool = True,
        again: bool = True,
    ) -> Reply:
        """A call under ``/_sim``, on this world. ``again``: it may be sent twice. Raises
        DoesNotApply without a control plane, Broken when it is refused."""
        if not self.has("control"):
            raise DoesNotApply("the target has no control plane")
        content = b"" if body is None else json.dumps(body).encode()
        reply = await self._send(
            "control",
            f"{method} {path.partition('?')[0]}",
            method,
            "rest",
            f"/_sim/{path}",
            who="none",
            headers=dict((JSON_TYPE, ("X-Sim-Namespace", self.name))),
            body=content,
            again=again,
            setup=setup,
        )
        if reply.refused:
            raise Broken(f"an answer to {method} /_sim/{path}", reply)
        return reply

    async def advance(self, seconds: float) -> None:
        """The world's clock leaps: once, even when the answer is lost."""
        for left in range(RESENDS - 1, -1, -1):
            try:
                told = await self.control(
                    "POST", "clock/advance", {"seconds": seconds}, again=False
                )
            except Trouble:
                if not left or not self._now:
                    raise
                told = await self.control("GET", "clock")
                if told.fields.get("now") == self._now:
                    continue
            self._now = str(told.fields.get("now", ""))
            return

    async def set_credits(
        self, credits: float, *, who: str = "main", scopes: Sequence[str] | None = None
    ) -> None:
        """What an account of this world has available, and optionally what its key may do."""
        body: dict[str, Any] = {"key": self._keys.of(who), "credits": credits}
        if scopes is not None:
            body["scopes"] = list(scopes)
        await self.control("POST", "accounts", body)

    async def fresh(
        self, *, credits: float | None = None, scopes: Sequence[str] | None = None
    ) -> "Backend":
        """Another world where they can be had, with a clock that stands still; elsewhere the same
        accounts. Its exchanges are recorded in the same log."""
        self._made += 1
        number = self._made
        keys, name = self._keys, self.name
        if self.target.has_worlds:
            name = f"{self.name}-{number}"
            keys = world_keys(name)
        new = Backend(
            self.target,
            self._wire,
            keys,
            era=self.era,
            name=name,
            log=self.log,
            number=number,
            seed=self.seed,
        )
        await new.prepare(credits=credits, scopes=scopes)
        return new

    async def prepare(
        self, *, credits: float | None = None, scopes: Sequence[str] | None = None
    ) -> None:
        """Empties the world and stops its clock, where it is one of the suite's own."""
        if not self.target.has_worlds:
            if credits is not None and not self.has("control"):
                raise CannotTell("the credits of the target's account can't be set")
            return
        # In this order: a reset keeps the clock's mode, and nothing may pass between the two.
        await self.control("POST", "clock/freeze")
        told = await self.control("POST", "reset")
        clock = told.fields.get("clock")
        self._now = str(clock.get("now", "")) if isinstance(clock, dict) else ""
        if credits is not None or scopes is not None:
            await self.set_credits(100_000 if credits is None else credits, scopes=scopes)

    async def let_go(self) -> None:
        """Gives back all worlds of this check, and their sessions, once its trace was taken."""
        leave, worlds, self.log = self.log.leave, self.log.worlds, Log()
        for end, name in zip(leave, worlds, strict=True) if self.target.has_worlds else ():
            self.name = name
            with suppress(Trouble, Broken):  # what is left over harms nobody
                await end()
                await self.control("POST", "reset", {"drop": True})

    # ---- below -------------------------------------------------------------------------------

    async def _wait_out(self, reply: Reply, attempt: int) -> None:
        """A rate limit's minute: on the world's clock first, then in real time."""
        told = reply.fields.get("retry_after_seconds") or reply.headers.get("retry-after", "")
        seconds = float(told) if str(told).replace(".", "", 1).isdigit() else 2.0**attempt
        seconds = min(max(seconds, 0.05), LONGEST_WAIT_S)
        if self.has("control"):
            await self.advance(seconds)
            await asyncio.sleep(min(seconds, 0.05 * (2**attempt - 1)))
        else:
            await asyncio.sleep(seconds)

    async def _send(
        self,
        surface: str,
        call: str,
        method: str,
        base: str,
        path: str,
        *,
        patient: bool = True,
        **told: Any,
    ) -> Reply:
        """What is answered with 429 was not carried out, and is sent again after a wait; not so
        where too many jobs run, which is an answer to look at."""
        told["headers"] = tuple(told["headers"].items())
        sent = Sent(surface, call, told.pop("who"), method, base, path, world=self._number, **told)
        reply = await self._wire.send(sent, self._keys, self.log)
        for attempt in range(PATIENCE if patient else 0):
            if reply.status != TOO_MANY or reply.code == BUSY:
                break
            await self._wait_out(reply, attempt)
            reply = await self._wire.send(sent, self._keys, self.log)
        return reply


def world_keys(name: str) -> Keys:
    """The keys that open a simulator's world of this name."""
    return Keys(f"sk_test_{name}", f"sk_test_{name}.second")
