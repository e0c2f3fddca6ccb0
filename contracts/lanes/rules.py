"""Golden cases: prices, limits and refusals, each requirement's cases in a world of their own.

Where credits are the simulator's, or may be spent, a case is really started; elsewhere a media
request is judged by what ``estimate_generation_cost`` says of it, which is free.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from contracts.cases import MEDIA_CALL, GoldenCase, load_cases
from contracts.check import Broken, CannotTell, Check, DoesNotApply, Function, Judgement
from contracts.judging import check_accepted, check_refused, cost_of, facets
from contracts.lanes.records import (
    Accepted,
    Blamed,
    check_outputs,
    check_records,
    read_records,
)
from contracts.pricing import load_prices
from contracts.requirements import Requirement
from contracts.sources import make, media_type
from contracts.talk.backend import Backend
from contracts.talk.codes import BUSY, SHORT
from contracts.talk.exchange import Exchange, Reply, Trace
from contracts.talk.operations import BY_NAME

LANE = "rules"
QUOTE_CALL = "estimate_generation_cost"
STARTS_AT_ONCE = 4
LEAP_S = 86_400
TRIES = 12
LARGE_BYTES = 20_000_000
_HANDSHAKE = frozenset({"initialize", "notifications/initialized"})


def checks(requirements: Sequence[Requirement]) -> tuple[Check, ...]:
    """One check for each row with golden cases. Raises DataError, KeyError for an unknown case."""
    cases = load_cases()
    return tuple(
        _check(row, [cases[each] for each in row.cases])
        for row in requirements
        if row.lane == LANE and row.cases
    )


def _check(row: Requirement, cases: Sequence[GoldenCase]) -> Check:
    """Alone where its files are so large that several at once would fill the memory."""
    sizes = [each.size_bytes for case in cases for each in case.uploads.values()]
    large = sum(sizes) > LARGE_BYTES
    return Check((row.id,), rule(row, cases), row.surfaces, alone=large, name=row.id)


def rule(row: Requirement, cases: Sequence[GoldenCase]) -> Function:
    """The function that plays these cases: those to be refused first, so that nothing that runs
    can hide what they cost."""
    ordered = sorted(cases, key=lambda case: case.accepted is not None)

    async def played(backend: Backend, surface: str) -> Sequence[Judgement]:
        fitting = [case for case in ordered if _declared(case, backend)]
        if not fitting:
            raise DoesNotApply("the target declares another policy")
        table = Table(backend, surface, row)
        broken = await table.play_all(fitting)
        if broken is None:
            backend.log.exchanges.clear()  # nobody asks for them, and uploads are large
            return [Judgement(row.id)]
        return [Judgement(row.id, broken, table.failing_trace())]

    return played


@dataclass(slots=True)
class _World:
    """``last``: the one case that has it for itself. ``earlier``: requests went before it, of which
    some may have been accepted. ``starts``: accepted since the clock's last leap."""

    backend: Backend
    last: GoldenCase | None = None
    earlier: bool = False
    accepted: list[Accepted] = field(default_factory=list)
    starts: int = 0


