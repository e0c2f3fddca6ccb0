"""Keys and scopes: what is answered to whom."""

import pytest

from simulator.engine.worlds import NewAccount
from tests.surfaces.inprocess import IMAGE, simulated

OWNED = [
    ("GET", "/v1/balance"),
    ("GET", "/v1/generations"),
    ("GET", "/v1/models"),
    ("GET", "/v1/generate/media/some-id"),
    ("GET", "/v1/generate/media/some-id/stream"),
    ("POST", "/v1/generate/media"),
    ("POST", "/v1/generate/estimate"),
    ("POST", "/v1/generate/cost"),
    ("POST", "/v1/upload/media"),
]


@pytest.mark.parametrize(("method", "path"), OWNED)
async def test_nothing_is_answered_without_a_key(method: str, path: str) -> None:
    async with simulated(key=None) as client:
        answer = await client.send(method, path, headers={"content-type": "application/json"})
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert "sk_test_" in answer.json()["detail"]


@pytest.mark.parametrize("key", ["nonsense", "sk_test_", "sk_test_a/b", "sk_test_a.b.c", "sk_x"])
async def test_a_key_of_no_account_is_refused(key: str) -> None:
    async with simulated(key=key) as client:
        assert (await client.get("/v1/balance")).status_code == 401


async def test_a_live_key_is_refused_by_sight_and_not_repeated() -> None:
    async with simulated(key="sk_live_secret123") as client:
        answer = await client.get("/v1/balance")
    assert answer.status_code == 401
    assert "live key" in answer.json()["detail"]
    assert "secret123" not in answer.text


async def test_a_live_key_that_is_allowed_names_its_world_by_a_hash() -> None:
    async with simulated(key="sk_live_secret123", allow_live_keys=True) as client:
        assert (await client.get("/v1/balance")).status_code == 200
        names = await client.simulator.provider.store.world_names()
        by_test_key = await client.as_key(f"sk_test_{names[0]}").get("/v1/balance")
    assert len(names) == 1
    assert names[0].startswith("live-")
    assert "secret" not in names[0]
    assert by_test_key.status_code == 401


async def test_a_bearer_key_is_as_good_as_the_other_header() -> None:
    async with simulated(key=None) as client:
        answer = await client.get("/v1/balance", headers={"Authorization": "Bearer sk_test_w"})
    assert answer.status_code == 200


async def test_unknown_accounts_are_refused_when_keys_are_not_made_at_sight() -> None:
    async with simulated(key="sk_test_w.alice", auto_keys=False) as client:
        assert (await client.get("/v1/balance")).status_code == 401


@pytest.mark.parametrize(
    ("scopes", "method", "path"),
    [
        (["read:balance"], "POST", "/v1/generate/media"),
        (["read:balance"], "GET", "/v1/generations"),
        (["generate:media"], "GET", "/v1/balance"),
        (["read:balance"], "GET", "/v1/generate/media/x"),
        (["read:generations"], "POST", "/v1/upload/media"),
        (["read:balance"], "GET", "/v1/generate/media/x/stream"),
    ],
)
async def test_a_key_without_the_scope_is_told_which_it_lacks(
    scopes: list[str], method: str, path: str
) -> None:
    async with simulated() as client:
        await client.post("/_sim/accounts", {"key": "sk_test_w", "scopes": scopes})
        answer = await client.send(method, path, json=IMAGE if method == "POST" else None)
    assert answer.status_code == 403
    assert "scope" in answer.json()["detail"]


async def test_a_foreign_id_and_an_unknown_id_look_alike() -> None:
    async with simulated() as client:
        job_id = await client.started()
        foreign = await client.as_key("sk_test_w.alice").get(f"/v1/generate/media/{job_id}")
        other_world = await client.as_key("sk_test_v").get(f"/v1/generate/media/{job_id}")
        unknown = await client.get("/v1/generate/media/00000000-0000-4000-a000-000000000000")
    assert foreign.status_code == other_world.status_code == unknown.status_code == 404
    assert foreign.content == other_world.content == unknown.content


async def test_without_auto_keys_a_world_has_only_the_accounts_that_were_set_up() -> None:
    till = NewAccount("till", 5_000)
    async with simulated(
        key="sk_test_shop.till", auto_keys=False, accounts={"shop": (till,)}
    ) as client:
        balance = await client.get("/v1/balance")
        main = await client.as_key("sk_test_shop").get("/v1/balance")
    assert balance.json()["credits"] == 5
    assert main.status_code == 401
