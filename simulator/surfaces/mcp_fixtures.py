"""What the official conformance suite looks for in a server beside its own tools: tools, resources
and prompts of the names and contents that its scenarios state. Served with ``--mcp-fixtures`` only.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import mcp_types as types
import msgspec
from mcp import MCPError
from mcp.server import Server
from mcp.server.context import ServerRequestContext
from mcp.shared.message import ServerMessageMetadata

Context = ServerRequestContext[Any, Any]
Arguments = Mapping[str, Any]
Content = list[types.ContentBlock]
Test = Callable[[Context, Arguments], Awaitable[Content]]

PAUSE_S = 0.05
PNG, WAV = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGP4z8AAAAMBAQDJ/pLvAAAAAElFTkSuQmCC",
    "UklGRiYAAABXQVZFZm10IBAAAAABAAEAQB8AAIA+AAACABAAZGF0YQIAAAAAAA==",
)
IMAGE = types.ImageContent(type="image", data=PNG, mime_type="image/png")
AUDIO = types.AudioContent(type="audio", data=WAV, mime_type="audio/wav")
SCHEMA_2020_12: Mapping[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "$defs": {
        "address": {
            "type": "object",
            "properties": {"street": {"type": "string"}, "city": {"type": "string"}},
        }
    },
    "properties": {"name": {"type": "string"}, "address": {"$ref": "#/$defs/address"}},
    "additionalProperties": False,
}


def text(words: str) -> types.TextContent:
    """A text block."""
    return types.TextContent(type="text", text=words)


def embedded(uri: str, kind: str, words: str) -> types.EmbeddedResource:
    """A resource within an answer."""
    resource = types.TextResourceContents(uri=uri, mime_type=kind, text=words)
    return types.EmbeddedResource(type="resource", resource=resource)


def _always(*blocks: types.ContentBlock) -> Test:
    async def test(ctx: Context, arguments: Arguments) -> Content:
        return list(blocks)

    return test


async def _error(ctx: Context, arguments: Arguments) -> Content:
    raise ValueError("This tool intentionally returns an error for testing")


async def _logging(ctx: Context, arguments: Arguments) -> Content:
    for words in ("Tool execution started", "Tool processing data", "Tool execution completed"):
        params = types.LoggingMessageNotificationParams(level="info", data=words)
        message = types.LoggingMessageNotification(params=params)
        await ctx.session.send_notification(message, related_request_id=ctx.request_id)
        await asyncio.sleep(PAUSE_S)
    return [text("Three messages were logged.")]


async def _progress(ctx: Context, arguments: Arguments) -> Content:
    for progress in (0, 50, 100):
        await ctx.session.report_progress(progress, 100)
        await asyncio.sleep(PAUSE_S)
    return [text("Progress was told three times.")]


async def _sampling(ctx: Context, arguments: Arguments) -> Content:
    asked = types.SamplingMessage(role="user", content=text(str(arguments.get("prompt"))))
    params = types.CreateMessageRequestParams(messages=[asked], max_tokens=100)
    answer = await ctx.session.send_request(
        types.CreateMessageRequest(params=params),
        types.CreateMessageResult,
        metadata=ServerMessageMetadata(related_request_id=ctx.request_id),
    )
    words = answer.content.text if isinstance(answer.content, types.TextContent) else ""
    return [text(f"LLM response: {words}")]


def _elicits(fields: Mapping[str, Any], required: tuple[str, ...] = ()) -> Test:
    schema = {"type": "object", "properties": dict(fields), "required": list(required)}

    async def test(ctx: Context, arguments: Arguments) -> Content:
        message = str(arguments.get("message", "Please fill in the fields"))
        answer = await ctx.session.elicit_form(message, schema, ctx.request_id)
        given = msgspec.json.encode(answer.content).decode()
        return [text(f"Elicitation completed: action={answer.action}, content={given}")]

    return test


def _titled(*pairs: tuple[str, str]) -> list[dict[str, str]]:
    return [{"const": value, "title": title} for value, title in pairs]


_OPTIONS: Mapping[str, Any] = {"type": "string", "enum": ["option1", "option2", "option3"]}
_PERSON: Mapping[str, Any] = {
    name: {"type": "string", "description": f"User's {name}"} for name in ("username", "email")
}
_DEFAULTS: Mapping[str, Any] = {
    "name": {"type": "string", "default": "John Doe"},
    "age": {"type": "integer", "default": 30},
    "score": {"type": "number", "default": 95.5},
    "status": {"type": "string", "enum": ["active", "inactive", "pending"], "default": "active"},
    "verified": {"type": "boolean", "default": True},
}
_ENUMS: Mapping[str, Any] = {
    "untitledSingle": _OPTIONS,
    "titledSingle": {
        "type": "string",
        "oneOf": _titled(("value1", "First Option"), ("value2", "Second Option")),
    },
    "legacyEnum": {
        "type": "string",
        "enum": ["opt1", "opt2", "opt3"],
        "enumNames": ["Option One", "Option Two", "Option Three"],
    },
    "untitledMulti": {"type": "array", "items": _OPTIONS},
    "titledMulti": {
        "type": "array",
        "items": {"anyOf": _titled(("value1", "First Choice"), ("value2", "Second Choice"))},
    },
}

TESTS: Mapping[str, tuple[Test, tuple[str, ...]]] = {
    "test_simple_text": (_always(text("This is a simple text response for testing.")), ()),
    "test_image_content": (_always(IMAGE), ()),
    "test_audio_content": (_always(AUDIO), ()),
    "test_embedded_resource": (
        _always(
            embedded(
                "test://embedded-resource", "text/plain", "This is an embedded resource content."
            )
        ),
        (),
    ),
    "test_multiple_content_types": (
        _always(
            text("Multiple content types test:"),
            IMAGE,
            embedded(
                "test://mixed-content-resource", "application/json", '{"test":"data","value":123}'
            ),
        ),
        (),
    ),
    "test_tool_with_logging": (_logging, ()),
    "test_error_handling": (_error, ()),
    "test_tool_with_progress": (_progress, ()),
    "test_sampling": (_sampling, ("prompt",)),
    "test_elicitation": (_elicits(_PERSON, ("username", "email")), ("message",)),
    "test_elicitation_sep1034_defaults": (_elicits(_DEFAULTS), ()),
    "test_elicitation_sep1330_enums": (_elicits(_ENUMS), ()),
    "json_schema_2020_12_tool": (_always(text("Done.")), ()),
}
"""Each tool's behaviour, and the names of its arguments."""

