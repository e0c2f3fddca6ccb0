"""Keys: put in for their stand-ins, and then in nothing that anybody could read."""

import asyncio
import copy
import json
import logging
import pickle
import traceback
from collections.abc import AsyncIterator

import httpx2
import pytest

from contracts.guard import MAIN_KEY, SECOND_KEY, Guard, GuardProfile, Secret
from contracts.guard.redaction import Redactor
from contracts.guard.secret import secret_from
from tests.contracts.guarding import CANARY, IMAGE, REST, SECOND, guarded


@pytest.mark.parametrize(
    ("headers", "sent", "account"),
    [
        ({"x-api-key": MAIN_KEY}, {"x-api-key": CANARY}, "main"),
        ({"x-api-key": SECOND_KEY}, {"x-api-key": SECOND}, "second"),
        ({"authorization": f"Bearer {MAIN_KEY}"}, {"authorization": f"Bearer {CANARY}"}, "main"),
        (
            {"authorization": f"bearer  {SECOND_KEY}"},
            {"authorization": f"bearer {SECOND}"},
            "second",
        ),
        ({"authorization": f"Basic {MAIN_KEY}"}, {"authorization": f"Basic {MAIN_KEY}"}, "other"),
        ({"x-api-key": "wrong"}, {"x-api-key": "wrong"}, "other"),
        ({"x-api-key": f"{MAIN_KEY}x"}, {"x-api-key": f"{MAIN_KEY}x"}, "other"),
        ({"x-api-key": ""}, {"x-api-key": ""}, "other"),
        ({"x-other": MAIN_KEY}, {}, "none"),
        ({}, {}, "none"),
    ],
)
async def test_a_key_is_put_in_for_its_stand_in_and_for_nothing_else(
    headers: dict[str, str], sent: dict[str, str], account: str
) -> None:
    async with guarded(second_key=Secret(SECOND)) as guard:
        assert (await guard.ask("GET", "/v1/balance", None, headers, key="")).status == 200
        arrived = guard.arrived[0].headers
        kept = {name: arrived[name] for name in ("x-api-key", "authorization") if name in arrived}
        assert kept == sent
        assert guard.app.records.all()[0].account == account


async def test_a_stand_in_without_a_key_does_not_leave() -> None:
    async with guarded() as guard:
        reply = await guard.ask("GET", "/v1/balance", key=SECOND_KEY)
        assert (reply.status, reply.json()["reason"]) == (403, "no_such_key")
        assert guard.arrived == []


@pytest.mark.parametrize(
    ("target", "headers", "body"),
    [
        (f"/v1/models?api_key={CANARY}", {}, b""),
        (f"/v1/generate/media/{CANARY}", {}, b""),
        ("/v1/models", {"user-agent": f"x {CANARY}"}, b""),
        ("/v1/models", {"x-api-key": CANARY}, b""),
        ("/v1/models", {}, CANARY.encode()),
        (f"/_guard/file?url=https://rest.example/{CANARY}", {}, b""),
        (f"/_guard/file?url=https://rest.example/{CANARY.replace('_', '%5F')}", {}, b""),
    ],
)
async def test_a_caller_who_sends_the_key_itself_is_refused(
    target: str, headers: dict[str, str], body: bytes
) -> None:
    async with guarded() as guard:
        reply = await guard.ask("GET", target, body, headers)
        assert (reply.status, reply.json()["reason"], guard.arrived) == (403, "key", [])
        assert CANARY.encode() not in reply.body
        assert CANARY not in repr(guard.app.records.all())


async def in_pieces(text: bytes) -> AsyncIterator[bytes]:
    for place in range(0, len(text), 3):
        yield text[place : place + 3]


