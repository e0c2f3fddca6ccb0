"""What a simulator's ledger, its jobs and their outputs say of accepted golden cases."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from contracts.cases import GoldenCase
from contracts.check import Broken
from contracts.judging import check_fields
from contracts.talk.backend import Backend
from contracts.talk.exchange import Reply

_STATUS_CALLS: Mapping[str, str] = {
    "generate_media": "get_generation_status",
    "generate_dialogue": "get_generation_status",
    "create_ad_copy": "get_generation_status",
}
_OF_OUTPUTS = frozenset({"duration_s", "width", "height"})
_LONG_S = 86_400


@dataclass(frozen=True, slots=True)
class Accepted:
    """A start that was accepted. ``case`` None: one that was only compared with another.
    ``exchanges``: the first and the one after the last, of the log."""

    case: GoldenCase | None
    reply: Reply
    exchanges: tuple[int, int]


class Blamed(Exception):
    """What is wrong with the records of one start."""

    def __init__(self, broken: Broken, accepted: Accepted) -> None:
        super().__init__(str(broken))
        self.broken = broken
        self.accepted = accepted


@dataclass(frozen=True, slots=True)
class Records:
    """Of the main account of one world: ``holds`` by generation id, all jobs by theirs."""

    holds: Mapping[str, Sequence[Mapping[str, Any]]]
    jobs: Mapping[str, Mapping[str, Any]]

    def strangers(self, accepted: Iterable[Accepted]) -> list[str]:
        """Generations that hold credits or are jobs, and were never accepted."""
        known = {each.reply.generation_id for each in accepted}
        return sorted({*self.holds, *self.jobs} - known)


async def read_records(backend: Backend) -> Records:
    """Raises Broken when the control plane does not tell."""
    ledger = await backend.control("GET", "ledger", setup=False)
    jobs = await backend.control("GET", "jobs", setup=False)
    holds: dict[str, list[Mapping[str, Any]]] = {}
    for entry in ledger.fields["entries"]:
        if entry["kind"] == "hold":
            holds.setdefault(entry["generation_id"], []).append(entry)
    return Records(holds, {job["id"]: job for job in jobs.fields["jobs"]})


def check_records(records: Records, accepted: Iterable[Accepted], judged: frozenset[str]) -> None:
    """Each start has one hold, of the case's price and row, and the job that was asked for. Raises
    Blamed."""
    for each in accepted:
        try:
            _check_one(records, each, judged)
        except Broken as broken:
            raise Blamed(broken, each) from broken


async def check_outputs(
    backend: Backend, surface: str, accepted: Iterable[Accepted], judged: frozenset[str]
) -> None:
    """The files of finished jobs, where a case tells of them; the clock leaps. Raises Blamed."""
    telling = [each for each in accepted if "normal" in judged and _tells_outputs(each.case)]
    if not telling:
        return
    await backend.advance(_LONG_S)
    for each in telling:
        if each.case is None:
            continue
        call = _STATUS_CALLS[each.case.call]
        status = await backend.poll(each.reply.generation_id, surface=surface, name=call)
        try:
            _check_outputs(each.case, status.get("outputs") or [])
        except Broken as broken:
            raise Blamed(broken, each) from broken


def _check_one(records: Records, each: Accepted, judged: frozenset[str]) -> None:
    case, generation = each.case, each.reply.generation_id
    words = case.words if case else ""
    holds = records.holds.get(generation, ())
    if len(holds) != 1:
        raise Broken("one hold in the ledger", f"{len(holds)} holds", words)
    if generation not in records.jobs:
        raise Broken("a job in the list of jobs", "none", words)
    if case is None:
        return
    expected = case.accepted or {}
    wanted: dict[str, Any] = {}
    if "price" in judged and "credits" in expected:
        wanted["credits"] = expected["credits"]
    if "row" in judged and "row" in expected:
        wanted["price_row"] = expected["row"]
    check_fields(wanted, holds[0], case, "a hold with ")
    if "normal" in judged:
        parameters = records.jobs[generation]["parameters"]
        normal = expected.get("normal", {})
        told = {k: v for k, v in normal.items() if k not in _OF_OUTPUTS and k in parameters}
        check_fields(told, parameters, case, "a job with ")


def _tells_outputs(case: GoldenCase | None) -> bool:
    if case is None or case.accepted is None or case.call not in _STATUS_CALLS:
        return False
    normal = case.accepted.get("normal", {})
    return bool(_OF_OUTPUTS & set(normal) or {"files", "seconds", "size"} & set(case.accepted))


def _check_outputs(case: GoldenCase, outputs: Sequence[Mapping[str, Any]]) -> None:
    expected = case.accepted or {}
    if not outputs:
        raise Broken("outputs", "none", case.words)
    normal = expected.get("normal", {})
    named = (("duration_s", "duration"), ("width", "width"), ("height", "height"))
    wanted = {theirs: normal[ours] for ours, theirs in named if normal.get(ours)}
    check_fields(wanted, outputs[0], case, "an output with ")
    if "files" in expected:
        kinds = [str(each.get("media_type")).partition("/")[0] for each in outputs]
        check_fields({"files": expected["files"]}, {"files": kinds}, case)
    if "seconds" in expected:
        for each in outputs:
            check_fields({"duration": expected["seconds"]}, each, case, "an output with ")
    if "size" in expected:
        sizes = [[each.get("width"), each.get("height")] for each in outputs]
        wanted_size = {"size": [expected["size"]]}
        check_fields(wanted_size, {"size": sizes}, case)
