"""What is kept of an exchange: the newest, cut to a size, and nothing secret in it."""

import httpx2
import pytest

from contracts.guard.profile import GuardProfile
from contracts.guard.redaction import Redactor
from contracts.guard.secret import Secret
from tests.contracts.guarding import CANARY, IMAGE, REST, guarded

REDACTOR = Redactor(GuardProfile(REST, key=Secret(CANARY)))


@pytest.mark.parametrize(
    ("told", "kept"),
    [
        (f"a {CANARY} b", "a <redacted> b"),
        ("sk_live_someone_elses.key, next", "<redacted>, next"),
        ("https://a.example/f.png?X-Amz-Signature=1&b=2", "https://a.example/f.png?<redacted>"),
        ('"https://a.example/f.png?b=2&sig=1"', '"https://a.example/f.png?<redacted>"'),
        (r'"https://a.example/f?b=2\u0026token=1"', '"https://a.example/f?<redacted>"'),
        ("https://a.example/f.png?width=2", "https://a.example/f.png?width=2"),
        ("/v1/models?api_key=1", "/v1/models?<redacted>"),
        ("/v1/models?model_type=image", "/v1/models?model_type=image"),
        ('{"token": "a\\"b", "id": "c"}', '{"token": "<redacted>", "id": "c"}'),
        ('{"tokens": "a"}', '{"tokens": "a"}'),
        ('{"monkey": "a"}', '{"monkey": "a"}'),
    ],
)
def test_a_text_is_kept_without_what_is_secret(told: str, kept: str) -> None:
    assert REDACTOR.text(told) == kept


@pytest.mark.parametrize(
    "name", ["Authorization", "X-API-Key", "Cookie", "Set-Cookie", "Proxy-Authorization"]
)
def test_a_header_that_carries_a_secret_keeps_its_name_only(name: str) -> None:
    assert REDACTOR.headers([(name, "value")]) == ((name, "<redacted>"),)


def test_a_key_at_the_cut_is_taken_out_before_the_cut() -> None:
    body = b"x" * 10 + CANARY.encode()
    assert "canary" not in REDACTOR.body(body, "text/plain", 20)
    assert REDACTOR.body(body, "text/plain", 12) == "xxxxxxxxxx<r... (35 bytes)"


def test_of_bytes_that_are_no_text_the_number_is_kept() -> None:
    assert REDACTOR.body(b"\x89PNG", "image/png", 99) == "<4 bytes>"
    assert REDACTOR.body(b"\xff\xfe", "text/plain", 99) == "<2 bytes>"


async def test_only_the_newest_exchanges_are_kept_and_the_others_counted() -> None:
    async with guarded(kept_records=3) as guard:
        for number in range(5):
            await guard.ask("GET", f"/v1/generate/media/{number}")
        records = guard.app.records
        assert [record.number for record in records.all()] == [3, 4, 5]
        assert records.all()[0].path == "/v1/generate/media/2"
        assert records.dropped == 2


async def test_a_record_tells_the_exchange_and_how_it_was_judged() -> None:
    async def answer(request: httpx2.Request) -> httpx2.Response:
        told = {"generation_id": "g", "url": "https://a.example/f?signature=1"}
        return httpx2.Response(200, json=told, headers={"x-request-id": "7"})

    async with guarded(answer, max_credits=5) as guard:
        await guard.start({**IMAGE, "source_media_urls": ["https://a.example/s.png?token=1"]})
        await guard.start()
        first, second = guard.app.records.all()
    assert (first.surface, first.call, first.method, first.path) == (
        "rest",
        "generate_media",
        "POST",
        "/v1/generate/media",
    )
    assert (first.account, first.status, first.verdict) == ("main", 200, "accepted")
    assert (first.worst_millicredits, first.reason) == (4_000, "")
    assert ("x-api-key", "<redacted>") in first.request_headers
    assert ("x-request-id", "7") in first.answer_headers
    assert "s.png?<redacted>" in first.request_body
    assert "f?<redacted>" in first.answer_body
    assert (second.verdict, second.reason, second.status) == ("guard", "cap", 402)
    assert (second.call, second.account) == ("generate_media", "main")
