"""What a test spent, and whether that was more than it may."""

from collections.abc import Iterator

from simulator.client import ControlClient
from simulator.engine.control_shapes import JobView


def over_budget(control: ControlClient, credits: float) -> str:
    """Empty unless more than ``credits`` are captured or still held; else the jobs that they went
    to, in lines."""
    figures = control.costs().total
    spent = round((figures.captured + figures.open) * 1000) / 1000
    if spent <= credits:
        return ""
    jobs = [job for job in control.jobs() if job.status != "failed"]
    return "\n".join(_lines(spent, credits, jobs))


def _lines(spent: float, credits: float, jobs: list[JobView]) -> Iterator[str]:
    yield f"over budget: {spent:g} credits captured or held, {credits:g} allowed"
    for job in sorted(jobs, key=lambda job: job.number):
        yield f"  {job.credits:g}  {job.model}  {job.id}  {job.account}  {job.status}"
        yield f"     {job.formula}"
