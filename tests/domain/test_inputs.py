"""Source URLs by their extension."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.domain.inputs import KIND_BY_EXTENSION, Source, Upload, classify, extension_of

UPLOAD = Upload("u", "image", "png", 10)


@pytest.mark.ruling("inputs.classes")
@pytest.mark.parametrize(
    ("extensions", "kind"),
    [("jpg png webp", "image"), ("mp4 mov webm", "video"), ("mp3 wav m4a", "audio")],
)
def test_a_source_is_of_the_kind_of_its_extension(extensions: str, kind: str) -> None:
    urls = [f"https://example.com/{name}.{name}" for name in extensions.split()]
    assert {source.kind for source in classify(urls, {})} == {kind}


@pytest.mark.ruling("inputs.extension")
@pytest.mark.parametrize(
    ("url", "extension"),
    [
        ("https://example.com/a.JPEG", "jpg"),
        ("https://example.com/a.Mp4", "mp4"),
        ("https://example.com/a.png?name=b.mp4", "png"),
        ("https://example.com/a.png#b.mp4", "png"),
        ("https://example.com/a?name=b.png", ""),
        ("https://example.com/a.tar.gz", "gz"),
        ("https://example.com/.png", "png"),
        ("https://example.com/a.png/", ""),
        ("https://example.com/a.png/b", ""),
        ("https://example.com/a.", ""),
        ("https://example.png", ""),
        ("https://example.com/a.png;v=1", "png;v=1"),
        ("https://example.com/a%2Epng", ""),
        ("https://[half/a.png", ""),
        ("", ""),
        ("a.png", "png"),
    ],
)
def test_the_extension_of_the_path_counts(url: str, extension: str) -> None:
    assert extension_of(url) == extension


@pytest.mark.parametrize(
    "url", ["ftp://example.com/a.png", "file:///a.png", "a.png", "//example.com/a.png", ""]
)
def test_what_is_no_web_address_has_no_kind(url: str) -> None:
    assert classify([url], {})[0].kind is None


def test_a_scheme_is_the_same_in_capitals() -> None:
    assert classify(["HTTPS://example.com/a.png"], {})[0].kind == "image"


@pytest.mark.ruling("inputs.never-fetched")
def test_only_an_upload_of_this_world_brings_measures() -> None:
    known, remote = "https://example.com/u.png", "https://example.com/r.png"
    assert classify([known, remote], {known: UPLOAD}) == (
        Source(known, "png", "image", UPLOAD),
        Source(remote, "png", "image", None),
    )


@given(st.lists(st.text()))
def test_any_texts_are_classified_in_their_order(urls: list[str]) -> None:
    sources = classify(urls, {})
    assert [source.url for source in sources] == urls
    assert {source.kind for source in sources} <= {None, *KIND_BY_EXTENSION.values()}
