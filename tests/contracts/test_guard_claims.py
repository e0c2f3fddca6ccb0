"""At cap 0 nothing leaves that is not known to be free, however it is written."""

import json
from typing import Any

import pytest

from contracts.guard.profile import GuardProfile
from contracts.guard.secret import Secret
from tests.contracts.guarding import IMAGE, MCP, REST, call_of, guarded

START = "/v1/generate/media"
RAW = json.dumps(IMAGE).encode()
CALL = call_of("generate_media", IMAGE)
JSON = {"content-type": "application/json"}


@pytest.mark.parametrize(
    ("method", "target"),
    [
        ("POST", "/v1/generate/media"),
        ("POST", "/v1/generate/media/"),
        ("POST", "/v1/Generate/Media"),
        ("POST", "/V1/generate/media"),
        ("POST", "//v1/generate/media"),
        ("POST", "/v1//generate/media"),
        ("POST", "/v1/./generate/media"),
        ("POST", "/v1/models/../generate/media"),
        ("POST", "/v1/%67enerate/media"),
        ("POST", "/v1/generate%2Fmedia"),
        ("POST", "/v1/generate/media;a=b"),
        ("POST", "/v1/generate\\media"),
        ("POST", "/v1/generate/media?model=z-image"),
        ("POST", "/v1/generate/estimate/../media"),
        ("POST", "/v1/generate/cost%2F..%2Fmedia"),
        ("POST", "/v1/generate/cost/"),
        ("post", "/v1/generate/cost"),
        ("PUT", "/v1/generate/media"),
        ("PATCH", "/v1/generate/media"),
        ("GET", "/v1/generate/media"),
        ("GET", "/v1/generate/media/"),
        ("GET", "/v1/generate/media/%2e%2e"),
        ("GET", "/v1/generate/media/.."),
        ("DELETE", "/v1/generate/media/1"),
        ("POST", "/v1/generate/music"),
        ("POST", "/v1/generate/dialogue"),
        ("POST", "/v1/generate/ad-copy"),
        ("POST", "/v1/generate/captions"),
        ("POST", "/v1/generate/separation"),
        ("POST", "/v2/generate/media"),
        ("POST", "/v1/regenerate"),
        ("GET", "/mcp"),
        ("DELETE", "/mcp"),
        ("POST", "/MCP"),
        ("POST", "/mcp/"),
        ("POST", "/%6dcp"),
        ("POST", "/_sim/reset"),
        ("POST", "/_guard/file?url=https://rest.example/v1/models"),
        ("GET", "/_guard/file?url=https://rest.example/v1/models"),
        ("POST", "http://rest.example/v1/generate/media"),
        ("POST", "*"),
    ],
)
async def test_at_cap_0_no_spelling_of_a_start_reaches_the_backend(
    method: str, target: str
) -> None:
    async with guarded() as guard:
        reply = await guard.ask(method, target, IMAGE)
        assert (reply.status, reply.mark, guard.arrived) == (402, "refused", [])


@pytest.mark.parametrize("key", ["guard-main", "", "sk_test_bad"])
async def test_at_cap_0_a_start_is_refused_whoever_asks(key: str) -> None:
    async with guarded() as guard:
        assert (await guard.start(key=key)).status == 402
        assert (await guard.call("generate_media", IMAGE, key=key)).status == 402
        assert guard.arrived == []


