"""A state machine that mixes faults, the clock, queues, snapshots and starts: whatever happens, the
ledger's laws hold, and a fault has been told exactly as often as it was counted."""

from collections import Counter
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from simulator.domain.effects import effect_from_text, effect_of
from simulator.domain.errors import Denial, Rejection
from simulator.domain.faults import Fault, Fired, Match
from simulator.domain.ledger import balances, verify
from simulator.domain.traces import asked_of
from simulator.engine.asks import Asks
from simulator.engine.bodies import CostBody, GenerationId, MediaBody
from simulator.engine.lab import Queue
from simulator.engine.snapshots.keeper import Snapshots
from simulator.engine.snapshots.labtext import lab_extras
from simulator.engine.store.base import History
from simulator.engine.worlds import Caller, Defaults
from tests.engine.driving import caller, done, leap
from tests.engine.snapshotting import Drawer
from tests.engine.world import make_provider

CREDITS = 60_000
MODELS = ("nano-banana", "z-image")
EFFECTS = (
    *("fail=timeout;at=0.2", "moderation=before", "stuck", "slow=0.2", "slow=4"),
    *("late_visibility=30", "late_cdn=60", "optimization_failed", "broken_file=truncated"),
    *("insufficient", "price=2", "price=0", "stale_estimate=3", "status=503"),
)
ACCOUNTS = st.sampled_from(["main", "alice"])
STEPS_MS = st.sampled_from([1, 1_000, 5_000, 30_000, 600_000])


@dataclass
class Known:
    """What has been told so far: each rule's faults, and each job's account."""

    told: Counter[str] = field(default_factory=Counter)
    jobs: dict[str, str] = field(default_factory=dict)

    def copy(self) -> "Known":
        return Known(Counter(self.told), dict(self.jobs))


