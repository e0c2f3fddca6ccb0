"""The provider's use cases, without any surface."""

from collections.abc import Callable
from typing import Any

import pytest

from simulator.domain.errors import Denial, Rejection
from simulator.domain.jobs import STATUSES
from simulator.domain.times import LAST_INSTANT_MS, WORLD_BEGINS_MS, rfc3339
from simulator.engine.bodies import (
    GenerationsQuery,
    MediaBody,
    ModelsQuery,
    Nothing,
)
from simulator.engine.provider import Options, Provider
from simulator.engine.store.base import Query
from simulator.engine.worlds import Defaults
from tests.engine.driving import available, caller, done, leap, ledger, poll, refused, start
from tests.engine.world import CATALOG, make_provider

T2V, I2I = "text-to-video", "image-to-image"
POOR = Defaults(frozen=True, credits=20_000)


@pytest.mark.ruling("jobs.visible-at-once")
@pytest.mark.ruling("jobs.outputs")
def test_a_generation_goes_its_way_to_completion() -> None:
    provider = make_provider()
    who = caller(provider)
    generation = start(provider, who, prompt="a lighthouse", aspect_ratio="16:9")
    first = poll(provider, who, generation)
    assert (first.status, first.progress, first.outputs, first.cdn_ready) == (
        "pending",
        0,
        [],
        False,
    )
    assert (first.completed_at, first.processing_time_ms, first.error_message) == (None,) * 3
    assert first.created_at == rfc3339(WORLD_BEGINS_MS)
    leap(provider, who.world, 10**6)
    last = poll(provider, who, generation)
    assert (last.status, last.progress, last.cdn_ready) == ("completed", 100, True)
    assert last.credits_deducted == 7
    output = last.outputs[0]
    base = f"http://127.0.0.1:4747/media/w/{generation}/{output.id}"
    assert (output.url, output.thumbnail_url) == (f"{base}.png", f"{base}.thumbnail.webp")
    assert output.optimized_url == f"{base}.optimized.webp"
    assert (output.width, output.height, output.duration, output.media_type) == (
        1024,
        576,
        None,
        "image",
    )
    assert (last.prompt, last.model, last.id) == ("a lighthouse", "nano-banana", generation)


def test_a_video_says_how_long_it_is() -> None:
    provider = make_provider()
    who = caller(provider)
    generation = start(provider, who, model="kling-3-0-std", generation_type=T2V, duration=7)
    leap(provider, who.world, 10**7)
    output = poll(provider, who, generation).outputs[0]
    assert (str(output.duration), output.format) == ("7", "mp4")
    assert output.optimized_url.endswith(".optimized.mp4")


def test_a_start_says_what_it_costs_and_when_it_will_be_done() -> None:
    provider = make_provider()
    body = MediaBody(
        prompt="x", model="kling-3-0-std", generation_type=T2V, duration="5s", sound=True
    )
    answer = done(provider.generate_media(caller(provider), body))
    assert answer.generation_id == answer.id
    assert (answer.status, answer.billing_mode) == ("pending", "per_second")
    assert (str(answer.estimated_cost_credits), answer.generation_type) == ("115", T2V)
    assert "23 credits/s x 5 s = 115" in answer.message


@pytest.mark.ruling("ledger.hold")
@pytest.mark.ruling("ledger.refund")
@pytest.mark.parametrize(
    ("prompt", "end", "left"),
    [("x", ("capture", 7_000), 13), ("[sim:fail=content_policy]", ("release", 7_000), 20)],
)
def test_credits_are_held_then_captured_or_released(
    prompt: str, end: tuple[str, int], left: int
) -> None:
    provider = make_provider(defaults=POOR)
    who = caller(provider)
    generation = start(provider, who, prompt)
    assert available(provider, who) == 13
    balance = done(provider.get_balance(who, Nothing()))
    assert balance.message == "13 credits are available, 7 are held."
    leap(provider, who.world, 10**6)
    assert available(provider, who) == left
    assert ledger(provider, who) == [("grant", 20_000), ("hold", 7_000), end]
    assert poll(provider, who, generation).credits_deducted == 20 - left


