"""A key that shows itself to nobody by accident."""

import hmac
import os
import sys
from typing import Never

if sys.version_info >= (3, 12):
    from typing import override
else:
    from typing_extensions import override


class Secret:
    """Holds a key. Its text forms say nothing of it, and it can't be pickled or copied out.

    Raises ValueError (without the key) for what no header could carry.
    """

    __slots__ = ("_key",)

    def __init__(self, key: str) -> None:
        if len(key) < 8 or not key.isascii() or not key.isprintable() or " " in key:
            raise ValueError("a key has 8 or more printable ASCII characters and no spaces")
        self._key = key

    def reveal(self) -> str:
        """The key itself: for the header of a request and for redaction, nothing else."""
        return self._key

    @override
    def __repr__(self) -> str:
        return "Secret(...)"

    @override
    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and hmac.compare_digest(self._key, other._key)

    @override
    def __hash__(self) -> int:
        return hash(Secret)  # equal ones alike, and nothing of the key in it

    @override
    def __reduce__(self) -> Never:
        raise TypeError("a secret stays in its process")


def secret_from(variable: str) -> Secret | None:
    """The key in an environment variable; None when it is not set. Raises ValueError (naming the
    variable, not the key)."""
    key = os.environ.get(variable, "")  # noqa: TID251 - a key has no other way in
    if not key:
        return None
    try:
        return Secret(key)
    except ValueError as error:
        raise ValueError(f"{variable}: {error}") from None
