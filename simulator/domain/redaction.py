"""What may not be shown: credentials, wherever in a text they stand.

One list serves all that shows what callers sent: the journal, reports and logs. It names the same
forms that are taken as keys.
"""

import re
from collections.abc import Iterable, Mapping
from urllib.parse import unquote_plus

CREDENTIAL_HEADERS: tuple[str, ...] = (
    "x-api-key",
    "authorization",
    "proxy-authorization",
    "cookie",
    "set-cookie",
)
"""Headers in which credentials travel; a value in any of them is never kept."""

KEY_PREFIXES: tuple[str, str] = ("sk_test_", "sk_live_")
"""How the keys of the simulator begin, and those of the provider."""

HIDDEN = "[redacted]"

SECRET_FIELDS = (
    *CREDENTIAL_HEADERS,
    "api_key",
    "apikey",
    "access_token",
    "client_secret",
    "password",
    "secret",
    "token",
)
"""Fields of JSON whose text is never shown, in small letters."""

_TEST_KEY = re.compile(f"({KEY_PREFIXES[0]})[A-Za-z0-9_.-]+")
# The simulator takes any text as a live key.
_LIVE_KEY = re.compile(rf"({KEY_PREFIXES[1]})[^\s\"'<>&;,\\]+")
_BORNE = re.compile(r"(?i)(authorization[\"']?\s*[:=]\s*[\"']?(?:bearer|basic)\s+)[^\s\"',;]+")
# A word of a prompt ("a flag bearer marches") is no token: that has digits, signs or is long.
_WORD = r"(?-i:[A-Za-z]?[a-z]{0,18}(?:-[a-z]{1,19})*)[.]?(?![a-z0-9._~+/=-])"
_BEARER = re.compile(rf"(?i)\b(bearer|basic)\s+(?!{_WORD})[A-Za-z0-9._~+/=-]{{6,}}")
_FIELD = re.compile(
    rf'(?i)("(?:{"|".join(map(re.escape, SECRET_FIELDS))})"\s*:\s*")(?:[^"\\]|\\.)+'
)
_SIGNED = re.compile(
    r"(?i)((?:[?&;]|\b)(?:x-amz-signature|x-amz-credential|x-amz-security-token|signature|sig|token"
    r"|access_token|api[_-]?key|key|secret|password)=)[^&;\s\"']+"
)


def redacted(text: str, secrets: tuple[str, ...] = ()) -> str:
    """``text`` without keys, bearer tokens, signatures of URLs, and ``secrets``."""
    for secret in secrets:
        if secret:
            text = text.replace(secret, HIDDEN)
    for key in (_TEST_KEY, _LIVE_KEY, _BORNE, _FIELD):
        text = key.sub(lambda found: f"{found[1]}{HIDDEN}", text)
    text = _BEARER.sub(lambda found: f"{found[1]} {HIDDEN}", text)
    return _SIGNED.sub(lambda found: f"{found[1]}{HIDDEN}", text)


def redacted_query(query: str, secrets: tuple[str, ...] = ()) -> str:
    """A URL's query as it came, but for the pairs that hold a credential once they are decoded."""
    shown = []
    for pair in query.split("&"):
        plain = unquote_plus(pair)
        hidden = redacted(f"?{plain}", secrets)[1:]
        shown.append(pair if hidden == plain else hidden)
    return "&".join(shown)


def without_tail(text: str, secrets: Iterable[str]) -> str:
    """``text``, which was cut at its end, without the beginning of a secret there."""
    for secret in secrets:
        size = next((n for n in range(len(secret) - 1, 0, -1) if text.endswith(secret[:n])), 0)
        if size:
            text = text[:-size] + HIDDEN
    return text


def redacted_value(value: object, secrets: tuple[str, ...] = ()) -> object:
    """JSON with every text in it redacted, names of fields too; the texts of SECRET_FIELDS go as a
    whole."""
    if isinstance(value, str):
        return redacted(value, secrets)
    if isinstance(value, list):
        return [redacted_value(item, secrets) for item in value]
    if isinstance(value, Mapping):
        return {
            redacted(str(name), secrets): (
                HIDDEN
                if isinstance(item, str) and str(name).lower() in SECRET_FIELDS
                else redacted_value(item, secrets)
            )
            for name, item in value.items()
        }
    return value
