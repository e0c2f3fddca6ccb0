"""Credits of one account, in memory."""

from dataclasses import dataclass, field
from fractions import Fraction


def plain(credits: Fraction) -> int | float:
    """Credits as a JSON number; whole ones carry no point."""
    return int(credits) if credits.denominator == 1 else float(credits)


@dataclass
class Account:
    """What an account may spend, what is set aside for its jobs, and what is gone."""

    name: str
    available: Fraction
    spent: Fraction = Fraction(0)
    holds: dict[str, Fraction] = field(default_factory=dict)

    def hold(self, job_id: str, credits: Fraction) -> None:
        """Set credits aside for a job. Who calls has looked whether they are there."""
        self.available -= credits
        self.holds[job_id] = credits

    def capture(self, job_id: str) -> Fraction:
        """Spend what was set aside; the amount."""
        credits = self.holds.pop(job_id)
        self.spent += credits
        return credits

    def release(self, job_id: str) -> None:
        """Give back what was set aside."""
        self.available += self.holds.pop(job_id)