RESOURCES: Mapping[str, types.TextResourceContents | types.BlobResourceContents] = {
    "test://static-text": types.TextResourceContents(
        uri="test://static-text",
        mime_type="text/plain",
        text="This is the content of the static text resource.",
    ),
    "test://static-binary": types.BlobResourceContents(
        uri="test://static-binary", mime_type="image/png", blob=PNG
    ),
    "test://watched-resource": types.TextResourceContents(
        uri="test://watched-resource", mime_type="text/plain", text="It never changes."
    ),
}
TEMPLATE = "test://template/{id}/data"

PROMPTS: Mapping[str, tuple[str, ...]] = {
    "test_simple_prompt": (),
    "test_prompt_with_arguments": ("arg1", "arg2"),
    "test_prompt_with_embedded_resource": ("resourceUri",),
    "test_prompt_with_image": (),
}


def prompt_blocks(name: str, given: Mapping[str, str]) -> list[types.ContentBlock]:
    """The contents of a prompt's messages."""
    if name == "test_simple_prompt":
        return [text("This is a simple prompt for testing.")]
    if name == "test_prompt_with_arguments":
        words = f"Prompt with arguments: arg1='{given['arg1']}', arg2='{given['arg2']}'"
        return [text(words)]
    if name == "test_prompt_with_image":
        return [IMAGE, text("Please analyze the image above.")]
    uri = given["resourceUri"]
    resource = embedded(uri, "text/plain", "Embedded resource content for testing.")
    return [resource, text("Please process the embedded resource above.")]


def add_fixtures(server: "Server[Any]") -> None:
    """Adds them to a server that has tools and resources of its own."""
    _add_tools(server)
    _add_resources(server)
    _add_prompts(server)
    _add_empty_answers(server)


def _own(server: "Server[Any]", method: str) -> Callable[[Context, Any], Awaitable[Any]]:
    entry = server.get_request_handler(method)
    if entry is None:
        raise LookupError(method)
    return entry.handler


def _add_tools(server: "Server[Any]") -> None:
    list_own, call_own = _own(server, "tools/list"), _own(server, "tools/call")

    async def list_tools(ctx: Context, params: Any) -> types.ListToolsResult:
        own: types.ListToolsResult = await list_own(ctx, params)
        tests = [_tool(name, arguments) for name, (_, arguments) in TESTS.items()]
        return types.ListToolsResult(tools=[*own.tools, *tests])

    async def call(ctx: Context, params: types.CallToolRequestParams) -> types.CallToolResult:
        if params.name not in TESTS:
            own: types.CallToolResult = await call_own(ctx, params)
            return own
        test, _ = TESTS[params.name]
        try:
            return types.CallToolResult(content=await test(ctx, params.arguments or {}))
        except (MCPError, ValueError) as error:
            return types.CallToolResult(content=[text(str(error))], is_error=True)

    server.add_request_handler("tools/list", types.PaginatedRequestParams, list_tools)
    server.add_request_handler("tools/call", types.CallToolRequestParams, call)


