"""A media request judged by the catalogue and the rules, without any engine."""

from collections.abc import Mapping
from typing import Any

from simulator.domain.errors import Rejection
from simulator.domain.inputs import Upload
from simulator.domain.normal import normal_form
from simulator.domain.policies import Policies
from simulator.domain.pricing import Quote, quote
from simulator.domain.requests import MediaAsk, MediaRequest, put
from simulator.domain.rules import enforce
from simulator.domain.rules.media import MEDIA_RULES
from simulator.domain.rules.models import resolve
from tests.engine.world import CATALOG

DEFAULTS = Policies()
IMAGE, VIDEO, AUDIO = (
    "https://example.com/a.png",
    "https://example.com/a.mp4",
    "https://e.com/a.mp3",
)


def judged(
    model: str,
    generation_type: str | None = None,
    urls: tuple[str, ...] = (),
    policies: Policies = DEFAULTS,
    uploads: Mapping[str, Upload] | None = None,
    **fields: Any,
) -> MediaRequest:
    """The normal form; raises the Rejection that the request gets."""
    fields = {"prompt": "a lighthouse", **fields}
    ask = MediaAsk(model=model, generation_type=generation_type, source_media_urls=urls, **fields)
    asked = put(ask, resolve(CATALOG, model, policies), uploads or {}, policies)
    enforce(MEDIA_RULES, asked)
    return normal_form(asked)


def accepted(*args: Any, **fields: Any) -> bool:
    """True; raises the Rejection of a request that is refused."""
    judged(*args, **fields)
    return True


def refusal(*args: Any, **fields: Any) -> Rejection:
    """The refusal of a request that must be refused."""
    try:
        request = judged(*args, **fields)
    except Rejection as rejection:
        return rejection
    raise AssertionError(f"accepted: {request}")


def priced(*args: Any, policies: Policies = DEFAULTS, **fields: Any) -> Quote:
    return quote(CATALOG, judged(*args, **{**fields, "policies": policies}), policies)


def credits_of(*args: Any, **fields: Any) -> float:
    return priced(*args, **fields).millicredits / 1000


def upload(kind: str, extension: str, duration_ms: int = 0, **facts: int) -> Upload:
    size_bytes = facts.pop("size_bytes", 1_000)
    return Upload("u", kind, extension, size_bytes, duration_ms=duration_ms, **facts)
