"""What ``model`` may name."""

from typing import Any

import pytest

from simulator.domain.policies import Policies
from simulator.domain.rules.models import resolve
from tests.domain.judging import DEFAULTS, IMAGE, accepted, priced, refusal
from tests.engine.world import CATALOG

T2V, I2V = "text-to-video", "image-to-video"
DENY = Policies(seedance_2_1080p="deny")
FAMILIES = [model.id for model in CATALOG.models if model.kind == "family"]


@pytest.mark.ruling("models.not-found")
@pytest.mark.parametrize(
    "model", ["", "nope", "NANO-BANANA", "veo3-1-lite-text-to-video", "\0", "x" * 9_999]
)
def test_what_the_catalogue_lacks_or_disables_is_not_found(model: str) -> None:
    rejection = refusal(model)
    assert (rejection.code, rejection.status) == ("model_not_found", 400)
    assert rejection.fields == {"model": model[:100]}
    assert len(rejection.message) < 300


@pytest.mark.ruling("models.other-products")
@pytest.mark.parametrize("model", ["V5_5", "auto-caption", "mvsep-40", "kling-3-0-std-audio"])
def test_rows_of_other_products_and_price_rows_are_not_found(model: str) -> None:
    assert CATALOG.get(model) is not None
    assert refusal(model).code == "model_not_found"


@pytest.mark.ruling("models.variant-required")
@pytest.mark.ruling("models.variant-status")
@pytest.mark.parametrize("family", FAMILIES)
def test_a_family_label_is_refused_with_variants_that_can_be_asked_for(family: str) -> None:
    rejection = refusal(family)
    assert rejection.status == 400
    body = rejection.body()
    assert list(body) == ["error", "message", "family", "available_variants", "hint"]
    assert (body["error"], body["family"]) == ("variant_required", family)
    for variant in CATALOG.row(family).variants:
        assert resolve(CATALOG, variant, DEFAULTS).family == family


@pytest.mark.ruling("models.variant-order")
def test_plain_variants_stand_before_suffixed_ones_each_by_resolution() -> None:
    assert refusal("seedance-2").fields["available_variants"] == [
        f"seedance-2-{size}{suffix}"
        for suffix in ("", "-video-ref")
        for size in ("480p", "720p", "1080p")
    ]


@pytest.mark.ruling("models.seedance-2-1080p")
@pytest.mark.parametrize("model", ["seedance-2-1080p", "seedance-2-1080p-video-ref"])
def test_the_1080p_rows_of_seedance_2_exist_unless_the_policy_denies_them(model: str) -> None:
    assert accepted(model, T2V)
    assert refusal(model, T2V, policies=DENY).code == "model_not_found"
    assert model not in refusal("seedance-2", policies=DENY).fields["available_variants"]  # type: ignore[operator]  # it is a list
    assert accepted("seedance-2-720p", T2V, policies=DENY)


@pytest.mark.ruling("models.seedance-2-1080p")
def test_seedance_2_fast_has_no_1080p_row() -> None:
    assert refusal("seedance-2-fast-1080p", T2V).code == "model_not_found"


def test_the_policy_leaves_other_1080p_models_alone() -> None:
    assert accepted("p-video-1080p", T2V, policies=DENY)


@pytest.mark.ruling("models.bare-ids")
@pytest.mark.parametrize(
    ("model", "mode", "urls", "fields", "row"),
    [
        ("kling-2-6-text-to-video", T2V, 0, {"duration": 10, "sound": True}, "-10s-audio"),
        ("kling-2-6-image-to-video", I2V, 1, {}, "-5s"),
        ("wan-2-5", T2V, 0, {"duration": "10s"}, "-text-to-video-10s-1080p"),
        ("sora-2", I2V, 1, {"duration": 15}, "-image-to-video-15s"),
        ("sora-2-pro", T2V, 0, {"quality": "high"}, "-text-to-video-10s-hd"),
        ("sora-2-pro-storyboard", T2V, 0, {"duration": 25}, "-25s"),
        ("veo3-1", I2V, 3, {}, "-first-and-last-frames"),
        ("veo3-1-fast", I2V, 2, {}, "-first-and-last-frames"),
        ("veo3-1-fast", I2V, 3, {}, "-reference-to-video"),
        ("flux-2", None, 0, {"resolution": "2K"}, "-2K"),
        ("flux-2-edit", "image-to-image", 1, {}, "-1K"),
        ("seedance-1-5-pro", T2V, 0, {"duration": 8, "sound": True}, "-720p-8s-audio"),
        ("v1-pro-fast-i2v", I2V, 1, {}, "-720p-5s"),
        ("gpt-1.5-image", None, 0, {}, "-medium"),
        ("imagen-4", None, 0, {"quality": "fast"}, "-fast"),
    ],
)
def test_a_bare_id_is_routed_to_its_priced_row(
    model: str, mode: str | None, urls: int, fields: dict[str, Any], row: str
) -> None:
    assert priced(model, mode, (IMAGE,) * urls, **fields).row == model + row
