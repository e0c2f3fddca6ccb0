"""What may be kept and shown of an exchange: no key, no cookie, no signed address."""

import re
import sys
from collections.abc import Iterable

from contracts.guard.profile import GuardProfile
from contracts.guard.request import Header

if sys.version_info >= (3, 12):
    from typing import override
else:
    from typing_extensions import override

REDACTED = "<redacted>"
SECRET_HEADERS = frozenset(
    {
        "authorization",
        "cookie",
        "proxy-authenticate",
        "proxy-authorization",
        "set-cookie",
        "x-api-key",
    }
)
_TELLTALES = (
    r"token|access_?token|refresh_?token|id_?token|api_?key|apikey|key|secret|password"
    r"|sig|signature|credential|policy|auth|x-amz-[a-z-]+|x-goog-[a-z-]+|key-pair-id"
)
_ADDRESS = re.compile(r"(https?://[^\s\"'<>?#\\]+|(?<![^\s\"'])/[^\s\"'<>?#\\]*)\?([^\s\"'<>]+)")
_SIGNED = re.compile(rf"(?:^|[&;]|\\u0026)(?:{_TELLTALES})=", re.IGNORECASE)
_FIELD = re.compile(rf'("(?:{_TELLTALES})"\s*:\s*)"(?:[^"\\]|\\.)*"', re.IGNORECASE)
_LIVE_KEY = re.compile(r"sk_live_[A-Za-z0-9_.-]+")


class Redactor:
    """Knows the profile's keys, so that it can take them out wherever they are."""

    def __init__(self, profile: GuardProfile) -> None:
        self._stand_ins = tuple(
            (key.reveal().encode(), stand_in.encode()) for stand_in, key in profile.secrets
        )

    @override
    def __repr__(self) -> str:
        return "Redactor(...)"

    def holds_key(self, text: str) -> bool:
        """Whether a key itself stands in a text."""
        return any(key.decode() in text for key, _ in self._stand_ins)

    def scrubbed(self, body: bytes) -> bytes:
        """Bytes with each key replaced by what callers send for it."""
        for key, stand_in in self._stand_ins:
            body = body.replace(key, stand_in)
        return body

    def text(self, text: str) -> str:
        """A text to keep."""
        for key, _ in self._stand_ins:
            text = text.replace(key.decode(), REDACTED)
        text = _LIVE_KEY.sub(REDACTED, text)
        text = _FIELD.sub(rf'\1"{REDACTED}"', text)
        return _ADDRESS.sub(_without_signature, text)

    def body(self, body: bytes, content_type: str, most: int) -> str:
        """The beginning of a body to keep; of bytes that are no text only their number."""
        kind = content_type.partition(";")[0].strip().lower()
        textual = not kind or kind.startswith("text/") or kind.endswith(("json", "xml"))
        try:
            text = body.decode("utf-8") if textual else None
        except UnicodeDecodeError:
            text = None
        if text is None:
            return f"<{len(body)} bytes>"
        clean = self.text(text)
        return clean if len(clean) <= most else f"{clean[:most]}... ({len(body)} bytes)"

    def headers(self, headers: Iterable[Header]) -> tuple[Header, ...]:
        """Headers to keep."""
        return tuple(
            (name, REDACTED if name.lower() in SECRET_HEADERS else self.text(value))
            for name, value in headers
        )

    def stream(self) -> "Scrubber":
        """For a body that comes in parts."""
        return Scrubber(self._stand_ins)


class Scrubber:
    """Replaces keys in a stream, also one that two parts share."""

    def __init__(self, stand_ins: tuple[tuple[bytes, bytes], ...]) -> None:
        self._stand_ins = stand_ins
        self._held = b""

    def feed(self, part: bytes) -> bytes:
        """What of the stream may go on; the beginning of a key waits for what follows."""
        told = self._held + part
        for key, stand_in in self._stand_ins:
            told = told.replace(key, stand_in)
        held = max((_overlap(told, key) for key, _ in self._stand_ins), default=0)
        self._held = told[len(told) - held :]
        return told[: len(told) - held]

    def rest(self) -> bytes:
        """What was waiting when the stream ended."""
        held, self._held = self._held, b""
        return held


def _overlap(told: bytes, key: bytes) -> int:
    """How many bytes at the end could be the beginning of a key."""
    most = min(len(told), len(key) - 1)
    return next((size for size in range(most, 0, -1) if told.endswith(key[:size])), 0)


def _without_signature(found: re.Match[str]) -> str:
    address, query = found[1], found[2]
    return f"{address}?{REDACTED}" if _SIGNED.search(query) else f"{address}?{query}"
