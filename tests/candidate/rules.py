"""What is refused, in the order in which it is looked for."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import ceil

from tests.candidate.asking import Ask, Refused
from tests.candidate.catalogue import I2V, Choice, Media, Model
from tests.candidate.elements import check_elements, extension
from tests.candidate.image_models import IMAGE_MODELS
from tests.candidate.media import Known
from tests.candidate.video_models import FAMILIES, VIDEO_MODELS

MODELS: Mapping[str, Model] = {each.model_id: each for each in (*IMAGE_MODELS, *VIDEO_MODELS)}
EXTENSIONS: Mapping[str, str] = {
    **dict.fromkeys((".jpg", ".jpeg", ".png", ".webp"), "image"),
    **dict.fromkeys((".mp4", ".mov", ".webm"), "video"),
    **dict.fromkeys((".mp3", ".wav", ".m4a"), "audio"),
}
DIRECTIONAL = ("9:16", "16:9", "4:3", "3:4")
LENGTH = re.compile(r"([0-9]{1,4})s?")


@dataclass(frozen=True)
class Order:
    """A request that may be carried out: what is made and what it costs."""

    model: Model
    mode: str
    ratio: str
    size: str
    seconds: int
    sound: bool
    credits: Fraction


@dataclass(frozen=True)
class Sources:
    """Source media by kind, and the lengths of those that were uploaded here."""

    images: Sequence[str]
    videos: Sequence[str]
    audios: Sequence[str]
    known: Mapping[str, Known]

    def lengths(self, urls: Sequence[str]) -> list[Fraction]:
        """Seconds of each file whose length is known."""
        found = [self.known[url].length_s for url in urls if url in self.known]
        return [length for length in found if length is not None]


def check(ask: Ask, known: Mapping[str, Known], defects: frozenset[str]) -> Order:
    """The order behind a request, or the first thing that is wrong with it (Refused)."""
    model = find_model(ask.model)
    if ask.generation_type not in model.modes:
        allowed = list(model.modes)
        message = f"{model.model_id} does not make {ask.generation_type}"
        raise Refused(400, "unsupported_generation_type", message, allowed=allowed)
    check_prompt(model, ask.prompt, defects)
    sources = check_sources(model, ask.generation_type, ask.urls(), known)
    if model.elements:
        check_elements(ask.kling_elements, known)
    seconds = check_duration(model, ask.duration, defects)
    ratio = check_ratio(model, ask, defects)
    quality = one_of("invalid_quality", ask.quality, model.qualities, "standard")
    resolution = one_of("invalid_resolution", ask.resolution, model.resolutions, "")
    choice = Choice(
        mode=ask.generation_type,
        seconds=seconds,
        sound=model.sound == "toggle" and ask.sound is True,
        quality=quality,
        resolution=resolution,
        reference_s=reference_s(sources, model, defects),
    )
    credits = model.price(choice)
    if "sound-surcharge" in defects and ask.sound and model.kind == "video" and not model.audio_row:
        credits += ceil(credits / 4)
    return Order(
        model=model,
        mode=choice.mode,
        ratio=ratio,
        size=size_of(model, quality, resolution),
        seconds=seconds,
        sound=sounds(model, ask),
        credits=credits,
    )


def find_model(name: str) -> Model:
    """The model of an id; family labels are refused with their variants."""
    if name in FAMILIES:
        raise Refused(
            *(400, "variant_required", f"{name} is a family; name one of its variants"),
            family=name,
            available_variants=list(FAMILIES[name]),
            hint="Which resolution, draft or final, with or without a reference video? "
            "The models list has the prices.",
        )
    if name not in MODELS:
        raise Refused(400, "model_not_found", "there is no such model", model=name)
    return MODELS[name]


def check_prompt(model: Model, prompt: str, defects: frozenset[str]) -> None:
    """Characters are code points."""
    most = model.prompt_max
    if "prompt-limit-off-by-one" in defects and model.model_id.startswith("seedream-v4-5"):
        most -= 1
    if len(prompt) > most:
        raise Refused(
            *(400, "prompt_too_long", f"the prompt may have {model.prompt_max} characters"),
            max_characters=model.prompt_max,
            characters=len(prompt),
        )


def kind_of(model: Model, url: str) -> str:
    """What a source is by its extension; empty where the model does not read such files."""
    suffix = extension(url)
    kind = EXTENSIONS.get(suffix, "")
    reads = {"image": model.image_files, "video": model.video_files, "audio": (suffix,)}
    return kind if suffix in reads.get(kind, ()) else ""


def check_sources(model: Model, mode: str, urls: list[str], known: Mapping[str, Known]) -> Sources:
    """Source media by kind: how many, of which kind, how long."""
    takes = model.modes[mode]
    limits = {"image": takes.images, "video": takes.videos, "audio": takes.audios}
    if not urls and any(least for least, _ in limits.values()):
        raise Refused(400, "missing_source_media", f"{mode} needs source_media_urls")
    if urls and takes == Media():
        raise Refused(400, "unexpected_source_media", f"{mode} takes no source media here")
    references = model.sound == "generate_audio"
    found: dict[str, list[str]] = {"image": [], "video": [], "audio": []}
    for url in urls:
        kind = kind_of(model, url)
        if kind not in found or not (limits[kind][1] or (references and kind == "video")):
            message = "this model does not take files of that kind"
            raise Refused(400, "unsupported_media_type", message, extension=extension(url))
        found[kind].append(url)
    count_sources(found, limits, banned_videos=references and mode == I2V)
    sources = Sources(found["image"], found["video"], found["audio"], known)
    if model.reference_limit_s:
        most = model.reference_limit_s
        check_lengths("reference_video_too_long", sources.lengths(sources.videos), most)
        check_lengths("reference_audio_too_long", sources.lengths(sources.audios), most)
    return sources


def count_sources(
    found: Mapping[str, list[str]], limits: Mapping[str, tuple[int, int]], *, banned_videos: bool
) -> None:
    """Not too many, not too few, and no reference video where none may be."""
    for kind, (least, _) in limits.items():
        if least and not found[kind]:
            raise Refused(400, "missing_source_media", f"one {kind} is missing", missing=kind)
    for kind, (_, most) in limits.items():
        if len(found[kind]) > most and not (kind == "video" and banned_videos):
            message = f"at most {most} {kind}s are taken"
            raise Refused(
                400, f"too_many_{kind}s", message, maximum=most, provided=len(found[kind])
            )
    least = limits["image"][0]
    if len(found["image"]) < least:
        message = f"at least {least} images are needed"
        raise Refused(400, "too_few_images", message, minimum=least, provided=len(found["image"]))
    if banned_videos and found["video"]:
        message = "image-to-video takes no reference video"
        raise Refused(400, "reference_video_not_allowed", message)


def check_lengths(code: str, lengths: Sequence[Fraction], most: int) -> None:
    """No file and no sum over the limit."""
    if sum(lengths, Fraction(0)) > most:
        message = f"references may last {most} s in all"
        raise Refused(400, code, message, max_seconds=most)


def reference_s(sources: Sources, model: Model, defects: frozenset[str]) -> Fraction:
    """Seconds of reference video that are paid."""
    if model.sound != "generate_audio" or not sources.videos:
        return Fraction(0)
    lengths = sources.lengths(sources.videos)
    if "real-reference-length" in defects and len(lengths) == len(sources.videos):
        return Fraction(ceil(sum(lengths)))
    return Fraction(model.reference_limit_s)


def check_duration(model: Model, duration: object, defects: frozenset[str]) -> int:
    """Seconds of the output; ``"5s"``, ``"5"`` and 5 are the same."""
    given = seconds_of(duration)
    if not model.durations:
        says_length = model.model_id.endswith(f"-{model.fixed_s}s")
        wrong = duration is not None and given != model.fixed_s
        if "fixed-length-checked" in defects and says_length and wrong:
            allowed = [f"{model.fixed_s}s"]
            raise Refused(400, "invalid_duration", "the id fixes the length", allowed=allowed)
        return model.fixed_s
    if duration is None:
        return model.durations[0]
    if given not in model.durations:
        allowed = [f"{each}s" for each in model.durations]
        raise Refused(400, "invalid_duration", "this length is not offered", allowed=allowed)
    return given


def seconds_of(duration: object) -> int | None:
    """Whole seconds, or nothing where there are none to read."""
    if isinstance(duration, int) and not isinstance(duration, bool):
        return duration
    if isinstance(duration, str) and (read := LENGTH.fullmatch(duration)):
        return int(read[1])
    return None


def check_ratio(model: Model, ask: Ask, defects: frozenset[str]) -> str:
    """The aspect ratio: 1:1 unless one is given, the first where 1:1 is none of the model's."""
    plain = "1:1" if "1:1" in model.ratios else model.ratios[0]
    ratio = plain if ask.aspect_ratio is None else ask.aspect_ratio
    if ratio not in model.ratios:
        allowed = list(model.ratios)
        raise Refused(400, "invalid_aspect_ratio", "this ratio is not offered", allowed=allowed)
    large = (ask.resolution or "").upper() in {"2K", "4K"}
    looked_at = "implicit-square" not in defects or ask.aspect_ratio is not None
    if model.model_id == "gpt-image-2" and large and looked_at and ratio not in DIRECTIONAL:
        message = "2K and 4K need a ratio that is not square"
        raise Refused(
            400, "aspect_ratio_incompatible_with_high_res", message, allowed=list(DIRECTIONAL)
        )
    return ratio


def one_of(code: str, given: str | None, values: tuple[str, ...], default: str) -> str:
    """One of a model's values, whatever its case; the first for nothing or for the default."""
    if not values:
        return default
    if given is None or (default and given.lower() == default):
        return values[0]
    for value in values:
        if value.lower() == given.lower():
            return value
    raise Refused(400, code, "this value is not offered", allowed=list(values))


def size_of(model: Model, quality: str, resolution: str) -> str:
    """How large the output is: ``1K`` to ``4K``, or ``480p`` to ``1080p``."""
    if model.kind == "video":
        return model.size
    asked = resolution or {"basic": "2K", "high": "4K"}.get(quality, quality)
    for size in ("4K", "2K"):
        if asked == size or model.model_id.endswith(size):
            return size
    return "1K"


def sounds(model: Model, ask: Ask) -> bool:
    """Whether the output has sound."""
    match model.sound:
        case "toggle":
            return ask.sound is True
        case "generate_audio":
            return ask.generate_audio is not False
        case "included" | "always":
            return True
        case _:
            return False
