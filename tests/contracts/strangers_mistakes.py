"""Which requirements find the mistakes of the second backend (tests/candidate/DEFECTS.md)."""

from collections.abc import Mapping, Sequence

BY_RULES: Mapping[str, frozenset[str]] = {
    "real-reference-length": frozenset({"billing:seedance-2:measured-upload"}),
    "prompt-limit-off-by-one": frozenset(
        {"limits:prompt:seedream-v4-5", "limits:prompt:seedream-v4-5-edit"}
    ),
    "implicit-square": frozenset({"limits:resolution:gpt-image-2:ratio-explicit"}),
    "fixed-length-checked": frozenset({"ignored:duration:grok-text-to-video"}),
}
"""The golden cases, over REST."""

FOUND: Mapping[str, frozenset[str]] = {
    **BY_RULES,
    "no-refund": frozenset({"laws:billing:failed-is-free"}),
    "sound-surcharge": frozenset(
        {
            "ignored:sound:sora-2",
            "ignored:sound:v1-pro",
            "laws:billing:ignored-is-free",
            "laws:billing:sound-has-its-row",
        }
    ),
    "poll-advances": frozenset({"laws:time:reading"}),
    "credits-before-rules": frozenset({"isolation:rules-before-credits"}),
    "foreign-is-403": frozenset({"isolation:status"}),
    "early-hundred": frozenset(
        {
            "laws:lifecycle:hundred-when-completed",
            "laws:lifecycle:progress",
            "lifecycle:progress-ends",
        }
    ),
    "tool-sound-default": frozenset({"parity:defaults"}),
    "credit-race": frozenset({"races:credits", "races:mixed-prices"}),
}
"""Each mistake alone, over REST; what compares the surfaces belongs to MCP."""

POOR = frozenset({"races:credits", "races:mixed-prices"})
"""What can't be told on a second account that is overdrawn."""

OF_TOOLS: Sequence[str] = (
    "billing:kling-3-0:elements-free",
    "billing:seedance-2:audio-free",
    "billing:seedance-2:output-seconds",
    "billing:seedance-2:reference-capped-15s",
    "billing:seedance-2:references-free",
    "billing:seedance-2:video-ref-pessimistic-15s",
    "laws:billing:documented-price",
    "parity:defaults",
    "prices:seedance-2-480p",
    "prices:seedance-2-480p-video-ref",
    "prices:seedance-2-720p",
    "prices:seedance-2-720p-video-ref",
    "prices:seedance-2-fast-480p",
    "prices:seedance-2-fast-480p-video-ref",
    "prices:seedance-2-fast-720p",
    "prices:seedance-2-fast-720p-video-ref",
)
"""Over MCP alone: the tool asks for sound, which then costs more than it should."""

WHOLE = frozenset(
    {
        *((each, "mcp") for each in OF_TOOLS),
        *(
            (each, surface)
            for ids in FOUND.values()
            for each in ids - POOR - set(OF_TOOLS)
            for surface in ("rest", "mcp")
        ),
        ("races:credits", "rest"),  # by which the second account is overdrawn
    }
)
"""What fails, and where, of a backend that makes all of the mistakes."""