class Troubled(RuleBasedStateMachine):
    """Two accounts of one world, a clock that stands still unless it is moved."""

    @initialize(effects=st.lists(st.sampled_from(EFFECTS), min_size=2, max_size=6))
    def begin(self, effects: list[str]) -> None:
        self.provider = make_provider(limits=True, defaults=Defaults(frozen=True, credits=CREDITS))
        self.world = caller(self.provider).world
        self.snapshots = Snapshots(self.provider.worlds, Drawer(), lab_extras())
        self.known = Known()
        self.saved: dict[str, tuple[Known, int]] = {}
        self.now_ms = done(self.provider.worlds.now(self.world))
        for number, effect in enumerate(effects):
            self.arm(effect, 4, number % 2, Fraction(1), None, None)

    def history(self) -> History:
        return done(self.provider.store.history(self.world.id, self.now_ms))

    def arm(
        self,
        effect: str,
        times: int | None,
        skip: int,
        chance: Fraction,
        model: str | None,
        window_ms: int | None,
    ) -> None:
        until_ms = None if window_ms is None else self.now_ms + window_ms
        self.world.lab.faults.add(
            Fault(
                id="",
                number=0,
                match=Match(model=model),
                effect=effect_from_text(effect),
                times=times,
                skip=skip,
                probability=chance,
                until_ms=until_ms,
            ),
            self.now_ms,
        )

    def asking(self, account: str, operation: str, header: str) -> tuple[Caller, Asks]:
        asked = (Fired("header", effect_from_text(header)),) if header else ()
        asks = Asks(operation=operation, asked=asked)
        return replace(caller(self.provider, account=account), asks=asks), asks

    @rule(
        effect=st.sampled_from(EFFECTS),
        times=st.sampled_from([None, 1, 3]),
        skip=st.sampled_from([0, 0, 2]),
        chance=st.sampled_from([Fraction(1), Fraction(1), Fraction(1, 3)]),
        model=st.sampled_from([None, *MODELS]),
        window_ms=st.sampled_from([None, None, 40_000]),
    )
    def arm_one(
        self,
        effect: str,
        times: int | None,
        skip: int,
        chance: Fraction,
        model: str | None,
        window_ms: int | None,
    ) -> None:
        self.arm(effect, times, skip, chance, model, window_ms)

    @precondition(lambda self: self.world.lab.faults)
    @rule(data=st.data())
    def disarm(self, data: Any) -> None:
        armed = [one.fault.id for one in self.world.lab.faults.all()]
        assert self.world.lab.faults.remove(data.draw(st.sampled_from(armed)))

    @rule(
        account=ACCOUNTS,
        model=st.sampled_from(MODELS),
        header=st.sampled_from(["", "", "", "fail", "slow=2", "price=3"]),
        words=st.sampled_from(["", "", " [sim:stuck]", " [sim:fail=prompt][sim:slow=3]"]),
    )
    def start(self, account: str, model: str, header: str, words: str) -> None:
        who, asks = self.asking(account, "generate_media", header)
        before, taken = self.history(), self.counted()
        try:
            answer = done(
                self.provider.generate_media(who, MediaBody(prompt=f"x{words}", model=model))
            )
        except Rejection as refusal:
            assert self.history() == before
            felt = {one.effect.kind for one in asks.fired}
            wanted = {"insufficient", "price"} if refusal.code == "insufficient_credits" else set()
            assert felt <= wanted
        else:
            self.known.jobs[answer.id] = account
            job = done(self.provider.store.job(self.world.id, answer.id))
            assert job is not None
            assert [one.id for one in asked_of(job)] == [one.id for one in asks.fired]
        self.known.told.update(one.id for one in asks.fired)
        assert sum((self.counted() - taken).values()) == len(
            [one for one in asks.fired if one.id.startswith("fault-")]
        )

    @rule(account=ACCOUNTS, model=st.sampled_from(MODELS))
    def quote(self, account: str, model: str) -> None:
        who, asks = self.asking(account, "estimate_generation_cost", "")
        before = self.history()
        done(self.provider.estimate_generation_cost(who, CostBody(model=model)))
        self.known.told.update(one.id for one in asks.fired)
        assert {one.effect.kind for one in asks.fired} <= {"price", "stale_estimate"}
        assert self.history() == before

    @precondition(lambda self: self.known.jobs)
    @rule(data=st.data())
    def look(self, data: Any) -> None:
        job_id = data.draw(st.sampled_from(sorted(self.known.jobs)))
        who, asks = self.asking(self.known.jobs[job_id], "get_generation_status", "")
        taken = self.counted()
        try:
            shown = done(self.provider.get_generation_status(who, GenerationId(job_id)))
        except Denial:
            shown = None
        kinds = {one.effect.kind for one in asks.fired}
        assert ("late_visibility" in kinds) == (shown is None)
        if shown is not None:
            assert (shown.status == "failed") == bool(kinds & {"fail", "moderation"})
            assert ("late_cdn" in kinds) == (shown.status == "completed" and not shown.cdn_ready)
        assert self.counted() == taken

    @rule(model=st.sampled_from(MODELS), workers=st.integers(1, 3), burst=st.integers(0, 4))
    def line_up(self, model: str, workers: int, burst: int) -> None:
        self.world.lab.queues[model] = Queue(model, workers, burst, 20_000, self.now_ms)

    @rule(step_ms=STEPS_MS)
    def move(self, step_ms: int) -> None:
        self.now_ms = leap(self.provider, self.world, step_ms)

    @rule(name=st.sampled_from(["a", "b"]))
    def save(self, name: str) -> None:
        done(self.snapshots.save(self.world, name, replace=True))
        self.saved[name] = self.known.copy(), self.now_ms

    @precondition(lambda self: self.saved)
    @rule(data=st.data())
    def restore(self, data: Any) -> None:
        name = data.draw(st.sampled_from(sorted(self.saved)))
        kept = done(self.snapshots.restore(self.world, name))
        known, self.now_ms = self.saved[name]
        self.known = known.copy()
        again = done(self.snapshots.save(self.world, "again", replace=True))
        assert again.text == kept.text

    def counted(self) -> Counter[str]:
        """How often each rule has been taken, by the book."""
        return Counter({one.fault.id: one.fired for one in self.world.lab.faults.all()})

    @invariant()
    def no_law_of_the_ledger_is_broken(self) -> None:
        history = self.history()
        assert verify(history.entries, history.jobs, history.balances, self.now_ms) == []
        assert balances(history.entries) == history.balances
        assert all(balance.available >= 0 for balance in history.balances.values())
        assert {job.id for job in history.jobs} == set(self.known.jobs)

    @invariant()
    def a_rule_is_told_as_often_as_it_is_counted_and_never_too_often(self) -> None:
        for one in self.world.lab.faults.all():
            assert one.fired == self.known.told[one.fault.id]
            assert one.left is None or one.left >= 0
            assert effect_of(one.fault.effect.as_dict()) == one.fault.effect


Troubled.TestCase.settings = settings(
    max_examples=max(60, settings().max_examples // 5), stateful_step_count=40
)
TestTroubled = Troubled.TestCase
