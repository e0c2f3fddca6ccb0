"""Ids in the shape of UUIDs, made from the world, what they name and its number: never random."""

from hashlib import blake2b


def make_id(seed: int, namespace: str, kind: str, number: int) -> str:
    """The version and variant digits are a random UUID's, which is what clients expect to see."""
    text = f"{seed}\x1f{namespace}\x1f{kind}\x1f{number}"
    digits = blake2b(text.encode(), digest_size=16).hexdigest()
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-a{digits[17:20]}-{digits[20:]}"
