"""``models``, ``price`` and ``rulings``: what they print, and that they always print the same."""

import json
from typing import Any

import pytest

from simulator.cli import run
from tests.cli.process import mediasim


def printed(*arguments: str, capsys: pytest.CaptureFixture[str], status: int = 0) -> str:
    """What a command writes to standard output."""
    assert run(arguments) == status
    return capsys.readouterr().out


def parsed(*arguments: str, capsys: pytest.CaptureFixture[str], status: int = 0) -> Any:
    """A command's JSON."""
    return json.loads(printed(*arguments, "--json", capsys=capsys, status=status))


def test_a_price_comes_with_its_row_and_formula(capsys: pytest.CaptureFixture[str]) -> None:
    text = printed("price", "kling-3-0-std", "--duration", "5s", "--sound", capsys=capsys)
    lines = text.splitlines()
    assert lines[0].startswith("115 credits  kling-3-0-std: ")
    assert "  row      kling-3-0-std-audio" in lines
    assert "  formula  23 credits/s x 5 s = 115" in lines


def test_a_price_as_json_has_fixed_fields(capsys: pytest.CaptureFixture[str]) -> None:
    answer = parsed("price", "kling-3-0-std", "--duration", "5s", "--sound", capsys=capsys)
    assert list(answer) == [
        "model",
        "credits",
        "price_row",
        "formula",
        "strength",
        "source",
        "request",
        "assumed_options",
    ]
    assert (answer["credits"], answer["price_row"]) == (115, "kling-3-0-std-audio")


@pytest.mark.parametrize(
    ("arguments", "credits", "row"),
    [
        (("nano-banana",), 7, "nano-banana"),
        (("gpt-image-2", "--resolution", "4K", "--aspect-ratio", "16:9"), 21, None),
        (("imagen-4", "--quality", "fast"), 7, "imagen-4-fast"),
        (("seedance-2-480p", "--duration", "4s", "--video", "1"), 342, "seedance-2-480p"),
        (
            (
                "seedance-2-480p",
                "--duration",
                "4s",
                "--video",
                "1",
                "--policy",
                "seedance_video_row=reroute",
            ),
            247,
            "seedance-2-480p-video-ref",
        ),
        (("auto-caption",), 0.5, "auto-caption"),
    ],
)
def test_options_and_policies_choose_the_price(
    arguments: tuple[str, ...],
    credits: float,
    row: str | None,
    capsys: pytest.CaptureFixture[str],
) -> None:
    answer = parsed("price", *arguments, capsys=capsys)
    assert answer["credits"] == credits
    assert row in (None, answer["price_row"])


def test_what_was_left_out_is_the_least_and_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    answer = parsed("price", "kling-2-6-motion-control-720p", capsys=capsys)
    assert answer["assumed_options"] == [
        "--generation-type image-to-video",
        "--image 1",
        "--video 1",
    ]


def test_a_refused_price_is_status_1_with_the_code(capsys: pytest.CaptureFixture[str]) -> None:
    answer = parsed("price", "gpt-image-2", "--resolution", "4K", capsys=capsys, status=1)
    assert answer["error"] == "aspect_ratio_incompatible_with_high_res"


def test_an_unknown_model_brings_near_names(capsys: pytest.CaptureFixture[str]) -> None:
    answer = parsed("price", "nano-bananna", capsys=capsys, status=1)
    assert answer["error"] == "model_not_found"
    assert answer["did_you_mean"][0] == "nano-banana"


def test_a_refusal_in_words_goes_to_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["price", "seedance-2"]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("variant_required: ")


def test_models_of_a_type_are_all_of_it(capsys: pytest.CaptureFixture[str]) -> None:
    answer = parsed("models", "--type", "image", capsys=capsys)
    assert {row["model_type"] for row in answer["models"]} == {"image"}
    assert answer["total_count"] == len(answer["models"]) > 10


def test_the_table_of_models_has_a_line_for_every_model(capsys: pytest.CaptureFixture[str]) -> None:
    names = [row["model_id"] for row in parsed("models", capsys=capsys)["models"]]
    first_words = [line.split(" ")[0] for line in printed("models", capsys=capsys).splitlines()]
    assert [word for word in first_words if word in set(names)] == names


def test_a_policy_takes_models_from_the_list(capsys: pytest.CaptureFixture[str]) -> None:
    denied = parsed("models", "--policy", "seedance_2_1080p=deny", capsys=capsys)["models"]
    assert "seedance-2-1080p" not in {row["model_id"] for row in denied}


def test_rulings_of_a_strength_are_all_of_it(capsys: pytest.CaptureFixture[str]) -> None:
    rows = parsed("rulings", "--strength", "observed", capsys=capsys)
    assert {row["strength"] for row in rows} == {"observed"}
    assert list(rows[0]) == ["id", "strength", "source", "says", "policy"]


def test_rulings_in_words_hold_every_id(capsys: pytest.CaptureFixture[str]) -> None:
    ids = {row["id"] for row in parsed("rulings", capsys=capsys)}
    assert ids <= set(printed("rulings", capsys=capsys).split())


@pytest.mark.parametrize(
    "arguments",
    [("models",), ("models", "--json"), ("rulings", "--json"), ("price", "veo3-1", "--json")],
)
def test_the_hash_seed_changes_nothing_that_is_printed(arguments: tuple[str, ...]) -> None:
    runs = [mediasim(*arguments, variables={"PYTHONHASHSEED": seed}) for seed in ("1", "2")]
    assert [run.returncode for run in runs] == [0, 0]
    assert runs[0].stdout == runs[1].stdout
