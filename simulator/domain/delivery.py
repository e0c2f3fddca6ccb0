"""Which files a finished media job delivers, from its normal form."""

from simulator.domain.catalog import Model
from simulator.domain.outputs import Output
from simulator.domain.requests import MediaRequest
from simulator.domain.sizes import LONGER_SIDE_PX, dimensions, ratio_of

CAPTION_MOST = 240
UNKNOWN_VIDEO_MS = 5_000  # the length of a reference video that nobody measured


def estimate_s(request: MediaRequest, row: Model) -> int:
    """Seconds: the row's own, else the ruling's guess by the output's kind and length."""
    if row.estimated_time_s is not None:
        return row.estimated_time_s
    if request.model.model_type == "image":
        return 30
    return 20 + 10 * (-(-video_ms(request, row) // 1000))


def video_ms(request: MediaRequest, row: Model) -> int:
    """Milliseconds of output: as asked, as the row fixes it, or as long as the reference video."""
    seconds = request.duration_s or row.seconds
    if seconds is not None:
        return seconds * 1000
    for source in request.sources:
        if source.kind == "video" and source.upload is not None and source.upload.duration_ms:
            return source.upload.duration_ms
    return UNKNOWN_VIDEO_MS


def media_output(
    request: MediaRequest, row: Model, job_id: str, output_id: str, seed: int
) -> Output:
    """The one file of a media job: a PNG, or an MP4."""
    model = request.model
    ratio = ratio_of(request.aspect_ratio, model.model_type, request.sources)
    width, height = dimensions(ratio, _tier(request, row))
    uploads = tuple(source.upload.id for source in request.sources if source.upload is not None)
    video = model.model_type == "video"
    return Output(
        id=output_id,
        kind="video" if video else "image",
        format="mp4" if video else "png",
        seed=seed,
        model=model.id,
        caption=request.prompt[:CAPTION_MOST],
        job_id=job_id,
        width=width,
        height=height,
        duration_ms=video_ms(request, row) if video else 0,
        sound=video and _sounds(request, row),
        sources=uploads,
    )


def _tier(request: MediaRequest, row: Model) -> str:
    if request.quality in request.model.size_by_quality:
        return request.model.size_by_quality[request.quality]
    return request.resolution if request.resolution in LONGER_SIDE_PX else row.size


def _sounds(request: MediaRequest, row: Model) -> bool:
    """A bare id and its priced row may differ: the row with sound of its own always has it."""
    return {
        "always": True,
        "none": False,
        "sound": request.sound,
        "generate_audio": request.generate_audio,
    }[row.audio_track]
