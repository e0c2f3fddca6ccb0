"""The page at /_sim/ui: strict about what it loads, and in step with the control plane."""

import re

import pytest

from simulator.surfaces.control_calls.table import CONTROL_OPERATIONS
from simulator.surfaces.router import Router
from simulator.surfaces.static_pages import PAGES
from tests.surfaces.inprocess import simulated

SCRIPT = (PAGES / "ui.js").read_text("utf-8")
HTML = (PAGES / "ui.html").read_text("utf-8")
CALLS = re.findall(r'call\("(GET|POST|DELETE)", [`"]([^`"]+)[`"]', SCRIPT)


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/_sim/ui", "text/html; charset=utf-8"),
        ("/_sim/ui/", "text/html; charset=utf-8"),
        ("/_sim/ui/ui.css", "text/css; charset=utf-8"),
        ("/_sim/ui/ui.js", "text/javascript; charset=utf-8"),
    ],
)
async def test_the_page_and_its_files_are_served(path: str, kind: str) -> None:
    async with simulated(admin_token="t") as client:
        answer = await client.get(path)
    assert (answer.status_code, answer.headers["content-type"]) == (200, kind)


async def test_the_page_may_load_its_own_files_only() -> None:
    async with simulated() as client:
        policy = (await client.get("/_sim/ui")).headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy


def test_nothing_on_the_page_is_a_script_or_a_style_of_its_own() -> None:
    scripts = re.findall(r"<script[^>]*>(.*?)</script>", HTML, re.DOTALL)
    assert [script for script in scripts if script.strip()] == []
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=", HTML)


def test_the_script_never_writes_markup() -> None:
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval", SCRIPT)


async def test_it_is_read_only_and_has_no_other_paths() -> None:
    async with simulated() as client:
        posted = await client.post("/_sim/ui", {})
        missing = await client.get("/_sim/ui/../secret")
    assert (posted.status_code, missing.status_code) == (405, 404)


@pytest.mark.parametrize(("method", "path"), CALLS)
def test_what_the_script_calls_is_there(method: str, path: str) -> None:
    router = Router((one.method, one.path, one.name) for one in CONTROL_OPERATIONS)
    plain = re.sub(r"\$\{[^}]+\}", "x", path.partition("?")[0])
    found = router.find(f"/_sim{plain}")
    assert found is not None
    assert method in found[0]


def test_the_script_calls_what_the_page_shows() -> None:
    shown = re.findall(r'data-tab="([a-z]+)"', HTML)
    assert {f"/{name}" for name in shown} <= {path.partition("?")[0] for _, path in CALLS}


async def test_a_quiet_call_leaves_no_line_in_the_journal() -> None:
    async with simulated() as client:
        await client.get("/_sim/clock", headers={"X-Sim-Quiet": "1"})
        calls = (await client.get("/_sim/requests")).json()["requests"]
    assert calls == []
