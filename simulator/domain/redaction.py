"""What may not be shown: credentials, wherever in a text they stand.

One list serves all that shows what callers sent: the journal, reports and logs. It names the same
forms that are taken as keys.
"""

import re
from collections.abc import Mapping

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

_KEY = re.compile(f"({'|'.join(KEY_PREFIXES)})[A-Za-z0-9_.-]+")
_BEARER = re.compile(r"(?i)\b(bearer|basic)\s+[A-Za-z0-9._~+/=-]{6,}")
_SIGNED = re.compile(
    r"(?i)((?:[?&;]|\b)(?:x-amz-signature|x-amz-credential|x-amz-security-token|signature|sig|token"
    r"|access_token|api[_-]?key|key|secret|password)=)[^&;\s\"']+"
)


def redacted(text: str, secrets: tuple[str, ...] = ()) -> str:
    """``text`` without keys, bearer tokens, signatures of URLs, and ``secrets``."""
    for secret in secrets:
        if secret:
            text = text.replace(secret, HIDDEN)
    text = _KEY.sub(lambda found: f"{found[1]}{HIDDEN}", text)
    text = _BEARER.sub(lambda found: f"{found[1]} {HIDDEN}", text)
    return _SIGNED.sub(lambda found: f"{found[1]}{HIDDEN}", text)


def redacted_value(value: object, secrets: tuple[str, ...] = ()) -> object:
    """JSON with every text in it redacted, names of fields too."""
    if isinstance(value, str):
        return redacted(value, secrets)
    if isinstance(value, list):
        return [redacted_value(item, secrets) for item in value]
    if isinstance(value, Mapping):
        return {
            redacted(str(name), secrets): redacted_value(item, secrets)
            for name, item in value.items()
        }
    return value
