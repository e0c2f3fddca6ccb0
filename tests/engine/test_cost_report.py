"""The cost report of worlds that were really used."""

import pytest

from simulator.domain.errors import Malformed
from simulator.domain.inputs import Upload
from simulator.engine.control import Control
from simulator.engine.controls.costs import CostRow, CostsAnswer, CostsQuery, costs, report_of
from simulator.engine.provider import Provider
from simulator.engine.snapshots.keeper import Snapshots
from simulator.engine.snapshots.labtext import lab_extras
from simulator.engine.store.base import History
from simulator.engine.worlds import Caller
from tests.engine.driving import caller, done, leap, start
from tests.engine.snapshotting import Drawer
from tests.engine.world import make_provider

DAY_MS = 86_400_000
VIDEO_ID = "00000000-0000-4000-8000-000000000001"


async def forget(name: str) -> None:
    """Nothing is kept beside the store."""


def asked(provider: Provider, who: Caller, **query: object) -> CostsAnswer:
    snapshots = Snapshots(provider.worlds, Drawer(), lab_extras())
    control = Control(provider, "0", lambda key: ("w", "main"), forget, snapshots)
    return done(costs(control, who.world, CostsQuery(**query)))  # type: ignore[arg-type]  # its own fields


def history(provider: Provider, who: Caller) -> History:
    return done(provider.store.history(who.world.id, leap(provider, who.world, 0)))


def an_upload(provider: Provider, who: Caller, duration_ms: int) -> str:
    upload = Upload(VIDEO_ID, "video", "mp4", 1_000, 1280, 720, duration_ms)
    done(provider.store.add_upload(who.world.id, who.account, upload))
    return provider.urls.upload(who.world.name, VIDEO_ID, "mp4")


def by_reference(provider: Provider, who: Caller, url: str) -> str:
    return start(
        provider,
        who,
        "@video1 by night",
        model="seedance-2-480p-video-ref",
        generation_type="text-to-video",
        duration="5s",
        source_media_urls=(url,),
    )


def models(answer: CostsAnswer) -> dict[str | None, tuple[float, float]]:
    return {row.model: (row.figures.held, row.figures.captured) for row in answer.rows}


def test_the_rows_of_a_world_are_grouped_by_model_unless_asked_otherwise() -> None:
    provider = make_provider()
    who = caller(provider)
    start(provider, who)
    start(provider, who, "a [sim:fail] b")
    start(provider, who, model="z-image")
    leap(provider, who.world, DAY_MS)
    answer = asked(provider, who)
    assert answer.group == ["model"]
    assert answer.namespaces == ["w"]
    total = answer.total
    assert total.held == total.captured + total.released + total.open
    assert (total.jobs, total.open, total.wasted) == (3, 0, 0)
    assert set(models(answer)) == {"nano-banana", "z-image"}


def test_the_report_adds_up_to_the_balances() -> None:
    provider = make_provider()
    who, other = caller(provider), caller(provider, account="other")
    start(provider, who)
    leap(provider, who.world, DAY_MS)
    start(provider, other)
    shown = history(provider, who).balances
    total = asked(provider, who).total
    assert total.captured * 1000 == sum(each.spent for each in shown.values())
    assert total.open * 1000 == sum(each.held for each in shown.values())


def test_one_account_alone_can_be_asked_for() -> None:
    provider = make_provider()
    who = caller(provider)
    start(provider, who)
    start(provider, caller(provider, account="other"), model="z-image")
    assert set(models(asked(provider, who, account="other"))) == {"z-image"}


def test_another_world_is_counted_only_when_all_are_asked_for() -> None:
    provider = make_provider()
    who, stranger = caller(provider), caller(provider, "v")
    start(provider, who)
    start(provider, stranger)
    every = asked(provider, who, group="namespace", all=True)
    assert [row.namespace for row in every.rows] == ["v", "w"]
    assert every.namespaces == ["v", "w"]
    assert asked(provider, who).total.jobs == 1


def test_a_start_made_again_is_wasted_when_both_were_captured() -> None:
    provider = make_provider()
    who = caller(provider)
    start(provider, who)
    start(provider, who)
    assert asked(provider, who).total.wasted == 0
    leap(provider, who.world, DAY_MS)
    total = asked(provider, who).total
    assert total.wasted == total.duplicates == total.captured / 2


@pytest.mark.parametrize(("seconds", "wasted_seconds"), [(4, 11), (15, 0)])
def test_a_reference_video_wastes_what_it_is_shorter_than_its_worst_case(
    seconds: int, wasted_seconds: int
) -> None:
    provider = make_provider()
    who = caller(provider)
    by_reference(provider, who, an_upload(provider, who, seconds * 1000))
    start(provider, who)
    leap(provider, who.world, DAY_MS)
    (video,) = [row for row in asked(provider, who).rows if row.model != "nano-banana"]
    total = video.figures
    rate = total.captured / 20
    assert total.worst_case == total.wasted == pytest.approx(rate * wasted_seconds)


def test_what_a_video_elsewhere_would_have_cost_is_not_known() -> None:
    provider = make_provider()
    who = caller(provider)
    by_reference(provider, who, "https://example.com/clip.mp4")
    leap(provider, who.world, DAY_MS)
    assert asked(provider, who).total.worst_case == 0


def test_the_answer_reads_back_as_the_report_it_tells() -> None:
    provider = make_provider()
    who = caller(provider)
    start(provider, who)
    answer = asked(provider, who, group="namespace,test,account,model,day")
    (row,) = report_of(answer).rows
    assert row.key == ("w", "w", "main", "nano-banana", "2026-01-01")
    assert row.amounts.held == answer.total.held * 1000


def test_an_answer_whose_row_lacks_a_dimension_is_no_report() -> None:
    provider = make_provider()
    who = caller(provider)
    start(provider, who)
    answer = asked(provider, who)
    bare = CostRow(figures=answer.total)
    with pytest.raises(ValueError, match="a row lacks some of model"):
        report_of(CostsAnswer("mediasim-costs", 1, ["model"], [], answer.total, [bare], ""))


def test_an_empty_group_is_the_total_alone() -> None:
    provider = make_provider()
    who = caller(provider)
    start(provider, who)
    answer = asked(provider, who, group="")
    assert [row.figures for row in answer.rows] == [answer.total]


@pytest.mark.parametrize("group", ["colour", "model,model", "model,colour"])
def test_an_unknown_or_repeated_dimension_is_refused(group: str) -> None:
    provider = make_provider()
    who = caller(provider)
    with pytest.raises(Malformed) as refused:
        asked(provider, who, group=group)
    assert refused.value.problems[0]["loc"] == ["query", "group"]
