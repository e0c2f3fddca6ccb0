"""Worst cases: never under a documented price, and the price itself where nothing is in doubt."""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.data import DataError
from contracts.pricing import STARTS, PricedRow, PriceList, load_prices, milli

CASES = Path(__file__).parents[2] / "fixtures" / "cases"
PRICES = load_prices()


def replaced(value: Any, uploads: Mapping[str, Any]) -> Any:
    """The ``@`` words of a golden case as what a caller could send."""
    if isinstance(value, Mapping):
        return {name: replaced(part, uploads) for name, part in value.items()}
    if isinstance(value, list):
        return [replaced(part, uploads) for part in value]
    word, _, argument = str(value).partition(":")
    match word:
        case "@null":
            return None
        case "@upload":
            return f"https://example.com/{argument}.{uploads[argument]['extension']}"
        case "@prompt" | "@prompt-emoji":
            return "x" * int(argument)
        case _:
            return value


def accepted_cases(folder: Path) -> list[tuple[str, str, dict[str, Any], int]]:
    """Id, call, body and milli-credits of each start that is accepted."""
    rows = [
        row
        for file in sorted(folder.glob("*.toml"))
        for row in tomllib.loads(file.read_text("utf-8"))["case"]
    ]
    return [
        (
            row["id"],
            row.get("call", "generate_media"),
            replaced(row["request"], row.get("uploads", {})),
            milli(row["accepted"]["credits"]),
        )
        for row in rows
        if "accepted" in row and row.get("call", "generate_media") in STARTS
    ]


MEDIA = accepted_cases(CASES)
PRODUCTS = accepted_cases(CASES / "products")


def worst(**body: Any) -> int | None:
    return PRICES.worst_case("generate_media", {"prompt": "x", **body})


def test_no_accepted_case_costs_more_than_its_worst_case() -> None:
    told = {
        name: (bound, credits)
        for name, call, body, credits in [*MEDIA, *PRODUCTS]
        if (bound := PRICES.worst_case(call, body)) is not None and bound < credits
    }
    assert len(MEDIA) + len(PRODUCTS) > 450
    assert told == {}


def test_nine_media_cases_in_ten_are_bounded_by_their_very_price() -> None:
    tight = [
        name for name, call, body, credits in MEDIA if PRICES.worst_case(call, body) == credits
    ]
    assert len(tight) >= 0.9 * len(MEDIA)


def test_only_what_nobody_documents_leaves_a_case_without_a_bound() -> None:
    unbounded = [
        name for name, call, body, _ in [*MEDIA, *PRODUCTS] if PRICES.worst_case(call, body) is None
    ]
    assert unbounded == [
        "ignored-unknown-fields",
        "dialogue-unknown-field",
        "music-model-v6",
        "music-model-lower-case",
        "music-model-of-media",
    ]


@pytest.mark.parametrize(
    ("model", "body", "credits"),
    [
        ("z-image", {}, 4),
        ("gpt-image-2", {}, 11),
        ("gpt-image-2", {"resolution": "4k"}, 21),
        ("gpt-image-2", {"resolution": "8K"}, 21),
        ("gpt-image-2", {"resolution": ["1K"]}, 21),
        ("kling-3-0-std", {"duration": "3s"}, 51),
        ("kling-3-0-std", {"duration": "3s", "sound": True}, 69),
        ("kling-3-0-std", {"duration": "3s", "sound": "yes"}, 69),
        ("kling-3-0-std", {}, 255),
        ("kling-3-0-std", {"duration": True}, 255),
        ("kling-3-0-std", {"duration": "20 seconds"}, 340),
        ("kling-3-0-std", {"duration": 15.5}, 272),
        ("kling-3-0-std", {"duration": "1e2"}, 1700),
        ("seedance-2-480p", {"duration": "4s"}, 72),
        ("seedance-2-480p-video-ref", {"duration": "4s"}, 247),
        (
            "seedance-2-480p-video-ref",
            {"duration": "4s", "source_media_urls": ["https://a.example/v.mp4"]},
            247,
        ),
        ("seedance-2-480p", {"duration": "4s", "source_media_urls": "https://a.example/v"}, 342),
        ("seedance-2-480p", {"duration": "4s", "source_media_urls": {"a": "b"}}, 342),
        (
            "seedance-2-480p",
            {"duration": "4s", "source_media_urls": ["https://a.example/a.jpg?as=v.mp4"]},
            342,
        ),
        ("seedance-2", {"duration": "4s"}, 1_235),
        ("seedance-2", {}, 1_950),
        ("kling-2-6-motion-control-720p", {}, 270),
        ("imagen-4", {"quality": "fast"}, 7),
        ("imagen-4", {"quality": "whatever"}, 19),
        ("imagen-4", {"colour": "blue"}, 19),
    ],
)
def test_a_doubt_takes_the_dearest_reading(
    model: str, body: dict[str, Any], credits: float
) -> None:
    assert worst(model=model, **body) == milli(credits)


