"""The second backend runs, earns its money, and makes the mistakes that it lists, no others."""

import ast
import io
import re
import tomllib
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import av
import httpx2
import pytest
from PIL import Image

from tests.candidate.defects import DEFECTS, chosen
from tests.candidate.media import clip, picture
from tests.candidate.probes import PROBES, VIDEO
from tests.candidate.running import SECOND, Caller, calling, process, within

HERE = Path(__file__).parent
# With its mistakes a job gets along by being looked at; without them time has to pass.
AS_WRITTEN = ("--job-seconds", "30", "--second-credits", "20")
FIXED = ("--fixed", "--job-seconds", "0.4", "--second-credits", "20")


@pytest.fixture(scope="module")
def as_written_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with process(tmp_path_factory.mktemp("as-written"), *AS_WRITTEN) as url:
        yield url


@pytest.fixture(scope="module")
def fixed_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with process(tmp_path_factory.mktemp("fixed"), *FIXED) as url:
        yield url


@pytest.fixture
async def fixed(fixed_url: str) -> AsyncIterator[Caller]:
    async with calling(fixed_url) as caller:
        yield caller


async def test_a_picture_is_paid_once_and_opens(fixed: Caller) -> None:
    before = await fixed.credits()
    started = await fixed.start("nano-banana", aspect_ratio="16:9")
    last = (await fixed.looks(started["id"]))[-1]
    file = await fixed.http.get(last["outputs"][0]["url"])
    assert Image.open(io.BytesIO(file.content)).size == (1024, 576)
    assert (before - await fixed.credits(), last["credits_deducted"]) == (7, 7)


async def test_a_clip_has_the_length_ratio_and_sound_that_were_asked(fixed: Caller) -> None:
    started = await fixed.start(
        "kling-2-6-text-to-video",
        generation_type=VIDEO,
        duration="5s",
        sound=True,
        aspect_ratio="9:16",
    )
    last = (await fixed.looks(started["id"]))[-1]
    file = await fixed.http.get(last["outputs"][0]["url"])
    with av.open(io.BytesIO(file.content), "r") as opened:
        picture = opened.streams.video[0]
        assert (picture.width, picture.height, len(opened.streams.audio)) == (720, 1280, 1)
        assert opened.duration == pytest.approx(5 * av.time_base, rel=0.02)
    assert started["estimated_cost_credits"] == 175


async def test_a_status_only_moves_forward(fixed: Caller) -> None:
    looks = await fixed.looks((await fixed.start("z-image"))["id"])
    order = ("pending", "queued", "processing", "completed")
    places = [order.index(look["status"]) for look in looks]
    assert places == sorted(places)
    assert [look["progress"] for look in looks] == sorted(look["progress"] for look in looks)


async def test_a_job_is_found_in_the_history_of_its_account_only(fixed: Caller) -> None:
    started = await fixed.start("z-image")
    own = (await fixed.rest("GET", "/v1/generations?model=z-image")).json()["generations"]
    others = (await fixed.rest("GET", "/v1/generations", key=SECOND)).json()["generations"]
    assert own[0]["id"] == started["id"]
    assert started["id"] not in [row["id"] for row in others]


async def test_the_catalogue_has_every_image_and_video_model_of_the_page(fixed: Caller) -> None:
    listed = (await fixed.rest("GET", "/v1/models")).json()
    ids = {row["model_id"] for row in listed["models"]}
    assert listed["total_count"] == len(ids) == 127
    assert {"nano-banana", "gpt-image-2", "sora-2-pro", "wan-2-5", "veo3-1-fast"} <= ids


async def test_a_tool_and_its_route_refuse_with_the_same_body(fixed: Caller) -> None:
    wrong = {"prompt": "x", "model": "seedance-2-fast"}
    over_rest = await fixed.rest("POST", "/v1/generate/media", wrong)
    over_mcp = await fixed.tool("generate_media", prompt="x", model="seedance-2-fast")
    assert over_rest.json()["error"] == "variant_required"
    assert (over_mcp["isError"], over_mcp["structuredContent"]) == (True, over_rest.json())