@pytest.mark.parametrize(
    "told",
    [
        CALL,
        [CALL],
        [call_of("get_models", {}), CALL],
        {**CALL, "method": "Tools/Call"},
        {**CALL, "method": "tools/call "},
        {**CALL, "method": ["tools/call"]},
        {"jsonrpc": "2.0", "id": 1, "Method": "tools/call", "params": CALL["params"]},
        {"jsonrpc": "2.0", "id": 1, "method": "tools/list", "METHOD": "tools/call"},
        {"jsonrpc": "2.0", "method": "tools/call", "params": CALL["params"]},
        call_of("Generate_Media", IMAGE),
        call_of("generate_media ", IMAGE),
        call_of("regenerate", {"id": "1"}),
        call_of("generate_dubbing", {}),
        {**CALL, "params": ["generate_media", IMAGE]},
        {**CALL, "params": {"name": "get_models", "Name": "generate_media"}},
        {**CALL, "params": {"Name": "generate_media", "name": None}},
        {"jsonrpc": "2.0", "id": 1, "method": "tasks/create", "params": CALL["params"]},
        {"jsonrpc": "2.0", "id": 1, "method": "notifications/run"},
    ],
)
async def test_at_cap_0_no_form_of_a_tool_call_reaches_the_backend(told: object) -> None:
    async with guarded() as guard:
        reply = await guard.ask("POST", "/mcp", told)
        assert (reply.status, reply.mark, guard.arrived) == (402, "refused", [])


@pytest.mark.parametrize(
    "raw",
    [
        b'{"jsonrpc":"2.0","id":1,"method":"tools/list","method":"tools/call"}',
        b'{"jsonrpc":"2.0","id":1,"method":"tools/call","method":"tools/list"}',
        b'{"jsonrpc":"2.0","id":1,"method":"tools/call",}',
        b"{'method':'tools/call'}",
        b'\xef\xbb\xbf{"method":"tools/call"}',
        '{"method":"tools/call"}'.encode("utf-16"),
        b'{"method":"tools/c\\u0061ll",}',
        b'{"method":"tools\\/c\\x61ll"}',
        b'{"method":"tools/%63all",}',
        b'{"method":"ping","id":NaN,"x":"call"}',
        b"[" * 100_000 + b'"call"',
        b"\x1f\x8b\x08\x00",
    ],
)
async def test_bytes_that_another_reader_could_take_for_a_call_do_not_leave(raw: bytes) -> None:
    async with guarded() as guard:
        reply = await guard.ask("POST", "/mcp", raw, JSON)
        assert (reply.status, guard.arrived) == (402, [])


@pytest.mark.parametrize("raw", [b"", b"{", b"not json", b"null", b"7", b'"x"', b"[]", b"[1]"])
async def test_bytes_in_which_nobody_finds_a_call_go_through(raw: bytes) -> None:
    async with guarded() as guard:
        await guard.ask("POST", "/mcp", raw, JSON)
        assert len(guard.arrived) == 1


@pytest.mark.parametrize(
    ("headers", "told"),
    [
        ({"mcp-method": "tools/call", "mcp-name": "generate_media"}, "tools/list"),
        ({"mcp-method": "tools/call", "mcp-name": "generate_media"}, "ping"),
        ({"mcp-method": "Tools/Call", "mcp-name": "generate_media"}, "ping"),
        ({"mcp-method": "tasks/create"}, "ping"),
        ({"mcp-name": "generate_media"}, "get_models"),
        ({"mcp-method": "tools/call", "mcp-name": "=?base64?eA==?="}, "get_models"),
        ({"mcp-method": "tools/list", "mcp-name": "generate_media"}, "get_models"),
    ],
)
async def test_headers_that_name_another_call_than_the_body_do_not_leave(
    headers: dict[str, str], told: str
) -> None:
    body = call_of(told, {}) if "_" in told else {"jsonrpc": "2.0", "id": 1, "method": told}
    async with guarded() as guard:
        assert (await guard.ask("POST", "/mcp", body, headers)).status == 402
        assert guard.arrived == []
        assert (await guard.ask("POST", "/mcp", body)).status == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"mcp-method": "ping"},
        {"mcp-method": "tools/call", "mcp-name": "get_balance"},
    ],
)
async def test_headers_that_name_another_free_call_go_through(headers: dict[str, str]) -> None:
    async with guarded() as guard:
        assert (await guard.call("get_models", {}, headers=headers)).status == 200


