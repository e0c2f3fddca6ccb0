"""Refusals about source media: kinds and counts by model and mode, measured lengths and sizes."""

from simulator.domain.errors import Rejection
from simulator.domain.inputs import Source
from simulator.domain.requests import Asked

IMAGE_BYTES_MAX = 10 * 1024 * 1024


def missing_source_media(asked: Asked) -> Rejection | None:
    if _any_foreign(asked):
        return None  # the wrong kind of file is the better answer: see unsupported_media_type
    for kind in ("image", "video", "audio"):
        least = 0 if asked.has_elements else asked.inputs.of(kind).least
        if least and not asked.count(kind):
            return Rejection(
                "missing_source_media",
                f"{asked.model.id} needs {least} source {kind}{_s(least)} for"
                f" {asked.generation_type}; none was sent in source_media_urls.",
                kind=kind,
                required=least,
            )
    if (
        asked.policies.seedance_video_row == "require"
        and asked.model.takes_reference
        and not asked.count("video")
    ):
        return Rejection(
            "missing_source_media",
            f"{asked.model.id} is priced for a reference video; none was sent.",
            kind="video",
            required=1,
        )
    return None


def unexpected_source_media(asked: Asked) -> Rejection | None:
    if asked.inputs.empty and asked.sources:
        return Rejection(
            "unexpected_source_media",
            f"{asked.model.id} takes no source media for {asked.generation_type};"
            f" {len(asked.sources)} URL{_s(len(asked.sources))} came in source_media_urls.",
        )
    for source in asked.sources:
        kind = source.kind
        if kind is None or _has_own_refusal(asked, source) or kind not in asked.model.kinds:
            continue
        if not asked.inputs.of(kind).most:
            return Rejection(
                "unexpected_source_media",
                f"{asked.model.id} takes no source {kind} for {asked.generation_type}.",
                kind=kind,
            )
    if (
        asked.policies.seedance_video_row == "require"
        and asked.model.reference_row is not None
        and asked.count("video")
    ):
        return Rejection(
            "unexpected_source_media",
            f"{asked.model.id} takes no reference video; {asked.model.reference_row} does.",
            kind="video",
        )
    return None


def unsupported_media_type(asked: Asked) -> Rejection | None:
    for index, source in enumerate(asked.sources):
        allowed = _extensions(asked)
        if source.extension not in allowed or source.kind is None:
            return Rejection(
                "unsupported_media_type",
                f"source_media_urls[{index}] is not a file that {asked.model.id} takes:"
                f" expected an http(s) URL ending in {', '.join(allowed)}.",
                index=index,
                extension=source.extension,
                allowed=list(allowed),
            )
        too_large = _too_large(asked, source)
        if too_large is not None:
            return Rejection(
                "unsupported_media_type",
                f"source_media_urls[{index}] has {source.upload.size_bytes if source.upload else 0}"
                f" bytes; {asked.model.id} takes at most {too_large} for one {source.kind}.",
                index=index,
                extension=source.extension,
                max_bytes=too_large,
            )
    return None


def too_many_images(asked: Asked) -> Rejection | None:
    return _too_many(asked, "image")


def too_many_videos(asked: Asked) -> Rejection | None:
    return _too_many(asked, "video")


def too_many_audios(asked: Asked) -> Rejection | None:
    return _too_many(asked, "audio")


def too_few_images(asked: Asked) -> Rejection | None:
    least, count = asked.inputs.images.least, asked.count("image")
    if count >= least or asked.has_elements:
        return None
    return Rejection(
        "too_few_images",
        f"{asked.model.id} needs {least} images for {asked.generation_type}; {count} came.",
        min=least,
        count=count,
    )


def reference_video_not_allowed(asked: Asked) -> Rejection | None:
    if any(_has_own_refusal(asked, source) for source in asked.sources):
        return Rejection(
            "reference_video_not_allowed",
            f"{asked.model.id} takes no reference video for {asked.generation_type};"
            " send it with text-to-video.",
        )
    return None


def reference_video_too_long(asked: Asked) -> Rejection | None:
    return _too_long(asked, "video")


def reference_audio_too_long(asked: Asked) -> Rejection | None:
    return _too_long(asked, "audio")


def _has_own_refusal(asked: Asked, source: Source) -> bool:
    """A reference video in Seedance 2's image-to-video has a refusal of its own."""
    return (
        source.kind == "video"
        and asked.model.reference_seconds_max is not None
        and not asked.inputs.videos.most
        and asked.model.most("video") > 0
    )


def _any_foreign(asked: Asked) -> bool:
    kinds = asked.model.kinds
    return any(source.kind not in kinds for source in asked.sources)


def _extensions(asked: Asked) -> tuple[str, ...]:
    model = asked.model
    by_kind = {
        "image": model.image_extensions,
        "video": model.video_extensions,
        "audio": ("mp3", "wav", "m4a"),
    }
    return tuple(extension for kind in model.kinds for extension in by_kind[kind])


def _too_large(asked: Asked, source: Source) -> int | None:
    """The limit in bytes that an uploaded source passes, or None."""
    if source.upload is None:
        return None
    limit = {"image": IMAGE_BYTES_MAX, "video": asked.model.reference_video_bytes_max}.get(
        source.upload.kind
    )
    return limit if limit is not None and source.upload.size_bytes > limit else None


def _too_many(asked: Asked, kind: str) -> Rejection | None:
    count = asked.count(kind)
    most = (asked.inputs.of(kind).most or asked.model.most(kind)) if count else 0
    if count <= most:
        return None
    return Rejection(
        f"too_many_{kind}s",
        f"{asked.model.id} takes at most {most} {kind}{_s(most)} for {asked.generation_type};"
        f" {count} came.",
        max=most,
        count=count,
    )


def _too_long(asked: Asked, kind: str) -> Rejection | None:
    limit_s = asked.model.reference_seconds_max
    if limit_s is None or asked.policies.probe_uploads == "no":
        return None
    measured = [s.upload.duration_ms for s in asked.of_kind(kind) if s.upload is not None]
    longest, total = max(measured, default=0), sum(measured)
    if total <= limit_s * 1000:
        return None
    what = "one of them lasts" if longest > limit_s * 1000 else "together they last"
    worst = longest if longest > limit_s * 1000 else total
    return Rejection(
        f"reference_{kind}_too_long",
        f"{asked.model.id} takes at most {limit_s} s of reference {kind}: {what}"
        f" {worst / 1000:g} s.",
        max_seconds=limit_s,
        seconds=worst / 1000,
    )


def _s(count: int) -> str:
    return "" if count == 1 else "s"