async def test_a_session_lists_the_tools(fixed: Caller) -> None:
    hello = {
        "protocolVersion": "2025-11-25",
        "capabilities": {},
        "clientInfo": {"name": "tests", "version": "1"},
    }
    begun = await fixed.rpc("initialize", hello, {})
    session = {"Mcp-Session-Id": begun.headers["mcp-session-id"]}
    listed = await fixed.rpc("tools/list", {}, {**session, "MCP-Protocol-Version": "2025-11-25"})
    names = [tool["name"] for tool in listed.json()["result"]["tools"]]
    assert names == [
        "generate_media",
        "get_generation_status",
        "get_generation_estimate",
        "estimate_generation_cost",
        "get_models",
        "get_balance",
        "get_generations",
    ]


@pytest.mark.parametrize("key", ["", "wrong"])
async def test_nobody_is_served_without_a_good_key(fixed: Caller, key: str) -> None:
    over_rest = await fixed.rest("GET", "/v1/balance", key=key)
    over_mcp = await fixed.rpc("tools/list", {}, {}, key)
    assert (over_rest.status_code, over_mcp.status_code) == (401, 401)


@pytest.mark.parametrize(
    ("model", "mode", "stills", "length_s"),
    [
        ("seedance-2-480p", "text-to-video", [], 16),
        ("kling-2-6-motion-control-720p", "image-to-video", ["https://example.com/a.png"], 31),
    ],
)
async def test_a_reference_that_lasts_too_long_is_refused(
    fixed: Caller, model: str, mode: str, stills: list[str], length_s: int
) -> None:
    film = await fixed.upload("long.mp4", clip(64, 64, length_s, (9, 9, 9), sound=False))
    urls = [*stills, film]
    answer = await fixed.cost(model, generation_type=mode, source_media_urls=urls)
    assert answer.json()["error"] == "reference_video_too_long"


@pytest.mark.parametrize(
    ("model", "urls"),
    [
        ("kling-3-0-pro", ["https://example.com/a.webp"]),
        ("kling-3-0-motion-control-720p", ["https://e.com/a.png", "https://e.com/a.mov"]),
        ("seedance-1-5-pro", ["https://example.com/a.png", "https://example.com/a.gif"]),
    ],
)
async def test_a_file_of_a_kind_that_a_model_cannot_read_is_refused(
    fixed: Caller, model: str, urls: list[str]
) -> None:
    answer = await fixed.cost(model, generation_type="image-to-video", source_media_urls=urls)
    assert answer.json()["error"] == "unsupported_media_type"


@pytest.mark.parametrize(("side", "status"), [(300, 200), (299, 400)])
async def test_an_element_takes_images_from_300_pixels(
    fixed: Caller, side: int, status: int
) -> None:
    url = await fixed.upload("cat.png", picture(side, 400, (9, 9, 9)))
    element = {"name": "cat", "description": "A cat", "element_input_urls": [url, url]}
    answer = await fixed.cost("kling-3-0-std", generation_type=VIDEO, kling_elements=[element])
    assert answer.status_code == status


@pytest.mark.parametrize(
    "fields",
    [
        {"element_input_urls": ["https://example.com/a.png"]},
        {"element_input_urls": ["https://example.com/a.webp"] * 2},
        {"element_input_video_urls": ["https://example.com/a.webm"]},
        {"element_input_video_urls": "https://example.com/a.mp4"},
        {},
    ],
    ids=["one image", "webp", "webm", "no list", "no file"],
)
async def test_an_element_that_is_not_whole_is_refused(
    fixed: Caller, fields: dict[str, object]
) -> None:
    element = {"name": "cat", "description": "A cat", **fields}
    answer = await fixed.cost("kling-3-0-std", generation_type=VIDEO, kling_elements=[element])
    assert answer.json()["error"] == "invalid_kling_elements"


