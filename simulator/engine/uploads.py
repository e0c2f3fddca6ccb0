"""Where uploads and results are served, and which of a request's URLs are uploads of its world."""

import re
from collections.abc import Iterable, Iterator, Mapping
from urllib.parse import urlsplit

from simulator.domain.requests import MediaAsk

_UPLOAD_PATH = re.compile(r".*/media/([A-Za-z0-9_-]+)/uploads/([0-9a-f-]{36})\.[a-z0-9]+")


class UploadUrls:
    """``base`` is the address that callers reach the simulator by, without a trailing slash."""

    def __init__(self, base: str) -> None:
        self.base = base

    def files(self, world: str) -> str:
        return f"{self.base}/media/{world}/"

    def upload(self, world: str, upload_id: str, extension: str) -> str:
        return f"{self.base}/media/{world}/uploads/{upload_id}.{extension}"

    def session(self, world: str, token: str) -> str:
        return f"{self.base}/upload/{world}/{token}"

    @property
    def host(self) -> str:
        return urlsplit(self.base).hostname or ""

    def named(self, world: str, ask: MediaAsk) -> dict[str, str]:
        """The uploads of this world that a media request names: see ``among``."""
        return self.among(world, (*ask.source_media_urls, *_element_urls(ask.kling_elements)))

    def among(self, world: str, urls: Iterable[str]) -> dict[str, str]:
        """Each URL that names an upload of this world, and the upload's id. The host and what
        stands before /media do not matter: a container, its host and a proxy know the simulator by
        different names."""
        found = {}
        for url in urls:
            if "/media/" not in url:
                continue
            match = _UPLOAD_PATH.fullmatch(_path(url))
            if match is not None and match[1] == world:
                found[url] = match[2]
        return found


def _path(url: str) -> str:
    try:
        return urlsplit(url).path
    except ValueError:
        return ""


def _element_urls(elements: object) -> Iterator[str]:
    if not isinstance(elements, (list, tuple)):
        return
    for element in elements:
        if isinstance(element, Mapping):
            for field in ("element_input_urls", "element_input_video_urls"):
                urls = element.get(field)
                if isinstance(urls, (list, tuple)):
                    yield from (url for url in urls if isinstance(url, str))
