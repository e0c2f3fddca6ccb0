"""Every refusal of a media request whose model is known, in the order of the answer."""

from simulator.domain.errors import Rejection
from simulator.domain.evidence import ASSUMED, DOCUMENTED, OBSERVED
from simulator.domain.requests import Asked
from simulator.domain.rules import Rule
from simulator.domain.rules.elements import invalid_kling_elements
from simulator.domain.rules.options import (
    aspect_ratio_incompatible_with_high_res,
    invalid_aspect_ratio,
    invalid_duration,
    invalid_quality,
    invalid_resolution,
)
from simulator.domain.rules.sources import (
    missing_source_media,
    reference_audio_too_long,
    reference_video_not_allowed,
    reference_video_too_long,
    too_few_images,
    too_many_audios,
    too_many_images,
    too_many_videos,
    unexpected_source_media,
    unsupported_media_type,
)


def unsupported_generation_type(asked: Asked) -> Rejection | None:
    allowed = list(asked.model.modes)
    if asked.generation_type in allowed:
        return None
    return Rejection(
        "unsupported_generation_type",
        f"{asked.model.id} makes {', '.join(allowed)}; '{asked.generation_type[:100]}' was asked"
        " for (left out, generation_type is text-to-image).",
        generation_type=asked.generation_type[:100],
        allowed=allowed,
    )


def prompt_too_long(asked: Asked) -> Rejection | None:
    limit, characters = asked.model.prompt_max, len(asked.ask.prompt)
    if limit is None or characters <= limit or asked.policies.long_prompt == "truncate":
        return None
    return Rejection(
        "prompt_too_long",
        f"{asked.model.id} takes prompts of at most {limit} characters; this one has {characters}.",
        max_characters=limit,
        characters=characters,
    )


MEDIA_RULES: tuple[Rule[Asked], ...] = (
    Rule(
        "media.generation-type",
        ASSUMED,
        "ruling; page: generate_media; docs: model requirements",
        "A generation type that the model does not make is refused, also when it is the default of"
        " a request that left it out.",
        unsupported_generation_type,
        policy="infer_generation_type",
    ),
    Rule(
        "media.prompt-length",
        ASSUMED,
        "ruling; page: Prompt character limits",
        "A prompt over the model's limit (documented, in code points) is refused; the page leaves"
        " open whether it is an error or is cut.",
        prompt_too_long,
        policy="long_prompt",
    ),
    Rule(
        "media.source-missing",
        DOCUMENTED,
        "page: Model rules; Input file limits; code: ruling",
        "A mode that needs source media is refused without it, naming the kind that is missing.",
        missing_source_media,
    ),
    Rule(
        "media.source-unexpected",
        DOCUMENTED,
        "page: Model rules; code: ruling",
        "Source media sent to a mode that takes none, or none of its kind, is refused.",
        unexpected_source_media,
    ),
    Rule(
        "media.source-type",
        DOCUMENTED,
        "page: Input file limits; code: ruling",
        "A source whose extension is none that the model takes is refused, and an uploaded file"
        " over the model's size.",
        unsupported_media_type,
    ),
    Rule(
        "media.images-max",
        DOCUMENTED,
        "page: Input file limits; Hard limits",
        "More images than the model takes in this mode: too_many_images.",
        too_many_images,
    ),
    Rule(
        "media.videos-max",
        DOCUMENTED,
        "page: Hard limits",
        "More videos than the model takes: too_many_videos.",
        too_many_videos,
    ),
    Rule(
        "media.audios-max",
        DOCUMENTED,
        "page: Hard limits",
        "More audio clips than the model takes: too_many_audios.",
        too_many_audios,
    ),
    Rule(
        "media.images-min",
        DOCUMENTED,
        "page: Input file limits; Seedance 1.5 Pro; code: ruling",
        "Fewer images than the mode needs (start and end frame): too_few_images.",
        too_few_images,
    ),
    Rule(
        "media.reference-video-not-allowed",
        DOCUMENTED,
        "page: Seedance 2; code: ruling",
        "Seedance 2 takes no reference video in image-to-video.",
        reference_video_not_allowed,
    ),
    Rule(
        "media.reference-video-length",
        DOCUMENTED,
        "page: Hard limits; measured uploads only: ruling",
        "Reference videos over 15 s, one or together (Motion Control: 30 s), are refused where"
        " their length is known.",
        reference_video_too_long,
        policy="probe_uploads",
    ),
    Rule(
        "media.reference-audio-length",
        DOCUMENTED,
        "page: Hard limits; measured uploads only: ruling",
        "Reference audio over 15 s, one or together, is refused where its length is known.",
        reference_audio_too_long,
        policy="probe_uploads",
    ),
    Rule(
        "media.kling-elements",
        DOCUMENTED,
        "page: Kling 3.0 elements; count observed, names assumed",
        "Elements need a unique name, a description and 2 to 4 JPG/PNG images or 1 MP4/MOV video.",
        invalid_kling_elements,
    ),
    Rule(
        "media.duration",
        OBSERVED,
        "page: Models that support duration; docs: model requirements; form: ruling",
        "A duration outside the model's options is refused; models without options ignore it.",
        invalid_duration,
    ),
    Rule(
        "media.aspect-ratio",
        OBSERVED,
        "page: generate_media; clients of the API; ruling",
        "An aspect ratio outside the model's list is refused; without a known list any ratio that"
        " the page names is taken.",
        invalid_aspect_ratio,
    ),
    Rule(
        "media.high-resolution-aspect",
        DOCUMENTED,
        "page: Resolution tiers; left out: ruling",
        "gpt-image-2 at 2K or 4K needs one of 9:16, 16:9, 4:3, 3:4; auto, 1:1 and none are refused"
        " and nothing is held.",
        aspect_ratio_incompatible_with_high_res,
    ),
    Rule(
        "media.quality",
        ASSUMED,
        "ruling",
        "A quality that the model does not list is refused; 'standard' always means its default.",
        invalid_quality,
        policy="unknown_quality",
    ),
    Rule(
        "media.resolution",
        ASSUMED,
        "ruling; page: Resolution tiers",
        "A resolution that is none of the model's tiers is refused; its case does not matter.",
        invalid_resolution,
    ),
)