@pytest.mark.parametrize("route", ["captions", "separation", "dialogue", "music", "ad-copy"])
async def test_a_product_that_it_does_not_know_is_not_there(fixed: Caller, route: str) -> None:
    answer = await fixed.rest("POST", f"/v1/generate/{route}", {})
    assert (answer.status_code, answer.json()) == (404, {"detail": "Not Found"})


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[1]",
        b'{"prompt": "x", "model": "z-image", "seed": NaN}',
        b'{"prompt": "\\ud800", "model": "z-image"}',
        b"[" * 100_000,
    ],
    ids=["empty", "cut", "list", "no-number", "half-character", "deep"],
)
async def test_a_body_of_the_wrong_shape_is_told_so(fixed: Caller, body: bytes) -> None:
    headers = {"X-API-Key": SECOND}
    answer = await fixed.http.post("/v1/generate/media", content=body, headers=headers)
    assert answer.status_code == 422
    assert answer.json()["detail"][0]["loc"][0] == "body"


@pytest.mark.parametrize("name", DEFECTS)
async def test_each_defect_shows_as_written(as_written_url: str, name: str) -> None:
    async with calling(as_written_url) as caller:
        assert await PROBES[name](caller)


@pytest.mark.parametrize("name", DEFECTS)
async def test_no_defect_shows_when_fixed(fixed: Caller, name: str) -> None:
    assert not await PROBES[name](fixed)


@pytest.mark.parametrize("name", DEFECTS)
async def test_each_defect_goes_by_its_own_switch(tmp_path: Path, name: str) -> None:
    job_s = 0.4 if name == "poll-advances" else 30
    async with within(tmp_path, chosen(fixed=False, without=[name]), job_s) as caller:
        assert not await PROBES[name](caller)


@pytest.mark.parametrize("name", DEFECTS)
async def test_each_defect_shows_alone(tmp_path: Path, name: str) -> None:
    # Long enough for a look to fall into the time in which a mistake can be seen.
    job_s = {"poll-advances": 30, "early-hundred": 2}.get(name, 0.4)
    async with within(tmp_path, frozenset({name}), job_s) as caller:
        assert await PROBES[name](caller)


async def test_the_command_line_takes_single_defects_out(tmp_path: Path) -> None:
    out = "implicit-square"
    with process(tmp_path, "--without-defect", out) as url:
        async with calling(url) as caller:
            shown = [await PROBES[name](caller) for name in (out, "fixed-length-checked")]
    assert shown == [False, True]


def test_a_defect_that_does_not_exist_is_refused() -> None:
    with pytest.raises(ValueError, match="no such defect: colour-blind"):
        chosen(fixed=False, without=["colour-blind"])


def test_every_defect_is_told_in_the_list() -> None:
    rows = re.findall(r"^\| `([a-z0-9-]+)` \|", (HERE / "DEFECTS.md").read_text(), re.MULTILINE)
    assert tuple(rows) == DEFECTS


def imports_of(file: Path) -> set[str]:
    """The modules that a file imports, by the first two parts of their names."""
    nodes = list(ast.walk(ast.parse(file.read_text())))
    names = {node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)}
    names |= {each.name for node in nodes if isinstance(node, ast.Import) for each in node.names}
    return {".".join(name.split(".")[:2]) for name in names}


def test_it_shares_nothing_with_the_simulator() -> None:
    imported = set().union(*(imports_of(file) for file in HERE.glob("*.py")))
    own = {"tests.candidate"}
    houses = ("simulator", "contracts", "tests")
    assert {name for name in imported if name.startswith(houses)} == own


async def test_every_declared_feature_has_its_route(fixed: Caller) -> None:
    profile = tomllib.loads((HERE / "target.toml").read_text())["target"]
    routes = {
        "uploads": "/v1/upload/media",
        "time-estimate": "/v1/generate/estimate",
        "cost-estimate": "/v1/generate/cost",
        "mcp": "/mcp",
    }
    answers: dict[str, httpx2.Response] = {
        feature: await fixed.rest("POST", path, {}) for feature, path in routes.items()
    }
    assert set(routes) <= set(profile["features"])
    assert 404 not in {answer.status_code for answer in answers.values()}
