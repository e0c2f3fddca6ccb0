"""HTTP as a client of the provider speaks it, with the standard library alone."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from typing import Any
from urllib.parse import urlsplit

from simulator.console import UNREACHABLE, CommandFailed

_BOUNDARY = "mediasim-upload-part"
_TIMEOUT_S = 30.0


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer: its status, its body as sent, its headers with names in lower case."""

    status: int
    content: bytes
    headers: Mapping[str, str]

    def json(self) -> dict[str, Any]:
        """Raises CommandFailed for anything but a JSON object."""
        try:
            value = json.loads(self.content)
        except ValueError:
            value = None
        if not isinstance(value, dict):
            raise CommandFailed(UNREACHABLE, f"expected a JSON object, got {self.content[:80]!r}")
        return value


@dataclass(frozen=True, slots=True)
class File:
    """A file to be uploaded."""

    name: str
    media_type: str
    content: bytes


class Wire:
    """One base URL and one key; a connection a call. Raises CommandFailed when nobody answers."""

    def __init__(self, base_url: str, key: str) -> None:
        self._base = urlsplit(base_url)
        self._headers = {"X-API-Key": key, "Accept": "application/json"}

    def get(self, path: str) -> Reply:
        return self._call("GET", path, None, {})

    def post(
        self, path: str, body: Mapping[str, object], headers: Mapping[str, str] | None = None
    ) -> Reply:
        content, kind = json.dumps(body).encode(), {"Content-Type": "application/json"}
        return self._call("POST", path, content, {**kind, **(headers or {})})

    def upload(self, path: str, file: File, fields: Mapping[str, str] | None = None) -> Reply:
        """``file`` as the one file of a multipart form, behind the fields."""
        parts = [
            f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
            for name, value in (fields or {}).items()
        ]
        head = (
            f"--{_BOUNDARY}\r\n"
            f'Content-Disposition: form-data; name="file"; filename="{file.name}"\r\n'
            f"Content-Type: {file.media_type}\r\n\r\n"
        )
        tail = f"\r\n--{_BOUNDARY}--\r\n"
        form = "".join([*parts, head]).encode() + file.content + tail.encode()
        kind = f"multipart/form-data; boundary={_BOUNDARY}"
        return self._call("POST", path, form, {"Content-Type": kind})

    def download(self, url: str) -> bytes:
        """A file's bytes; it must be at the base URL's address."""
        parts = urlsplit(url)
        if parts.netloc != self._base.netloc:
            raise CommandFailed(UNREACHABLE, f"{url} is not at {self._base.netloc}")
        reply = self._call("GET", parts.path, None, {"Accept": "*/*"})
        if reply.status != 200:
            raise CommandFailed(UNREACHABLE, f"{url} answered {reply.status}")
        return reply.content

    def _call(
        self, method: str, path: str, body: bytes | None, headers: Mapping[str, str]
    ) -> Reply:
        connection = HTTPConnection(
            self._base.hostname or "", self._base.port or 80, timeout=_TIMEOUT_S
        )
        try:
            connection.request(method, path, body, {**self._headers, **headers})
            response = connection.getresponse()
            named = {name.lower(): value for name, value in response.getheaders()}
            return Reply(response.status, response.read(), named)
        except (OSError, HTTPException) as error:
            text = f"{method} {self._base.netloc}{path}: {str(error) or type(error).__name__}"
            raise CommandFailed(UNREACHABLE, text) from error
        finally:
            connection.close()
