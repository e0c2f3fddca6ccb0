"""``mediasim demo``: the files it makes can be opened, and its ledger has the right numbers."""

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import av
import pytest
from PIL import Image

from tests.cli.process import TIMEOUT_S, environment, mediasim

PICTURES = ("1-nano-banana.png", "4-nano-banana.png")
VIDEOS = ("2-kling-2-6-image-to-video.mp4", "5-kling-2-6-image-to-video.mp4")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("demo") / "new" / "out"


@pytest.fixture(scope="module")
def shown(folder: Path) -> "subprocess.CompletedProcess[str]":
    """One run, in words."""
    return mediasim("demo", "--speed", "300", "--out", str(folder), variables={"COLUMNS": "120"})


def test_the_demo_ends_well(shown: "subprocess.CompletedProcess[str]") -> None:
    assert (shown.returncode, shown.stderr) == (0, "")


@pytest.mark.parametrize("name", PICTURES)
def test_each_picture_is_a_png_that_opens(
    shown: "subprocess.CompletedProcess[str]", folder: Path, name: str
) -> None:
    assert (folder / name).read_bytes().startswith(b"\x89PNG\r\n\x1a\n")
    with Image.open(folder / name) as picture:
        picture.load()
        assert picture.size == (1024, 576)


@pytest.mark.parametrize("name", VIDEOS)
def test_each_video_is_an_mp4_of_5_s_with_sound_that_decodes(
    shown: "subprocess.CompletedProcess[str]", folder: Path, name: str
) -> None:
    assert (folder / name).read_bytes()[4:8] == b"ftyp"
    with av.open(str(folder / name)) as video:
        assert sum(1 for _ in video.decode(video=0)) == 120
        assert len(video.streams.audio) == 1


@pytest.mark.parametrize(
    "text",
    [
        "1  A picture  generate_media over REST",
        "400 aspect_ratio_incompatible_with_high_res",
        "the ledger had 5 entries and has 5: it cost nothing",
        "4  The picture again  generate_media over MCP",
        "isError aspect_ratio_incompatible_with_high_res",
        "4-nano-banana.png was uploaded first, in the session of get_upload_url",
        "the ledger had 9 entries and has 9: it cost nothing",
        "kling-2-6-image-to-video-5s-audio",
        "9636 available, 0 held, 364 spent",
        "verified: 9 entries",
        "mediasim serve",
    ],
)
def test_what_came_of_it_is_told(shown: "subprocess.CompletedProcess[str]", text: str) -> None:
    assert text in shown.stdout


def test_every_entry_of_the_ledger_is_a_line(shown: "subprocess.CompletedProcess[str]") -> None:
    kinds = ("grant", "hold", "capture", "release", "adjust")
    rows = [line.split()[:3] for line in shown.stdout.splitlines()]
    assert [row for row in rows if len(row) == 3 and row[1] in kinds] == [
        ["1", "grant", "10000"],
        ["2", "hold", "7"],
        ["3", "capture", "7"],
        ["4", "hold", "175"],
        ["5", "capture", "175"],
        ["6", "hold", "7"],
        ["7", "capture", "7"],
        ["8", "hold", "175"],
        ["9", "capture", "175"],
    ]


def test_without_a_terminal_there_are_no_escape_sequences(
    shown: "subprocess.CompletedProcess[str]",
) -> None:
    assert "\x1b" not in shown.stdout


def test_as_json_the_demo_is_one_report(tmp_path: Path) -> None:
    ended = mediasim("demo", "--speed", "300", "--out", str(tmp_path), "--json")
    report: dict[str, Any] = json.loads(ended.stdout)
    assert report["problems"] == []
    assert [(step["surface"], step.get("credits")) for step in report["steps"]] == [
        ("REST", 7),
        ("REST", 175),
        ("REST", None),
        ("MCP", 7),
        ("MCP", 175),
        ("MCP", None),
    ]
    assert [step["status"] for step in report["steps"] if "refused" in step] == [400, "isError"]
    assert report["ledger"]["balance"] == {"available": 9636, "held": 0, "spent": 364}


def test_an_interrupt_ends_the_demo_with_status_130_and_no_traceback(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "simulator", "demo", "--speed", "1", "--out", str(tmp_path)],
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    for line in process.stdout:
        if "accepted" in line:
            break
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=TIMEOUT_S)
    assert (process.returncode, err) == (130, "")
