"""In which order the documents' sections are told: the page's as they follow there, then the other
documents, then what was seen, and what was ruled last."""

PAGE = (
    "Media tools",
    "Generate images and videos",
    "Parameters",
    "Response",
    "Models that support duration",
    "Models that support negative_prompt",
    "Models that support quality",
    "Resolution tiers",
    "Prompt character limits",
    "Input file limits",
    "Kling 3.0 elements",
    "Seedance 1.5 Pro two modes",
    "Seedance 2, mixed references",
    "Seedance 2, audio",
    "Seedance 2, billing",
    "Seedance 2, live per-second rates",
    "Seedance 2, MCP / REST note",
    "Seedance 2, hard limits",
    "Family-name disambiguation",
    "Video audio",
    "Video audio, live rates",
    "Motion Control rates",
    "REST API: URLs for local or browser files",
    "get_generation_status",
    "get_generation_estimate",
    "Model rules",
)

_KINDS = ("page", "docs", "the provider's MCP listing", "clients of the API", "live list", "MCP")
_LAST = "ruling"


def place(section: str) -> tuple[int, int, str]:
    """By which sections are sorted; those that have no order of their own, by name."""
    kind, _, name = section.partition(": ")
    if kind == "page":
        return 0, PAGE.index(name) if name in PAGE else len(PAGE), name
    found = [index for index, each in enumerate(_KINDS) if kind.startswith(each)]
    return found[0] if found else len(_KINDS) + (kind == _LAST), 0, section
