"""What anybody may read without a key."""

import asyncio
import re
import subprocess
import sys
from html.parser import HTMLParser
from typing import Any

import pytest
from typing_extensions import override

from simulator.domain.errors import REFUSAL_STATUS
from simulator.domain.policies import Policies
from simulator.engine.rulings import all_rulings
from simulator.surfaces.openapi_routes import DOCUMENTATION
from tests.surfaces.inprocess import simulated
from tests.surfaces.openapi_tour import every_route

PAGES = (
    "/health",
    "/openapi.json",
    "/docs",
    "/docs/style.css",
    "/docs/icon.svg",
    "/docs/models.json",
    "/docs/models/nano-banana.json",
    "/llms.txt",
)
VOID = {"meta", "link", "img", "wbr", "br"}
# Digests, and to standard error: the log of the requests goes to standard output.
DIGESTS = (
    "import asyncio, hashlib, sys\n"
    "from simulator.app import build_app\n"
    "app = build_app()\n"
    "async def send(message):\n"
    "    if message.get('body'):\n"
    "        print(hashlib.sha256(message['body']).hexdigest(), file=sys.stderr)\n"
    "for path in sys.argv[1:]:\n"
    "    scope = {'type': 'http', 'method': 'GET', 'path': path, 'headers': []}\n"
    "    asyncio.run(app(scope, None, send))\n"
)


