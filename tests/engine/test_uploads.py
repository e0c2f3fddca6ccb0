"""Which of a request's URLs are uploads of its world."""

import pytest

from simulator.domain.requests import MediaAsk
from simulator.engine.uploads import UploadUrls

ID = "0fef53b8-d884-4527-ab6c-2e2fd17e70b8"
URLS = UploadUrls("http://127.0.0.1:4747")
OWN = URLS.upload("w", ID, "png")


def named(*urls: str, elements: object = None) -> dict[str, str]:
    ask = MediaAsk(prompt="x", model="m", source_media_urls=urls, kling_elements=elements)
    return URLS.named("w", ask)


def test_uploads_and_results_of_a_world_share_a_place() -> None:
    assert f"http://127.0.0.1:4747/media/w/uploads/{ID}.png" == OWN
    assert URLS.files("w") == "http://127.0.0.1:4747/media/w/"


@pytest.mark.parametrize(
    "url",
    [
        OWN,
        OWN + "?download=1#top",
        f"https://sim.example:8443/media/w/uploads/{ID}.mp4",
        f"https://proxy.example/some/prefix/media/w/uploads/{ID}.png",
    ],
)
def test_an_upload_is_known_by_its_path_whatever_the_host(url: str) -> None:
    assert named("https://example.com/a.png", url) == {url: ID}


@pytest.mark.parametrize(
    "url",
    [
        f"http://127.0.0.1:4747/media/other/uploads/{ID}.png",
        f"http://127.0.0.1:4747/media/w/{ID}.png",
        f"http://127.0.0.1:4747/media/w/uploads/{ID}",
        f"http://127.0.0.1:4747/media/w/uploads/{ID}.png/more",
        f"http://127.0.0.1:4747/media/w/uploads/../{ID}.png",
        f"http://127.0.0.1:4747/media/w/uploads/{ID[:-1]}.png",
        f"http://127.0.0.1:4747/media/w/uploads/{ID.upper()}.png",
        f"http://127.0.0.1:4747/?/media/w/uploads/{ID}.png",
        f"http://[half/media/w/uploads/{ID}.png",
        "/media/",
        "",
    ],
)
def test_anything_else_is_somebody_elses_file(url: str) -> None:
    assert named(url) == {}


def test_the_uploads_of_elements_are_found_too() -> None:
    video = URLS.upload("w", ID, "mp4")
    elements = [
        {"element_input_urls": [OWN, 7, "https://example.com/a.png"]},
        {"element_input_video_urls": (video,)},
        {"element_input_urls": OWN, "element_input_video_urls": None, "other": [OWN + "?x"]},
        "no element",
    ]
    assert named(elements=elements) == {OWN: ID, video: ID}


@pytest.mark.parametrize("elements", [None, 7, "text", {"element_input_urls": [OWN]}])
def test_elements_of_the_wrong_shape_name_nothing(elements: object) -> None:
    assert named(elements=elements) == {}
