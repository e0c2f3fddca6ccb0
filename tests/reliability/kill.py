"""Kills a loaded simulator at random instants: ``python -m tests.reliability.kill --rounds 500``.

What was acknowledged, by an answer that was read to its end, is there after the next start; no
status and no clock goes back; what was in flight happened wholly or not at all.
"""

import argparse
import asyncio
import random
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.reliability.inproc import LONG_S
from tests.reliability.served import Served
from tests.reliability.wire import Wire

KEY = "sk_test_w"
WORKERS = 12
ROUNDS_A_STATE = 25  # then a new state file: all of it is looked over in each round
HEALTHY_S = 2.0
SHOWN_A_ROUND = 5  # what is lost in one round is missed in all that follow
RANKS = {"pending": 0, "queued": 1, "processing": 2, "completed": 3, "failed": 3}
FATES = ("", "", "[sim:fail=timeout]", "[sim:slow=40]")
PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de"
    "0000000c49444154789c63f8cfc0000003010100c9fe92ef0000000049454e44ae426082"
)


@dataclass(slots=True)
class Seen:
    """What answers that were read to their end have promised, over all rounds."""

    statuses: dict[str, str] = field(default_factory=dict)
    uploads: list[str] = field(default_factory=list)
    grants: int = 0
    now: str = ""
    unsure: Counter[str] = field(default_factory=Counter)

    def status(self, answer: dict[str, Any]) -> None:
        self.statuses[answer["id"]] = answer["status"]

    def clock(self, now: str) -> None:
        self.now = max(self.now, now)


@dataclass(slots=True)
class Report:
    wrong: list[str] = field(default_factory=list)
    starts_s: list[float] = field(default_factory=list)
    jobs: int = 0


def kill_rounds(folder: Path, rounds: int, seed: int = 0) -> Report:
    """Each round starts on what the last one left, is looked over, loaded, and killed."""
    dice, seen, report = random.Random(seed), Seen(), Report()
    for number in range(rounds):
        with _serve(folder) as served:
            report.starts_s.append(served.start_s)
            found = asyncio.run(_round(served, seen, dice))
        report.wrong += [f"round {number}: {text}" for text in found[:SHOWN_A_ROUND]]
    with _serve(folder) as served:
        report.wrong += asyncio.run(_last_look(served, seen))
    report.jobs = len(seen.statuses)
    return report


def _serve(folder: Path) -> Served:
    state = str(folder / "state.db")
    credits = "1000000000"
    options = ["--state", state, "--speed", "200", "--no-limits", "--credits", credits]
    return Served(folder / "log", *options)


async def _round(served: Served, seen: Seen, dice: random.Random) -> list[str]:
    wrong = await _look(served.port, seen)
    loads = [_load(served.port, seen, random.Random(dice.random())) for _ in range(WORKERS)]
    loading = asyncio.gather(*loads)
    await asyncio.sleep(dice.uniform(0.02, 0.6))
    served.kill()
    await loading
    return wrong


async def _load(port: int, seen: Seen, dice: random.Random) -> None:
    """Works until the server is gone; each thing is counted unsure until it is acknowledged."""
    async with Wire(port, KEY) as wire:
        while True:
            step = dice.choices((_start, _poll, _grant, _upload, _look_at_clock), (9, 6, 2, 1, 2))
            if not await step[0](wire, seen, dice):
                return


async def _start(wire: Wire, seen: Seen, dice: random.Random) -> bool:
    seen.unsure["start"] += 1
    body = {"model": "z-image", "prompt": f"A lighthouse {dice.choice(FATES)}"}
    answer = await wire("POST", "/v1/generate/media", body)
    if answer.status == 200:
        seen.unsure["start"] -= 1
        seen.statuses.setdefault(answer.json["id"], "pending")
    return answer.status == 200


async def _poll(wire: Wire, seen: Seen, dice: random.Random) -> bool:
    if not seen.statuses:
        return True
    job_id = dice.choice(list(seen.statuses)[-40:])
    before = RANKS[seen.statuses[job_id]]
    answer = await wire("GET", f"/v1/generate/media/{job_id}")
    # Another worker may have polled it later and been answered sooner.
    if answer.status == 200 and RANKS[answer.json["status"]] >= before:
        now = RANKS[seen.statuses[job_id]]
        if RANKS[answer.json["status"]] >= now:
            seen.status(answer.json)
    return answer.status == 200


async def _grant(wire: Wire, seen: Seen, dice: random.Random) -> bool:
    seen.unsure["grant"] += 1
    answer = await wire("POST", "/_sim/accounts/main/credits", {"credits": 1, "reason": "round"})
    if answer.status == 200:
        seen.unsure["grant"] -= 1
        seen.grants += 1
    return answer.status == 200


