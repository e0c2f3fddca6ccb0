"""One run of the contract suite inside pytest: the plan is made when tests are collected, and a
check is made when the first of its tests needs it."""

import asyncio
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace

import pytest

from contracts.data import DataError
from contracts.opening import Asked, client, era_of, found, runner
from contracts.plan import Choice, Item, Plan, PlanError, all_checks, make_plan
from contracts.requirements import LEVELS, Requirement, by_id, load_requirements
from contracts.run import Findings, Runner, Settings
from contracts.talk.keys import NoKey
from contracts.target import Target, WrongTarget
from contracts.verdicts import Finding, Verdict

FAILED = (Verdict.FAIL, Verdict.UNEXPECTED_PASS)
KEY = pytest.StashKey["Session"]()


@dataclass(frozen=True, slots=True)
class Question:
    """One requirement on one surface: a test. ``item`` None: ``left`` says why it is not made."""

    row: Requirement
    surface: str
    item: Item | None = None
    left: Finding | None = None

    @property
    def name(self) -> str:
        return f"{self.row.id}-{self.surface}"


class Session:
    """``plan``: with the whole cap, so that every worker collects the same tests."""

    def __init__(self, config: pytest.Config) -> None:
        self._loop = asyncio.new_event_loop()
        self._stack = AsyncExitStack()
        self._spent = Findings()
        self._made: dict[int, Mapping[str, Finding]] = {}
        try:
            self.target, self.plan, self._runner = self._loop.run_until_complete(
                self._opened(config)
            )
        except BaseException:
            self.close()
            raise

    @property
    def questions(self) -> list[Question]:
        """In the plan's order, what is not made last."""
        rows = by_id(self.plan.requirements)
        asked = [
            Question(row, item.surface, item=item)
            for item in self.plan.items
            for row in item.requirements
        ]
        left = [
            Question(rows[each.requirement], each.surface, left=each) for each in self.plan.left
        ]
        return [*asked, *left]

    def answer(self, question: Question) -> Finding:
        """What came of it."""
        if question.item is None:
            assert question.left is not None
            return question.left
        index = question.item.index
        if index not in self._made:
            judged = self._loop.run_until_complete(self._runner.judge(question.item, self._spent))
            self._made[index] = {each.requirement: each for each in judged}
        return self._made[index][question.row.id]

    def close(self) -> None:
        """Ends the guard and the client."""
        self._loop.run_until_complete(self._stack.aclose())
        self._loop.close()

    async def _opened(self, config: pytest.Config) -> tuple[Target, Plan, Runner]:
        """Raises UsageError."""
        try:
            http = await self._stack.enter_async_context(client())
            target = await found(http, _asked(config))
            workers = _workers(config)
            if workers > 1 and not target.has_worlds:
                raise pytest.UsageError(
                    "one account can't be checked by several processes at once: leave -n out"
                )
            choice, rows = _choice(config), load_requirements()
            plan = make_plan(rows, all_checks(rows, choice.lanes), target, choice)
            settings = Settings(config.getoption("--mediasim-seed"), 1, era_of(target, ""))
            # Should a target with worlds ever cost something, the workers share the cap.
            mine = replace(target, max_credits=target.max_credits // workers)
            ready = await self._stack.enter_async_context(runner(http, mine, settings))
        except (DataError, NoKey, PlanError, WrongTarget) as error:
            raise pytest.UsageError(str(error)) from error
        return target, plan, ready


def session_of(config: pytest.Config) -> Session:
    """The one of this process; made when it is first asked for. Raises UsageError."""
    made = config.stash.get(KEY, None)
    if made is None:
        made = config.stash[KEY] = Session(config)
        config.add_cleanup(made.close)
    return made


def story(question: Question, finding: Finding) -> str:
    """Why a test fails."""
    row = question.row
    lines = [
        f"{row.id} over {question.surface}: {finding.why}",
        f"must hold: {row.says}",
        f"source: {row.section} ({row.strength})",
    ]
    if finding.expected:
        lines += [f"expected: {finding.expected}", f"got: {finding.got}"]
    calls = [each for each in finding.trace if not each.setup]
    lines += [f"  {each.method} {each.path} {each.call}: {each.status}" for each in calls[-6:]]
    return "\n".join(lines)


def _workers(config: pytest.Config) -> int:
    """1 outside xdist."""
    told = getattr(config, "workerinput", None)
    return int(told["workercount"]) if told else 1


def _asked(config: pytest.Config) -> Asked:
    return Asked(
        target=config.getoption("--mediasim-target"),
        mcp_url=config.getoption("--mediasim-mcp-url"),
        key_env=config.getoption("--mediasim-key-env"),
        max_credits=config.getoption("--mediasim-max-credits"),
        conformance=config.getoption("--mediasim-conformance"),
    )


def _choice(config: pytest.Config) -> Choice:
    """Raises UsageError."""
    level, shard = config.getoption("--mediasim-level"), config.getoption("--mediasim-shard")
    if level not in LEVELS:
        raise pytest.UsageError(f"--mediasim-level {level!r}, expected one of {', '.join(LEVELS)}")
    part, _, parts = shard.partition("/")
    if not (part.isdecimal() and parts.isdecimal() and 1 <= int(part) <= int(parts)):
        raise pytest.UsageError(f"--mediasim-shard {shard!r}, expected for example 2/3")
    lanes = [name.strip() for name in config.getoption("--mediasim-lanes").split(",")]
    return Choice(level, tuple(name for name in lanes if name), (int(part), int(parts)))
