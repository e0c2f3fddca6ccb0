"""The kill matrix: which mutant which requirement found, as JSON and as one page that opens
offline."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from contracts.mutation.mutants import SHORT_CALLS, Mutant, Outcome
from contracts.requirements import Requirement

VERSION = 1
TELLS, TOLD_APART = "tells them apart", 0.95
TEMPLATE = "matrix.html.jinja"


@dataclass(frozen=True, slots=True)
class Matrix:
    """``asked``: the mutants that were to be tried, in order; an outcome that is missing was not
    reached. ``clean``: how many judgements of the clean backend passed."""

    asked: Sequence[Mutant]
    outcomes: Mapping[str, Outcome]
    requirements: Mapping[str, Requirement]
    clean: int
    seconds: float
    interrupted: bool = False

    @property
    def ordered(self) -> list[Outcome]:
        return [self.outcomes[each.name] for each in self.asked if each.name in self.outcomes]

    @property
    def survivors(self) -> list[Outcome]:
        return [each for each in self.ordered if not each.killed]

    @property
    def replayed(self) -> list[Outcome]:
        """Those whose failure was played again."""
        return [each for each in self.ordered if each.killed and each.replay]

    @property
    def silent(self) -> list[Outcome]:
        """Those whose replay does not tell them from the clean backend."""
        return [each for each in self.replayed if each.replay != TELLS]

    @property
    def told_apart(self) -> bool:
        """Whether replays can be relied on: nearly all of them tell a mutant from the clean one."""
        return len(self.silent) <= (1 - TOLD_APART) * len(self.replayed)

    @property
    def whole(self) -> bool:
        """Whether every mutant was tried, and every one was killed by its requirement."""
        return len(self.ordered) == len(self.asked) and not self.survivors

    def summary(self) -> dict[str, Any]:
        """Counts, and how long and how many calls it takes."""
        killed = [each for each in self.ordered if each.killed]
        seconds = sorted(each.seconds for each in self.ordered)
        return {
            "mutants": len(self.asked),
            "tried": len(self.ordered),
            "killed": len(killed),
            "survived": len(self.survivors),
            "median_seconds": round(median(seconds), 2) if seconds else 0,
            "slowest_seconds": round(seconds[-1], 2) if seconds else 0,
            "short_traces": sum(each.calls <= SHORT_CALLS for each in killed),
            "short_trace_calls": SHORT_CALLS,
            "replayed": len(self.replayed),
            "replays_that_tell": len(self.replayed) - len(self.silent),
            "replays": dict(Counter(each.replay for each in killed if each.replay)),
        }

    def kinds(self) -> list[tuple[str, int, int]]:
        """Each kind with its mutants and those of them that were killed, in order."""
        names = list(dict.fromkeys(each.kind for each in self.asked))
        return [
            (
                name,
                sum(each.kind == name for each in self.asked),
                sum(each.killed and each.mutant.kind == name for each in self.ordered),
            )
            for name in names
        ]


def json_text(matrix: Matrix) -> str:
    """The matrix as JSON."""
    told = {
        "version": VERSION,
        "whole": matrix.whole,
        "interrupted": matrix.interrupted,
        "seconds": round(matrix.seconds, 2),
        "clean_passes": matrix.clean,
        "summary": matrix.summary(),
        "mutants": [_row(each, matrix.requirements) for each in matrix.ordered],
    }
    return json.dumps(told, indent=2, ensure_ascii=False) + "\n"


def html_text(matrix: Matrix) -> str:
    """The matrix as a page that needs nothing else."""
    from jinja2 import (  # noqa: PLC0415 - only who writes a page waits for it
        Environment,
        FileSystemLoader,
        StrictUndefined,
    )

    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(TEMPLATE).render(
        matrix=matrix,
        summary=matrix.summary(),
        kinds=matrix.kinds(),
        rows=[_row(each, matrix.requirements) for each in matrix.ordered],
    )


def write_matrix(matrix: Matrix, directory: Path) -> tuple[Path, ...]:
    """Both, into a folder that is made. Raises OSError."""
    directory.mkdir(parents=True, exist_ok=True)
    written = []
    for name, text in (("mutants.json", json_text(matrix)), ("mutants.html", html_text(matrix))):
        path = directory / name
        path.write_text(text, encoding="utf-8", errors="backslashreplace")
        written.append(path)
    return tuple(written)


def _row(outcome: Outcome, requirements: Mapping[str, Requirement]) -> dict[str, Any]:
    mutant = outcome.mutant
    row = requirements[mutant.requirement]
    return {
        "name": mutant.name,
        "kind": mutant.kind,
        "says": mutant.says,
        "requirement": mutant.requirement,
        "requirement_says": row.says,
        "section": row.section,
        "strength": row.strength,
        "asked_surfaces": list(row.surfaces),
        "killed": outcome.killed,
        "surfaces": list(outcome.surfaces),
        "reached": outcome.reached,
        "seconds": round(outcome.seconds, 2),
        "calls": outcome.calls,
        "replay": outcome.replay,
        "why": outcome.why,
        "trace": [
            {"surface": each.surface, "call": each.call, "status": each.status}
            for each in outcome.trace
        ],
        "others": list(outcome.others),
    }
