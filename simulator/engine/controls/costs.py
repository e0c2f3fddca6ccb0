"""The cost report: one world's ledger, or that of all, as rows of credits."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Literal

from msgspec import Meta, Struct

from simulator.domain import costs as domain
from simulator.domain.costs import Amounts, Report, Row, Run
from simulator.domain.errors import Malformed
from simulator.domain.inputs import Upload, classify, extension_of
from simulator.domain.jobs import Job
from simulator.domain.pricing import credits as shown
from simulator.domain.pricing import measured_price
from simulator.domain.requests import MediaRequest
from simulator.engine.answers import Credits
from simulator.engine.control import Control
from simulator.engine.provider import Provider
from simulator.engine.worlds import World

_BY_REFERENCE = frozenset({"per_second_and_reference", "per_reference_second"})
_DIMENSIONS = ", ".join(domain.DIMENSIONS)


class CostsQuery(Struct, frozen=True):
    """Which credits, and by what."""

    group: Annotated[
        str,
        Meta(description=f"One or more of {_DIMENSIONS}, between commas; empty: only the total."),
    ] = "model"
    account: Annotated[str | None, Meta(description="Only this account's.")] = None
    all: Annotated[bool, Meta(description="Every namespace, not only this one.")] = False


class CostFigures(Struct, frozen=True, kw_only=True):
    """Credits; ``held = captured + released + open`` and ``wasted = duplicates + worst_case``."""

    jobs: Annotated[int, Meta(description="Generations that were accepted.")]
    held: Credits
    captured: Credits
    released: Credits
    open: Annotated[Credits, Meta(description="Held, and not settled yet.")]
    wasted: Annotated[Credits, Meta(description="Part of captured; see wasted_means.")]
    duplicates: Annotated[Credits, Meta(description="Part of wasted: generations made again.")]
    worst_case: Annotated[Credits, Meta(description="Part of wasted: lengths billed unmeasured.")]


class CostRow(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Figures of what has these values; dimensions that were not asked for are left out."""

    namespace: str | None = None
    test: Annotated[str | None, Meta(description="The namespace's label, else its name.")] = None
    account: str | None = None
    model: str | None = None
    day: Annotated[str | None, Meta(description="Of the world's clock, at acceptance.")] = None
    figures: CostFigures


class CostsAnswer(Struct, frozen=True):
    """The report, which `mediasim costs --format json` saves as it is."""

    format: Literal["mediasim-costs"]
    version: Literal[1]
    group: list[str]
    namespaces: Annotated[list[str], Meta(description="The worlds that were counted.")]
    total: CostFigures
    rows: Annotated[list[CostRow], Meta(description="In the order of their dimensions.")]
    wasted_means: Annotated[str, Meta(description="What counts as wasted, exactly.")]


async def costs(control: Control, world: World, body: CostsQuery) -> CostsAnswer:
    """Credits held, captured, released, still open and wasted. All that a generation moved counts
    on the day on which it was accepted."""
    group = [name.strip() for name in body.group.split(",") if name.strip()]
    for name in group:
        if name not in domain.DIMENSIONS or group.count(name) > 1:
            text = f"{name[:80]!r}: expected some of {_DIMENSIONS}, each once"
            raise Malformed([{"loc": ["query", "group"], "msg": text, "type": "invalid"}])
    worlds = await _worlds(control, world, every=body.all)
    only = {} if body.account is None else {"account": body.account}
    reports = []
    for each in worlds:
        run = await _run(control, each)
        # Off the event loop: ten thousand jobs take as long to add up as to decode.
        reports.append(await asyncio.to_thread(_report, run, group, only))
    report = domain.merged(group, reports)
    return answer_of(report, [each.name for each in worlds])


def answer_of(report: Report, namespaces: Sequence[str]) -> CostsAnswer:
    """The report in the words of the wire."""
    rows = [_row(report.group, row) for row in report.rows]
    return CostsAnswer(
        format="mediasim-costs",
        version=1,
        group=list(report.group),
        namespaces=list(namespaces),
        total=_figures(report.total),
        rows=rows,
        wasted_means=domain.WASTED,
    )


