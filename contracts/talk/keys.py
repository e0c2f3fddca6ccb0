"""Keys: read from variables of the environment, sent in one header, and taken out of everything
that is written."""

import os
from collections.abc import Iterable
from dataclasses import dataclass, field

NO_KEY = "no-such-key"
"""What a caller with a bad key sends."""

SHOWN = "[key]"


class NoKey(Exception):
    """A variable that should hold a key does not."""


@dataclass(frozen=True, slots=True)
class Keys:
    """Of one world. ``second``: another account's, "" for none."""

    main: str = field(repr=False)
    second: str = field(default="", repr=False)

    def of(self, who: str) -> str:
        """ "" for nobody."""
        match who:
            case "main":
                return self.main
            case "second":
                return self.second
            case "bad":
                return NO_KEY
            case _:
                return ""


@dataclass(frozen=True, slots=True)
class Scrubber:
    """Takes secrets out of bytes and texts."""

    secrets: tuple[str, ...] = field(default=(), repr=False)

    def text(self, value: str) -> str:
        for secret in self.secrets:
            value = value.replace(secret, SHOWN)
        return value

    def bytes(self, value: bytes) -> bytes:
        for secret in self.secrets:
            value = value.replace(secret.encode(), SHOWN.encode())
        return value


def scrubber(secrets: Iterable[str]) -> Scrubber:
    """The longest first: one may hold another."""
    return Scrubber(tuple(sorted({each for each in secrets if each}, key=len, reverse=True)))


def read_key(variable: str) -> str:
    """Raises NoKey."""
    value = os.environ.get(variable, "").strip()  # noqa: TID251 - a key travels in no argument
    if not value:
        raise NoKey(f"the variable {variable} holds no key")
    return value
