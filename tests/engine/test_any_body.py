"""Bodies of any content are accepted, malformed or refused; no other exception comes out."""

import random
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.domain.errors import Denial, Malformed, Rejection
from simulator.engine.bodies import CostBody, EstimateBody, MediaBody
from simulator.engine.provider import Provider
from simulator.engine.shapes import from_fields, from_json
from simulator.engine.worlds import Defaults
from tests.engine.driving import caller, done
from tests.engine.world import CATALOG, make_provider

RICH = Defaults(frozen=True, credits=10**12)
DECODER = msgspec.json.Decoder(MediaBody)
FIELDS = tuple(field.name for field in msgspec.structs.fields(MediaBody))
URLS = [f"https://example.com/a.{extension}" for extension in ("png", "jpeg", "mp4", "mp3", "gif")]
ODD: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 1, 2**31, 2**32, 2**63, 2**64 - 1, -(2**63), 0.5, 1e300, -0.0),
    *("", " ", "\0", "x" * 30_000, "\N{CLAPPER BOARD}", "\u202e", "5s", "5", "16:9", "auto", "4K"),
    *("hd", "standard", "text-to-video", "image-to-video", "image-to-image", "text-to-image"),
    *([], {}, [[]], [None], {"": None}, URLS, URLS[:1], URLS[:2], URLS[2:3], [URLS[0]] * 17),
    [{"name": "a", "description": "b", "element_input_urls": URLS[:2]}],
    [{"name": "a", "description": "b", "element_input_video_urls": URLS[2:3]}] * 2,
    [{"name": 1}],
)


def random_body(chance: random.Random) -> dict[str, Any]:
    """Half of it right, so that it comes as far as the rules and the price."""
    model = chance.choice(CATALOG.models)
    body: dict[str, Any] = {"prompt": "x", "model": model.id}
    if model.modes:
        mode = chance.choice(list(model.modes))
        counts = [model.modes[mode].of(kind).least for kind in ("image", "video", "audio")]
        body["generation_type"] = mode
        body["source_media_urls"] = [
            url
            for url, count in zip((URLS[0], URLS[2], URLS[3]), counts, strict=True)
            for _ in range(count)
        ]
    for _ in range(chance.randrange(4)):
        body[chance.choice((*FIELDS, "unknown"))] = chance.choice(ODD)
    return body


def outcome(provider: Provider, body: dict[str, Any]) -> str:
    try:
        ask = from_json(DECODER, msgspec.json.encode(body))
        return done(provider.generate_media(caller(provider), ask)).status
    except (Malformed, Rejection, Denial) as expected:
        return type(expected).__name__


def test_two_thousand_random_bodies_end_in_one_of_three_ways() -> None:
    provider, chance = make_provider(defaults=RICH), random.Random(20)
    outcomes = [outcome(provider, random_body(chance)) for _ in range(2_000)]
    shares = {each: outcomes.count(each) for each in sorted(set(outcomes))}
    assert list(shares) == ["Malformed", "Rejection", "pending"]
    assert min(shares.values()) > 200, shares


@pytest.mark.parametrize("shape", [CostBody, EstimateBody])
def test_random_questions_for_a_time_or_a_price_end_in_one_of_two_ways(
    shape: type[CostBody] | type[EstimateBody],
) -> None:
    provider, chance = make_provider(), random.Random(30)
    outcomes = set()
    for _ in range(500):
        fields = random_body(chance)
        try:
            asked = from_fields(shape, {**fields, "parameters": fields}, "arguments", strict=True)
            if isinstance(asked, CostBody):
                done(provider.estimate_generation_cost(caller(provider), asked))
            else:
                done(provider.get_generation_estimate(caller(provider), asked))
            outcomes.add("answered")
        except (Malformed, Rejection) as expected:
            outcomes.add(type(expected).__name__)
    assert outcomes == {"answered", "Malformed", "Rejection"}


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner),
    max_leaves=5,
)


@given(
    st.sampled_from(CATALOG.models), st.dictionaries(st.sampled_from(FIELDS), VALUES, max_size=5)
)
def test_a_body_of_any_values_ends_in_one_of_three_ways(model: Any, fields: dict[str, Any]) -> None:
    body = {"prompt": "x", "model": model.id, **fields}
    assert outcome(make_provider(defaults=RICH), body) in ("Malformed", "Rejection", "pending")
