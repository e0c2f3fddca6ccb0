"""What holds for every model of the catalogue: generated from the catalogue, not written down."""

from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.domain.catalog import GENERATION_TYPES, Inputs, Model
from simulator.engine.answers import ModelRow
from simulator.engine.bodies import EstimateBody, MediaBody
from simulator.engine.shelf import model_row
from tests.domain.judging import IMAGE, accepted, judged, priced, refusal
from tests.engine.driving import caller, done, leap, poll
from tests.engine.world import CATALOG, make_provider

URLS = {"image": IMAGE, "video": "https://example.com/a.mp4", "audio": "https://example.com/a.mp3"}
KINDS = tuple(URLS)


@dataclass(frozen=True)
class Start:
    """One model in one of its modes."""

    model: Model
    mode: str

    @property
    def inputs(self) -> Inputs:
        return self.model.modes[self.mode]

    def urls(self, **counts: int) -> tuple[str, ...]:
        """As many sources as the mode needs, or as many of a kind as is said."""
        wanted = {kind: counts.get(kind, self.inputs.of(kind).least) for kind in KINDS}
        return tuple(URLS[kind] for kind, count in wanted.items() for _ in range(count))

    def arguments(self, **counts: int) -> tuple[str, str, tuple[str, ...]]:
        return self.model.id, self.mode, self.urls(**counts)


MEDIA = [model for model in CATALOG.listed() if model.modes]
STARTS = [Start(model, mode) for model in MEDIA for mode in model.modes]
every_start = pytest.mark.parametrize(
    "start", STARTS, ids=lambda start: f"{start.model.id} {start.mode}"
)
every_model = pytest.mark.parametrize("model", MEDIA, ids=lambda model: model.id)


def test_there_are_many_models_and_modes() -> None:
    assert len(MEDIA) > 120
    assert len(STARTS) > 140


@every_start
def test_every_model_can_be_started_in_each_of_its_modes(start: Start) -> None:
    provider = make_provider()
    who = caller(provider)
    model, mode, urls = start.arguments()
    body = MediaBody(prompt="x", model=model, generation_type=mode, source_media_urls=list(urls))
    answer = done(provider.generate_media(who, body))
    assert answer.estimated_cost_credits == priced(*start.arguments()).millicredits / 1000
    leap(provider, who.world, 10**9)
    finished = poll(provider, who, answer.id)
    assert (finished.status, len(finished.outputs)) == ("completed", 1)
    output = finished.outputs[0]
    assert output.media_type == start.model.model_type
    assert output.width > 0
    assert output.height > 0
    assert (output.duration is None) == (output.media_type == "image")


def shown(model: Model) -> ModelRow:
    return model_row(CATALOG, model)


@every_start
def test_a_start_is_charged_by_one_of_its_models_rows(start: Start) -> None:
    assert CATALOG.row(priced(*start.arguments()).row) in CATALOG.priced_rows(start.model)


@every_model
def test_the_lowest_price_of_the_shelf_is_one_that_somebody_pays(model: Model) -> None:
    options: list[dict[str, Any]] = [
        {"duration": duration, "quality": quality, "resolution": resolution}
        for duration in model.durations or (None,)
        for quality in model.qualities or (None,)
        for resolution in model.resolutions or (None,)
    ]
    paid = set()
    for mode in model.modes:
        for fields in options:
            if model.high_resolution_aspects:
                fields["aspect_ratio"] = model.high_resolution_aspects[0]
            price = priced(*Start(model, mode).arguments(), **fields)
            seconds = model.price and model.price.shape in (
                "per_second",
                "per_second_and_reference",
            )
            length = int(fields["duration"] or 1) if seconds else 1
            paid.add(price.millicredits / 1000 / length)
    assert shown(model).cost_per_generation == min(paid)


@every_start
@pytest.mark.parametrize("kind", KINDS)
def test_a_mode_takes_its_counts_of_sources_and_no_other(start: Start, kind: str) -> None:
    count = start.inputs.of(kind)
    for number in range(count.least, count.most + 1):
        assert accepted(*start.arguments(**{kind: number}))
    too_many = refusal(*start.arguments(**{kind: count.most + 1}))
    assert too_many.code in {
        f"too_many_{kind}s",
        *(() if count.most else ("unexpected_source_media", "unsupported_media_type")),
        *(("reference_video_not_allowed",) if kind == "video" and not count.most else ()),
    }
    if count.least:
        too_few = refusal(*start.arguments(**{kind: count.least - 1}))
        assert too_few.code in ("missing_source_media", f"too_few_{kind}s")


