"""The namespace of a test: the same in every run, whoever runs it and in whatever order."""

import re
from hashlib import blake2b

_SLUG_MOST = 40


def namespace_of(node_id: str, name: str) -> str:
    """``name`` as far as a namespace can hold it, and a digest of ``node_id``, which no other test
    has. At most 56 characters."""
    slug = re.sub(r"[^A-Za-z0-9]+", "-", name)[:_SLUG_MOST].strip("-")
    if not slug.startswith("test"):
        slug = f"test-{slug}".rstrip("-")
    return f"{slug}-{blake2b(node_id.encode(), digest_size=5).hexdigest()}"
