"""The golden cases of ``fixtures/cases/products``, read and made ready to be sent."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from simulator.domain.inputs import Upload
from simulator.engine.operations import Operation
from simulator.surfaces.tools import TOOLS
from tests.golden import CASES, Case

SCOPES = (
    *("generate:media", "generate:music", "generate:speech", "generate:ads"),
    *("read:balance", "read:generations"),
)


@dataclass(frozen=True, slots=True)
class ProductCase:
    """``before`` requests are sent first, whatever comes of them."""

    golden: Case
    operation: Operation
    scopes: tuple[str, ...]
    before: int
    before_request: Mapping[str, Any]

    @property
    def id(self) -> str:
        return self.golden.id

    @property
    def starts(self) -> bool:
        """Whether an accepted call makes a job."""
        return "generate" in self.operation.path and not self.operation.reads


def product_cases() -> list[ProductCase]:
    files = sorted((CASES / "products").glob("*.toml"))
    return [_case(row) for file in files for row in tomllib.loads(file.read_text("utf-8"))["case"]]


def holds(found: Mapping[str, Any], expected: Mapping[str, Any]) -> bool:
    """Whether every expected field has its value; the failure shows both."""
    assert {name: found.get(name) for name in expected} == expected
    return True


def _case(row: Mapping[str, Any]) -> ProductCase:
    golden = Case(
        id=row["id"],
        says=row["says"],
        request=row["request"],
        uploads={name: _upload(name, facts) for name, facts in row.get("uploads", {}).items()},
        policies=(),
        account_credits=row.get("account_credits"),
        accepted=row.get("accepted"),
        refused=row.get("refused"),
    )
    return ProductCase(
        golden=golden,
        operation=TOOLS[row["call"]],
        scopes=tuple(row.get("scopes", SCOPES)),
        before=row.get("before", 0),
        before_request=row.get("before_request", row["request"]),
    )


def _upload(name: str, facts: Mapping[str, Any]) -> Upload:
    return Upload(
        id=f"00000000-0000-4000-a000-{name.encode().hex():0>12}",
        kind=facts["kind"],
        extension=facts["extension"],
        size_bytes=facts.get("size_bytes", 100_000),
        width=facts.get("width", 0),
        height=facts.get("height", 0),
        duration_ms=facts.get("duration_ms", 0),
    )
