"""MCP: the protocol, the list of tools, and tools that differ from their routes."""

import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import msgspec
from starlette.types import Scope

from simulator.mutants.bench import Bench, Mutant
from simulator.mutants.wire import (
    MCP,
    Answer,
    Header,
    answered_with,
    asked_with,
    has_key,
    header,
    parsed,
    results_with,
)

SESSION = b"mcp-session-id"
INVALID_REQUEST = -32_600
INTERNAL_ERROR = -32_603
METHOD_NOT_FOUND = -32_601
ANY_KEY = b"sk_test_default"
TOOLS_ROOM = "simulator.surfaces.tools"

Told = dict[str, Any]


def _results(bench: Bench, change: Callable[[Mapping[str, Any], Told], Told]) -> None:
    """Answers to a message."""
    bench.around(
        results_with(
            lambda message, told: dict(bench.counted(lambda seen: change(message, seen), told))
        )
    )


def session_is_a_key(bench: Bench) -> None:
    def headers(scope: Scope) -> tuple[Header, ...]:
        if scope["path"] != MCP or has_key(scope) or not header(scope, SESSION):
            return ()
        bench.hit()
        return ((b"x-api-key", ANY_KEY),)

    bench.around(asked_with(headers))


def tool_missing(bench: Bench) -> None:
    def change(tools: Mapping[str, Any]) -> Mapping[str, Any]:
        return {name: tool for name, tool in tools.items() if name != "generate_music"}

    bench.tools(change)
    _listed(bench, lambda tools: tools)


def _listed(bench: Bench, change: Callable[[list[Told]], list[Told]]) -> None:
    """Counts lists of tools, which are changed."""

    def told(message: Mapping[str, Any], answer: Told) -> Told:
        if message.get("method") != "tools/list" or "result" not in answer:
            return answer
        bench.hit()
        result = answer["result"]
        return {**answer, "result": {**result, "tools": change(result["tools"])}}

    bench.around(results_with(told))


def _schemas(bench: Bench, change: Callable[[Told], Told]) -> None:
    """Input schemas of ``generate_media``."""

    def one(tool: Told) -> Told:
        if tool["name"] != "generate_media":
            return tool
        return {**tool, "inputSchema": change(tool["inputSchema"])}

    _listed(bench, lambda tools: [one(tool) for tool in tools])


def parameter_missing(bench: Bench) -> None:
    def change(schema: Told) -> Told:
        kept = {name: field for name, field in schema["properties"].items() if name != "sound"}
        return {**schema, "properties": kept}

    _schemas(bench, change)


def nothing_required(bench: Bench) -> None:
    _schemas(bench, lambda schema: {**schema, "required": []})


def schemas_left_empty(bench: Bench) -> None:
    _listed(bench, lambda tools: [{**tool, "inputSchema": {}} for tool in tools])


def text_differs(bench: Bench) -> None:
    def change(message: Mapping[str, Any], told: Told) -> Told:
        result = told.get("result")
        if not isinstance(result, dict) or "structuredContent" not in result:
            return told
        return {**told, "result": {**result, "content": [{"type": "text", "text": "Done."}]}}

    _results(bench, change)


def refusal_is_no_error(bench: Bench) -> None:
    def change(message: Mapping[str, Any], told: Told) -> Told:
        result = told.get("result")
        if not isinstance(result, dict) or result.get("isError") is not True:
            return told
        return {**told, "result": {**result, "isError": False}}

    _results(bench, change)


def ping_unknown(bench: Bench) -> None:
    def change(message: Mapping[str, Any], told: Told) -> Told:
        if message.get("method") != "ping":
            return told
        problem = {"code": METHOD_NOT_FOUND, "message": "Method not found"}
        return {"jsonrpc": "2.0", "id": told.get("id"), "error": problem}

    _results(bench, change)


def another_code(bench: Bench) -> None:
    def change(message: Mapping[str, Any], told: Told) -> Told:
        if told.get("error", {}).get("code") != METHOD_NOT_FOUND:
            return told
        return {**told, "error": {**told["error"], "code": INTERNAL_ERROR}}

    _results(bench, change)


def ids_as_text(bench: Bench) -> None:
    def change(message: Mapping[str, Any], told: Told) -> Told:
        number = told.get("id")
        return {**told, "id": str(number)} if isinstance(number, int) else told

    _results(bench, change)


def unknown_tool_does_nothing(bench: Bench) -> None:
    def change(message: Mapping[str, Any], told: Told) -> Told:
        if "Unknown tool" not in str(told.get("error", {}).get("message")):
            return told
        return {"jsonrpc": "2.0", "id": told.get("id"), "result": {"content": []}}

    _results(bench, change)


def no_json_is_accepted(bench: Bench) -> None:
    def change(scope: Scope, message: Any, answer: Answer) -> Answer:
        if message is not None or answer.status != 400:
            return answer
        bench.hit()
        return answer.told(b"", 202)

    bench.around(
        answered_with(lambda scope: scope["path"] == MCP and scope["method"] == "POST", change)
    )


def any_session_taken(bench: Bench) -> None:
    """A session that is none is answered as a fault of the request."""

    def change(scope: Scope, message: Any, answer: Answer) -> Answer:
        told = parsed(answer.body)
        if answer.status != 404 or not isinstance(told, dict):
            return answer
        bench.hit()
        problem = {"code": INVALID_REQUEST, "message": "Bad session"}
        return answer.told(json.dumps({**told, "error": problem}).encode(), 400)

    bench.around(answered_with(lambda scope: scope["path"] == MCP, change))


