"""The golden cases of ``fixtures/cases``: a request, and what the documents say of its answer."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from contracts.data import DataError, fixtures_folder, rows
from contracts.talk.operations import BY_NAME

MEDIA_CALL = "generate_media"
WORDS: Mapping[str, str] = {"prompt": "x", "prompt-emoji": "\U0001f3ac"}
"""``@prompt:5`` stands for five of these characters."""


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file to upload beforehand. ``duration_ms`` 0: of an image, or of a video that must not
    tell its length. ``size_bytes`` 0: any."""

    kind: str
    extension: str
    duration_ms: int = 0
    width: int = 0
    height: int = 0
    size_bytes: int = 0


@dataclass(frozen=True, slots=True)
class GoldenCase:
    """``call``: the operation that gets the request. ``before``: how many times ``before_request``
    is sent first. ``account_credits`` None: more than enough. ``scopes`` (): all. One of
    ``accepted`` and ``refused`` is there; their keys are those of fixtures/cases/README.md."""

    id: str
    says: str
    source: str
    strength: str
    call: str
    request: Mapping[str, Any]
    uploads: Mapping[str, SourceFile] = field(default_factory=dict)
    policies: Mapping[str, str] = field(default_factory=dict)
    account_credits: float | None = None
    scopes: tuple[str, ...] = ()
    before: int = 0
    before_request: Mapping[str, Any] = field(default_factory=dict)
    accepted: Mapping[str, Any] | None = None
    refused: Mapping[str, Any] | None = None
    place: str = ""

    @property
    def own_world(self) -> bool:
        """Whether it needs an account that nothing else has used."""
        return self.account_credits is not None or bool(self.scopes) or self.before > 0

    @property
    def words(self) -> str:
        """What a failure shows of it."""
        return f"{self.id}: {self.says} [{self.source}; {self.strength}]"

    def body(self, url_of: Callable[[str], str], *, earlier: bool = False) -> dict[str, Any]:
        """The request, or the one that goes before it, with its ``@`` words replaced; ``url_of``:
        an upload's name as its URL."""
        request = self.before_request if earlier else self.request
        return {name: _replaced(value, url_of) for name, value in request.items()}


def load_cases(folder: Path | None = None) -> Mapping[str, GoldenCase]:
    """Every case by its id. Raises DataError."""
    folder = folder or fixtures_folder() / "cases"
    found: dict[str, GoldenCase] = {}
    for file in sorted(folder.rglob("*.toml")):
        for line, row in rows(file, "case"):
            case = _case(file, line, row)
            if case.id in found:
                raise DataError(file, line, f"{case.id} is also at {found[case.id].place}")
            found[case.id] = case
    return found


def _case(file: Path, line: int, row: Mapping[str, Any]) -> GoldenCase:
    for name in ("id", "says", "source", "strength", "request"):
        if name not in row:
            raise DataError(file, line, f"{name} is missing")
    if ("accepted" in row) == ("refused" in row):
        raise DataError(file, line, f"{row['id']}: expected one of accepted and refused")
    call = row.get("call", MEDIA_CALL)
    if call not in BY_NAME:
        raise DataError(file, line, f"{row['id']}: there is no call {call!r}")
    uploads = {name: _source(facts) for name, facts in row.get("uploads", {}).items()}
    return GoldenCase(
        id=row["id"],
        says=row["says"],
        source=row["source"],
        strength=row["strength"],
        call=call,
        request=row["request"],
        uploads=uploads,
        policies=row.get("policies", {}),
        account_credits=row.get("account_credits"),
        scopes=tuple(row.get("scopes", ())),
        before=row.get("before", 0),
        before_request=row.get("before_request", row["request"]),
        accepted=row.get("accepted"),
        refused=row.get("refused"),
        place=f"{file.name}:{line}",
    )


def _source(facts: Mapping[str, Any]) -> SourceFile:
    return SourceFile(**facts)


def _replaced(value: Any, url_of: Callable[[str], str]) -> Any:
    if isinstance(value, Mapping):
        return {name: _replaced(part, url_of) for name, part in value.items()}
    if isinstance(value, list):
        return [_replaced(part, url_of) for part in value]
    if not isinstance(value, str) or not value.startswith("@"):
        return value
    word, _, argument = value[1:].partition(":")
    if word == "null":
        return None
    if word == "upload":
        return url_of(argument)
    return WORDS[word] * int(argument) if word in WORDS else value
