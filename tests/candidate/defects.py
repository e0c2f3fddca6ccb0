"""The mistakes that this backend makes, by name; DEFECTS.md tells each one."""

DEFECTS = (
    "real-reference-length",
    "no-refund",
    "sound-surcharge",
    "prompt-limit-off-by-one",
    "poll-advances",
    "credits-before-rules",
    "foreign-is-403",
    "early-hundred",
    "tool-sound-default",
    "credit-race",
    "implicit-square",
    "fixed-length-checked",
)


def chosen(*, fixed: bool, without: list[str]) -> frozenset[str]:
    """The mistakes that stay; ValueError names one that does not exist."""
    unknown = sorted(set(without) - set(DEFECTS))
    if unknown:
        raise ValueError(f"no such defect: {', '.join(unknown)}; there are {', '.join(DEFECTS)}")
    return frozenset() if fixed else frozenset(DEFECTS) - frozenset(without)
