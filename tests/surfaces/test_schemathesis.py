"""Requests that nobody thought of, made from the OpenAPI document: examples, every boundary, and
fuzzing. Each answer has to be one that the document declares, and none may be a server error."""

import json
from collections import Counter
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
import schemathesis
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import events, from_schema

from simulator.app import build
from simulator.settings import Settings
from simulator.surfaces.openapi_routes import STREAMS, data_plane_document
from tests.surfaces.inprocess import KEY

# No limit and no want of credits turns a good request away; no job takes long, or a stream of one
# would not end.
SETTINGS = Settings(speed=1e6, limits=False, credits=10**12)
CONFIG = {
    "seed": 1,
    "continue-on-failure": True,
    "auth": {"openapi": {"apiKey": {"api_key": KEY}, "bearer": {"bearer": KEY}}},
    "generation": {"max-examples": 10, "deterministic": True, "database": "none"},
    "phases": {"stateful": {"enabled": False}},
    # A rule of business may refuse a body of the right shape; a body of that shape is never 422.
    "checks": {"positive_data_acceptance": {"expected-statuses": ["2xx", "3xx", "400", "404"]}},
}


@dataclass
class Run:
    """What became of all requests: failures in words, and each operation's answers by status."""

    failures: list[str] = field(default_factory=list)
    answers: dict[str, Counter[int]] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """One run of all phases against a fresh simulator in this process."""
    app = build(SETTINGS).app
    config = SchemathesisConfig.from_dict(CONFIG)
    found = Run()
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path_factory.mktemp("schemathesis"))  # it writes where it stands
        schema = schemathesis.openapi.from_asgi("/openapi.json", app, config=config)
        for event in from_schema(schema).execute():
            if isinstance(event, events.NonFatalError | events.FatalError):
                found.errors.append(str(event))
            elif isinstance(event, events.ScenarioFinished):
                add(found, event)
    return found


def add(found: Run, event: events.ScenarioFinished) -> None:
    counts = found.answers.setdefault(event.label or "", Counter())
    for interaction in event.recorder.interactions.values():
        if interaction.response is not None:
            counts[interaction.response.status_code] += 1
    for case_id, checks in event.recorder.checks.items():
        interaction = event.recorder.interactions[case_id]
        for check in checks:
            if check.failure_info is not None and not is_ours(interaction):
                failure = check.failure_info.failure
                sample = check.failure_info.code_sample
                found.failures.append(f"{failure.title}: {failure.message}\n{sample}")


def is_ours(interaction: Any) -> bool:
    """Two readings that JSON Schema has no words for: the text null in a query is a null, and 24.0
    is not a whole number."""
    query = parse_qsl(urlsplit(interaction.request.uri).query)
    if any(value == "null" for _, value in query):
        return True
    answer = interaction.response
    if answer is None or answer.status_code != 422:
        return False
    problems = json.loads(answer.content)["detail"]
    return all(each["msg"] == "Expected `int | null`, got `float`" for each in problems)


def test_every_answer_keeps_the_documents_word(run: Run) -> None:
    assert "\n\n".join(run.failures) == ""


def test_the_document_can_be_worked_with_as_it_is(run: Run) -> None:
    assert run.errors == []


def test_every_operation_was_called_and_did_its_work(run: Run) -> None:
    document = data_plane_document("http://testserver", "0")
    wanted = {
        f"{method.upper()} {path}"
        for path, methods in document["paths"].items()
        for method in methods
    }
    # Where the run began it never calls again; an id that a stream knows is found by luck only.
    excused = {"GET /openapi.json", *(f"GET {stream.path}" for stream in STREAMS)}
    worked = {label for label, counts in run.answers.items() if counts[200] or counts[307]}
    assert wanted - worked <= excused
