"""The shapes of requests. What a field means is in its description; what a model makes of it is the
rules' business, so a field that a model may ignore takes whatever its type allows."""

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from simulator.domain.catalog import GENERATION_TYPES
from simulator.domain.requests import MediaAsk

Text = Annotated[str, Meta(min_length=1)]
GenerationStatus = Literal["pending", "queued", "processing", "completed", "failed"]
ModelType = Literal["image", "video", "music", "speech", "separation", "other"]


class MediaBody(Struct, frozen=True):
    prompt: Annotated[str, Meta(min_length=1, description="What to generate.")]
    model: Annotated[str, Meta(min_length=1, description="A model id from get_models.")]
    generation_type: (
        Annotated[
            str,
            Meta(
                description="text-to-image (the default), text-to-video, image-to-video or"
                " image-to-image; each model makes some of them.",
                extra_json_schema={"enum": list(GENERATION_TYPES), "default": GENERATION_TYPES[0]},
            ),
        ]
        | None
    ) = None
    negative_prompt: (
        Annotated[str, Meta(description="What to avoid; ignored by most models.")] | None
    ) = None
    source_media_urls: Annotated[
        str | list[str] | None,
        Meta(description="URLs of source images, videos or audio clips, one or a list."),
    ] = None
    aspect_ratio: (
        Annotated[str, Meta(description="For example 16:9; each model takes a list.")] | None
    ) = None
    duration: Annotated[
        Any,
        Meta(description='Length of a video: "5s", "5" or 5; ignored where it is fixed.'),
    ] = None
    quality: Annotated[str, Meta(description="A quality of the model; ignored by most.")] | None = (
        None
    )
    resolution: (
        Annotated[str, Meta(description="1K, 2K or 4K, for image models with tiers.")] | None
    ) = None
    sound: (
        Annotated[
            bool,
            Meta(description="Video with generated sound.", extra_json_schema={"default": False}),
        ]
        | None
    ) = None
    generate_audio: (
        Annotated[
            bool,
            Meta(
                description="Seedance 2: free audio, on unless false.",
                extra_json_schema={"default": True},
            ),
        ]
        | None
    ) = None
    seed: (
        Annotated[
            float,
            Meta(
                ge=0,
                le=4_294_967_295,
                multiple_of=1,
                description="A whole number, for the same picture again.",
            ),
        ]
        | None
    ) = None
    kling_elements: Annotated[
        Any,
        Meta(
            description="Kling 3.0: up to 3 objects with name, description and either"
            " element_input_urls (2 to 4 images) or element_input_video_urls (1 video)."
        ),
    ] = None
    turbo: Annotated[bool, Meta(description="p-image-edit: faster, on unless false.")] | None = None
    disable_safety_checker: (
        Annotated[bool, Meta(description="p-image-edit: on unless false.")] | None
    ) = None

    def ask(self) -> MediaAsk:
        urls = self.source_media_urls
        return MediaAsk(
            prompt=self.prompt,
            model=self.model,
            generation_type=self.generation_type,
            negative_prompt=self.negative_prompt,
            source_media_urls=(urls,) if isinstance(urls, str) else tuple(urls or ()),
            aspect_ratio=self.aspect_ratio,
            duration=self.duration,
            quality=self.quality,
            resolution=self.resolution,
            sound=bool(self.sound),
            generate_audio=self.generate_audio is not False,
            seed=None if self.seed is None else int(self.seed),
            kling_elements=self.kling_elements,
            turbo=self.turbo is not False,
            disable_safety_checker=self.disable_safety_checker is not False,
        )


class CostBody(MediaBody, frozen=True, kw_only=True):  # the same fields, one of them optional
    """The body of a start, priced and not started; only ``model`` is needed."""

    prompt: Annotated[str, Meta(description="As in generate_media; not needed for a price.")] = "x"
    model: Annotated[str, Meta(min_length=1, description="A model id from get_models.")]
    reference_video_seconds: (
        Annotated[float, Meta(ge=0, description="How long the video is that is yet to be sent.")]
        | None
    ) = None
    reference_audio_seconds: (
        Annotated[float, Meta(ge=0, description="How long the sound is that is yet to be sent.")]
        | None
    ) = None
    variant_count: Annotated[int, Meta(description="Ad copy: 1 to 4; 1 by default.")] | None = None


class EstimateBody(Struct, frozen=True):
    model: Annotated[str, Meta(min_length=1, description="A model id from get_models.")]
    generation_type: (
        Annotated[
            str,
            Meta(
                description="As in generate_media; default text-to-image.",
                extra_json_schema={"enum": list(GENERATION_TYPES), "default": GENERATION_TYPES[0]},
            ),
        ]
        | None
    ) = None
    prompt: Annotated[str, Meta(description="The prompt, if it is known.")] | None = None
    negative_prompt: Annotated[str, Meta(description="As in generate_media.")] | None = None
    parameters: (
        Annotated[
            dict[str, Any],
            Meta(description="Other fields of generate_media, for example duration."),
        ]
        | None
    ) = None


class GenerationId(Struct, frozen=True):
    generation_id: Annotated[str, Meta(min_length=1, description="The id of a start's answer.")]


class ModelsQuery(Struct, frozen=True):
    model_type: Annotated[ModelType, Meta(description="Only models of this type.")] | None = None


class GenerationsQuery(Struct, frozen=True):
    status: Annotated[GenerationStatus, Meta(description="Only jobs in this state.")] | None = None
    model: Annotated[str, Meta(description="Only jobs of this model.")] | None = None
    generation_type: (
        Annotated[str, Meta(description="Only jobs of this generation type.")] | None
    ) = None
    limit: Annotated[
        int, Meta(description="How many rows, 1 to 25; values beyond are held at the ends.")
    ] = 25


class Nothing(Struct, frozen=True):
    """A request without fields."""
