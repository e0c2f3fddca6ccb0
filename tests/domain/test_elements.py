"""Kling 3.0 elements: what each may and must hold."""

from typing import Any

import pytest

from tests.domain.judging import IMAGE, VIDEO, accepted, refusal, upload

pytestmark = pytest.mark.ruling("media.kling-elements")

T2V = "text-to-video"
MIB = 2**20
CAT = {"name": "cat", "description": "a cat", "element_input_urls": [IMAGE, IMAGE]}
DOG = {"name": "dog", "description": "a dog", "element_input_video_urls": [VIDEO]}
GIF, WEBM = "https://e.com/a.gif", "https://e.com/a.webm"


def with_images(*urls: Any) -> dict[str, Any]:
    return {**CAT, "element_input_urls": list(urls)}


def with_videos(*urls: Any) -> dict[str, Any]:
    return {**DOG, "element_input_video_urls": list(urls)}


@pytest.mark.parametrize(
    "elements",
    [
        None,
        [],
        [CAT],
        [CAT, DOG, with_images(IMAGE, IMAGE, IMAGE, IMAGE) | {"name": "x_9"}],
        (CAT,),
        [with_videos("https://e.com/a.MOV")],
        [with_images("https://e.com/a.jpeg", "https://e.com/a.png?x=1.gif")],
        [CAT | {"element_input_video_urls": None}],
        [CAT | {"unknown": 1}],
    ],
)
def test_sound_elements_are_taken(elements: object) -> None:
    assert accepted("kling-3-0-std", T2V, kling_elements=elements)


@pytest.mark.parametrize(
    ("elements", "index", "reason"),
    [
        ({}, None, "expected an array of elements"),
        ("cat", None, "expected an array of elements"),
        (False, None, "expected an array of elements"),
        ([CAT] * 4, 3, "at most 3 elements, 4 came"),
        (["cat"], 0, "expected an object with name, description and URLs"),
        ([DOG, None], 1, "expected an object with name, description and URLs"),
        ([CAT | {"name": "a cat"}], 0, "name must be letters, digits and underscores"),
        ([CAT | {"name": ""}], 0, "name must be letters, digits and underscores"),
        ([CAT | {"name": "cat\n"}], 0, "name must be letters, digits and underscores"),
        ([CAT | {"name": 7}], 0, "name must be letters, digits and underscores"),
        ([CAT, CAT], 1, "name 'cat' is used twice"),
        ([CAT | {"description": ""}], 0, "description must be a non-empty text"),
        ([CAT | {"description": None}], 0, "description must be a non-empty text"),
        ([CAT | DOG], 0, "expected either element_input_urls or element_input_video_urls"),
        ([{"name": "a", "description": "b"}], 0, "expected either element_input_urls or element_i"),
        ([with_images(IMAGE)], 0, "element_input_urls takes 2 to 4 image URLs"),
        ([with_images(*[IMAGE] * 5)], 0, "element_input_urls takes 2 to 4 image URLs"),
        ([with_images(IMAGE, 7)], 0, "element_input_urls takes 2 to 4 image URLs"),
        ([CAT | {"element_input_urls": IMAGE}], 0, "element_input_urls takes 2 to 4 image URLs"),
        ([with_images(IMAGE, GIF)], 0, "element images must be http(s) URLs of JPG or PNG files"),
        ([with_videos()], 0, "element_input_video_urls takes exactly 1 video URL"),
        ([with_videos(VIDEO, VIDEO)], 0, "element_input_video_urls takes exactly 1 video URL"),
        (
            [with_images(IMAGE, "ftp://a.b/c.png")],
            0,
            "element images must be http(s) URLs of JPG or PNG files",
        ),
        (
            [with_videos("ftp://a.b/c.mp4")],
            0,
            "element videos must be http(s) URLs of MP4 or MOV files",
        ),
        ([with_videos(WEBM)], 0, "element videos must be http(s) URLs of MP4 or MOV files"),
    ],
)
def test_an_element_that_lacks_something_is_refused_with_its_place(
    elements: object, index: int | None, reason: str
) -> None:
    rejection = refusal("kling-3-0-std", T2V, kling_elements=elements)
    assert rejection.code == "invalid_kling_elements"
    assert rejection.fields["index"] == index
    assert str(rejection.fields["reason"]).startswith(reason)


@pytest.mark.parametrize(
    ("pixels", "size_bytes", "reason"),
    [
        ((300, 300), 10 * MIB, None),
        ((299, 300), 1, "element images need at least 300 x 300 pixels, one has 299 x 300"),
        ((300, 299), 1, "element images need at least 300 x 300 pixels, one has 300 x 299"),
        ((300, 300), 10 * MIB + 1, "element images may have at most 10485760 bytes"),
    ],
)
def test_an_uploaded_image_is_measured(
    pixels: tuple[int, int], size_bytes: int, reason: str | None
) -> None:
    facts = upload("image", "png", width=pixels[0], height=pixels[1], size_bytes=size_bytes)
    fields: dict[str, Any] = {"uploads": {IMAGE: facts}, "kling_elements": [CAT]}
    if reason is None:
        assert accepted("kling-3-0-std", T2V, **fields)
    else:
        assert refusal("kling-3-0-std", T2V, **fields).fields["reason"] == reason


@pytest.mark.parametrize(("size_bytes", "fine"), [(50 * MIB, True), (50 * MIB + 1, False)])
def test_an_uploaded_video_is_weighed(size_bytes: int, fine: bool) -> None:
    facts = {VIDEO: upload("video", "mp4", size_bytes=size_bytes)}
    if fine:
        assert accepted("kling-3-0-std", T2V, uploads=facts, kling_elements=[DOG])
        return
    rejection = refusal("kling-3-0-std", T2V, uploads=facts, kling_elements=[DOG])
    assert rejection.fields["reason"] == "element videos may have at most 52428800 bytes"


def test_elements_make_frames_optional() -> None:
    assert accepted("kling-3-0-std", "image-to-video", kling_elements=[CAT])
    assert refusal("kling-3-0-std", "image-to-video").code == "missing_source_media"
    assert refusal("kling-3-0-std", "image-to-video", kling_elements=[]).code == (
        "missing_source_media"
    )


def test_other_models_do_not_look_at_elements() -> None:
    assert accepted("wan-2-5", T2V, kling_elements=[7])