@pytest.mark.parametrize("kind", ["application/json", "text/event-stream", "image/png"])
async def test_a_backend_that_tells_the_key_back_is_not_heard(kind: str) -> None:
    async def echo(request: httpx2.Request) -> httpx2.Response:
        text = f'data: {{"key": "{request.headers["x-api-key"]}"}} sk_live_cana'.encode()
        headers = {"content-type": kind, "x-echo": f"you are {request.headers['x-api-key']}"}
        return httpx2.Response(200, content=in_pieces(text), headers=headers)

    async with guarded(echo) as guard:
        reply = await guard.ask("GET", "/v1/models")
        assert reply.body == b'data: {"key": "guard-main"} sk_live_cana'
        assert reply.headers["x-echo"] == "you are guard-main"
        assert CANARY not in repr(guard.app.records.all())


def test_a_secret_shows_nothing_of_itself() -> None:
    secret = Secret(CANARY)
    shown = [repr(secret), str(secret), f"{secret}", repr(GuardProfile(REST, key=secret))]
    shown.append(repr(Redactor(GuardProfile(REST, key=secret))))
    assert [text for text in shown if "canary" in text] == []
    assert secret == Secret(CANARY)
    assert secret != Secret(SECOND)
    assert hash(secret) == hash(Secret(SECOND))
    with pytest.raises(TypeError):
        pickle.dumps(secret)
    with pytest.raises(TypeError):
        copy.copy(secret)


@pytest.mark.parametrize("key", ["", "short", "sk_live_canary\n", "sk_live canary", "sk_live_é123"])
def test_what_no_header_can_carry_is_no_key_and_is_not_told(key: str) -> None:
    with pytest.raises(ValueError, match="printable") as raised:
        Secret(key)
    assert "canary" not in "".join(traceback.format_exception(raised.value, limit=0))


def test_a_key_comes_out_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME_KEY", CANARY)
    monkeypatch.setenv("BAD_KEY", "bad canary")
    assert secret_from("SOME_KEY") == Secret(CANARY)
    assert secret_from("NO_KEY") is None
    with pytest.raises(ValueError, match="BAD_KEY") as raised:
        secret_from("BAD_KEY")
    assert "canary" not in str(raised.value)


async def echoing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """A backend on a socket that tells the key back wherever it can, and drops every other."""
    head = await reader.readuntil(b"\r\n\r\n")
    if b"POST" in head:
        writer.close()  # the body unread: a reset
        return
    body = json.dumps({"you sent": head.decode()}).encode()
    told = b"HTTP/1.1 200 %s\r\nX-Echo: %s\r\nContent-Type: application/json\r\n" % (
        CANARY.encode(),
        CANARY.encode(),
    )
    writer.write(told + b"Content-Length: %d\r\nConnection: close\r\n\r\n" % len(body) + body)
    await writer.drain()
    writer.close()


async def test_a_canary_is_in_no_log_record_answer_or_exception(
    caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    server = await asyncio.start_server(echoing, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    profile = GuardProfile(f"http://127.0.0.1:{port}", key=Secret(CANARY), max_credits=4)
    seen = []
    async with server:
        with Guard(profile) as guard:
            async with httpx2.AsyncClient(headers={"X-API-Key": MAIN_KEY}) as client:
                for _ in range(2):
                    seen.append(await client.get(f"{guard.rest_url}/v1/models"))
                    url = f"{guard.rest_url}/v1/generate/media"
                    seen.append(await client.post(url, json=IMAGE))
            records = guard.records()
            assert (guard.spent(), guard.reserved(), guard.multiple()) == (0, 4, 1)
    assert [each.status_code for each in seen] == [200, 502, 200, 402]
    assert MAIN_KEY in seen[0].text  # the key did arrive, and was told back
    told = [*(each.text for each in seen), *(repr(each.headers) for each in seen)]
    told += [repr(records), repr(guard), repr(profile), caplog.text, *capfd.readouterr()]
    told += [repr(vars(record)) for record in caplog.records]
    assert any("httpx" in text for text in told)  # the callers' client did log
    assert [text for text in told if "canary" in text] == []
