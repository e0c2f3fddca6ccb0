"""Validation: rules that are missing, and limits that lie one beside where they should."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from simulator.domain.catalog import Count, Model
from simulator.domain.errors import Rejection
from simulator.mutants.bench import Bench, Mutant

PROVIDER = "simulator.engine.provider"
MEDIA_RULES = f"{PROVIDER}.MEDIA_RULES"
ELEMENTS = "simulator.domain.rules.elements"


def _without(rule: str, bench: Bench) -> None:
    bench.without_rule(rule, MEDIA_RULES)


def source_not_needed(bench: Bench) -> None:
    for rule in ("media.source-missing", "media.images-min"):  # either refuses where none is
        bench.without_rule(rule, MEDIA_RULES)


def _with_limit(bench: Bench, name: str, value: int, judge: str) -> None:
    """Another limit in the room of elements; reached when ``judge`` looks at some."""

    def change(function: Callable[..., Any]) -> Callable[..., Any]:
        def judges(*given: Any) -> Any:
            bench.hit()
            return function(*given)

        return judges

    bench.put(f"{ELEMENTS}.{name}", value)
    bench.wrap(change, f"{ELEMENTS}.{judge}")


def _inputs(bench: Bench, name: str, mode: str, images: Count) -> None:
    def change(row: Model) -> Model:
        return replace(row, modes={**row.modes, mode: replace(row.modes[mode], images=images)})

    bench.rows({name: change})


def prompt_one_short(bench: Bench) -> None:
    bench.row("wan-2-5", prompt_max=799)


def prompt_limit_halved(bench: Bench) -> None:
    bench.row("kling-2-6-text-to-video", prompt_max=1_250)


def one_image_more(bench: Bench) -> None:
    _inputs(bench, "nano-banana", "image-to-image", Count(1, 11))


def one_image_fewer(bench: Bench) -> None:
    _inputs(bench, "p-image-edit", "image-to-image", Count(1, 7))


def webp_taken(bench: Bench) -> None:
    bench.rows(
        {
            name: lambda row: replace(row, image_extensions=(*row.image_extensions, "webp"))
            for name in ("kling-3-0-std", "kling-3-0-pro")
        }
    )


def lengths_not_added_up(bench: Bench) -> None:
    """Each reference video is held against the limit, their sum is not."""

    def change(judge: Callable[[Any], Rejection | None]) -> Callable[[Any], Rejection | None]:
        def judges(asked: Any) -> Rejection | None:
            refused = judge(asked)
            if refused is None or "together" not in refused.message:
                return refused
            bench.hit()
            return None

        return judges

    bench.rule("media.reference-video-length", change, MEDIA_RULES)


def longest_left_out(bench: Bench) -> None:
    names = ("seedance-2-fast-480p", "seedance-2-fast-720p")
    bench.rows({name: lambda row: replace(row, durations=row.durations[:-1]) for name in names})


def one_second_less_taken(bench: Bench) -> None:
    names = ("kling-3-0-std", "kling-3-0-pro")
    bench.rows({name: lambda row: replace(row, durations=(2, *row.durations)) for name in names})


def widest_ratio_left_out(bench: Bench) -> None:
    def change(row: Model) -> Model:
        return replace(row, aspect_ratios=tuple(r for r in row.aspect_ratios if r != "21:9"))

    rows = ("480p", "720p", "1080p", "fast-480p", "fast-720p")
    names = [f"seedance-2-{row}{ref}" for row in rows for ref in ("", "-video-ref")]
    bench.rows(dict.fromkeys(names, change))


def element_of_five_images(bench: Bench) -> None:
    _with_limit(bench, "IMAGES_MOST", 5, "_wrong_images")


def element_a_pixel_short(bench: Bench) -> None:
    _with_limit(bench, "IMAGE_SIDE_LEAST", 299, "_wrong_images")


def fourth_tier_taken(bench: Bench) -> None:
    """Flux 2 takes 4K, as 2K."""

    def change(put: Callable[..., Any]) -> Callable[..., Any]:
        def puts(ask: Any, model: Any, *more: Any) -> Any:
            if model.family == "flux-2" and ask.resolution == "4K":
                bench.hit()
                ask = replace(ask, resolution="2K")
            return put(ask, model, *more)

        return puts

    bench.wrap(change, f"{PROVIDER}.put")


def _resolved(bench: Bench, others: Mapping[str, str]) -> None:
    """Names that stand for others' rows."""

    def change(resolve: Callable[..., Any]) -> Callable[..., Any]:
        def resolves(catalog: Any, model_id: str, policies: Any) -> Any:
            if model_id in others:
                bench.hit()
            return resolve(catalog, others.get(model_id, model_id), policies)

        return resolves

    bench.wrap(change, f"{PROVIDER}.resolve")


def family_taken_for_its_first(bench: Bench) -> None:
    _resolved(bench, {"seedance-2-fast": "seedance-2-fast-480p"})


def made_up_variant_taken(bench: Bench) -> None:
    _resolved(bench, {"seedance-2-fast-1080p": "seedance-2-1080p"})


def song_prompt_of_any_length(bench: Bench) -> None:
    bench.without_rule("music.prompt-length", "simulator.engine.products.music.MUSIC_RULES")


