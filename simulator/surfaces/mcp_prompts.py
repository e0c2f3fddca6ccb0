"""Prompts: tasks in words, which lead an agent through the tools in their order.

Their texts lie in ``prompts/*.md``. ``{{name}}`` stands for an argument; a line with one that was
not given is left out.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import mcp_types as types
from mcp import MCPError
from mcp.server import Server

TEXTS = Path(__file__).parent / "prompts"
VALUE_MOST = 4_000
_SLOT = re.compile(r"\{\{(\w+)\}\}")


@dataclass(frozen=True, slots=True)
class Argument:
    """What a prompt is told, always as text."""

    name: str
    description: str
    required: bool = False


@dataclass(frozen=True, slots=True)
class Prompt:
    """A prompt as it is listed; its text is the file of its name."""

    name: str
    description: str
    arguments: tuple[Argument, ...]


_MODEL = Argument("model", "A model's id from get_models; without it, one is chosen.")
_CREDITS = Argument("credits_at_most", "The most credits that it may cost.")

PROMPTS: tuple[Prompt, ...] = (
    Prompt(
        "make-image",
        "From a description to a finished image: model, price, start, status.",
        (
            Argument("description", "What the image shows.", required=True),
            _MODEL,
            Argument("aspect_ratio", "Such as 16:9; without it, the model's own."),
            _CREDITS,
        ),
    ),
    Prompt(
        "make-video-from-image",
        "From an image to a finished video, with the upload if the image is a file.",
        (
            Argument("image", "A public URL, or the name of a file.", required=True),
            Argument("motion", "What happens in the video.", required=True),
            _MODEL,
            Argument("duration", "Such as 5s; without it, the model's shortest."),
            Argument("sound", "yes or no."),
        ),
    ),
    Prompt(
        "price-before-start",
        "Compares what several models would take for it, in credits and seconds.",
        (Argument("wanted", "What is to be made.", required=True), _CREDITS),
    ),
    Prompt(
        "diagnose-refusal",
        "From a refused request to one that would pass.",
        (
            Argument("answer", "The refusal as it was answered.", required=True),
            Argument("request", "The tool and the arguments that were sent."),
        ),
    ),
)


def add_prompts(server: "Server[Any]") -> None:
    """Declares them and serves them."""
    texts = {prompt.name: (TEXTS / f"{prompt.name}.md").read_text("utf-8") for prompt in PROMPTS}
    known = {prompt.name: prompt for prompt in PROMPTS}
    listed = [_listed(prompt, texts[prompt.name]) for prompt in PROMPTS]

    async def list_prompts(ctx: object, params: object) -> types.ListPromptsResult:
        return types.ListPromptsResult(prompts=listed)

    async def get(ctx: object, params: types.GetPromptRequestParams) -> types.GetPromptResult:
        prompt = known.get(params.name)
        if prompt is None:
            raise _wrong(f"Unknown prompt: {params.name[:100]}")
        given = params.arguments or {}
        _check(prompt, given)
        _, _, body = texts[prompt.name].partition("\n")
        content = types.TextContent(type="text", text=filled(body.strip(), given))
        return types.GetPromptResult(
            description=prompt.description,
            messages=[types.PromptMessage(role="user", content=content)],
        )

    server.add_request_handler("prompts/list", types.PaginatedRequestParams, list_prompts)
    server.add_request_handler("prompts/get", types.GetPromptRequestParams, get)


def filled(text: str, given: Mapping[str, str]) -> str:
    """``text`` with the values in their places, as they are: what looks like a place within a value
    is part of the value."""
    paragraphs = (_without_missing(paragraph, given) for paragraph in text.split("\n\n"))
    kept = "\n\n".join(paragraph for paragraph in paragraphs if paragraph)
    return _SLOT.sub(lambda slot: given[slot[1]], kept)


def _without_missing(paragraph: str, given: Mapping[str, str]) -> str:
    return "\n".join(
        line
        for line in paragraph.split("\n")
        if all(given.get(name) for name in _SLOT.findall(line))
    )


def _check(prompt: Prompt, given: Mapping[str, str]) -> None:
    names = [argument.name for argument in prompt.arguments]
    for name, value in given.items():
        if name not in names:
            raise _wrong(f"Unknown argument: {name[:100]}; {prompt.name} takes {', '.join(names)}.")
        if len(value) > VALUE_MOST:
            raise _wrong(f"Argument {name} is longer than {VALUE_MOST} characters.")
    for argument in prompt.arguments:
        if argument.required and not given.get(argument.name, "").strip():
            raise _wrong(f"Missing argument: {argument.name}. {argument.description}")


def _wrong(message: str) -> MCPError:
    return MCPError(code=types.INVALID_PARAMS, message=message)


def _listed(prompt: Prompt, text: str) -> types.Prompt:
    return types.Prompt(
        name=prompt.name,
        title=text.partition("\n")[0].removeprefix("# "),
        description=prompt.description,
        arguments=[
            types.PromptArgument(
                name=argument.name, description=argument.description, required=argument.required
            )
            for argument in prompt.arguments
        ],
    )
