"""Upload sessions: a token that files are collected under."""

from dataclasses import replace
from typing import Any

import pytest

from simulator.domain.errors import Denial
from simulator.domain.inputs import Upload
from simulator.domain.sessions import FILES_MOST, UploadSession, totals
from simulator.engine.products.sessions import (
    UploadToken,
    UploadUrlBody,
    get_upload_session,
    get_upload_url,
)
from simulator.engine.provider import Provider
from simulator.engine.worlds import Caller
from tests.domain.judging import upload
from tests.engine.driving import available, caller, done, leap
from tests.engine.world import make_provider

HOUR_MS = 3_600_000
IMAGE, VIDEO = upload("image", "png", width=30, height=20), upload("video", "mp4", 4_500)
SOUND, UNKNOWN = upload("audio", "mp3", 2_000), upload("audio", "wav")


def opened(provider: Provider, who: Caller, model: str | None = None) -> Any:
    return done(get_upload_url(provider, who, UploadUrlBody(model)))


def collected(provider: Provider, who: Caller, token: str) -> Any:
    return done(get_upload_session(provider, who, UploadToken(token)))


def arrive(provider: Provider, who: Caller, token: str, *files: Upload) -> None:
    ids = [f"00000000-0000-4000-a000-{number:012}" for number in range(len(files))]
    for file_id, file in zip(ids, files, strict=True):
        done(provider.store.add_upload(who.world.id, who.account, replace(file, id=file_id)))
    done(provider.store.collect(who.world.id, token, ids))


@pytest.mark.ruling("sessions.collect")
def test_a_session_tells_what_has_arrived_in_order() -> None:
    provider = make_provider()
    who = caller(provider)
    session = opened(provider, who, "seedance-2-480p")
    assert session.direct_upload_url == f"{session.url}/files"
    assert session.token in session.direct_upload_curl_example
    assert session.token in session.direct_upload_python_example
    assert session.direct_upload_allowlist_domains == ["127.0.0.1"]
    assert collected(provider, who, session.token).count == 0
    arrive(provider, who, session.token, VIDEO, IMAGE, SOUND)
    shown = collected(provider, who, session.token)
    assert [file.kind for file in shown.media] == ["video", "image", "audio"]
    assert shown.media_urls == [file.url for file in shown.media]
    assert (shown.total_video_seconds, shown.total_audio_seconds) == (4.5, 2)
    assert (shown.media[1].width, shown.media[1].duration_seconds) == (30, None)
    assert (shown.media[2].width, shown.media[2].mime_type) == (None, "audio/mpeg")
    assert (shown.model_id, shown.count) == ("seedance-2-480p", 3)
    assert available(provider, who) == 10_000


@pytest.mark.ruling("sessions.billing-readiness")
@pytest.mark.parametrize(
    ("files", "readiness", "unknown"),
    [
        ((), "exact", 0),
        ((IMAGE, VIDEO, SOUND), "exact", 0),
        ((VIDEO, UNKNOWN), "pessimistic_fallback", 1),
    ],
)
def test_a_session_is_exact_when_every_length_is_known(
    files: tuple[Upload, ...], readiness: str, unknown: int
) -> None:
    provider = make_provider()
    who = caller(provider)
    token = opened(provider, who).token
    arrive(provider, who, token, *files)
    shown = collected(provider, who, token)
    assert (shown.billing_readiness, shown.unknown_duration_count) == (readiness, unknown)
    assert totals(files).readiness == readiness
    unmeasured = [file.kind for file in shown.media if file.measurement == "unavailable"]
    assert len(unmeasured) == unknown


@pytest.mark.ruling("sessions.lifetime")
def test_a_session_takes_files_for_an_hour_and_can_be_read_ever_after() -> None:
    provider = make_provider()
    who = caller(provider)
    token = opened(provider, who).token
    leap(provider, who.world, HOUR_MS - 1)
    assert collected(provider, who, token).expired is False
    leap(provider, who.world, 1)
    assert collected(provider, who, token).expired is True
    session = UploadSession(token, "main", "", 0)
    assert session.takes_files(HOUR_MS - 1)
    assert not session.takes_files(HOUR_MS)


@pytest.mark.ruling("sessions.lifetime")
def test_a_session_takes_20_files() -> None:
    session = UploadSession("t", "main", "", 0, uploads=("u",) * (FILES_MOST - 1))
    assert session.takes_files(0)
    assert not replace(session, uploads=("u",) * FILES_MOST).takes_files(0)


def test_a_session_is_its_owners_alone() -> None:
    provider = make_provider()
    who = caller(provider)
    token = opened(provider, who).token
    assert collected(provider, who, token).model_id is None
    for other, each in [
        (caller(provider, account="alice"), token),
        (caller(provider, "other"), token),
        (who, "no-such-token"),
    ]:
        with pytest.raises(Denial) as denial:
            collected(provider, other, each)
        assert (denial.value.status, denial.value.detail) == (
            404,
            "There is no upload session with this token.",
        )


def test_a_reset_forgets_sessions() -> None:
    provider = make_provider()
    who = caller(provider)
    token = opened(provider, who).token
    done(provider.worlds.reset(who.world))
    with pytest.raises(Denial):
        collected(provider, caller(provider), token)
    assert opened(provider, caller(provider)).token == token


@pytest.mark.ruling("sessions.lifetime")
def test_a_session_takes_all_of_a_handful_or_none() -> None:
    provider = make_provider()
    who = caller(provider)
    token = opened(provider, who).token

    def collect(count: int, into: str = token) -> bool:
        return done(provider.store.collect(who.world.id, into, ["u"] * count))

    assert collect(FILES_MOST - 1)
    assert not collect(2)
    assert collect(1)
    assert not collect(1)
    assert not collect(1, into="no-such-token")
    session = done(provider.store.session(who.world.id, token))
    assert session is not None
    assert len(session.uploads) == FILES_MOST
