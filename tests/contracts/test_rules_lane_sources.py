"""The files that golden cases upload are what they are said to be, and open."""

from pathlib import Path

import av
import pytest

from contracts import sources
from contracts.cases import SourceFile, load_cases
from contracts.sources import NoSuchFile, make, media_type
from simulator.media import probe

ASKED_FOR = sorted(
    {source for case in load_cases().values() for source in case.uploads.values()},
    key=lambda source: (source.extension, source.duration_ms, source.width, source.size_bytes),
)
SMALL_BYTES = 2_000_000


def named(source: SourceFile) -> str:
    return f"{source.extension}-{source.duration_ms}ms-{source.width}x{source.height}"


@pytest.mark.parametrize("source", ASKED_FOR, ids=named)
def test_a_file_has_the_length_the_pixels_and_the_size_that_its_case_asks_for(
    source: SourceFile, tmp_path: Path
) -> None:
    file = tmp_path / f"source.{source.extension}"
    file.write_bytes(make(source))
    found = probe(file, source.extension)
    assert (found.kind, found.duration_ms or 0) == (source.kind, source.duration_ms)
    if source.width:
        assert (found.width, found.height) == (source.width, source.height)
    if source.size_bytes > SMALL_BYTES:
        assert found.size_bytes == source.size_bytes


@pytest.mark.parametrize("extension", ["png", "jpg", "mp4", "mov", "webm", "mp3", "wav", "m4a"])
def test_a_file_can_be_played(extension: str, tmp_path: Path) -> None:
    file = tmp_path / f"source.{extension}"
    file.write_bytes(make(SourceFile(media_type(extension).partition("/")[0], extension, 3_000)))
    with av.open(str(file)) as container:
        assert sum(1 for _ in container.decode()) > 0


@pytest.mark.parametrize("extension", ["mp4", "webm", "m4a", "mp3"])
def test_a_file_that_is_made_again_is_the_same(extension: str) -> None:
    asked = SourceFile(media_type(extension).partition("/")[0], extension, 2_500)
    one = make(asked)
    sources._content.cache_clear()
    assert make(asked) == one


def test_a_file_that_can_not_be_made_is_named() -> None:
    with pytest.raises(NoSuchFile, match="gif"):
        media_type("gif")
    with pytest.raises(NoSuchFile, match="gif"):
        make(SourceFile("image", "gif"))
