"""Other plausible readings of what the page leaves open, chosen by ``--policy name=value``."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass

CHOICES: Mapping[str, tuple[str, ...]] = {
    "long_prompt": ("reject", "truncate"),
    "seedance_2_1080p": ("allow", "deny"),
    "unknown_quality": ("reject", "ignore"),
    "seedance_video_row": ("literal", "reroute", "require"),
    "probe_uploads": ("yes", "no"),
    "infer_generation_type": ("no", "yes"),
    "idempotency": ("off", "replay", "reject"),
}
"""Each policy and its values; the first is the default."""


@dataclass(frozen=True, slots=True)
class Policies:
    """One reading for each question, of those in CHOICES."""

    long_prompt: str = "reject"
    seedance_2_1080p: str = "allow"
    unknown_quality: str = "reject"
    seedance_video_row: str = "literal"
    probe_uploads: str = "yes"
    infer_generation_type: str = "no"
    idempotency: str = "off"

    def as_dict(self) -> dict[str, str]:
        return asdict(self)


def choose(assignments: Iterable[str]) -> Policies:
    """Policies from ``name=value`` texts; ``ValueError`` names the word and what was expected."""
    chosen: dict[str, str] = {}
    for assignment in assignments:
        name, _, value = assignment.partition("=")
        if name not in CHOICES:
            raise ValueError(f"unknown policy {name!r}, expected one of {', '.join(CHOICES)}")
        if value not in CHOICES[name]:
            raise ValueError(f"policy {name}={value!r}, expected {' or '.join(CHOICES[name])}")
        chosen[name] = value
    return Policies(**chosen)