def report_of(answer: CostsAnswer) -> Report:
    """The report that an answer tells. ValueError when a row lacks one of its dimensions."""
    group = tuple(answer.group)
    return Report(group, tuple(Row(_key(group, row), _amounts(row.figures)) for row in answer.rows))


def _report(run: Run, group: Sequence[str], only: Mapping[str, str]) -> Report:
    return domain.regroup(domain.costs([run]), group, only)


async def _worlds(control: Control, world: World, *, every: bool) -> list[World]:
    if not every:
        return [world]
    found = [await control.worlds.known(name) for name in await control.store.world_names()]
    return [each for each in found if each is not None]


async def _run(control: Control, world: World) -> Run:
    now_ms = await control.worlds.now(world)
    history = await control.store.history(world.id, now_ms)
    measured = await _measured(control.provider, world, history.jobs)
    return Run(world.name, history.entries, history.jobs, measured=measured)


async def _measured(provider: Provider, world: World, jobs: Iterable[Job]) -> dict[int, int]:
    """By job number, the milli-credits of its measured price, where every length is known."""
    urls_of = {job.number: _source_urls(provider, job) for job in jobs}
    urls = {url for each in urls_of.values() for url in each}
    if not urls:
        return {}
    ids = provider.urls.among(world.name, sorted(urls))
    known = await provider.store.uploads(world.id, ids.values())
    uploads = {
        url: known[upload_id]
        for url, upload_id in ids.items()
        if upload_id in known and known[upload_id].extension == extension_of(url)
    }
    prices = {job.number: _price(provider, job, urls_of[job.number], uploads) for job in jobs}
    return {number: price for number, price in prices.items() if price is not None}


def _source_urls(provider: Provider, job: Job) -> tuple[str, ...]:
    """Of a job that was charged for reference videos by their worst case; otherwise none."""
    row = provider.catalog.get(job.row)
    if row is None or row.price is None or row.price.shape not in _BY_REFERENCE:
        return ()
    urls = job.parameters.get("source_media_urls")
    return tuple(urls) if isinstance(urls, list | tuple) else ()


def _price(
    provider: Provider, job: Job, urls: tuple[str, ...], uploads: Mapping[str, Upload]
) -> int | None:
    model = provider.catalog.get(job.model)
    if model is None or not urls:
        return None
    duration_s = job.parameters.get("duration_s")
    request = MediaRequest(
        model=model,
        prompt=job.prompt,
        generation_type=job.generation_type,
        sources=classify(urls, uploads),
        duration_s=duration_s if isinstance(duration_s, int) else None,
        sound=job.parameters.get("sound") is True,
    )
    price = measured_price(provider.catalog, request, provider.options.policies)
    return None if price is None else price[0]


def _figures(amounts: Amounts) -> CostFigures:
    return CostFigures(
        jobs=amounts.jobs,
        held=shown(amounts.held),
        captured=shown(amounts.captured),
        released=shown(amounts.released),
        open=shown(amounts.open),
        wasted=shown(amounts.wasted),
        duplicates=shown(amounts.duplicates),
        worst_case=shown(amounts.worst_case),
    )


def _row(group: Sequence[str], row: Row) -> CostRow:
    value = dict(zip(group, row.key, strict=True))
    return CostRow(
        namespace=value.get("namespace"),
        test=value.get("test"),
        account=value.get("account"),
        model=value.get("model"),
        day=value.get("day"),
        figures=_figures(row.amounts),
    )


def _key(group: Sequence[str], row: CostRow) -> tuple[str, ...]:
    values: Mapping[str, str | None] = {
        "namespace": row.namespace,
        "test": row.test,
        "account": row.account,
        "model": row.model,
        "day": row.day,
    }
    key = tuple(value for name in group if (value := values.get(name)) is not None)
    if len(key) != len(group):
        raise ValueError(f"a row lacks some of {', '.join(group)}")
    return key


def _amounts(figures: CostFigures) -> Amounts:
    return Amounts(
        jobs=figures.jobs,
        held=_millicredits(figures.held),
        captured=_millicredits(figures.captured),
        released=_millicredits(figures.released),
        duplicates=_millicredits(figures.duplicates),
        worst_case=_millicredits(figures.worst_case),
    )


def _millicredits(credits: float) -> int:
    return round(credits * 1000)
