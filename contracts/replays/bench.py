"""A check is judged again, offline, on its recorded answers, some of them altered."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import cast

from contracts.check import Broken, Check
from contracts.replays.heard import Cassette, Diverged, Heard, PastTheEnd, world_of
from contracts.talk.backend import Backend
from contracts.talk.exchange import Exchange, parsed
from contracts.talk.keys import Keys
from contracts.talk.wire import Log, Sent, Trouble, Wire
from contracts.target import Target

ONCE_S = 2.0
LEAP = "POST clock/advance"
Verdict = tuple[str, str]
"""Where a check failed and what it expected; two empty texts: it did not."""
HOLDS: Verdict = ("", "")
WAITS: Verdict = ("", "waits")
"""It did not fail where it had, but only looks once more."""

MOVED: Verdict = ("", "moved")
"""It failed for something else, and not earlier."""


@dataclass(frozen=True, slots=True)
class Bench:
    """``heard``: the answers as they were. ``example``: what a search is to play alone. ``got``:
    what was told in place of what was expected."""

    check: Check
    surface: str
    requirement: str
    heard: Sequence[Heard]
    target: Target
    era: str
    example: tuple[str, object] | None = None
    got: str = ""

    async def holds(self, altered: Mapping[int, Heard], *, loose: bool = False) -> bool:
        """Whether the check is content with these in place of what was answered. ``loose``: it may
        leave some of its requests out."""
        return await self.judged(altered, loose=loose) == HOLDS

    async def judged(self, altered: Mapping[int, Heard], *, loose: bool = False) -> Verdict | None:
        """None: it can't be told."""
        name = world_of(self.heard)
        cassette = Cassette(self.heard, altered, loose=loose)
        target = replace(self.target, poll_s=0.0)
        # A backend asks of its wire only that it sends.
        wire = cast("Wire", cassette)
        log = Log(example=self.example)
        backend = Backend(target, wire, Keys("k", "k2"), era=self.era, name=name, log=log)
        try:
            async with asyncio.timeout(ONCE_S):
                if target.has_worlds:
                    await backend.prepare(credits=self.check.credits)
                judged = await self.check.function(backend, self.surface)
        except Broken as broken:
            if cassette.left and not loose:
                return None  # it failed for something that came before
            return _place(broken), broken.expected
        except PastTheEnd as end:
            # One that judges much at once goes on for other reasons than that it was content.
            if len(self.check.requirements) > 1 and self.example is None:
                return None
            again = _asks(end.sent, self.heard[-1].exchange)
            return WAITS if again or end.sent.call == LEAP else HOLDS
        except (Diverged, Trouble, TimeoutError):
            return None
        except Exception:  # noqa: BLE001 - an altered answer may be one that no check foresees
            return None
        for each in judged or ():
            if each.requirement == self.requirement and each.broken is not None:
                wrong = each.broken
                return (_place(wrong), wrong.expected) if isinstance(wrong, Broken) else None
        # One that ends early has not seen what was wrong.
        return None if cassette.left and not loose else HOLDS


def _asks(sent: Sent, told: Exchange) -> bool:
    """Whether the same is asked once more, whichever number the request has."""
    if (sent.call, sent.path, sent.who) != (told.call, told.path, told.who):
        return False
    one, other = parsed(sent.body), parsed(told.sent)
    if isinstance(one, dict) and isinstance(other, dict):
        return {**one, "id": 0} == {**other, "id": 0}
    return sent.body == told.sent


def _place(broken: Broken) -> str:
    lines, trace = [], broken.__traceback__
    while trace is not None:
        lines.append(f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}")
        trace = trace.tb_next
    return ">".join(lines)