def test_a_failed_generation_says_why_and_delivers_nothing() -> None:
    provider = make_provider()
    who = caller(provider)
    generation = start(provider, who, "[sim:fail=content_policy]")
    leap(provider, who.world, 10**6)
    failed = poll(provider, who, generation)
    assert (failed.status, failed.outputs, failed.cdn_ready) == ("failed", [], False)
    assert failed.error_message == "The content policy does not allow this request."
    assert failed.completed_at is not None
    assert failed.processing_time_ms > 0


@pytest.mark.ruling("ledger.insufficient")
def test_too_few_credits_are_refused_with_both_numbers() -> None:
    provider = make_provider(defaults=POOR)
    who = caller(provider)
    for _ in range(2):
        start(provider, who)
    rejection = refused(provider, who)
    assert (rejection.status, rejection.code) == (402, "insufficient_credits")
    assert rejection.fields == {"required_credits": 7, "available_credits": 6}


def test_the_last_credit_can_be_spent() -> None:
    provider = make_provider(defaults=Defaults(frozen=True, credits=7_000))
    who = caller(provider)
    start(provider, who)
    assert available(provider, who) == 0


@pytest.mark.ruling("ledger.refused-is-free")
@pytest.mark.parametrize(
    "fields",
    [
        {"model": "nope"},
        {"model": "seedance-2"},
        {"model": "kling-3-0-std"},
        {"prompt": "x" * 5_001},
        {"model": "gpt-image-2", "resolution": "4K"},
        {"model": "sora-2-pro", "generation_type": T2V},
    ],
)
def test_a_refused_request_leaves_no_trace(fields: dict[str, Any]) -> None:
    provider = make_provider(defaults=POOR)
    who = caller(provider)
    refused(provider, who, **fields)
    assert ledger(provider, who) == [("grant", 20_000)]
    assert done(provider.store.jobs(who.world.id, Query(), LAST_INSTANT_MS)) == []
    untouched = make_provider(defaults=POOR)
    assert start(provider, who) == start(untouched, caller(untouched))


@pytest.mark.ruling("jobs.foreign-id")
def test_a_foreign_id_and_an_unknown_id_get_the_same_answer() -> None:
    provider = make_provider()
    generation = start(provider, caller(provider))
    answers = []
    for who, each in [
        (caller(provider, account="alice"), generation),
        (caller(provider, "other"), generation),
        (caller(provider), "no-such-id"),
        (caller(provider), "\0'; DROP TABLE jobs; --"),
    ]:
        with pytest.raises(Denial) as denial:
            poll(provider, who, each)
        answers.append((denial.value.status, denial.value.detail, denial.value.headers))
    assert answers == [(404, "There is no generation with this id.", {})] * 4


def test_generations_are_listed_newest_first_and_narrowed() -> None:
    provider = make_provider()
    who = caller(provider)
    ids = [start(provider, who, "[sim:fail]x" if number % 2 else "x") for number in range(4)]
    ids.append(start(provider, who, model="gpt-image-2"))
    start(provider, caller(provider, account="alice"))

    def listed(**fields: Any) -> list[str]:
        query = GenerationsQuery(**fields)
        return [each.id for each in done(provider.get_generations(who, query)).generations]

    assert listed() == ids[::-1]
    assert listed(limit=2) == ids[:2:-1]
    assert (listed(limit=0), listed(limit=-5)) == ([ids[4]], [ids[4]])
    assert listed(model="gpt-image-2") == [ids[4]]
    assert listed(generation_type="text-to-video") == []
    assert listed(status="pending") == ids[::-1]
    leap(provider, who.world, 10**6)
    assert listed(status="failed") == [ids[3], ids[1]]
    assert listed(status="completed") == [ids[4], ids[2], ids[0]]


