"""What an upload answers, and what is on the disk afterwards."""

from dataclasses import replace
from pathlib import Path

import pytest

from simulator.surfaces.uploads import extension_of
from tests.media.support import IMAGE, SOUND, VIDEO, original
from tests.media.test_probe_hostile import film, png, wav
from tests.surfaces.hosting import FORM, PNG, UPLOAD, client_of, file_part, form, host, sent

JPEG = original(replace(IMAGE, format="jpeg"))
SAMPLES = {
    "png": (PNG, "image", "image/png", 320, 192, None),
    "jpg": (JPEG, "image", "image/jpeg", 320, 192, None),
    "webp": (original(replace(IMAGE, format="webp")), "image", "image/webp", 320, 192, None),
    "mp4": (original(VIDEO), "video", "video/mp4", 320, 192, 3),
    "wav": (original(replace(SOUND, format="wav")), "audio", "audio/wav", None, None, 5),
    "mp3": (original(SOUND), "audio", "audio/mpeg", None, None, 5),
}


@pytest.mark.anyio
@pytest.mark.parametrize("extension", SAMPLES)
async def test_an_upload_answers_what_was_measured(tmp_path: Path, extension: str) -> None:
    data, kind, mime_type, width, height, seconds = SAMPLES[extension]
    async with client_of(host(tmp_path)) as client:
        answer = await client.post(UPLOAD, files=sent((f"a.{extension}", data)))
    assert answer.status_code == 200
    url = answer.json()["url"]
    assert url.endswith(f".{extension}")
    assert answer.json() == {
        "url": url,
        "urls": [url],
        "files": [
            {
                "url": url,
                "kind": kind,
                "mime_type": mime_type,
                "file_size_bytes": len(data),
                "width": width,
                "height": height,
                "duration_seconds": seconds,
            }
        ],
    }


@pytest.mark.anyio
async def test_several_files_get_their_urls_in_the_order_they_came(tmp_path: Path) -> None:
    async with client_of(host(tmp_path)) as client:
        files = sent(*((f"a.{name}", sample[0]) for name, sample in SAMPLES.items()))
        answer = (await client.post(UPLOAD, files=files)).json()
    assert [url.rpartition(".")[2] for url in answer["urls"]] == list(SAMPLES)
    assert [file["url"] for file in answer["files"]] == answer["urls"]
    assert len(set(answer["urls"])) == len(SAMPLES)


@pytest.mark.anyio
async def test_a_jpeg_is_named_jpg_whatever_it_was_called(tmp_path: Path) -> None:
    async with client_of(host(tmp_path)) as client:
        answer = await client.post(UPLOAD, files=sent(("HOLIDAY.JPEG", JPEG)))
    assert answer.json()["url"].endswith(".jpg")


@pytest.mark.anyio
async def test_what_the_store_keeps_is_what_was_answered(tmp_path: Path) -> None:
    served = host(tmp_path)
    async with client_of(served) as client:
        url = (await client.post(UPLOAD, files=sent(("a.mp4", SAMPLES["mp4"][0])))).json()["url"]
    upload_id = url.rpartition("/")[2].removesuffix(".mp4")
    world = (await served.caller()).world
    upload = (await served.provider.store.uploads(world.id, [upload_id]))[upload_id]
    assert (upload.kind, upload.width, upload.height, upload.duration_ms) == (
        "video",
        320,
        192,
        3_000,
    )
    assert served.stored() == [f"{upload_id}.mp4"]


@pytest.mark.anyio
async def test_a_refused_upload_does_not_change_the_ids_of_later_ones(tmp_path: Path) -> None:
    urls = []
    for name, tries in (("one", [b"text"]), ("other", [])):
        async with client_of(host(tmp_path / name)) as client:
            for data in tries:
                await client.post(UPLOAD, files=sent(("a.png", data)))
            urls.append((await client.post(UPLOAD, files=sent(("a.png", PNG)))).json()["url"])
    assert urls[0] == urls[1]


CRAFTED = {
    "an SVG": ("a.png", b"<svg xmlns='http://www.w3.org/2000/svg'/>", "not that of a .png"),
    "HTML": ("a.png", b"<!doctype html><script>alert(1)</script>", "not that of a .png"),
    "a sound named as an image": ("a.png", original(SOUND), "its content is an audio file"),
    "an enormous picture": ("a.png", png(50_000, 50_000), "too large"),
    "a film of years": ("a.mp4", film(2**32 - 2), "longer than a day"),
    "a sound that ends early": ("a.wav", wav(2**31), "longer than the file"),
    "nothing": ("a.png", b"", "not that of a .png"),
    "an unknown extension": ("a.svg", b"<svg/>", "expected one of jpg, jpeg, png"),
    "no extension": ("png", PNG, "without an extension"),
    "an extension that is a path": ("a./../b", PNG, "without an extension"),
}


