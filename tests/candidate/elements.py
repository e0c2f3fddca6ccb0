"""Kling elements: things that a prompt names, each with its own pictures or its own video."""

from collections.abc import Mapping
from pathlib import PurePosixPath
from urllib.parse import urlsplit

from tests.candidate.asking import Refused
from tests.candidate.media import Known

IMAGES, VIDEOS = (".jpg", ".jpeg", ".png"), (".mp4", ".mov")
MAX_IMAGE_BYTES, MAX_VIDEO_BYTES = 10 << 20, 50 << 20
MIN_SIDE = 300


def extension(url: str) -> str:
    """The extension of a URL's path, in small letters; empty where there is none."""
    try:
        return PurePosixPath(urlsplit(url).path).suffix.lower()
    except ValueError:
        return ""


def check_elements(elements: object, known: Mapping[str, Known]) -> None:
    """Refused for what is no list of at most three whole elements."""
    if elements is None:
        return
    if not isinstance(elements, list):
        raise Refused(400, "invalid_kling_elements", "kling_elements must be a list")
    if len(elements) > 3:
        raise Refused(400, "invalid_kling_elements", "at most 3 elements are taken")
    for index, element in enumerate(elements):
        reason = fault_of(element, known)
        if reason:
            raise Refused(400, "invalid_kling_elements", reason, index=index, reason=reason)


def fault_of(element: object, known: Mapping[str, Known]) -> str:
    """What is wrong with one element; empty for a whole one."""
    if not isinstance(element, dict):
        return "an element is an object"
    for key in ("name", "description"):
        if not isinstance(element.get(key), str) or not element[key]:
            return f"an element needs a {key}"
    images = texts(element.get("element_input_urls"))
    videos = texts(element.get("element_input_video_urls"))
    if images is None or videos is None:
        return "the URLs of an element are a list of texts"
    if len(images) not in {0, 2, 3, 4} or len(videos) > 1 or bool(images) == bool(videos):
        return "an element needs 2 to 4 image URLs or 1 video URL"
    return files_fault(images, videos, known)


def texts(value: object) -> list[str] | None:
    """A list of texts, empty for nothing; None for anything else."""
    if value is None:
        return []
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        return value
    return None


def files_fault(images: list[str], videos: list[str], known: Mapping[str, Known]) -> str:
    """What is wrong with the files of one element, as far as they are known."""
    if any(extension(url) not in IMAGES for url in images):
        return "an element's images are JPG or PNG"
    if any(extension(url) not in VIDEOS for url in videos):
        return "an element's video is MP4 or MOV"
    sizes = [(url, MAX_IMAGE_BYTES) for url in images] + [(url, MAX_VIDEO_BYTES) for url in videos]
    if any(url in known and known[url].size_bytes > most for url, most in sizes):
        return "an element's image has at most 10 MB, its video 50 MB"
    measured = [known[url].sides for url in images if url in known]
    if any(sides is not None and min(sides) < MIN_SIDE for sides in measured):
        return f"an element's image has at least {MIN_SIDE} x {MIN_SIDE} pixels"
    return ""
