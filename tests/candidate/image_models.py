"""Every image model that we could find a price for."""

from fractions import Fraction

from tests.candidate.catalogue import Choice, Model, Price, by_resolution, flat, images, modes

NONE = images(0, 0)
FIVE = ("1:1", "16:9", "9:16", "4:3", "3:4")
SEVEN = (*FIVE, "3:2", "2:3")
EIGHT = (*SEVEN, "21:9")
FLUX = (*SEVEN, "auto")
BANANA = (*EIGHT, "5:4", "4:5", "auto")
LOGO = (*SEVEN, "4:5", "5:4", "1:2", "2:1")
GROK = ("1:1", "2:3", "3:2", "9:16", "16:9")
GPT_1_5 = ("1:1", "2:3", "3:2")
SIZES = ("1K", "2K", "4K")
BASIC = ("basic", "high")
IMAGEN = ("standard", "fast", "ultra")


def imagen(choice: Choice) -> Fraction:
    """Imagen 4 takes its variant from the quality."""
    return Fraction({"standard": 13, "fast": 7, "ultra": 19}[choice.quality])


def text(
    model_id: str, credits: int, prompt_max: int, ratios: tuple[str, ...], *quality: str
) -> Model:
    """A model that paints from words only, at one price."""
    takes = modes(t2i=NONE)
    price = flat(credits)
    return Model(model_id, "image", takes, price, "flat", prompt_max, ratios, qualities=quality)


def edit(
    model_id: str, credits: int, prompt_max: int, ratios: tuple[str, ...], most: int, *quality: str
) -> Model:
    """A model that changes images, at one price."""
    takes = modes(i2i=images(1, most))
    price = flat(credits)
    return Model(model_id, "image", takes, price, "flat", prompt_max, ratios, qualities=quality)


def both(
    model_id: str, credits: int, prompt_max: int, ratios: tuple[str, ...], most: int, *quality: str
) -> Model:
    """A model that does both, at one price."""
    takes = modes(t2i=NONE, i2i=images(1, most))
    price = flat(credits)
    return Model(model_id, "image", takes, price, "flat", prompt_max, ratios, qualities=quality)


def tiered(model_id: str, price: Price, ratios: tuple[str, ...], most: int) -> Model:
    """A model with the parameter ``resolution``; 20,000 characters."""
    takes = modes(t2i=NONE, i2i=images(1, most))
    return Model(model_id, "image", takes, price, "per_tier", 20_000, ratios, resolutions=SIZES)


def flux(model_id: str, *, edits: bool) -> Model:
    """Flux 2 has two tiers."""
    takes = modes(i2i=images(1, 8)) if edits else modes(t2i=NONE)
    price = by_resolution(k1=10, k2=13)
    return Model(model_id, "image", takes, price, "per_tier", 5_000, FLUX, resolutions=("1K", "2K"))


IMAGE_MODELS: tuple[Model, ...] = (
    edit("5-lite-image-to-image", 12, 2_995, EIGHT, 10, *BASIC),
    both("5-lite-text-to-image", 12, 2_995, EIGHT, 10, *BASIC),
    flux("flux-2", edits=False),
    text("flux-2-1K", 10, 5_000, FLUX),
    text("flux-2-2K", 13, 5_000, FLUX),
    flux("flux-2-edit", edits=True),
    edit("flux-2-edit-1K", 10, 5_000, FLUX, 8),
    edit("flux-2-edit-2K", 13, 5_000, FLUX, 8),
    both("gpt-1.5-image", 10, 3_000, GPT_1_5, 16),
    both("gpt-1.5-image-medium", 10, 3_000, GPT_1_5, 16),
    both("gpt-1.5-image-high", 32, 3_000, GPT_1_5, 16),
    tiered("gpt-image-2", by_resolution(k1=11, k2=15, k4=21), (*FIVE, "auto"), 16),
    edit("grok-image-to-image", 14, 5_000, GROK, 10),
    text("grok-text-to-image", 14, 5_000, GROK),
    Model("imagen-4", "image", modes(t2i=NONE), imagen, "flat", 5_000, FIVE, qualities=IMAGEN),
    text("imagen-4-fast", 7, 5_000, FIVE, *IMAGEN),
    text("imagen-4-ultra", 19, 5_000, FIVE, *IMAGEN),
    text("Logo-maker", 90, 10_000, LOGO),
    both("nano-banana", 7, 5_000, BANANA, 10),
    edit("nano-banana-edit", 7, 5_000, BANANA, 10),
    tiered("nano-banana-2", by_resolution(k1=14, k2=17, k4=25), BANANA, 8),
    both("nano-banana-2-2K", 17, 20_000, BANANA, 8),
    both("nano-banana-2-4K", 25, 20_000, BANANA, 8),
    tiered("nano-banana-pro", by_resolution(k1=31, k2=31, k4=41), BANANA, 8),
    both("nano-banana-pro-2K", 31, 20_000, BANANA, 8),
    both("nano-banana-pro-4K", 41, 20_000, BANANA, 8),
    edit("p-image-edit", 6, 5_000, ("auto", *SEVEN), 8),
    edit("qwen-image-to-image", 10, 5_000, EIGHT, 1),
    text("qwen-text-to-image", 10, 5_000, FIVE),
    text("seedream-v4", 7, 2_500, EIGHT, *SIZES),
    edit("seedream-v4-edit", 7, 2_500, EIGHT, 10, *SIZES),
    text("seedream-v4-5", 9, 3_000, EIGHT, *BASIC),
    edit("seedream-v4-5-edit", 9, 3_000, EIGHT, 10, *BASIC),
    text("z-image", 4, 5_000, FIVE),
    text("z-image-hd", 6, 5_000, FIVE),
)
