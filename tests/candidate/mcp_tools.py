"""The same calls as tools of a model context protocol server."""

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

import mcp_types as types
from mcp import MCPError
from mcp.server import Server, ServerRequestContext
from pydantic import BaseModel, ValidationError
from starlette.requests import Request

from tests.candidate.asking import (
    Ask,
    CostAsk,
    EstimateAsk,
    HistoryAsk,
    Missing,
    ModelsAsk,
    Refused,
    StatusAsk,
)
from tests.candidate.ledger import Account
from tests.candidate.rest import faults_of, key_of
from tests.candidate.service import Service

Answer = Mapping[str, object]
Context = ServerRequestContext[Any]


class Empty(BaseModel):
    """No arguments."""


@dataclass(frozen=True)
class Tool:
    """One tool: what it takes and who answers."""

    name: str
    shape: type[BaseModel]
    says: str
    answer: Callable[[Account, Mapping[str, Any]], Awaitable[Answer]]

    def described(self) -> types.Tool:
        """The tool as it is listed."""
        schema = self.shape.model_json_schema()
        return types.Tool(name=self.name, description=self.says, input_schema=schema)


def tools(service: Service) -> tuple[Tool, ...]:
    """Every tool."""

    async def generate(account: Account, given: Mapping[str, Any]) -> Answer:
        ask = Ask.model_validate(given)
        if ask.sound is None and "tool-sound-default" in service.settings.defects:
            ask.sound = True
        return await service.start(account, ask)

    async def status(account: Account, given: Mapping[str, Any]) -> Answer:
        return await service.status(account, StatusAsk.model_validate(given).generation_id)

    async def estimate(_: Account, given: Mapping[str, Any]) -> Answer:
        return service.estimate(EstimateAsk.model_validate(given))

    async def cost(_: Account, given: Mapping[str, Any]) -> Answer:
        return service.cost(CostAsk.model_validate(given))

    async def models(_: Account, given: Mapping[str, Any]) -> Answer:
        return service.models(ModelsAsk.model_validate(given))

    async def balance(account: Account, _: Mapping[str, Any]) -> Answer:
        return service.balance(account)

    async def history(account: Account, given: Mapping[str, Any]) -> Answer:
        return await service.history(account, HistoryAsk.model_validate(given))

    return (
        Tool("generate_media", Ask, "Start an image or a video.", generate),
        Tool("get_generation_status", StatusAsk, "How a generation stands.", status),
        Tool("get_generation_estimate", EstimateAsk, "How long it would take.", estimate),
        Tool("estimate_generation_cost", CostAsk, "What it would cost.", cost),
        Tool("get_models", ModelsAsk, "The models, their limits and prices.", models),
        Tool("get_balance", Empty, "What the account may spend.", balance),
        Tool("get_generations", HistoryAsk, "Past generations, newest first.", history),
    )


def result(body: object, *, is_error: bool = False) -> types.CallToolResult:
    """An answer as an object, and as text for clients that read only that."""
    text = types.TextContent(type="text", text=json.dumps(body))
    return types.CallToolResult(content=[text], structured_content=body, is_error=is_error)


def server(service: Service) -> Server[Any]:
    """The server behind ``/mcp``; who calls is read from the request's key."""
    known = {tool.name: tool for tool in tools(service)}

    async def list_tools(
        context: Context, params: types.PaginatedRequestParams | None
    ) -> types.ListToolsResult:
        return types.ListToolsResult(tools=[tool.described() for tool in known.values()])

    async def call(context: Context, params: types.CallToolRequestParams) -> types.CallToolResult:
        request = context.request
        account = (
            service.account_of(key_of(request.headers)) if isinstance(request, Request) else None
        )
        if account is None:
            return result({"detail": "Missing or invalid API key"}, is_error=True)
        tool = known.get(params.name)
        if tool is None:
            raise MCPError(code=-32602, message="there is no such tool")
        try:
            return result(await tool.answer(account, params.arguments or {}))
        except Refused as refused:
            return result(refused.body, is_error=True)
        except Missing as missing:
            return result({"detail": missing.detail}, is_error=True)
        except ValidationError as error:
            return result({"detail": faults_of(error)}, is_error=True)

    return Server("candidate", version="1", on_list_tools=list_tools, on_call_tool=call)
