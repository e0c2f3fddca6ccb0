"""What may go wrong with a job, as a value; and the words in a prompt that ask for it."""

import re
from dataclasses import dataclass
from fractions import Fraction

from simulator.domain.evidence import ASSUMED, Ruling

RULINGS = (
    Ruling(
        "faults.magic-words",
        ASSUMED,
        "mediasim's own",
        "[sim:fail=reason], [sim:stuck] and [sim:slow=factor] in a prompt choose the job's fate"
        " (off with --no-magic).",
    ),
)

_MAGIC = re.compile(r"\[sim:(fail|stuck|slow)(?:=([A-Za-z0-9_.-]{1,64}))?\]")
_SLOW_MOST = 10_000


@dataclass(frozen=True, slots=True)
class JobFault:
    """A job's fate. ``fail`` is the reason given; ``at`` the fraction of the processing time at
    which it fails; ``slow`` stretches the whole timetable; ``stuck`` never ends."""

    fail: str | None = None
    at: Fraction = Fraction(1, 2)
    slow: Fraction = Fraction(1)
    stuck: bool = False


HEALTHY = JobFault()


def from_prompt(prompt: str) -> JobFault:
    """The fault that the prompt's magic words ask for; words it can't read are ordinary text."""
    fail, stuck, slow = None, False, Fraction(1)
    for word, value in _MAGIC.findall(prompt):
        if word == "fail":
            fail = value or "unspecified"
        elif word == "stuck":
            stuck = True
        else:
            slow = _factor(value) or slow
    return JobFault(fail=fail, slow=slow, stuck=stuck)


def _factor(text: str) -> Fraction | None:
    if not re.fullmatch(r"[0-9]{1,5}(\.[0-9]{1,3})?", text):
        return None
    factor = Fraction(text)
    return factor if 0 < factor <= _SLOW_MOST else None
