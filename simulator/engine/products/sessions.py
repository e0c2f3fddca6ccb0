"""Upload sessions: ``get_upload_url`` and ``get_upload_session``, tools without a route."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from simulator.domain.errors import Denial
from simulator.domain.inputs import CONTENT_TYPES, Upload
from simulator.domain.sessions import UploadSession, totals
from simulator.domain.times import rfc3339
from simulator.engine.answers import seconds
from simulator.engine.ids import make_id
from simulator.engine.provider import Provider
from simulator.engine.worlds import Caller

NO_SUCH_SESSION = "There is no upload session with this token."


class UploadUrlBody(Struct, frozen=True):
    model_id: Annotated[str, Meta(description="The model that the files are for.")] | None = None


class UploadToken(Struct, frozen=True):
    token: Annotated[str, Meta(min_length=1, description="The token of get_upload_url.")]


class UploadUrlAnswer(Struct, frozen=True):
    url: Annotated[str, Meta(description="A page where a person can upload.")]
    direct_upload_url: Annotated[str, Meta(description="Takes multipart posts: token, file.")]
    direct_upload_curl_example: str
    direct_upload_python_example: str
    direct_upload_allowlist_domains: list[str]
    direct_upload_fallback_url: str
    token: str
    expires_at: str


class SessionMedia(Struct, frozen=True):
    url: str
    kind: str
    mime_type: str
    file_size_bytes: int
    width: int | None
    height: int | None
    duration_seconds: float | int | None
    measurement: Annotated[str | None, Meta(description="unavailable: a length is not known.")]


class SessionAnswer(Struct, frozen=True):
    token: str
    model_id: str | None
    media_urls: list[str]
    media: list[SessionMedia]
    count: int
    total_video_seconds: float | int
    total_audio_seconds: float | int
    unknown_duration_count: int
    billing_readiness: Literal["exact", "pessimistic_fallback"]
    expires_at: str
    expired: bool


async def get_upload_url(
    provider: Provider, caller: Caller, body: UploadUrlBody
) -> UploadUrlAnswer:
    """Opens a session; nothing is charged."""
    world = caller.world
    now_ms = await provider.worlds.now(world)
    number = await provider.store.next_upload(world.id)
    token = make_id(world.seed, world.draws_as, "session", number)
    session = UploadSession(token, caller.account, body.model_id or "", now_ms)
    await provider.store.add_session(world.id, session)
    page = provider.urls.session(world.name, token)
    direct = f"{page}/files"
    return UploadUrlAnswer(
        url=page,
        direct_upload_url=direct,
        direct_upload_curl_example=f"curl -F token={token} -F file=@photo.jpg {direct}",
        direct_upload_python_example=(
            f"httpx.post({direct!r}, data={{'token': {token!r}}},"
            " files={'file': open('photo.jpg', 'rb')})"
        ),
        direct_upload_allowlist_domains=[provider.urls.host],
        direct_upload_fallback_url=page,
        token=token,
        expires_at=rfc3339(session.expires_at_ms),
    )


async def get_upload_session(
    provider: Provider, caller: Caller, body: UploadToken
) -> SessionAnswer:
    """What has arrived, in order. A Denial 404 for an unknown or a foreign token."""
    world = caller.world
    session = await provider.store.session(world.id, body.token)
    if session is None or session.account != caller.account:
        raise Denial(404, NO_SUCH_SESSION)
    known = await provider.store.uploads(world.id, session.uploads)
    uploads = [known[upload_id] for upload_id in session.uploads if upload_id in known]
    media = [_media(provider, world.name, upload) for upload in uploads]
    sums = totals(uploads)
    now_ms = await provider.worlds.now(world)
    return SessionAnswer(
        token=session.token,
        model_id=session.model or None,
        media_urls=[file.url for file in media],
        media=media,
        count=len(media),
        total_video_seconds=seconds(sums.video_ms),
        total_audio_seconds=seconds(sums.audio_ms),
        unknown_duration_count=sums.unknown,
        billing_readiness="pessimistic_fallback" if sums.unknown else "exact",
        expires_at=rfc3339(session.expires_at_ms),
        expired=now_ms >= session.expires_at_ms,
    )


def _media(provider: Provider, world: str, upload: Upload) -> SessionMedia:
    visual = upload.kind != "audio"
    timed = upload.kind != "image"
    return SessionMedia(
        url=provider.urls.upload(world, upload.id, upload.extension),
        kind=upload.kind,
        mime_type=CONTENT_TYPES[upload.extension],
        file_size_bytes=upload.size_bytes,
        width=upload.width if visual else None,
        height=upload.height if visual else None,
        duration_seconds=seconds(upload.duration_ms) if upload.duration_ms else None,
        measurement="unavailable" if timed and not upload.duration_ms else None,
    )
