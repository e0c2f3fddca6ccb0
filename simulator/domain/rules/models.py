"""Which row a ``model`` means; the two refusals that come before everything else."""

from simulator.domain.catalog import MEDIA_TYPES, Catalog, Model
from simulator.domain.errors import Rejection
from simulator.domain.evidence import ASSUMED, DOCUMENTED, Ruling
from simulator.domain.policies import Policies

RULINGS = (
    Ruling(
        "models.not-found",
        ASSUMED,
        "ruling",
        "A model that the catalogue lacks, that is disabled, or that belongs to another tool, is"
        " model_not_found (400).",
    ),
    Ruling(
        "models.variant-required",
        DOCUMENTED,
        "page: Family-name disambiguation",
        "A bare family label is variant_required with the family's variants, and nothing is"
        " deducted.",
    ),
    Ruling(
        "models.variant-order",
        ASSUMED,
        "ruling",
        "available_variants lists the plain rows by resolution, then the suffixed ones by"
        " resolution, as the page's example does.",
    ),
    Ruling(
        "models.variant-status",
        ASSUMED,
        "ruling",
        "variant_required answers 400; beside the page's keys it carries our message.",
    ),
    Ruling(
        "models.seedance-2-1080p",
        ASSUMED,
        "ruling",
        "seedance-2 has its 1080p rows (the rate table lists them, the prose denies them);"
        " seedance-2-fast has none.",
        policy="seedance_2_1080p",
    ),
    Ruling(
        "models.bare-ids",
        ASSUMED,
        "ruling",
        "The bare ids that the page uses are accepted and routed to the priced row by generation"
        " type, duration, sound, quality, resolution and number of images.",
    ),
    Ruling(
        "models.other-products",
        ASSUMED,
        "clients of the API",
        "Rows of music, speech, captions, separation and ad copy are not found by generate_media;"
        " neither are pricing rows such as kling-3-0-std-audio.",
    ),
    Ruling(
        "catalog.image-inputs",
        ASSUMED,
        "page: Input file limits; a live list says none for nano-banana",
        "nano-banana takes 1 to 10 images in image-to-image, nano-banana-2 and -pro 8, gpt-image-2"
        " and gpt-1.5-image 16, 5-lite and the seedream edits 10; none of them any in"
        " text-to-image.",
    ),
    Ruling(
        "catalog.veo-modes",
        ASSUMED,
        "page: Input file limits",
        "Veo takes 0 or 1 image in text-to-video, 2 or 3 in image-to-video (frames, references);"
        " veo3-1 has no reference row of its own and bills 390.",
    ),
)


def resolve(catalog: Catalog, model_id: str, policies: Policies) -> Model:
    """The row to judge a media request by. Raises ``model_not_found`` or ``variant_required``."""
    model = catalog.get(model_id)
    if model is None:
        raise _not_found(model_id, "the catalogue has no such model")
    if model.kind == "family":
        raise _variant_required(catalog, model, policies)
    if model.kind == "pricing_row":
        raise _not_found(model_id, "it is a price row, charged through another model")
    if model.model_type not in MEDIA_TYPES or not model.modes:
        raise _not_found(model_id, f"it is a {model.model_type} model of another tool")
    if not model.enabled:
        raise _not_found(model_id, "it is disabled")
    if _denied(model, policies):
        raise _not_found(model_id, "policy seedance_2_1080p=deny leaves it out")
    return model


def _denied(model: Model, policies: Policies) -> bool:
    return (
        policies.seedance_2_1080p == "deny"
        and model.family == "seedance-2"
        and model.size == "1080p"
    )


def _not_found(model_id: str, why: str) -> Rejection:
    return Rejection(
        "model_not_found",
        f"Model '{model_id[:100]}' can't be used here: {why}. GET /v1/models lists what can.",
        model=model_id[:100],
    )


def _variant_required(catalog: Catalog, family: Model, policies: Policies) -> Rejection:
    variants = [
        variant for variant in family.variants if not _denied(catalog.row(variant), policies)
    ]
    return Rejection(
        "variant_required",
        f"'{family.id}' names a family, not a model. Choose one of: {', '.join(variants)}.",
        family=family.id,
        available_variants=variants,
        hint="Let the user choose the variant (resolution, draft or full, with or without a"
        " reference video) and look its price up with get_models.",
    )