class Markup(HTMLParser):
    """What the tests ask of the page: its ids, links, sources, tags and text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.links: list[str] = []
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.open: list[str] = []
        self.text = ""
        self.feed(html)
        self.text = " ".join(self.text.split())

    @override
    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.tags.add(tag)
        self.attributes |= set(given)
        self.ids += [given["id"] or ""] if "id" in given else []
        self.links += [given[name] or "" for name in ("href", "src") if name in given]
        if tag not in VOID:
            self.open.append(tag)

    @override
    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    @override
    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.fixture(scope="module")
def page() -> Markup:
    async def read() -> str:
        async with simulated(key=None) as client:
            return (await client.get("/docs")).text

    return Markup(asyncio.run(read()))


async def test_health_is_healthy() -> None:
    async with simulated(key=None) as client:
        answer = await client.get("/health")
    assert answer.status_code == 200
    assert answer.json() == {"status": "healthy"}


@pytest.mark.parametrize("path", PAGES)
async def test_a_page_is_read_without_a_key_and_never_kept_unasked(path: str) -> None:
    async with simulated(key=None) as client:
        answer = await client.get(path)
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-cache"
    assert answer.headers["x-sim"] == "1"


@pytest.mark.parametrize("path", PAGES)
async def test_a_head_has_the_headers_of_a_get(path: str) -> None:
    async with simulated(key=None) as client:
        whole, head = await client.get(path), await client.send("HEAD", path)
    assert head.headers["content-length"] == str(len(whole.content))
    assert head.headers["etag"] == whole.headers["etag"]


async def test_a_head_has_no_body() -> None:
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async with simulated(key=None) as client:
        scope = {"type": "http", "method": "HEAD", "path": "/llms.txt", "headers": []}
        await client.simulator.app(scope, nothing, send)
    assert [message.get("body", b"") for message in sent] == [b"", b""]


async def nothing() -> Any:
    """What a request without a body has to receive."""
    return {"type": "http.request", "body": b"", "more_body": False}


@pytest.mark.parametrize("path", PAGES)
async def test_what_the_reader_has_is_not_sent_again(path: str) -> None:
    async with simulated(key=None) as client:
        tag = (await client.get(path)).headers["etag"]
        again = await client.get(path, headers={"If-None-Match": tag})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == tag


@pytest.mark.parametrize("form", ["W/{}", '"other", {}', "*"])
async def test_the_reader_may_name_what_it_has_in_every_form(form: str) -> None:
    async with simulated(key=None) as client:
        tag = (await client.get("/llms.txt")).headers["etag"]
        again = await client.get("/llms.txt", headers={"If-None-Match": form.format(tag)})
    assert again.status_code == 304


async def test_what_the_reader_has_of_another_page_is_sent() -> None:
    async with simulated(key=None) as client:
        tag = (await client.get("/health")).headers["etag"]
        answer = await client.get("/llms.txt", headers={"If-None-Match": tag})
    assert answer.status_code == 200


@pytest.mark.parametrize("path", [*PAGES, "/docs/openapi"])
async def test_another_method_is_405_with_allow(path: str) -> None:
    async with simulated(key=None) as client:
        answer = await client.send("DELETE", path)
    assert answer.status_code == 405
    assert answer.headers["allow"] == "GET, HEAD"


@pytest.mark.parametrize(
    "path", ["/", "/docs/none", "/docs/models/.json", "/docs/models/nano-banana"]
)
async def test_there_is_nothing_elsewhere(path: str) -> None:
    async with simulated(key=None) as client:
        answer = await client.get(path)
    assert answer.status_code == 404
    assert "detail" in answer.json()


async def test_the_providers_second_address_leads_to_the_page() -> None:
    async with simulated(key=None) as client:
        answer = await client.get("/docs/openapi")
    assert (answer.status_code, answer.headers["location"]) == (307, "/docs")


async def test_the_models_are_those_that_the_api_lists() -> None:
    async with simulated() as client:
        shown = (await client.get("/docs/models.json")).json()
        listed = (await client.get("/v1/models")).json()
    assert shown == listed


async def model(label: str, **settings: Any) -> Any:
    async with simulated(key=None, **settings) as client:
        return (await client.get(f"/docs/models/{label}.json")).json()


async def test_a_model_has_a_page_with_its_row() -> None:
    row = await model("nano-banana")
    assert (row["model_id"], row["cost_per_generation"]) == ("nano-banana", 7)


async def test_a_family_gives_all_its_variants_and_no_other_familys() -> None:
    found = await model("seedance-2")
    ids = {row["model_id"] for row in found["models"]}
    assert found["total_count"] == len(found["models"]) == 6
    assert "seedance-2-480p-video-ref" in ids
    assert "seedance-2-fast-480p" not in ids


async def test_the_beginning_of_a_familys_name_gives_what_begins_so() -> None:
    found = await model("sora-2-pro-text")
    assert {row["model_id"].startswith("sora-2-pro-text-") for row in found["models"]} == {True}


@pytest.mark.parametrize("label", ["no-such-model", "kling-3-0-std-audio", "nano-ban", "%2e%2e"])
async def test_what_cannot_be_asked_for_has_no_page(label: str) -> None:
    assert "detail" in await model(label)


async def test_a_policy_that_leaves_models_out_leaves_them_out_here() -> None:
    found = await model("seedance-2", policies=Policies(seedance_2_1080p="deny"))
    assert [row["model_id"] for row in found["models"] if "1080p" in row["model_id"]] == []


async def test_the_page_asks_for_nothing_from_elsewhere_and_runs_nothing() -> None:
    async with simulated(key=None) as client:
        answer = await client.get("/docs")
    page = Markup(answer.text)
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "script-src" not in policy
    assert page.tags.isdisjoint({"script", "style", "iframe", "form", "object"})
    assert [name for name in page.attributes if name.startswith("on") or name == "style"] == []
    assert [link for link in page.links if not link.startswith(("#", "/"))] == []


def test_every_tag_of_the_page_is_closed(page: Markup) -> None:
    assert page.open == []


def test_every_link_within_the_page_leads_somewhere(page: Markup) -> None:
    assert len(set(page.ids)) == len(page.ids)
    assert [link for link in page.links if link[0] == "#" and link[1:] not in page.ids] == []


async def test_every_link_out_of_the_page_leads_somewhere(page: Markup) -> None:
    async with simulated(key=None) as client:
        for link in sorted({link for link in page.links if link.startswith("/")}):
            assert (await client.get(link)).status_code == 200, link


def test_the_page_tells_every_route_every_refusal_and_every_ruling(page: Markup) -> None:
    told = page.text.replace("/ ", "/")
    assert [path for _, path in every_route() if path not in told] == []
    assert [code for code in REFUSAL_STATUS if f"refusal-{code}" not in page.ids] == []
    rulings = [ruling for ruling in all_rulings() if f"ruling-{ruling.id}" in page.ids]
    assert rulings == list(all_rulings())
    assert [ruling.id for ruling in rulings if ruling.says not in page.text] == []


async def test_the_page_tells_every_model_with_its_price(page: Markup) -> None:
    async with simulated(key=None) as client:
        rows = (await client.get("/docs/models.json")).json()["models"]
    assert [row["model_id"] for row in rows if f"model-{row['model_id']}" not in page.ids] == []


async def test_the_page_and_the_text_name_the_address_that_they_are_served_at() -> None:
    async with simulated(key=None, public_url="https://sim.example:8443") as client:
        told = [
            (await client.get(path, headers={"Host": "sim.example"})).text
            for path in ("/docs", "/llms.txt", "/openapi.json")
        ]
    assert [text.count("https://sim.example:8443") > 0 for text in told] == [True] * 3
    assert [re.findall(r"http://(?:127\.0\.0\.1|testserver)[^\s\"<]*", text) for text in told] == [
        [],
        [],
        [],
    ]


async def test_what_an_operator_puts_into_the_address_is_text_on_the_page() -> None:
    async with simulated(key=None, public_url="http://testserver/<b>&") as client:
        html = (await client.get("/docs")).text
    assert "<b>&" not in html
    assert "/&lt;b&gt;&amp;" in html


async def test_the_text_for_language_models_tells_every_route_and_every_refusal() -> None:
    async with simulated(key=None) as client:
        text = (await client.get("/llms.txt")).text
    assert [path for method, path in every_route() if f"{method} {path}:" not in text] == []
    assert [code for code in REFUSAL_STATUS if code not in text] == []
    assert "simulator" in text
    assert "$" not in text


def test_all_pages_are_the_same_bytes_in_every_process() -> None:
    made = [
        subprocess.run(
            [sys.executable, "-c", DIGESTS, *PAGES],
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": ".", "TZ": zone, "LC_ALL": "C"},
            check=True,
            capture_output=True,
            text=True,
        ).stderr.split()
        for seed, zone in (("1", "UTC"), ("2", "Asia/Tokyo"))
    ]
    assert len(made[0]) == len(PAGES)
    assert made[0] == made[1]


def test_the_templates_are_read_only_when_somebody_asks() -> None:
    code = (
        "import sys, simulator.app; simulator.app.build_app();"
        "sys.exit(3 if 'jinja2' in sys.modules else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], env={"PYTHONPATH": "."}, check=False)
    assert done.returncode == 0


def test_each_route_of_the_documentation_is_a_page_of_these_tests() -> None:
    told = {each.path.replace("{model_id}", "nano-banana") for each in DOCUMENTATION}
    assert told - set(PAGES) == {"/docs/openapi"}