def headers_not_compared(bench: Bench) -> None:
    """What the headers say of the body is put right before anybody looks."""

    def outer(gate: Callable[..., Awaitable[None]]) -> Callable[..., Awaitable[None]]:
        async def passes(self: Any, caller: Any, seen: Any, scope: Scope, *more: Any) -> None:
            message = parsed(seen.raw)
            method = message.get("method") if isinstance(message, dict) else None
            if method and header(scope, b"mcp-method") not in (b"", method.encode()):
                bench.hit()
                kept = [pair for pair in scope["headers"] if pair[0] != b"mcp-method"]
                scope = {**scope, "headers": [*kept, (b"mcp-method", method.encode())]}
            await gate(self, caller, seen, scope, *more)

        return passes

    bench.wrap(outer, "simulator.surfaces.mcp_gate.McpGate._pass_on")


def fewer_tools_without_session(bench: Bench) -> None:
    def change(message: Mapping[str, Any], told: Told) -> Told:
        stateless = "_meta" in (message.get("params") or {})
        if message.get("method") != "tools/list" or not stateless:
            return told
        result = told["result"]
        return {**told, "result": {**result, "tools": result["tools"][:-1]}}

    _results(bench, change)


def a_skill_missing(bench: Bench) -> None:
    def change(message: Mapping[str, Any], told: Told) -> Told:
        if message.get("method") != "resources/list":
            return told
        result = told["result"]
        return {**told, "result": {**result, "resources": result["resources"][:-1]}}

    _results(bench, change)


def _tool(bench: Bench, name: str, change: Callable[[Any], Any]) -> None:
    """What a tool makes of its body, where its route does otherwise."""

    def outer(perform: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        async def performs(provider: Any, caller: Any, operation: Any, body: Any) -> Any:
            if operation.name == name:
                body = bench.counted(change, body)
            return await perform(provider, caller, operation, body)

        return performs

    bench.wrap(outer, f"{TOOLS_ROOM}.perform")


def sound_lost_by_the_tool(bench: Bench) -> None:
    _tool(bench, "generate_media", lambda body: msgspec.structs.replace(body, sound=None))


def ratio_lost_by_the_tool(bench: Bench) -> None:
    _tool(bench, "generate_media", lambda body: msgspec.structs.replace(body, aspect_ratio=None))


def _mutant(name: str, says: str, requirement: str, apply: Callable[[Bench], None]) -> Mutant:
    return Mutant(name, "MCP", says, requirement, apply)


MUTANTS: tuple[Mutant, ...] = (
    _mutant(
        "session-is-a-key",
        "Within a session no key is asked for.",
        "mcp:session-needs-key",
        session_is_a_key,
    ),
    _mutant("tool-missing", "There is no tool for music.", "mcp:tools", tool_missing),
    _mutant(
        "parameter-missing",
        "generate_media does not declare sound.",
        "mcp:tool-parameters",
        parameter_missing,
    ),
    _mutant(
        "nothing-required",
        "generate_media does not say that it needs a prompt and a model.",
        "mcp:tool-parameters",
        nothing_required,
    ),
    _mutant(
        "schemas-left-empty",
        "The tools' input schemas say nothing.",
        "mcp:tool-schemas",
        schemas_left_empty,
    ),
    _mutant(
        "text-differs",
        "A tool's text is another than its object.",
        "mcp:structured",
        text_differs,
    ),
    _mutant(
        "refusal-is-no-error",
        "A refused call of a tool looks like one that went well.",
        "mcp:refusals",
        refusal_is_no_error,
    ),
    _mutant("ping-unknown", "A ping is not known.", "mcp:ping", ping_unknown),
    _mutant(
        "another-code",
        "An unknown method has the code of an internal error.",
        "mcp:unknown-method",
        another_code,
    ),
    _mutant(
        "ids-as-text", "The id of a request comes back as a text.", "mcp:request-ids", ids_as_text
    ),
    _mutant(
        "unknown-tool-does-nothing",
        "A tool that is none is answered as if it had been called.",
        "mcp:unknown-tool",
        unknown_tool_does_nothing,
    ),
    _mutant(
        "no-json-is-accepted",
        "A body that is no JSON is taken for a notification.",
        "mcp:not-json",
        no_json_is_accepted,
    ),
    _mutant(
        "any-session-taken",
        "A session that is over is not told to be.",
        "mcp:unknown-session",
        any_session_taken,
    ),
    _mutant(
        "headers-not-compared",
        "A header may name another method than the body.",
        "mcp:headers-agree",
        headers_not_compared,
    ),
    _mutant(
        "fewer-tools-without-session",
        "Without a session a tool is missing.",
        "mcp:eras-agree",
        fewer_tools_without_session,
    ),
    _mutant("a-skill-missing", "One of the skills is not there.", "mcp:resources", a_skill_missing),
    _mutant(
        "sound-lost-by-the-tool",
        "The tool forgets sound, which the route does not.",
        "billing:kling-3-0:audio-row",
        sound_lost_by_the_tool,
    ),
    _mutant(
        "ratio-lost-by-the-tool",
        "The tool forgets the aspect ratio, which the route does not.",
        "lifecycle:image-file",
        ratio_lost_by_the_tool,
    ),
)