@pytest.mark.parametrize(
    "body",
    [
        {"model": "seedance-3"},
        {"model": " z-image"},
        {"model": "veo3-1-lite-text-to-video"},
        {"model": "z-image", "count": 4},
        {"model": "z-image", "count": "4"},
        {"model": "z-image", "also": ["x"]},
        {"model": "kling-3-0-std", "duration": "9" * 400},
        {"model": "kling-3-0-std", "duration": "1e400"},
        {"model": "kling-3-0-std", "duration": float("inf")},
    ],
)
def test_what_the_catalogue_does_not_know_has_no_bound(body: dict[str, Any]) -> None:
    assert worst(**body) is None


@pytest.mark.parametrize("body", [None, [], "x", 7, b"{}"])
def test_a_body_that_is_no_object_has_no_bound(body: object) -> None:
    assert PRICES.worst_case("generate_media", body) is None


@pytest.mark.parametrize("body", [{}, {"model": None}, {"model": 7}, {"model": ""}])
def test_without_a_model_the_dearest_of_all_counts(body: dict[str, Any]) -> None:
    assert PRICES.worst_case("generate_media", body) == milli((15 + 15) * 93)


@pytest.mark.parametrize(
    ("call", "body", "credits"),
    [
        ("generate_music", {"prompt": "x"}, 19),
        ("generate_music", {"model": "suno-lyrics-generation"}, 19),
        ("generate_dialogue", {"dialogue": [{"text": "x" * 5_000}]}, 21),
        ("generate_dialogue", {"dialogue": [{"text": "x" * 2_501}, {"text": "x" * 2_500}]}, 42),
        ("create_ad_copy", {"variant_count": 3}, 150),
        ("create_ad_copy", {"variant_count": None}, 50),
        ("create_ad_copy", {"variant_count": -1}, 50),
        ("create_ad_copy", {"variant_count": "many"}, 200),
        ("create_ad_copy", {"variant_count": 9}, 450),
        ("generate_captions", {"media_url": "https://a.example/a.mp3"}, 1_260),
        ("generate_separation", {"media_url": "https://a.example/a.mp3"}, 180),
    ],
)
def test_products_are_bounded_by_their_units(
    call: str, body: dict[str, Any], credits: float
) -> None:
    assert PRICES.worst_case(call, body) == milli(credits)


@pytest.mark.parametrize("call", ["get_models", "generate_dubbing", "Generate_Media", ""])
def test_other_calls_have_no_bound(call: str) -> None:
    assert PRICES.worst_case(call, {"model": "z-image"}) is None


ODD = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=4,
)


@given(
    case=st.sampled_from([(body, credits) for _, _, body, credits in MEDIA]),
    field=st.sampled_from(["duration", "quality", "resolution", "sound", "colour"]),
    value=ODD,
)
def test_an_odd_value_never_raises_and_never_goes_below_nothing(
    case: tuple[dict[str, Any], int], field: str, value: object
) -> None:
    bound = PRICES.worst_case("generate_media", {**case[0], field: value})
    assert bound is None or bound > 0


@given(
    case=st.sampled_from([(body, credits) for _, _, body, credits in MEDIA]),
    field=st.sampled_from(["duration", "quality", "resolution"]),
)
def test_a_value_left_out_costs_at_most_what_the_doubt_is_worth(
    case: tuple[dict[str, Any], int], field: str
) -> None:
    body, _ = case
    left_out = {name: value for name, value in body.items() if name != field}
    doubt = PRICES.worst_case("generate_media", {**left_out, field: {"odd": True}})
    bound = PRICES.worst_case("generate_media", left_out)
    assert bound is None or doubt is None or bound <= doubt


def test_a_price_list_is_made_of_rows_alone() -> None:
    prices = PriceList([PricedRow("a", shape="flat", millicredits=1_500)], {"A": "a"})
    assert prices.worst_case("generate_media", {"model": "A"}) == 1_500
    assert prices.worst_case("generate_music", {}) is None


def test_a_broken_row_is_told_with_its_file_and_line(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text('# rows\n[[model]]\nid = "a"\n', encoding="utf-8")
    with pytest.raises(DataError, match=r"a\.toml:2: "):
        load_prices(tmp_path)


def test_an_empty_folder_is_no_catalogue(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no catalogue here"):
        load_prices(tmp_path)


@pytest.mark.parametrize("told", ["x", "NaN", "Infinity", None])
def test_what_is_no_number_is_no_credits(told: Any) -> None:
    with pytest.raises(ValueError, match="no credits"):
        milli(told)