@pytest.mark.parametrize(
    ("method", "target", "body"),
    [
        ("GET", "/v1/models", None),
        ("GET", "/v1/models?model_type=image", None),
        ("GET", "/v1/balance", None),
        ("GET", "/v1/generations?status=failed", None),
        ("GET", "/v1/generate/media/0f1e-2d", None),
        ("GET", "/v1/generate/media/0f1e-2d/stream", None),
        ("GET", "/v1/generate/music/0f1e-2d", None),
        ("GET", "/v1/generate/separation/0f1e-2d", None),
        ("POST", "/v1/generate/estimate", IMAGE),
        ("POST", "/v1/generate/cost", IMAGE),
        ("POST", "/v1/upload/media", b"--x--"),
        ("GET", "/docs/models/gpt-1.5-image.json", None),
        ("GET", "/health", None),
        ("GET", "/mcp", None),
        ("DELETE", "/mcp", None),
        ("POST", "/mcp", {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {}}),
        ("POST", "/mcp", {"jsonrpc": "2.0", "method": "notifications/initialized"}),
        ("POST", "/mcp", {"jsonrpc": "2.0", "id": 1, "result": {}}),
        ("POST", "/mcp", call_of("get_generation_status", {"generation_id": "x"})),
        ("POST", "/mcp", [call_of("get_models", {}), call_of("estimate_generation_cost", IMAGE)]),
    ],
)
async def test_at_cap_0_what_is_known_to_be_free_goes_through(
    method: str, target: str, body: object
) -> None:
    async with guarded() as guard:
        reply = await guard.ask(method, target, body)
        assert (reply.status, reply.mark, len(guard.arrived)) == (200, "", 1)
        assert guard.arrived[0].method == method
        root = MCP if target == "/mcp" else REST + target
        assert str(guard.arrived[0].url) == root


async def test_what_the_profile_knows_to_be_free_goes_through() -> None:
    free = ("GET /v1/nothing/{}", "rpc no/such", "tool test_simple_text")
    async with guarded(free_calls=free, control=True) as guard:
        assert (await guard.ask("GET", "/v1/nothing/7")).status == 200
        assert (await guard.ask("GET", "/v1/nothing/7/8")).status == 402
        unknown = {"jsonrpc": "2.0", "id": 1, "method": "no/such"}
        assert (await guard.ask("POST", "/mcp", unknown)).status == 200
        assert (await guard.call("test_simple_text", {})).status == 200
        assert (await guard.ask("POST", "/_sim/clock/advance", {"seconds": 1})).status == 200


UNPRICED: tuple[tuple[bytes, dict[str, str]], ...] = (
    (b'{"model":"z-image","model":"sora-2-pro","prompt":"x"}', JSON),
    (b'{"model":"z-image","Model":"sora-2-pro","prompt":"x"}', JSON),
    (b'{"model":"z-image","Model":"seedance","prompt":"x"}', JSON),
    (b'{"model":"z-image","prompt":"&model=sora-2"}', {"content-type": "text/plain"}),
    (RAW, {"content-type": "application/x-www-form-urlencoded"}),
    (RAW, {"content-type": "application/json; charset=utf-16"}),
    (RAW.decode().encode("utf-16"), JSON),
    (b'{"model":"z-image","prompt":"x","seed":NaN}', JSON),
    (b'{"model":"z-image","prompt":"x",}', JSON),
    (b"", JSON),
    (b"[]", JSON),
)


@pytest.mark.parametrize(("raw", "headers"), UNPRICED)
async def test_a_start_that_two_readers_could_price_apart_has_no_bound(
    raw: bytes, headers: dict[str, str]
) -> None:
    async with guarded(max_credits=1_000_000) as guard:
        reply = await guard.ask("POST", START, raw, headers)
        assert (reply.status, reply.json()["reason"], guard.arrived) == (402, "unbounded", [])


async def test_a_start_or_a_call_with_a_query_has_no_bound() -> None:
    async with guarded(max_credits=1_000_000) as guard:
        for target, body in ((f"{START}?model=sora", IMAGE), ("/mcp?tool=generate_media", CALL)):
            reply = await guard.ask("POST", target, body)
            assert (reply.status, reply.json()["reason"], guard.arrived) == (402, "unbounded", [])


