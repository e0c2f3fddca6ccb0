"""Jobs made to measure."""

from typing import Any

from simulator.domain.faults import HEALTHY, JobFault
from simulator.domain.jobs import Job, timetable
from simulator.domain.times import WORLD_BEGINS_MS


def a_job(
    number: int = 1,
    *,
    fault: JobFault = HEALTHY,
    estimate_s: int = 30,
    factor: int = 1_000,
    created_at_ms: int = WORLD_BEGINS_MS,
    **changes: Any,
) -> Job:
    fields: dict[str, Any] = {
        "id": f"job-{number}",
        "number": number,
        "account": "main",
        "kind": "media",
        "model": "nano-banana",
        "generation_type": "text-to-image",
        "prompt": "a lighthouse",
        "row": "nano-banana",
        "formula": "9 credits a generation",
        "billing_mode": "flat",
        "hold_millicredits": 9_000,
        "estimated_time_s": estimate_s,
        "seed": 0,
        "times": timetable(created_at_ms, estimate_s, factor, fault),
        "failure": fault.fail,
    }
    return Job(**{**fields, **changes})
