"""The golden cases of ``fixtures/cases``, read and made ready to be sent."""

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from simulator.domain.inputs import Upload

WORDS = ("null", "prompt", "prompt-emoji", "upload")
CASES = Path(__file__).parent.parent / "fixtures" / "cases"


@dataclass(frozen=True, slots=True)
class Case:
    id: str
    says: str
    request: Mapping[str, Any]
    uploads: Mapping[str, Upload]
    policies: tuple[str, ...]
    account_credits: int | float | None
    accepted: Mapping[str, Any] | None
    refused: Mapping[str, Any] | None

    def body(self, upload_url: Callable[[Upload], str]) -> dict[str, Any]:
        """The request with its ``@`` words replaced."""
        body = _replaced(dict(self.request), self.uploads, upload_url)
        if not isinstance(body, dict):
            raise TypeError(self.id)
        return body


def golden_cases() -> list[Case]:
    documents = [tomllib.loads(file.read_text("utf-8")) for file in sorted(CASES.glob("*.toml"))]
    return [_case(row) for document in documents for row in document["case"]]


def _case(row: Mapping[str, Any]) -> Case:
    uploads = {name: _upload(name, facts) for name, facts in row.get("uploads", {}).items()}
    return Case(
        id=row["id"],
        says=row["says"],
        request=row["request"],
        uploads=uploads,
        policies=tuple(f"{name}={value}" for name, value in row.get("policies", {}).items()),
        account_credits=row.get("account_credits"),
        accepted=row.get("accepted"),
        refused=row.get("refused"),
    )


def _upload(name: str, facts: Mapping[str, Any]) -> Upload:
    side = 1024 if facts["kind"] == "image" else 0
    return Upload(
        id=f"00000000-0000-4000-a000-{name.encode().hex():0>12}"[:36],
        kind=facts["kind"],
        extension=facts["extension"],
        size_bytes=facts.get("size_bytes", 100_000),
        width=facts.get("width", side),
        height=facts.get("height", side),
        duration_ms=facts.get("duration_ms", 0),
    )


def _replaced(
    value: Any, uploads: Mapping[str, Upload], upload_url: Callable[[Upload], str]
) -> Any:
    if isinstance(value, Mapping):
        return {key: _replaced(part, uploads, upload_url) for key, part in value.items()}
    if isinstance(value, list):
        return [_replaced(part, uploads, upload_url) for part in value]
    word, _, argument = value[1:].partition(":") if isinstance(value, str) else ("", "", "")
    if word not in WORDS or not value.startswith("@"):
        return value
    if word == "null":
        return None
    if word == "upload":
        return upload_url(uploads[argument])
    return {"prompt": "x", "prompt-emoji": "\U0001f3ac"}[word] * int(argument)