def test_a_listing_holds_25_at_most() -> None:
    provider = make_provider()
    who = caller(provider)
    for _ in range(27):
        start(provider, who)
    answer = done(provider.get_generations(who, GenerationsQuery(limit=1_000)))
    assert len(answer.generations) == 25


@pytest.mark.parametrize("status", STATUSES)
def test_a_listing_by_status_agrees_with_the_polls(status: Any) -> None:
    provider = make_provider()
    who = caller(provider)
    ids = [start(provider, who, prompt) for prompt in ("x", "[sim:fail]", "[sim:stuck]") * 2]
    for _ in range(60):
        leap(provider, who.world, 997)
        polled = [each for each in ids if poll(provider, who, each).status == status]
        query = GenerationsQuery(status=status)
        listed = [each.id for each in done(provider.get_generations(who, query)).generations]
        assert listed == polled[::-1]


def test_the_models_are_listed_without_a_caller() -> None:
    provider = make_provider()
    answer = done(provider.get_models(None, ModelsQuery(model_type="video")))
    assert answer.total_count == len(answer.models) == len(CATALOG.listed("video"))


@pytest.mark.parametrize(
    ("prompt", "magic", "status"),
    [("[sim:fail]", True, "failed"), ("[sim:fail]", False, "completed"), ("x", True, "completed")],
)
def test_magic_words_work_unless_they_are_switched_off(
    prompt: str, magic: bool, status: str
) -> None:
    usual = make_provider()
    options = Options(limits=False, magic=magic)
    provider = Provider(CATALOG, usual.store, usual.worlds, usual.urls, options)
    who = caller(provider)
    generation = start(provider, who, prompt)
    leap(provider, who.world, 10**6)
    assert poll(provider, who, generation).status == status


def test_a_slow_generation_takes_its_factor_longer() -> None:
    provider = make_provider()
    jobs = []
    for prompt in ("x", "[sim:slow=3]"):
        who = caller(provider)
        done(provider.worlds.reset(who.world))
        job = done(provider.store.job(who.world.id, start(provider, who, prompt)))
        assert job is not None
        assert job.times.done_at_ms is not None
        jobs.append(job.times.done_at_ms - job.times.created_at_ms)
    assert jobs[1] == 3 * jobs[0]


@pytest.mark.ruling("normal.seed")
def test_a_seed_left_out_is_drawn_from_the_world() -> None:
    provider = make_provider()
    who = caller(provider)
    seeds = []
    for seed in (None, None, 7, 0):
        job = done(provider.store.job(who.world.id, start(provider, who, seed=seed)))
        assert job is not None
        assert job.seed == job.outputs[0].seed
        seeds.append(job.seed)
    assert seeds[0] != seeds[1]
    assert max(seeds) < 2**32
    assert seeds[2:] == [7, 0]


def test_uploads_are_numbered() -> None:
    provider = make_provider()
    world = caller(provider).world
    assert [done(provider.store.next_upload(world.id)) for _ in range(3)] == [1, 2, 3]


def test_an_adjustment_never_takes_more_than_there_is() -> None:
    provider = make_provider(defaults=POOR)
    who = caller(provider)
    start(provider, who)

    def adjust(millicredits: int) -> Callable[[], Any]:
        coroutine = provider.store.adjust(who.world.id, "main", millicredits, "r", WORLD_BEGINS_MS)
        return lambda: done(coroutine)

    with pytest.raises(Rejection) as rejection:
        adjust(-13_001)()
    assert rejection.value.fields == {"required_credits": 13.001, "available_credits": 13}
    assert adjust(-13_000)().available == 0


def test_a_job_at_the_end_of_time_is_accepted_and_shown() -> None:
    provider = make_provider()
    who = caller(provider)
    leap(provider, who.world, LAST_INSTANT_MS - WORLD_BEGINS_MS)
    generation = start(provider, who)
    assert poll(provider, who, generation).status == "pending"
    assert done(provider.store.next_event(who.world.id, LAST_INSTANT_MS)) is not None
