"""One account from its first credit to the end of its jobs, beside a model of what it should have.

Each law is one sentence about what was seen. A law that was found broken is left out of later
examples; the model then believes the backend, so that one fault does not look like many.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from contracts.judging import cost_of
from contracts.lanes.lifecycle import RANK
from contracts.lanes.looking import NO_ID, NUMBER
from contracts.lanes.searching import Watch
from contracts.lanes.steps import (
    FOLLOWING_LOOKS,
    Ask,
    Example,
    Follow,
    Look,
    Poll,
    Quote,
    Step,
    Wait,
)
from contracts.talk.backend import FINAL, Backend
from contracts.talk.codes import SHORT
from contracts.talk.exchange import Reply

CHARGED = "laws:billing:charged-as-told"
LISTED = "laws:billing:documented-price"
QUOTED = "laws:billing:quoted-as-charged"
REFUSED = "laws:billing:refused-is-free"
READING = "laws:billing:reading-is-free"
NEGATIVE = "laws:billing:never-negative"
ENOUGH = "laws:billing:enough-is-enough"
FAILED = "laws:billing:failed-is-free"
ADDS_UP = "laws:billing:adds-up"
ONCE = "laws:billing:settled-once"
FORWARD = "laws:lifecycle:forward"
FINAL_STAYS = "laws:lifecycle:final-stays"
PROGRESS = "laws:lifecycle:progress"
HUNDRED = "laws:lifecycle:hundred-when-completed"
OUTPUTS = "laws:lifecycle:outputs-when-completed"
ENDS = "laws:lifecycle:ends"
STARTED = "laws:lifecycle:listed-is-started"

BILLING = (*(CHARGED, LISTED, QUOTED, REFUSED, READING, NEGATIVE, ENOUGH, FAILED, ADDS_UP, ONCE),)
LIFECYCLE = (FORWARD, FINAL_STAYS, PROGRESS, HUNDRED, OUTPUTS, ENDS, STARTED)
LAWS = (*BILLING, *LIFECYCLE)

QUOTE_CALL = "estimate_generation_cost"
FIRST_PAGE = 25
_LONG_S = 86_400


@dataclass(slots=True)
class Job:
    """One that was accepted, as it was last seen. ``final``: its first final answer."""

    id: str
    price: float
    status: str = "pending"
    progress: float = 0
    final: Mapping[str, Any] | None = None


@dataclass(slots=True)
class Play:
    """One example on one surface. ``spend_most``: what all starts of the check may cost, None on
    a simulator."""

    backend: Backend
    surface: str
    watch: Watch
    spend_most: float | None = None
    available: float = 0
    granted: float = 0
    jobs: list[Job] = field(default_factory=list)

    async def run(self, example: Example) -> None:
        """Raises LawBroken, and what a check may raise."""
        if self.backend.target.has_worlds:
            await self.backend.prepare(credits=example.credits)
        self.available = self.granted = await self.backend.balance(surface=self.surface)
        for step in example.steps:
            await self._step(step)
        await self._end()

    async def _step(self, step: Step) -> None:
        match step:
            case Ask():
                await self._ask(step)
            case Quote(dish):
                await self._quoted(dish.request())
            case Look(call, job):
                await self._look(call, job)
            case Poll(number):
                if self.jobs:
                    await self._poll(self.jobs[number % len(self.jobs)])
            case Wait(seconds):
                await self._wait(seconds)
            case Follow(number, seconds):
                for _ in range(FOLLOWING_LOOKS if self.jobs else 0):
                    await self._wait(seconds)
                    await self._poll(self.jobs[number % len(self.jobs)])

    async def _wait(self, seconds: float) -> None:
        await self.backend.pause(seconds)
        await self._read(READING, "after some time", passes=True)

    # ---- starts ------------------------------------------------------------------------------

    async def _ask(self, step: Ask) -> None:
        spent = self.backend.log.credits + step.dish.worst_credits
        if self.spend_most is not None and spent > self.spend_most:
            return
        body = step.dish.request(fails=step.fails)
        before = self.available
        reply = await self.backend.call("generate_media", body, surface=self.surface)
        if reply.refused:
            await self._not_started(body, reply, before)
        else:
            await self._started(step, body, reply, before)

    async def _not_started(self, body: Mapping[str, Any], reply: Reply, before: float) -> None:
        await self._read(REFUSED, "after a refusal")
        if reply.code != SHORT:
            return
        quoted = await self._quoted(body)
        if quoted is not None:
            got = f"{reply.summary}, with {before:g} credits"
            self.watch.hold(ENOUGH, quoted > before, f"a start for {quoted:g} credits", got)

    async def _started(
        self, step: Ask, body: Mapping[str, Any], reply: Reply, before: float
    ) -> None:
        told = cost_of(reply)
        after = await self.backend.balance(surface=self.surface)
        self.available = after
        self.jobs.append(Job(reply.generation_id, before - after if told is None else told))
        lost = self._may_return()
        fits = told is not None and any(_near(before - told + back, after) for back in lost)
        wanted = f"{told} credits less than {before:g}"
        self.watch.hold(CHARGED, fits, wanted, f"{after:g} credits")
        self._believe(after, [before - self.jobs[-1].price + back for back in lost])
        self.watch.hold(NEGATIVE, after >= 0, "a balance of 0 or more", f"{after:g} credits")
        listed = step.dish.credits
        if listed is not None and told is not None:
            self.watch.hold(LISTED, _near(told, listed), f"{listed:g} credits", f"{told:g} credits")
        quoted = await self._quoted(body)
        if quoted is not None and told is not None:
            self.watch.hold(QUOTED, _near(told, quoted), f"the quoted {quoted:g}", f"{told:g}")

    async def _quoted(self, body: Mapping[str, Any]) -> float | None:
        """What the estimate says; None without one."""
        if not self.backend.has("cost-estimate"):
            return None
        reply = await self.backend.call(QUOTE_CALL, body, surface=self.surface)
        await self._read(READING, "after a quote")
        return None if reply.refused else cost_of(reply)

    # ---- looks -------------------------------------------------------------------------------

    async def _look(self, call: str, number: int) -> None:
        if call == "get_generation_status":
            known = self.jobs[number].id if number < len(self.jobs) else NO_ID
            given = {"generation_id": known}
        else:
            given = {}
        await self.backend.call(call, given, surface=self.surface)
        await self._read(READING, f"after {call}")

    async def _poll(self, job: Job) -> None:
        seen = await self.backend.poll(job.id, surface=self.surface)
        await self._read(READING, "after a look at a job")
        status, progress = str(seen["status"]), seen.get("progress")
        done = status == "completed"
        forward = RANK.get(status, -1) >= RANK.get(job.status, -1) and (
            job.final is not None or job.status not in FINAL or status == job.status
        )
        self.watch.hold(FORWARD, forward, f"{job.status} or later", status)
        if job.final is not None:
            changed = sorted(k for k in {**job.final, **seen} if job.final.get(k) != seen.get(k))
            wanted = "nothing that changes after the end"
            self.watch.hold(FINAL_STAYS, not changed, wanted, ", ".join(changed))
        if not isinstance(progress, NUMBER) or isinstance(progress, bool):
            self.watch.hold(PROGRESS, None, "progress as a number", repr(progress))
            progress = job.progress
        rises = job.progress <= progress <= 100
        self.watch.hold(PROGRESS, rises, f"progress from {job.progress:g} to 100", f"{progress:g}")
        wanted = "progress 100" if done else f"progress below 100 while {status}"
        self.watch.hold(HUNDRED, (progress == 100) == done, wanted, f"{progress:g}")
        outputs = seen.get("outputs") or []
        wanted = "outputs" if done else f"no outputs while {status}"
        self.watch.hold(OUTPUTS, bool(outputs) == done, wanted, f"{len(outputs)} outputs")
        job.status, job.progress = status, progress
        if status in FINAL and job.final is None:
            job.final = seen

    async def _read(self, law: str, when: str, *, passes: bool = False) -> None:
        """The balance, which may have changed only by what came back of failed jobs. ``passes``:
        time has passed, else that can't be where the clock stands still."""
        before = self.available
        after = await self.backend.balance(surface=self.surface)
        self.available = after
        back = self._may_return() if passes or not self.backend.has("control") else [0.0]
        fits = any(_near(before + each, after) for each in back)
        self.watch.hold(law, fits, f"{before:g} credits {when}", f"{after:g} credits")
        self._believe(after, [before + each for each in back])
        self.watch.hold(NEGATIVE, after >= 0, "a balance of 0 or more", f"{after:g} credits")

    def _believe(self, after: float, explained: Sequence[float]) -> None:
        """What one law has told of is not told again by the sum in the end."""
        nearest = min(explained, key=lambda each: abs(each - after))
        self.granted += after - nearest

    def _may_return(self) -> list[float]:
        """The sums that failing jobs may have given back since the last look."""
        sums = {0.0}
        for job in self.jobs:
            if job.status not in FINAL or job.status == "failed":
                sums |= {each + job.price for each in sums}
        return sorted(sums)

    # ---- the end -----------------------------------------------------------------------------

    async def _end(self) -> None:
        if self.backend.has("control"):
            await self.backend.advance(_LONG_S)
            await self._read(READING, "after a day", passes=True)
        for job in self.jobs:
            if not self.backend.has("control"):
                await self.backend.wait_finished(job.id, surface=self.surface)
            await self._poll(job)
            self.watch.hold(ENDS, job.status in FINAL, "a job that ends", job.status)
        for job in self.jobs:
            await self._poll(job)
        await self._add_up()
        await self._listed()
        if self.backend.has("control"):
            await self._settled()

    async def _add_up(self) -> None:
        after = await self.backend.balance(surface=self.surface)
        kept = sum(job.price for job in self.jobs if job.status != "failed")
        lost = [job.price for job in self.jobs if job.status == "failed"]
        fits = _near(self.granted - kept, after)
        told = f"{self.granted - kept:g} credits"
        if lost:
            told = f"{told}, of failed jobs all {sum(lost):g} given back"
        self.watch.hold(FAILED if lost else ADDS_UP, fits, told, f"{after:g} credits")

    async def _listed(self) -> None:
        reply = await self.backend.call("get_generations", surface=self.surface)
        rows = [row for row in reply.fields.get("generations") or [] if isinstance(row, dict)]
        told = [(row.get("generation_id") or row.get("id"), row.get("status")) for row in rows]
        wanted = [(job.id, job.status) for job in reversed(self.jobs)][:FIRST_PAGE]
        if self.backend.target.has_worlds:
            fits = sorted(map(str, told)) == sorted(map(str, wanted))
        else:
            fits = set(wanted) <= set(told)
        self.watch.hold(STARTED, fits, f"what was started: {wanted}", told)

    async def _settled(self) -> None:
        """The simulator's own books."""
        reply = await self.backend.control("GET", "ledger", setup=False)
        kinds: dict[str, list[str]] = {job.id: [] for job in self.jobs}
        for entry in reply.fields["entries"]:
            if entry["generation_id"]:
                kinds.setdefault(entry["generation_id"], []).append(entry["kind"])
        for job in self.jobs:
            ending = "release" if job.status == "failed" else "capture"
            fits = kinds[job.id] == ["hold", ending]
            self.watch.hold(ONCE, fits, f"one hold, one {ending}", kinds[job.id])
        strangers = sorted(set(kinds) - {job.id for job in self.jobs})
        self.watch.hold(ONCE, not strangers, "no entry of a request that was refused", strangers)
        told = reply.fields["balance"]
        whole = told["available"] + told["held"] + told["spent"]
        fits = _near(whole, self.granted) and told["held"] == 0
        self.watch.hold(ADDS_UP, fits, f"{self.granted:g} credits, none of them held", told)


def _near(one: float, other: float) -> bool:
    """Equal but for what floating point loses of thousandths."""
    return abs(one - other) < 1e-6
