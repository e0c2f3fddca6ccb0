"""Stand-ins on the way in, keys on the way out."""

from dataclasses import dataclass

from contracts.guard.profile import MAIN_KEY, SECOND_KEY, GuardProfile
from contracts.guard.request import Header, Request

KEY_HEADERS = ("x-api-key", "authorization")
_ACCOUNTS = ((MAIN_KEY, "main"), (SECOND_KEY, "second"))


class NoSuchKey(Exception):
    """A stand-in was sent for a key that the profile does not have; the text names it."""


@dataclass(frozen=True, slots=True, repr=False)
class Keyed:
    """The account of a request (``main``, ``second``, ``none``, ``other``) and the headers that
    carry its key; anything that is no stand-in stays as it was sent."""

    account: str
    headers: tuple[Header, ...]


def keyed(request: Request, profile: GuardProfile) -> Keyed:
    """Raises NoSuchKey."""
    account = "none"
    headers = []
    for name, value in request.headers:
        if name == "x-api-key":
            scheme, told = "", value
        elif name == "authorization":
            scheme, _, told = value.partition(" ")
            told = told.strip() if scheme.lower() == "bearer" else ""
        else:
            continue
        whose = next((owner for stand_in, owner in _ACCOUNTS if told == stand_in), "other")
        account = whose if account in ("none", "other") else account
        if whose == "other":
            headers.append((name, value))
        else:
            headers.append((name, f"{scheme} {_key(told, profile)}".lstrip()))
    return Keyed(account, tuple(headers))


def _key(stand_in: str, profile: GuardProfile) -> str:
    for known, key in profile.secrets:
        if known == stand_in:
            return key.reveal()
    raise NoSuchKey(stand_in)
