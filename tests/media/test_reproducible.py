"""The same description is the same file in any process."""

import os
import subprocess
import sys
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest
from PIL import Image

from simulator.domain.outputs import Variant
from simulator.media import render
from tests.media.support import IMAGE, SOUND, VIDEO

SCRIPT = """
import sys
from pathlib import Path
from tests.media.test_reproducible import digests
print("\\n".join(digests([Path(sys.argv[1])])))
"""
ROOT = Path(__file__).parents[2]


def digests(sources: list[Path]) -> list[str]:
    wanted = [
        (replace(IMAGE, format=extension, seed=seed, sources=named), variant)
        for extension in ("png", "jpeg", "webp")
        for seed in range(4)
        for named in ((), ("up_1",))
        for variant in (Variant.ORIGINAL, Variant.THUMBNAIL)
    ]
    wanted += [(VIDEO, variant) for variant in Variant]
    wanted += [(replace(SOUND, format=name), Variant.ORIGINAL) for name in ("mp3", "wav", "m4a")]
    return [
        sha256(render(output, variant, sources if output.sources else []).data).hexdigest()
        for output, variant in wanted
    ]


@pytest.fixture
def photograph(tmp_path: Path) -> Path:
    path = tmp_path / "photograph.jpg"
    Image.radial_gradient("L").convert("RGB").save(path)
    return path


def elsewhere(photograph: Path, folder: Path, hash_seed: str, zone: str, locale: str) -> list[str]:
    setting = {"PYTHONHASHSEED": hash_seed, "TZ": zone, "LC_ALL": locale, "PYTHONPATH": str(ROOT)}
    made = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(photograph)],
        env={**os.environ, **setting},
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
    )
    return made.stdout.split()


def test_processes_that_differ_in_everything_make_the_same_bytes(
    photograph: Path, tmp_path: Path
) -> None:
    here = digests([photograph])
    assert len(set(here)) > 30
    assert elsewhere(photograph, tmp_path, "1", "Asia/Tokyo", "C") == here
    assert elsewhere(photograph, ROOT, "4242", "UTC", "C.UTF-8") == here


def test_a_second_rendering_in_a_process_makes_the_same_bytes(photograph: Path) -> None:
    assert digests([photograph]) == digests([photograph])


def test_importing_the_room_loads_no_codec() -> None:
    script = (
        "import sys, simulator.media; "
        "assert not {'av', 'PIL'} & set(sys.modules), 'a codec was loaded'"
    )
    subprocess.run([sys.executable, "-c", script], cwd=ROOT, check=True)


def test_files_name_no_encoder() -> None:
    # x264 and libavformat would write their versions and settings.
    data = render(VIDEO, Variant.ORIGINAL, []).data
    assert not [word for word in (b"x264", b"Lavf", b"Lavc", b"options") if word in data]