def _tool(name: str, arguments: tuple[str, ...]) -> types.Tool:
    fields = {argument: {"type": "string"} for argument in arguments}
    schema = {"type": "object", "properties": fields, "required": list(arguments)}
    if name == "json_schema_2020_12_tool":
        schema = dict(SCHEMA_2020_12)
    return types.Tool(
        name=name, description="For the conformance suite; generates nothing.", input_schema=schema
    )


def _add_resources(server: "Server[Any]") -> None:
    list_own, read_own = _own(server, "resources/list"), _own(server, "resources/read")

    async def list_resources(ctx: Context, params: Any) -> types.ListResourcesResult:
        own: types.ListResourcesResult = await list_own(ctx, params)
        tests = [types.Resource(uri=uri, name=uri.rpartition("/")[2]) for uri in RESOURCES]
        return types.ListResourcesResult(resources=[*own.resources, *tests])

    async def list_templates(ctx: Context, params: Any) -> types.ListResourceTemplatesResult:
        template = types.ResourceTemplate(uri_template=TEMPLATE, name="data")
        return types.ListResourceTemplatesResult(resource_templates=[template])

    async def read(
        ctx: Context, params: types.ReadResourceRequestParams
    ) -> types.ReadResourceResult:
        uri = str(params.uri)
        before, _, after = TEMPLATE.partition("{id}")
        if uri in RESOURCES:
            return types.ReadResourceResult(contents=[RESOURCES[uri]])
        if uri.startswith(before) and uri.endswith(after):
            name = uri.removeprefix(before).removesuffix(after)
            data = {"id": name, "templateTest": True, "data": f"Data for ID: {name}"}
            words = msgspec.json.encode(data).decode()
            content = types.TextResourceContents(uri=uri, mime_type="application/json", text=words)
            return types.ReadResourceResult(contents=[content])
        own: types.ReadResourceResult = await read_own(ctx, params)
        return own

    paged, named = types.PaginatedRequestParams, types.ReadResourceRequestParams
    server.add_request_handler("resources/list", paged, list_resources)
    server.add_request_handler("resources/templates/list", paged, list_templates)
    server.add_request_handler("resources/read", named, read)


def _add_prompts(server: "Server[Any]") -> None:
    list_own, get_own = _own(server, "prompts/list"), _own(server, "prompts/get")

    async def list_prompts(ctx: Context, params: Any) -> types.ListPromptsResult:
        own: types.ListPromptsResult = await list_own(ctx, params)
        tests = [
            types.Prompt(
                name=name,
                description="For the conformance suite.",
                arguments=[types.PromptArgument(name=each, required=True) for each in arguments],
            )
            for name, arguments in PROMPTS.items()
        ]
        return types.ListPromptsResult(prompts=[*own.prompts, *tests])

    async def get(ctx: Context, params: types.GetPromptRequestParams) -> types.GetPromptResult:
        given = params.arguments or {}
        if params.name not in PROMPTS:
            own: types.GetPromptResult = await get_own(ctx, params)
            return own
        if not set(PROMPTS[params.name]) <= set(given):
            raise MCPError(code=types.INVALID_PARAMS, message="Unknown prompt or argument")
        blocks = prompt_blocks(params.name, given)
        messages = [types.PromptMessage(role="user", content=block) for block in blocks]
        return types.GetPromptResult(messages=messages)

    server.add_request_handler("prompts/list", types.PaginatedRequestParams, list_prompts)
    server.add_request_handler("prompts/get", types.GetPromptRequestParams, get)


def _add_empty_answers(server: "Server[Any]") -> None:
    async def nothing(ctx: Context, params: Any) -> types.EmptyResult:
        return types.EmptyResult()

    async def complete(ctx: Context, params: Any) -> types.CompleteResult:
        return types.CompleteResult(completion=types.Completion(values=[], total=0, has_more=False))

    server.add_request_handler("logging/setLevel", types.SetLevelRequestParams, nothing)
    server.add_request_handler("resources/subscribe", types.SubscribeRequestParams, nothing)
    server.add_request_handler("resources/unsubscribe", types.UnsubscribeRequestParams, nothing)
    server.add_request_handler("completion/complete", types.CompleteRequestParams, complete)