@pytest.mark.parametrize("headers", [JSON, {}, {"content-type": "application/json;charset=UTF-8"}])
async def test_a_plain_start_is_priced_and_leaves_as_it_was_written(
    headers: dict[str, str],
) -> None:
    async with guarded(max_credits=4) as guard:
        assert (await guard.ask("POST", START, RAW, headers)).status == 200
        assert guard.arrived[0].content == RAW


@pytest.mark.parametrize(
    "told",
    [
        [CALL, CALL],
        [CALL, call_of("get_models", {}, 1)],
        [CALL, call_of("get_models", {}, "1")],
        [CALL, call_of("get_models", {}, 1.0)],
        call_of("generate_media", IMAGE, None),
        call_of("generate_media", IMAGE, True),
        call_of("generate_media", json.dumps(IMAGE)),
        call_of("generate_media", {"arguments": IMAGE}),
    ],
)
async def test_calls_whose_answers_or_arguments_are_in_doubt_have_no_bound(told: Any) -> None:
    async with guarded(max_credits=1_000_000) as guard:
        reply = await guard.ask("POST", "/mcp", told)
        assert (reply.status, reply.json()["reason"], guard.arrived) == (402, "unbounded", [])


async def test_a_batch_is_held_as_a_whole_or_not_at_all() -> None:
    batch = [call_of("generate_media", IMAGE, n) for n in range(3)]
    async with guarded(max_credits=11) as guard:
        assert (await guard.ask("POST", "/mcp", batch)).status == 402
        assert (await guard.ask("POST", "/mcp", batch[:2])).status == 200
        assert guard.app.purse.spent == 8_000


@pytest.mark.parametrize(
    "header",
    [
        "x-http-method-override",
        "x-method-override",
        "x-original-url",
        "x-rewrite-url",
        "x-forwarded-prefix",
        "content-encoding",
        "cookie",
        "transfer-encoding",
    ],
)
async def test_headers_that_could_make_another_request_of_it_stay_behind(header: str) -> None:
    async with guarded() as guard:
        await guard.ask("GET", "/v1/models", None, {header: "POST"})
        assert header not in guard.arrived[0].headers


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "", "[x"])
async def test_a_page_of_another_host_can_not_use_the_guard(host: str) -> None:
    async with guarded() as guard:
        reply = await guard.ask("GET", "/v1/models", None, {"host": host})
        assert (reply.status, reply.mark, guard.arrived) == (421, "refused", [])


async def test_a_body_that_is_too_large_does_not_leave() -> None:
    async with guarded(max_credits=None, body_bytes=20) as guard:
        reply = await guard.start()
        assert (reply.status, reply.mark, guard.arrived) == (413, "refused", [])


@pytest.mark.parametrize(
    ("url", "status"),
    [
        ("https://media.example/images/a.png", 200),
        ("https://rest.example/media/a.png", 200),
        ("https://media.example:444/a.png", 403),
        ("http://media.example/a.png", 200),
        ("https://other.example/a.png", 403),
        ("https://media.example.other.example/a.png", 403),
        ("https://user@media.example/a.png", 403),
        ("https://other.example@media.example/a.png", 403),
        ("file:///etc/hosts", 403),
        ("//media.example/a.png", 403),
        ("https://[/a.png", 403),
    ],
)
async def test_files_are_fetched_from_allowed_hosts_only_and_without_a_key(
    url: str, status: int
) -> None:
    async with guarded(allowed_hosts=("media.example",)) as guard:
        reply = await guard.ask("GET", f"/_guard/file?url={url}")
        assert reply.status == status
        assert len(guard.arrived) == (status == 200)
        assert all("x-api-key" not in each.headers for each in guard.arrived)


@pytest.mark.parametrize(
    "told",
    [
        {"rest_url": "http://rest.example"},
        {"rest_url": "ftp://rest.example"},
        {"rest_url": "https://user:word@rest.example"},
        {"rest_url": REST, "mcp_url": "http://mcp.example/mcp"},
        {"rest_url": REST, "max_credits": -1},
    ],
)
def test_a_profile_that_would_give_the_key_away_is_refused(told: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"key|address|max_credits"):
        GuardProfile(**{"key": Secret("sk_live_0123456789"), **told})
