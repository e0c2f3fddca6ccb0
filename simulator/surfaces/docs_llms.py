"""The text for language models: the page's facts in few words, the routes from the document."""

from pathlib import Path
from string import Template

from simulator.domain.errors import REFUSAL_STATUS
from simulator.domain.limits import CALLS_A_MINUTE, JOBS_AT_ONCE
from simulator.engine.provider import Provider
from simulator.engine.worlds import SCOPES
from simulator.surfaces.openapi import Json


def llms_text(provider: Provider, document: Json, pages: Path) -> str:
    """Plain text; ``pages`` is where its frame lies."""
    frame = Template((pages / "llms.txt").read_text(encoding="utf-8"))
    return frame.substitute(
        base=provider.urls.base,
        version=document["info"]["version"],
        scopes=", ".join(SCOPES),
        routes="\n".join(_routes(document)),
        refusals=", ".join(f"{code} ({status})" for code, status in REFUSAL_STATUS.items()),
        calls=", ".join(f"{bucket} {calls}" for bucket, calls in CALLS_A_MINUTE.items()),
        jobs=", ".join(f"{bucket} {jobs}" for bucket, jobs in JOBS_AT_ONCE.items()),
        models=len(provider.catalog.listed()),
    )


def _routes(document: Json) -> list[str]:
    return [
        f"- {method.upper()} {path}: {item['summary']}. {item['description']}"
        for path, methods in document["paths"].items()
        for method, item in methods.items()
    ]
