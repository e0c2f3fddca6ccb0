"""What is asked, before it is judged."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.domain.policies import Policies
from simulator.domain.requests import MediaAsk, duration_seconds, put
from tests.domain.judging import AUDIO, IMAGE, VIDEO
from tests.engine.world import CATALOG

INFER = Policies(infer_generation_type="yes")


@given(st.integers(0, 9999))
def test_a_number_its_digits_and_its_seconds_are_one_duration(seconds: int) -> None:
    forms = [seconds, str(seconds), f"{seconds}s"]
    assert [duration_seconds(form) for form in forms] == [seconds] * 3


@pytest.mark.parametrize(
    "value",
    [
        *(None, True, False, 5.0, [], {}, [5], "", "s", "5 s", " 5", "5S", "5ss", "+5", "-5"),
        *("5.0", "5e1", "five", "\u0665", "²", "5\n", "10000", "00005", "0x5"),
    ],
)
def test_any_other_form_is_no_duration(value: object) -> None:
    assert duration_seconds(value) is None


@given(st.text() | st.floats() | st.lists(st.integers()))
def test_no_value_upsets_the_reading_of_a_duration(value: object) -> None:
    seconds = duration_seconds(value)
    assert seconds is None or (isinstance(value, str) and 0 <= seconds <= 9999)


@pytest.mark.parametrize(
    ("model", "policies", "expected"),
    [
        ("kling-3-0-std", Policies(), "text-to-image"),
        ("kling-3-0-std", INFER, "text-to-image"),
        ("grok-image-to-video", Policies(), "text-to-image"),
        ("grok-image-to-video", INFER, "image-to-video"),
        ("p-image-edit", INFER, "image-to-image"),
    ],
)
def test_only_the_policy_lets_a_model_speak_for_its_one_mode(
    model: str, policies: Policies, expected: str
) -> None:
    asked = put(MediaAsk(prompt="x", model=model), CATALOG.row(model), {}, policies)
    assert asked.generation_type == expected


def test_the_policy_does_not_overrule_what_was_said() -> None:
    ask = MediaAsk(prompt="x", model="grok-image-to-video", generation_type="text-to-video")
    asked = put(ask, CATALOG.row("grok-image-to-video"), {}, INFER)
    assert asked.generation_type == "text-to-video"


def test_sources_are_counted_by_kind() -> None:
    ask = MediaAsk(prompt="x", model="m", source_media_urls=(IMAGE, VIDEO, IMAGE, AUDIO, "?"))
    asked = put(ask, CATALOG.row("seedance-2-480p"), {}, Policies())
    assert [asked.count(kind) for kind in ("image", "video", "audio")] == [2, 1, 1]
    assert [source.url for source in asked.of_kind("image")] == [IMAGE, IMAGE]