class Table:
    """The cases of one requirement on one surface."""

    def __init__(self, backend: Backend, surface: str, row: Requirement) -> None:
        self._backend = backend
        self._surface = surface
        self._judged = facets(row)
        self._strength = row.strength
        self._starts = backend.has("control") or (
            row.cost != "free" and backend.target.max_credits > 0
        )
        self._parameters = row.parameters
        self._common = _World(backend)
        self._first = 0
        self._prepared = len(backend.log.exchanges)
        self._shown: list[tuple[int, int]] = []
        self._unplayed: list[str] = []

    async def play_all(self, cases: Sequence[GoldenCase]) -> Broken | CannotTell | None:
        """What is wrong with the first case that goes wrong. Raises Trouble, Withheld."""
        worlds = [self._common]
        refused = [case for case in cases if case.refused is not None and not case.own_world]
        try:
            before = await self._balance(refused)
            for case in cases:
                world = self._common
                if case.own_world:
                    world = await self._own_world(case)
                    worlds.append(world)
                await self._play(world, case)
                if case in refused[-1:]:
                    await self._check_balance(refused, before)
            for world in worlds:
                await self._check_records(world, refused)
        except Broken as broken:
            return broken
        except Blamed as blamed:
            self._shown.append(blamed.accepted.exchanges)
            return blamed.broken
        return CannotTell(self._unplayed[0]) if self._unplayed else None

    def failing_trace(self) -> Trace:
        """How the worlds were prepared, the case at fault, and what was read last."""
        spans = [*self._shown, (self._first, len(self._backend.log.exchanges))]
        return tuple(
            each
            for index, each in enumerate(self._backend.log.exchanges)
            if index < self._prepared
            or _prepares(each)
            or any(start <= index < end for start, end in spans)
        )

    async def _own_world(self, case: GoldenCase) -> _World:
        self._first = len(self._backend.log.exchanges)
        backend = await self._backend.fresh(
            credits=case.account_credits, scopes=case.scopes or None
        )
        return _World(backend, case, earlier=case.before > 0)

    async def _play(self, world: _World, case: GoldenCase) -> None:
        if not case.own_world:
            self._first = len(self._backend.log.exchanges)
        await self._leap_when_full(world)
        urls = {name: await self._upload(world.backend, case, name) for name in case.uploads}
        for _ in range(case.before):
            earlier = case.body(urls.__getitem__, earlier=True)
            await world.backend.call(case.call, earlier, surface=self._surface, patient=False)
        body = case.body(urls.__getitem__)
        reply = await self._sent(world, case, body)
        if reply is None:
            return
        if reply.code == SHORT and (case.refused or {}).get("error") != SHORT:
            await world.backend.check_covered(case.call, body, reply)
        if case.accepted is None:
            check_refused(case, reply, self._judged)
            return
        check_accepted(case, reply, self._judged)
        self._keep(world, case, reply)
        if "unchanged" in self._judged:
            await self._check_unchanged(world, case, body, reply)

    async def _check_unchanged(
        self, world: _World, case: GoldenCase, body: Mapping[str, Any], reply: Reply
    ) -> None:
        """The same request without what should not matter has the same price."""
        plain = {name: value for name, value in body.items() if name not in self._parameters}
        other = await self._sent(world, case, plain)
        if other is None:
            return
        without = "without " + ", ".join(name for name in self._parameters if name in body)
        if other.refused:
            raise Broken(f"acceptance {without} as well", other.summary, case.words)
        if cost_of(other) != cost_of(reply):
            raise Broken(
                f"one price with it and {without}, which is {cost_of(other)}",
                f"{cost_of(reply)} with it",
                case.words,
            )
        self._keep(world, None, other)

    async def _sent(self, world: _World, case: GoldenCase, body: Mapping[str, Any]) -> Reply | None:
        """None: nothing that is allowed can tell."""
        name = case.call
        if BY_NAME[name].starts and not self._may_start(name, body):
            if name != MEDIA_CALL or not world.backend.has("cost-estimate"):
                self._unplayed.append(f"{case.id} may cost credits, and none may be spent")
                return None
            if (case.refused or {}).get("status") == 422 and not self._quote_shows(body):
                self._unplayed.append(f"{case.id} can't be told by an estimate")
                return None
            name = QUOTE_CALL
        patient, refused = case.before == 0, case.accepted is None
        for _ in range(TRIES):
            reply = await world.backend.call(
                name, body, surface=self._surface, patient=patient, refused=refused
            )
            awaited = not patient or (case.refused or {}).get("error") == BUSY
            if reply.code != BUSY or awaited:
                return reply
            await world.backend.pause(LEAP_S)
        raise CannotTell("the account's other jobs do not end")

    def _may_start(self, name: str, body: Mapping[str, Any]) -> bool:
        """Where credits are real, only what the catalogue bounds is sent: the guard would not let
        anything else out."""
        if self._backend.has("control") or not self._starts:
            return self._starts
        return load_prices().worst_case(name, body) is not None

    def _quote_shows(self, body: Mapping[str, Any]) -> bool:
        """Whether a quote is to refuse the shape of a body as a start does: nowhere documented, and
        a quote needs no prompt."""
        prompt = body.get("prompt")
        return self._strength != "documented" and isinstance(prompt, str) and bool(prompt)

    def _keep(self, world: _World, case: GoldenCase | None, reply: Reply) -> None:
        if reply.generation_id:
            world.starts += 1
            span = (self._first, len(self._backend.log.exchanges))
            world.accepted.append(Accepted(case, reply, span))

    async def _leap_when_full(self, world: _World) -> None:
        if world.starts >= STARTS_AT_ONCE and world.backend.has("control"):
            await world.backend.advance(LEAP_S)
            world.starts = 0

    async def _upload(self, backend: Backend, case: GoldenCase, name: str) -> str:
        source = case.uploads[name]
        kind = media_type(source.extension)
        reply = await backend.upload(make(source), f"{name}.{source.extension}", kind)
        urls = reply.fields.get("urls") or [reply.fields.get("url")]
        if reply.refused or not isinstance(urls, list) or not isinstance(urls[0], str):
            raise Broken("an upload with its URL", reply.summary, case.words)
        return urls[0]

    # ---- what it cost ------------------------------------------------------------------------

    async def _balance(self, refused: Sequence[GoldenCase]) -> float:
        if not refused or self._backend.has("control"):
            return 0
        return await self._backend.balance()

    async def _check_balance(self, refused: Sequence[GoldenCase], before: float) -> None:
        """What was refused has cost nothing; a balance that grows is another job's refund."""
        if self._backend.has("control"):
            return
        after = await self._backend.balance()
        if after < before:
            names = ", ".join(case.id for case in refused)
            raise Broken(f"{before:g} credits after refusals", f"{after:g} ({names})")

    async def _check_records(self, world: _World, refused: Sequence[GoldenCase]) -> None:
        """On a simulator: the ledger and the jobs. Raises Broken, Blamed."""
        if not world.backend.has("control") or not (world.accepted or refused or world.last):
            return
        self._first = len(self._backend.log.exchanges)
        records = await read_records(world.backend)
        strangers = records.strangers(world.accepted)
        if strangers and world.last is None:
            await self._find_charged(world, refused)
        if strangers and not world.earlier:
            words = world.last.words if world.last else ""
            raise Broken("no job and no hold of a refused request", f"{strangers}", words)
        check_records(records, world.accepted, self._judged)
        await check_outputs(world.backend, self._surface, world.accepted, self._judged)

    async def _find_charged(self, world: _World, refused: Sequence[GoldenCase]) -> None:
        """Plays each refused case once more, to tell which of them leaves something behind. Raises
        Broken."""
        for case in refused:
            known = (await read_records(world.backend)).strangers(world.accepted)
            await self._play(world, case)
            found = (await read_records(world.backend)).strangers(world.accepted)
            left = sorted(set(found) - set(known))
            if left:
                raise Broken("no job and no hold of a refused request", f"{left}", case.words)


def _declared(case: GoldenCase, backend: Backend) -> bool:
    policies = backend.target.policies
    return all(policies.get(name) == value for name, value in case.policies.items())


def _prepares(exchange: Exchange) -> bool:
    return exchange.setup or exchange.call in _HANDSHAKE
