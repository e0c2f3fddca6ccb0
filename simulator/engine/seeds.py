"""Numbers drawn from a world's seed: the same words always draw the same number."""

from hashlib import blake2b


def draw(seed: int, *words: str | int) -> int:
    """A whole number from 0 to 2**64 - 1."""
    text = "\x1f".join((str(seed), *map(str, words)))
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest())


def between(seed: int, least: int, most: int, *words: str | int) -> int:
    """A whole number from ``least`` to ``most``, both included."""
    return least + draw(seed, *words) % (most - least + 1)
