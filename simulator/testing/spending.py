"""What a test spent, and whether that was more than it may."""

from collections.abc import Iterator

from simulator.client import ControlClient
from simulator.engine.control_shapes import JobView


class OverBudget(AssertionError):
    """A test spent more credits than it may; the text lists its jobs."""


def check_budget(control: ControlClient, credits: float) -> None:
    """Raises OverBudget when more than ``credits`` are captured or still held."""
    __tracebackhide__ = True
    figures = control.costs().total
    spent = round((figures.captured + figures.open) * 1000) / 1000
    if spent > credits:
        jobs = [job for job in control.jobs() if job.status != "failed"]
        raise OverBudget("\n".join(_lines(spent, credits, jobs)))


def _lines(spent: float, credits: float, jobs: list[JobView]) -> Iterator[str]:
    yield f"{spent:g} credits captured or held, the budget is {credits:g}"
    for job in sorted(jobs, key=lambda job: job.number):
        yield f"  {job.credits:g}  {job.model}  {job.id}  {job.account}  {job.status}"
        yield f"     {job.formula}"