@every_model
def test_a_mode_that_a_model_lacks_is_refused(model: Model) -> None:
    for mode in GENERATION_TYPES:
        if mode not in model.modes:
            assert refusal(model.id, mode).code == "unsupported_generation_type"


@every_start
def test_a_prompt_may_reach_its_limit_and_not_pass_it(start: Start) -> None:
    limit = start.model.prompt_max
    if limit is None:
        assert accepted(*start.arguments(), prompt="x" * 100_000)
        return
    assert accepted(*start.arguments(), prompt="x" * limit)
    assert refusal(*start.arguments(), prompt="x" * (limit + 1)).code == "prompt_too_long"


@every_start
def test_a_duration_is_one_of_the_options_or_ignored(start: Start) -> None:
    options = start.model.durations
    for seconds in range(31):
        if not options:
            assert judged(*start.arguments(), duration=seconds).duration_s == start.model.seconds
        elif seconds in options:
            for form in (seconds, str(seconds), f"{seconds}s"):
                assert judged(*start.arguments(), duration=form).duration_s == seconds
        else:
            assert refusal(*start.arguments(), duration=seconds).code == "invalid_duration"


@every_start
def test_options_are_those_that_the_shelf_lists(start: Start) -> None:
    capabilities = shown(start.model).capabilities
    directional = (start.model.high_resolution_aspects or (None,))[0]
    for ratio in capabilities["aspect_ratio_options"]:
        assert judged(*start.arguments(), aspect_ratio=ratio).aspect_ratio == ratio
    for quality in capabilities["quality_options"]:
        assert accepted(*start.arguments(), quality=quality)
    for tier in capabilities["resolution_options"]:
        request = judged(*start.arguments(), resolution=tier.lower(), aspect_ratio=directional)
        assert request.resolution == tier
    nonsense = "7:3x"
    for name, options in [
        ("quality", start.model.qualities),
        ("resolution", start.model.resolutions),
    ]:
        if options:
            assert (
                refusal(*start.arguments(), **dict[str, Any]({name: nonsense})).code
                == f"invalid_{name}"
            )
        else:
            assert accepted(*start.arguments(), **dict[str, Any]({name: nonsense}))
    assert refusal(*start.arguments(), aspect_ratio=nonsense).code == "invalid_aspect_ratio"


@every_start
def test_sound_moves_the_price_only_where_there_is_a_row_for_it(start: Start) -> None:
    silent, loud = (priced(*start.arguments(), sound=sound) for sound in (False, True))
    by_route = any(route.when.get("sound") for route in start.model.routes)
    if start.model.sound and (start.model.sound_row or by_route):
        assert loud.row == f"{silent.row}-audio"
        assert loud.millicredits > silent.millicredits
    else:
        assert loud == silent


@every_start
def test_an_estimate_can_be_asked_for_before_the_sources_are_known(start: Start) -> None:
    provider = make_provider()
    body = EstimateBody(model=start.model.id, generation_type=start.mode)
    answer = done(provider.get_generation_estimate(caller(provider), body))
    assert answer.estimated_time_seconds > 0


ANYTHING = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.lists(st.text())


def ignored(model: Model) -> dict[str, st.SearchStrategy[Any]]:
    """The parameters that the page says this model ignores, and what they may be sent with."""
    fields: dict[str, st.SearchStrategy[Any]] = {"generate_audio": st.booleans()}
    if not model.durations:
        fields["duration"] = ANYTHING
    if not model.qualities:
        fields["quality"] = st.none() | st.text()
    if not model.resolutions:
        fields["resolution"] = st.none() | st.text()
    if not model.sound:
        fields["sound"] = st.booleans()
    if not model.negative_prompt:
        fields["negative_prompt"] = st.none() | st.text()
    if not model.elements:
        fields["kling_elements"] = ANYTHING
    return fields


@pytest.mark.ruling("normal.quality-ignored")
@given(st.sampled_from(STARTS), st.data())
def test_ignored_parameters_move_neither_price_nor_acceptance(start: Start, data: Any) -> None:
    fields = data.draw(st.fixed_dictionaries(ignored(start.model)))
    assert priced(*start.arguments(), **fields) == priced(*start.arguments())
    request = judged(*start.arguments(), **fields)
    assert request.duration_s == judged(*start.arguments()).duration_s
