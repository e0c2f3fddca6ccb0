"""The way in for a program that knows no key: what it may do, and what it is never told."""

import httpx2
import pytest

from contracts.guard.profile import GuardProfile
from tests.contracts.guarding import CANARY, IMAGE, Guarded, call_of, guarded

PATH = "/_guard/mcp/abc"
PING = {"jsonrpc": "2.0", "id": 1, "method": "ping"}
FOREIGN = {"host": "evil.example", "origin": "http://evil.example"}


def told(guard: Guarded) -> httpx2.Headers:
    """The headers of the one request that arrived."""
    (request,) = guard.arrived
    return request.headers


async def test_a_request_without_a_key_gets_the_main_one() -> None:
    async with guarded(keyless_path=PATH) as guard:
        reply = await guard.ask("POST", PATH, PING, key="")
    assert reply.status == 200
    assert told(guard)["x-api-key"] == CANARY
    assert str(guard.arrived[0].url) == "https://mcp.example/mcp"


@pytest.mark.parametrize("path", ["/mcp", "/_guard/mcp/other", f"{PATH}/", "/v1/balance"])
async def test_nowhere_else_a_key_is_put_in(path: str) -> None:
    async with guarded(keyless_path=PATH, max_credits=0) as guard:
        await guard.ask("GET", path, key="")
    assert [each for each in guard.arrived if "x-api-key" in each.headers] == []


async def test_without_the_switch_there_is_no_such_way() -> None:
    async with guarded() as guard:
        reply = await guard.ask("POST", PATH, PING, key="")
    assert (reply.mark, guard.arrived) == ("refused", [])


async def test_a_bad_key_stays_as_it_is() -> None:
    async with guarded(keyless_path=PATH) as guard:
        await guard.ask("POST", PATH, PING, key="", headers={"authorization": "Bearer nobody"})
    assert told(guard)["authorization"] == "Bearer nobody"
    assert "x-api-key" not in told(guard)


@pytest.mark.parametrize(
    "body",
    [
        call_of("generate_media", IMAGE),
        call_of("no_such_tool", {}),
        {"jsonrpc": "2.0", "id": 1, "method": "no/such-method"},
        [PING, call_of("generate_music", {"prompt": "x"})],
    ],
)
async def test_nothing_that_may_cost_leaves_by_it(body: object) -> None:
    async with guarded(keyless_path=PATH) as guard:
        reply = await guard.ask("POST", PATH, body, key="")
    assert (reply.status, reply.mark, guard.arrived) == (402, "refused", [])


async def test_what_is_named_as_free_leaves_by_it() -> None:
    async with guarded(keyless_path=PATH, free_calls=("tool test_simple_text",)) as guard:
        await guard.ask("POST", PATH, call_of("test_simple_text", {}), key="")
    assert len(guard.arrived) == 1


@pytest.mark.parametrize("max_credits", [1, None])
def test_a_cap_above_nothing_has_no_such_way(max_credits: float | None) -> None:
    with pytest.raises(ValueError, match="max_credits is 0"):
        GuardProfile("https://rest.example", keyless_path=PATH, max_credits=max_credits)


async def test_the_key_is_in_no_answer_and_no_record() -> None:
    async def echo(request: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(200, json={"got": dict(request.headers)})

    async with guarded(echo, keyless_path=PATH) as guard:
        reply = await guard.ask("POST", PATH, PING, key="")
        records = guard.app.records.all()
    assert b"guard-main" in reply.body
    assert CANARY not in f"{reply} {records}"
    assert PATH not in f"{records}"


async def test_another_host_in_the_request_is_said_to_the_backend() -> None:
    async with guarded(keyless_path=PATH) as guard:
        await guard.ask("POST", PATH, PING, key="", headers=FOREIGN)
    assert (told(guard)["host"], told(guard)["origin"]) == ("evil.example", "http://evil.example")


async def test_another_host_opens_nothing_elsewhere() -> None:
    async with guarded(keyless_path=PATH) as guard:
        reply = await guard.ask("POST", "/mcp", PING, headers=FOREIGN)
    assert (reply.status, guard.arrived) == (421, [])


async def test_the_guards_own_address_is_said_as_the_backends() -> None:
    own = {"host": "127.0.0.1:1", "origin": "http://127.0.0.1:1"}
    async with guarded(keyless_path=PATH) as guard:
        await guard.ask("POST", PATH, PING, key="", headers=own)
    assert (told(guard)["host"], told(guard)["origin"]) == ("mcp.example", "https://mcp.example")
