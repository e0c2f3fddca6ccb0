"""Targets: what a URL or a profile may say, and what is found at a URL."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx2
import pytest

from contracts.data import DataError
from contracts.opening import Asked, found, imagined
from contracts.rates import CALLS_A_MINUTE
from contracts.target import FEATURES, WrongTarget, base_of, from_file, probe

PROFILE = '[target]\nrest_url = "https://api.example/v1"\n'


def answering(answers: Mapping[str, Any]) -> httpx2.AsyncClient:
    def answer(request: httpx2.Request) -> httpx2.Response:
        told = answers.get(request.url.path)
        return httpx2.Response(404 if told is None else 200, json=told or {})

    return httpx2.AsyncClient(transport=httpx2.MockTransport(answer))


@pytest.mark.parametrize("url", ["http://127.0.0.1:4747", "http://127.0.0.1:4747/v1/"])
def test_the_routes_begin_behind_the_base(url: str) -> None:
    assert base_of(url) == "http://127.0.0.1:4747"


@pytest.mark.parametrize("url", ["", "127.0.0.1:4747", "ftp://x", "http://", "http://x?key=1"])
def test_what_is_no_base_is_refused(url: str) -> None:
    with pytest.raises(WrongTarget, match="is no URL"):
        base_of(url)


def test_a_key_in_a_url_is_refused_and_not_repeated() -> None:
    with pytest.raises(WrongTarget) as error:
        base_of("https://user:sk_live_canary@api.example")
    assert "canary" not in str(error.value)


def test_a_profile_declares_what_there_is(tmp_path: Path) -> None:
    file = tmp_path / "target.toml"
    more = 'mcp_url = "https://mcp.example/mcp"\nsecond_key_env = "SECOND"\nmax_credits = 40\n'
    file.write_text(PROFILE + more + 'features = ["uploads"]\n')
    target = from_file(file)
    assert target.features == {"uploads", "mcp", "mcp-session", "second-key"}
    assert (target.rest_url, target.max_credits) == ("https://api.example", 40)
    assert not target.is_simulator


@pytest.mark.parametrize(
    ("told", "rates"),
    [
        ("", dict(CALLS_A_MINUTE)),
        ("calls_a_minute = 0\n", {}),
        ("calls_a_minute = 600\n", dict.fromkeys(CALLS_A_MINUTE, 600)),
        ("[target.calls_a_minute]\nmedia = 600\n", {**CALLS_A_MINUTE, "media": 600}),
        (
            "[target.calls_a_minute]\nread = 0\n",
            {kind: most for kind, most in CALLS_A_MINUTE.items() if kind != "read"},
        ),
    ],
)
def test_a_profile_says_which_rates_there_are_and_else_they_are_the_providers(
    tmp_path: Path, told: str, rates: Mapping[str, int]
) -> None:
    file = tmp_path / "target.toml"
    file.write_text(PROFILE + told)
    assert from_file(file).calls_a_minute == rates


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("x = 1\n", "expected a table"),
        ("[target]\n", "rest_url is missing"),
        (PROFILE + 'features = ["wings"]\n', "unknown feature 'wings'"),
        (PROFILE + 'features = "uploads"\n', "features: expected a list"),
        (PROFILE + 'max_credits = "many"\n', "max_credits: expected a number"),
        (PROFILE + "key_env = 5\n", "key_env: expected a text"),
        (PROFILE + 'key = "sk"\n', "unknown key 'key'"),
        (PROFILE + "calls_a_minute = -1\n", "calls_a_minute: expected a whole number"),
        (PROFILE + "calls_a_minute = true\n", "calls_a_minute: expected a whole number"),
        (PROFILE + "calls_a_minute = { media = 1.5 }\n", "calls_a_minute: expected a whole"),
        (PROFILE + "calls_a_minute = { film = 3 }\n", "unknown kind of call 'film'"),
    ],
)
def test_a_profile_that_is_wrong_is_told(tmp_path: Path, text: str, told: str) -> None:
    file = tmp_path / "target.toml"
    file.write_text(text)
    with pytest.raises(DataError) as error:
        from_file(file)
    assert told in str(error.value)


async def test_a_simulator_is_known_by_its_control_plane() -> None:
    info = {"name": "mediasim", "version": "1", "limits": True, "policies": {"a": "b"}}
    async with answering({"/_sim/info": info}) as http:
        target = await probe(http, "http://127.0.0.1:1")
    assert target.is_simulator
    assert target.has_worlds
    assert target.mcp_url == "http://127.0.0.1:1/mcp"
    assert {"limits", "second-key", "mcp-stateless"} <= target.features
    assert target.policies == {"a": "b"}


async def test_another_backend_is_known_by_the_routes_of_its_document() -> None:
    paths: dict[str, Any] = {"/v1/upload/media": {}, "/v1/generate/media/{id}/stream": {}}
    async with answering({"/openapi.json": {"paths": paths}}) as http:
        target = await probe(http, "http://127.0.0.1:1")
    assert target.features == {"uploads", "streams"}
    assert not target.mcp_url


async def test_a_target_that_does_not_answer_is_told_as_unreachable() -> None:
    def fail(request: httpx2.Request) -> httpx2.Response:
        raise httpx2.ConnectError("refused")

    async with httpx2.AsyncClient(transport=httpx2.MockTransport(fail)) as http:
        with pytest.raises(WrongTarget) as error:
            await probe(http, "http://127.0.0.1:1")
    assert not error.value.reached


async def test_a_simulator_on_another_machine_is_not_emptied() -> None:
    info = {"name": "mediasim", "version": "1"}
    async with answering({"/_sim/info": info}) as http:
        target = await found(http, Asked("https://sim.example"))
    assert not target.is_simulator
    assert not target.has_worlds


def test_what_is_imagined_has_everything() -> None:
    assert imagined(Asked("http://127.0.0.1:1")).features == set(FEATURES)


def test_the_command_line_goes_before_the_profile(tmp_path: Path) -> None:
    file = tmp_path / "target.toml"
    file.write_text(PROFILE + 'max_credits = 40\nkey_env = "A"\n')
    target = imagined(Asked(str(file), key_env="B", max_credits=0.0, second_key_env="C"))
    assert (target.key_env, target.max_credits) == ("B", 0)
    assert "second-key" in target.features