def dialogue_of_four(bench: Bench) -> None:
    bench.without_rule(
        "dialogue.characters-min", "simulator.engine.products.dialogue.DIALOGUE_RULES"
    )


def _mutant(name: str, says: str, requirement: str, apply: Callable[[Bench], None]) -> Mutant:
    return Mutant(name, "validation", says, requirement, apply)


MUTANTS: tuple[Mutant, ...] = (
    _mutant(
        "prompt-one-short",
        "Wan 2.5 refuses the last of its 800 characters.",
        "limits:prompt:wan-2-5",
        prompt_one_short,
    ),
    _mutant(
        "prompt-limit-halved",
        "Kling 2.6 from a text takes half the prompt that it should.",
        "limits:prompt:kling-2-6-text-to-video",
        prompt_limit_halved,
    ),
    _mutant(
        "prompt-of-any-length",
        "No prompt is too long.",
        "limits:prompt:over",
        partial(_without, "media.prompt-length"),
    ),
    _mutant(
        "source-not-needed",
        "A model that needs an image starts without one.",
        "limits:inputs:required",
        source_not_needed,
    ),
    _mutant(
        "source-not-refused",
        "A model that takes no source starts with one.",
        "limits:inputs:none-for-text",
        partial(_without, "media.source-unexpected"),
    ),
    _mutant(
        "one-image-more",
        "Nano Banana takes an eleventh image.",
        "limits:inputs:nano-banana",
        one_image_more,
    ),
    _mutant(
        "one-image-fewer",
        "P Image Edit refuses its eighth image.",
        "limits:inputs:p-image-edit",
        one_image_fewer,
    ),
    _mutant(
        "images-not-counted",
        "No model has too many images.",
        "limits:seedance-2:images",
        partial(_without, "media.images-max"),
    ),
    _mutant(
        "one-frame-enough",
        "A video between two frames starts with one.",
        "limits:inputs:kling-2-5-image-to-video-pro",
        partial(_without, "media.images-min"),
    ),
    _mutant(
        "webp-taken", "Kling 3.0 takes a WebP as a frame.", "limits:kinds:kling-3-0", webp_taken
    ),
    _mutant(
        "reference-video-with-a-frame",
        "Seedance 2 takes a reference video in image-to-video.",
        "limits:seedance-2:image-to-video:no-video",
        partial(_without, "media.reference-video-not-allowed"),
    ),
    _mutant(
        "video-of-any-length",
        "A reference video may be longer than 15 s.",
        "limits:seedance-2:video-seconds",
        partial(_without, "media.reference-video-length"),
    ),
    _mutant(
        "lengths-not-added-up",
        "Reference videos are measured one by one only.",
        "limits:seedance-2:videos-seconds",
        lengths_not_added_up,
    ),
    _mutant(
        "sound-of-any-length",
        "A reference sound may be longer than 15 s.",
        "limits:seedance-2:audio-seconds",
        partial(_without, "media.reference-audio-length"),
    ),
    _mutant(
        "elements-not-looked-at",
        "Elements without a name or a description are taken.",
        "limits:elements:named",
        partial(_without, "media.kling-elements"),
    ),
    _mutant(
        "element-of-five-images",
        "An element takes a fifth image.",
        "limits:elements:images",
        element_of_five_images,
    ),
    _mutant(
        "element-a-pixel-short",
        "An element's image may be 299 pixels wide.",
        "limits:elements:image-pixels",
        element_a_pixel_short,
    ),
    _mutant(
        "longest-left-out",
        "Seedance 2 Fast makes 14 s at most.",
        "limits:duration:seedance-2-fast",
        longest_left_out,
    ),
    _mutant(
        "one-second-less-taken",
        "Kling 3.0 makes 2 s.",
        "limits:duration:kling-3-0",
        one_second_less_taken,
    ),
    _mutant(
        "widest-ratio-left-out",
        "Seedance 2 does not know 21:9.",
        "limits:aspect:seedance-2",
        widest_ratio_left_out,
    ),
    _mutant(
        "any-ratio-taken",
        "A ratio that the model does not make is taken.",
        "limits:aspect:p-image-edit",
        partial(_without, "media.aspect-ratio"),
    ),
    _mutant(
        "square-at-4K",
        "GPT Image 2 makes squares at its higher tiers.",
        "limits:resolution:gpt-image-2:square-at-high",
        partial(_without, "media.high-resolution-aspect"),
    ),
    _mutant(
        "fourth-tier-taken",
        "Flux 2 takes 4K, which it does not have.",
        "limits:resolution:flux-2",
        fourth_tier_taken,
    ),
    _mutant(
        "family-taken-for-its-first",
        "A family label starts the family's first variant.",
        "routing:family:seedance-2-fast",
        family_taken_for_its_first,
    ),
    _mutant(
        "made-up-variant-taken",
        "Seedance 2 Fast has a 1080p.",
        "routing:not-found:fast-1080p",
        made_up_variant_taken,
    ),
    _mutant(
        "song-prompt-of-any-length",
        "A song's prompt may have more than 400 characters.",
        "products:music:prompt",
        song_prompt_of_any_length,
    ),
    _mutant(
        "dialogue-of-four",
        "Four characters are a dialogue.",
        "products:dialogue:shortest",
        dialogue_of_four,
    ),
)