async def _upload(wire: Wire, seen: Seen, dice: random.Random) -> bool:
    form = (
        b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.png"\r\n\r\n'
        + PIXEL
        + b"\r\n--b--\r\n"
    )
    kind = {"Content-Type": "multipart/form-data; boundary=b"}
    answer = await wire("POST", "/v1/upload/media", form, kind)
    if answer.status == 200:
        seen.uploads.append(answer.json["url"])
    return answer.status == 200


async def _look_at_clock(wire: Wire, seen: Seen, dice: random.Random) -> bool:
    answer = await wire("GET", "/_sim/clock")
    if answer.status == 200:
        seen.clock(answer.json["now"])
    return answer.status == 200


async def _look(port: int, seen: Seen) -> list[str]:
    """Everything that was promised so far, held against what a fresh process answers."""
    wrong = []
    async with Wire(port, KEY) as wire:
        health = await wire("GET", "/health")
        now = (await wire("GET", "/_sim/clock")).json["now"]
        if health.status != 200 or now < seen.now:
            wrong.append(f"health {health.status}; the clock shows {now} after {seen.now}")
        wrong += (await wire("GET", "/_sim/ledger/verify")).json["violations"]
        jobs = {job["id"]: job for job in (await wire("GET", "/_sim/jobs")).json["jobs"]}
        wrong += _compare_jobs(seen, jobs)
        entries = (await wire("GET", "/_sim/ledger")).json["entries"]
        grants = sum(entry["kind"] == "adjust" for entry in entries)
        if not seen.grants <= grants <= seen.grants + seen.unsure["grant"]:
            wrong.append(f"{grants} grants stand, {seen.grants} were acknowledged")
        for url in seen.uploads[-20:]:
            path = "/media/" + url.partition("/media/")[2]
            answer = await wire("GET", path)
            if (answer.status, answer.body) != (200, PIXEL):
                wrong.append(f"the upload {path} answers {answer.status}")
    return wrong


def _compare_jobs(seen: Seen, jobs: dict[str, Any]) -> list[str]:
    wrong = [f"job {job_id} is lost" for job_id in seen.statuses if job_id not in jobs]
    for job_id, before in seen.statuses.items():
        after = jobs.get(job_id, {"status": before})["status"]
        if RANKS[after] < RANKS[before] or (RANKS[before] == 3 and after != before):
            wrong.append(f"job {job_id} was {before} and is {after}")
    extra = len(jobs) - len(seen.statuses)
    if extra > seen.unsure["start"]:
        wrong.append(f"{extra} jobs that nobody asked for")
    return wrong


async def _last_look(served: Served, seen: Seen) -> list[str]:
    """Past every end: each job has ended, and each hold was captured or refunded once."""
    wrong = await _look(served.port, seen)
    async with Wire(served.port, KEY) as wire:
        await wire("POST", "/_sim/clock/advance", {"seconds": LONG_S})
        wrong += (await wire("GET", "/_sim/ledger/verify")).json["violations"]
        ledger = (await wire("GET", "/_sim/ledger")).json
        open_jobs = [
            job["id"]
            for job in (await wire("GET", "/_sim/jobs")).json["jobs"]
            if RANKS[job["status"]] < 3
        ]
    kinds = Counter(entry["kind"] for entry in ledger["entries"])
    if open_jobs or ledger["balance"]["held"]:
        wrong.append(f"never ended: {open_jobs}; {ledger['balance']}")
    if kinds["hold"] != kinds["capture"] + kinds["release"]:
        wrong.append(f"holds and their ends: {dict(kinds)}")
    return wrong


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=500)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    report = Report()
    for first in range(0, options.rounds, ROUNDS_A_STATE):
        rounds = min(ROUNDS_A_STATE, options.rounds - first)
        with tempfile.TemporaryDirectory() as folder:
            part = kill_rounds(Path(folder), rounds, options.seed + first)
        report.wrong += part.wrong
        report.starts_s += part.starts_s
        report.jobs += part.jobs
    slow = [seconds for seconds in report.starts_s if seconds > HEALTHY_S]
    ordered = sorted(report.starts_s)
    print("\n".join(report.wrong))
    print(
        f"{options.rounds} kills, {report.jobs} acknowledged jobs, {len(report.wrong)} wrong;"
        f" process start to ready: median {ordered[len(ordered) // 2]:.2f} s,"
        f" most {ordered[-1]:.2f} s, {len(slow)} over {HEALTHY_S:g} s"
    )
    return 1 if report.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
