"""The catalogue as callers see it."""

from dataclasses import replace

import pytest

from simulator.domain.catalog import Catalog, Price
from simulator.domain.policies import Policies
from simulator.engine.shelf import model_row, shelf
from tests.engine.world import CATALOG

ROWS = {row.model_id: row for row in shelf(CATALOG, Policies())}


def test_every_listed_model_is_on_the_shelf_once() -> None:
    assert list(ROWS) == [model.id for model in CATALOG.listed()]


@pytest.mark.parametrize("model_type", ["image", "video", "music", "speech", "separation", "other"])
def test_the_shelf_can_be_narrowed_to_a_type(model_type: str) -> None:
    rows = shelf(CATALOG, Policies(), model_type)
    assert rows
    assert [row for row in ROWS.values() if row.model_type == model_type] == rows


def test_what_the_policy_denies_is_not_on_the_shelf() -> None:
    denied = set(ROWS) - {row.model_id for row in shelf(CATALOG, Policies(seedance_2_1080p="deny"))}
    assert denied == {"seedance-2-1080p", "seedance-2-1080p-video-ref"}


@pytest.mark.parametrize(
    ("model", "credits", "note"),
    [
        ("nano-banana", 7, "7"),
        ("gpt-image-2", 11, "1K 11, 2K 15, 4K 21"),
        ("kling-3-0-std", 17, "17 per second of output; with sound 23 per second of output"),
        ("seedance-2-480p", 18, "18 per second of output, and of 15 s reference video where"),
        ("kling-2-6-motion-control-720p", 270, "9 per second of reference video, billed for 30 s"),
        ("sora-2", 75, "the lowest of its rows: sora-2-text-to-video-10s 75, "),
        ("auto-caption", 0.5, "0.5"),
    ],
)
def test_a_price_is_shown_with_its_note(model: str, credits: float, note: str) -> None:
    assert ROWS[model].cost_per_generation == credits
    assert ROWS[model].cost_note.startswith(note)


def test_a_row_without_a_price_says_so() -> None:
    model = replace(CATALOG.row("mvsep-40"), price=None)
    row = model_row(Catalog([model]), model)
    assert (row.cost_per_generation, row.cost_note) == (None, "no source states a price")


def test_a_row_without_an_estimate_shows_the_guess_of_its_type() -> None:
    shown = {}
    for model_id in ("nano-banana", "sora-2-text-to-video-10s", "V5_5", "mvsep-40", "auto-caption"):
        model = replace(CATALOG.row(model_id), estimated_time_s=None, price=Price("flat", 1))
        shown[model.model_type] = model_row(Catalog([model]), model).estimated_time_seconds
    assert shown == {"image": 30, "video": 70, "music": 60, "separation": 40, "other": 30}


def test_capabilities_list_the_inputs_of_every_mode() -> None:
    capabilities = ROWS["seedance-2-480p"].capabilities
    assert capabilities["max_input_images"] == 9
    assert capabilities["duration_options"][0] == "4s"
    assert capabilities["inputs_by_generation_type"]["image-to-video"] == {
        "image": {"min": 1, "max": 2},
        "video": {"min": 0, "max": 0},
        "audio": {"min": 0, "max": 3},
    }


def test_a_fixed_length_is_no_option() -> None:
    capabilities = ROWS["sora-2-text-to-video-10s"].capabilities
    assert (capabilities["duration_options"], capabilities["fixed_duration"]) == ([], "10s")


def test_a_product_of_another_tool_has_no_capabilities() -> None:
    assert ROWS["mvsep-40"].capabilities == {}


def test_the_row_of_ad_copy_tells_what_it_makes_as_it_was_seen_to() -> None:
    row = ROWS["ad-copy"]
    assert (row.generation_types, row.capabilities) == (["text-to-image", "image-to-image"], {})


@pytest.mark.ruling("catalog.image-inputs")
@pytest.mark.parametrize(
    ("model", "most"),
    [
        *(("nano-banana", 10), ("nano-banana-2", 8), ("nano-banana-pro", 8), ("gpt-image-2", 16)),
        *(("gpt-1.5-image", 16), ("5-lite-image-to-image", 10), ("seedream-v4-edit", 10)),
        ("seedream-v4-5-edit", 10),
    ],
)
def test_image_models_take_images_in_image_to_image_only(model: str, most: int) -> None:
    modes = ROWS[model].capabilities["inputs_by_generation_type"]
    assert modes["image-to-image"]["image"] == {"min": 1, "max": most}
    assert modes.get("text-to-image", {}).get("image", {"max": 0})["max"] == 0


@pytest.mark.ruling("catalog.veo-modes")
@pytest.mark.parametrize("model", ["veo3-1", "veo3-1-fast"])
def test_veo_takes_an_image_or_none_for_text_and_two_or_three_for_images(model: str) -> None:
    modes = ROWS[model].capabilities["inputs_by_generation_type"]
    assert modes["text-to-video"]["image"] == {"min": 0, "max": 1}
    assert modes["image-to-video"]["image"] == {"min": 2, "max": 3}
