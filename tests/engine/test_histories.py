"""A state machine over the provider: whatever happens, the ledger's laws and the jobs' hold."""

from dataclasses import dataclass, field
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from simulator.domain.errors import Rejection
from simulator.domain.jobs import STATUSES
from simulator.domain.ledger import balances, verify
from simulator.engine.bodies import MediaBody, Nothing
from simulator.engine.store.base import History
from simulator.engine.worlds import Defaults
from tests.engine.driving import caller, done, leap, poll
from tests.engine.script import IMAGE, VIDEO
from tests.engine.world import make_provider

CREDITS = 1_000_000
NUMBERS = ("available", "required")
PROMPTS = ("x", "x", "[sim:fail=content_policy]", "[sim:stuck]", "[sim:slow=3]", "[sim:slow=0.1]")
REQUESTS: tuple[dict[str, Any], ...] = (
    {"model": "nano-banana"},
    {"model": "gpt-image-2", "resolution": "2K", "aspect_ratio": "4:3"},
    {"model": "kling-3-0-pro", "generation_type": "text-to-video", "sound": True},
    {"model": "seedance-2-480p-video-ref", "generation_type": "text-to-video"},
    {
        "model": "kling-3-0-motion-control-1080p",
        "generation_type": "image-to-video",
        "source_media_urls": [IMAGE, VIDEO],
    },
    {"model": "seedance-2-1080p", "generation_type": "text-to-video", "duration": 15},
    {"model": "kling-3-0-std"},
)


@dataclass
class Seen:
    """What the polls of one generation have shown so far."""

    account: str
    price: float
    status: int = 0
    progress: int = 0
    settled: bool = False
    ends: set[str] = field(default_factory=set)


class Provided(RuleBasedStateMachine):
    """Two accounts of one world, a clock that stands still unless it is moved."""

    @initialize()
    def begin(self) -> None:
        self.provider = make_provider(limits=True, defaults=Defaults(frozen=True, credits=CREDITS))
        self.world = caller(self.provider).world
        self.seen: dict[str, Seen] = {}
        self.now_ms = done(self.provider.worlds.now(self.world))

    def history(self) -> History:
        return done(self.provider.store.history(self.world.id, self.now_ms))

    @rule(
        request=st.sampled_from(REQUESTS),
        prompt=st.sampled_from(PROMPTS),
        account=st.sampled_from(["main", "alice"]),
    )
    def start(self, request: dict[str, Any], prompt: str, account: str) -> None:
        who = caller(self.provider, account=account)
        before = self.history()
        available = before.balances[account].available / 1000
        try:
            answer = done(self.provider.generate_media(who, MediaBody(prompt=prompt, **request)))
        except Rejection as refusal:
            assert self.history() == before
            shown, needed = (refusal.fields.get(f"{word}_credits") for word in NUMBERS)
            assert (shown, needed) == (None, None) or (shown == available < float(str(needed)))
        else:
            assert answer.estimated_cost_credits <= available
            assert answer.id not in self.seen
            self.seen[answer.id] = Seen(account, float(answer.estimated_cost_credits))

    @rule(step_ms=st.sampled_from([1, 999, 1_000, 3_000, 20_000, 300_000]))
    def move(self, step_ms: int) -> None:
        self.now_ms = leap(self.provider, self.world, step_ms)

    @rule()
    def move_to_the_next_event(self) -> None:
        instant_ms = done(self.provider.store.next_event(self.world.id, self.now_ms))
        if instant_ms is not None:
            assert instant_ms > self.now_ms
            self.now_ms = leap(self.provider, self.world, instant_ms - self.now_ms)

    @precondition(lambda self: self.seen)
    @rule(data=st.data())
    def look(self, data: Any) -> None:
        generation = data.draw(st.sampled_from(sorted(self.seen)))
        seen = self.seen[generation]
        shown = poll(self.provider, caller(self.provider, account=seen.account), generation)
        status = STATUSES.index(shown.status)
        assert status >= seen.status
        assert shown.progress >= seen.progress
        assert (shown.progress == 100) == (shown.status == "completed")
        assert bool(shown.outputs) == shown.cdn_ready == (shown.status == "completed")
        assert (shown.error_message is not None) == (shown.status == "failed")
        assert shown.credits_deducted == (0 if shown.status == "failed" else seen.price)
        if status >= STATUSES.index("completed"):
            seen.ends.add(shown.status)
            assert len(seen.ends) == 1
        seen.status, seen.progress = status, shown.progress

    @rule(account=st.sampled_from(["main", "alice"]))
    def ask_for_the_balance(self, account: str) -> None:
        who = caller(self.provider, account=account)
        shown = done(self.provider.get_balance(who, Nothing())).credits
        assert shown == self.history().balances[account].available / 1000

    @rule(account=st.sampled_from(["main", "alice"]), change=st.integers(-300_000, 300_000))
    def adjust(self, account: str, change: int) -> None:
        who = caller(self.provider, account=account)
        before = self.history()
        adjusting = self.provider.store.adjust(self.world.id, account, change, "r", self.now_ms)
        try:
            balance = done(adjusting)
        except Rejection:
            assert before.balances[who.account].available + change < 0
            assert self.history() == before
        else:
            assert balance.available == before.balances[account].available + change

    @invariant()
    def no_law_of_the_ledger_is_broken(self) -> None:
        history = self.history()
        assert verify(history.entries, history.jobs, history.balances, self.now_ms) == []
        assert balances(history.entries) == history.balances
        assert all(balance.available >= 0 for balance in history.balances.values())
        assert {job.id for job in history.jobs} == set(self.seen)

    @invariant()
    def every_credit_was_issued(self) -> None:
        for balance in self.history().balances.values():
            assert balance.available + balance.held + balance.spent + balance.issued == 0


Provided.TestCase.settings = settings(
    max_examples=max(250, settings().max_examples // 5), stateful_step_count=50
)
TestHistories = Provided.TestCase