@pytest.mark.anyio
@pytest.mark.parametrize(("name", "data", "reason"), CRAFTED.values(), ids=CRAFTED.keys())
async def test_a_file_that_is_not_what_it_says_is_refused(
    tmp_path: Path, name: str, data: bytes, reason: str
) -> None:
    served = host(tmp_path)
    async with client_of(served) as client:
        answer = await client.post(UPLOAD, files=sent((name, data)))
    assert answer.status_code == 400
    assert answer.json()["detail"].startswith("file 1: ")
    assert reason in answer.json()["detail"], answer.json()
    assert served.stored() == []


@pytest.mark.anyio
async def test_one_byte_over_the_limit_is_too_large(tmp_path: Path) -> None:
    served = host(tmp_path, max_file_bytes=len(PNG))
    async with client_of(served) as client:
        assert (await client.post(UPLOAD, files=sent(("a.png", PNG)))).status_code == 200
        before = served.stored()
        answer = await client.post(UPLOAD, files=sent(("a.png", PNG + b"x")))
    assert answer.status_code == 413
    assert answer.headers["connection"] == "close"
    assert str(len(PNG)) in answer.json()["detail"]
    assert served.stored() == before


@pytest.mark.anyio
async def test_the_limit_counts_for_each_file_by_itself(tmp_path: Path) -> None:
    async with client_of(host(tmp_path, max_file_bytes=len(PNG))) as client:
        answer = await client.post(UPLOAD, files=sent(("a.png", PNG), ("b.png", PNG)))
    assert answer.status_code == 200


@pytest.mark.anyio
async def test_more_than_twenty_files_are_refused(tmp_path: Path) -> None:
    served = host(tmp_path)
    async with client_of(served) as client:
        answer = await client.post(UPLOAD, files=sent(*[("a.png", PNG)] * 20))
        assert len(answer.json()["urls"]) == 20
        answer = await client.post(UPLOAD, files=sent(*[("a.png", PNG)] * 21))
    assert answer.status_code == 400
    assert len(served.stored()) == 20


@pytest.mark.anyio
async def test_one_bad_file_keeps_the_good_ones_out(tmp_path: Path) -> None:
    served = host(tmp_path)
    async with client_of(served) as client:
        answer = await client.post(UPLOAD, files=sent(("a.png", PNG), ("b.png", b"text")))
    assert answer.json()["detail"].startswith("file 2: ")
    assert served.stored() == []


VALUE = b'Content-Disposition: form-data; name="file"\r\n\r\nhttps://example.com/a.png'
NO_FILE = {
    "no part at all": form(),
    "another field": form(file_part("a.png", PNG, field="upload")),
    "a value in its place": form(VALUE),
    "a file that was not chosen": form(file_part("", b"")),
}


@pytest.mark.anyio
@pytest.mark.parametrize("body", NO_FILE.values(), ids=NO_FILE.keys())
async def test_a_form_without_a_file_is_malformed(tmp_path: Path, body: bytes) -> None:
    served = host(tmp_path)
    async with client_of(served) as client:
        answer = await client.post(UPLOAD, content=body, headers=FORM)
    assert answer.status_code == 422
    assert [problem["loc"] for problem in answer.json()["detail"]] == [["body", "file"]]
    assert served.stored() == []


@pytest.mark.anyio
async def test_other_fields_of_the_form_are_passed_over(tmp_path: Path) -> None:
    value = b'Content-Disposition: form-data; name="title"\r\n\r\n' + bytes(200_000)
    async with client_of(host(tmp_path)) as client:
        body = form(value, file_part("a.png", PNG), value)
        answer = await client.post(UPLOAD, content=body, headers=FORM)
    assert answer.status_code == 200
    assert len(answer.json()["urls"]) == 1


@pytest.mark.anyio
@pytest.mark.parametrize("content_type", ["application/json", "multipart/mixed; boundary=b", ""])
async def test_what_is_no_form_is_an_unsupported_type(tmp_path: Path, content_type: str) -> None:
    async with client_of(host(tmp_path)) as client:
        headers = {"content-type": content_type}
        answer = await client.post(UPLOAD, content=form(file_part("a.png", PNG)), headers=headers)
    assert answer.status_code == 415


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("", 200),
        ("?bucket=media-inputs", 200),
        ("?bucket=My_own-1", 200),
        ("?bucket=", 400),
        ("?bucket=../up", 400),
        (f"?bucket={'a' * 65}", 400),
    ],
)
async def test_a_bucket_is_any_short_plain_name(tmp_path: Path, query: str, status: int) -> None:
    async with client_of(host(tmp_path)) as client:
        answer = await client.post(UPLOAD + query, files=sent(("a.png", PNG)))
    assert answer.status_code == status


@pytest.mark.parametrize(
    ("name", "extension"),
    [
        ("a.png", "png"),
        ("A.B.JPEG", "jpeg"),
        ("C:\\pictures\\a.webp", "webp"),
        (".mp4", "mp4"),
        ("a.", ""),
        ("mp3", ""),
        ("a.p/ng", ""),
        ("a.png\x00", ""),
        ("a." + "x" * 17, ""),
    ],
)
def test_the_extension_is_what_follows_the_last_dot(name: str, extension: str) -> None:
    assert extension_of(name) == extension
