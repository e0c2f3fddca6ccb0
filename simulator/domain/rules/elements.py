"""Kling 3.0 elements: named references that a prompt may use as ``@name``."""

import re
from collections.abc import Mapping
from typing import Any

from simulator.domain.errors import Rejection
from simulator.domain.inputs import Upload, extension_of, is_web
from simulator.domain.requests import Asked

ELEMENT_FIELDS = ("name", "description", "element_input_urls", "element_input_video_urls")
ELEMENTS_MAX = 3
IMAGE_EXTENSIONS, IMAGES_LEAST, IMAGES_MOST = ("jpg", "png"), 2, 4
IMAGE_SIDE_LEAST, IMAGE_BYTES_MAX = 300, 10 * 1024 * 1024
VIDEO_EXTENSIONS, VIDEOS = ("mp4", "mov"), 1
VIDEO_BYTES_MAX = 50 * 1024 * 1024

_NAME = re.compile(r"[A-Za-z0-9_]+")


def invalid_kling_elements(asked: Asked) -> Rejection | None:
    """Judges ``kling_elements`` of a model that takes them; a null is as good as left out."""
    elements = asked.ask.kling_elements
    if not asked.model.elements or elements is None:
        return None
    if not isinstance(elements, (list, tuple)):
        return _invalid(None, "expected an array of elements")
    if len(elements) > ELEMENTS_MAX:
        return _invalid(ELEMENTS_MAX, f"at most {ELEMENTS_MAX} elements, {len(elements)} came")
    names: set[str] = set()
    for index, element in enumerate(elements):
        reason = _wrong(element, names, asked.uploads)
        if reason is not None:
            return _invalid(index, reason)
    return None


def _wrong(element: Any, names: set[str], uploads: Mapping[str, Upload]) -> str | None:
    if not isinstance(element, Mapping):
        return "expected an object with name, description and URLs"
    name, description = element.get("name"), element.get("description")
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        return "name must be letters, digits and underscores"
    if name in names:
        return f"name '{name}' is used twice"
    names.add(name)
    if not isinstance(description, str) or not description:
        return "description must be a non-empty text"
    images, videos = element.get("element_input_urls"), element.get("element_input_video_urls")
    if (images is None) == (videos is None):
        return "expected either element_input_urls or element_input_video_urls"
    if images is not None:
        return _wrong_images(images, uploads)
    return _wrong_videos(videos, uploads)


def _wrong_images(urls: Any, uploads: Mapping[str, Upload]) -> str | None:
    if not _texts(urls) or not IMAGES_LEAST <= len(urls) <= IMAGES_MOST:
        return f"element_input_urls takes {IMAGES_LEAST} to {IMAGES_MOST} image URLs"
    for url in urls:
        if extension_of(url) not in IMAGE_EXTENSIONS or not is_web(url):
            return "element images must be http(s) URLs of JPG or PNG files"
        upload = uploads.get(url)
        if upload is None:
            continue
        if min(upload.width, upload.height) < IMAGE_SIDE_LEAST:
            return (
                f"element images need at least {IMAGE_SIDE_LEAST} x {IMAGE_SIDE_LEAST} pixels,"
                f" one has {upload.width} x {upload.height}"
            )
        if upload.size_bytes > IMAGE_BYTES_MAX:
            return f"element images may have at most {IMAGE_BYTES_MAX} bytes"
    return None


def _wrong_videos(urls: Any, uploads: Mapping[str, Upload]) -> str | None:
    if not _texts(urls) or len(urls) != VIDEOS:
        return "element_input_video_urls takes exactly 1 video URL"
    if extension_of(urls[0]) not in VIDEO_EXTENSIONS or not is_web(urls[0]):
        return "element videos must be http(s) URLs of MP4 or MOV files"
    upload = uploads.get(urls[0])
    if upload is not None and upload.size_bytes > VIDEO_BYTES_MAX:
        return f"element videos may have at most {VIDEO_BYTES_MAX} bytes"
    return None


def _texts(urls: Any) -> bool:
    return isinstance(urls, (list, tuple)) and all(isinstance(url, str) for url in urls)


def _invalid(index: int | None, reason: str) -> Rejection:
    where = "kling_elements" if index is None else f"kling_elements[{index}]"
    return Rejection("invalid_kling_elements", f"{where}: {reason}.", index=index, reason=reason)
