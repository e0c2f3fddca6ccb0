"""What a run came to, as every report tells it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from contracts.levels import Grant, exit_status, grants, highest_granted
from contracts.plan import Plan
from contracts.replays.script import Script
from contracts.requirements import Requirement
from contracts.run import Settings
from contracts.target import Target
from contracts.verdicts import Finding, settled

INTERRUPTED = 130

Scripts = Mapping[tuple[str, str], Script]
"""By requirement and surface."""


@dataclass(frozen=True, slots=True)
class Result:
    """``findings``: one for each requirement and surface, the baseline applied. ``credits``: what
    accepted starts cost. ``unreachable``: why the target could not be spoken to, "" when it
    could. ``scripts``: how failures can be shown again."""

    target: Target
    settings: Settings
    plan: Plan
    findings: tuple[Finding, ...]
    version: str
    seconds: float = 0.0
    requests: int = 0
    credits: float = 0
    interrupted: bool = False
    unreachable: str = ""
    scripts: Scripts = field(default_factory=dict)

    @property
    def requirements(self) -> tuple[Requirement, ...]:
        return self.plan.requirements

    @property
    def grants(self) -> tuple[Grant, ...]:
        return grants(self.requirements, self.findings, self.plan.choice.level)

    def grants_of(self, surface: str) -> tuple[Grant, ...]:
        """Of one surface."""
        return grants(self.requirements, self.findings, self.plan.choice.level, surface)

    @property
    def level(self) -> str:
        """The highest that is granted; "" for none."""
        return highest_granted(self.grants)

    @property
    def status(self) -> int:
        """The command's exit status."""
        if self.interrupted:
            return INTERRUPTED
        if self.unreachable:
            return 4
        return exit_status(self.grants, self.findings)

    def of(self, requirement: str) -> tuple[Finding, ...]:
        """The findings of one requirement, a surface each."""
        return tuple(each for each in settled(self.findings) if each.requirement == requirement)

    def with_findings(self, findings: Iterable[Finding]) -> "Result":
        """The same run, judged anew."""
        return replace(self, findings=tuple(findings))
