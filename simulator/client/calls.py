"""One call of the control plane: from fields to a request, from an answer to a shape."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, TypeVar
from urllib.parse import quote, urlencode

import msgspec

from simulator.client.wire import Reply, Transport

S = TypeVar("S", bound=msgspec.Struct)

PREFIX = "/_sim"
UNREACHABLE = 0

Fields = Mapping[str, Any]


class ControlError(Exception):
    """A call that did not succeed. ``status`` is the answer's, or 0 when nobody answered or it was
    no simulator; ``detail`` says what was wrong."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail if status == UNREACHABLE else f"{status}: {detail}")
        self.status = status
        self.detail = detail


class Calls:
    """Makes calls on one namespace through a transport. ``url`` only names it in errors."""

    def __init__(
        self, transport: Transport, url: str, namespace: str, admin_token: str | None
    ) -> None:
        self.namespace = namespace
        self.url = url
        self._transport = transport
        self.headers = {"X-Sim-Namespace": namespace}
        if admin_token is not None:
            self.headers["Authorization"] = f"Bearer {admin_token}"

    def get(self, path: str, answer: type[S], **query: Any) -> S:
        """``query`` without its None values."""
        return _decoded(self.fetch("GET", path, query=query), answer)

    def post(self, path: str, answer: type[S], body: Fields | None = None) -> S:
        return self.send(path, answer, msgspec.json.encode(body or {}))

    def send(self, path: str, answer: type[S], content: bytes) -> S:
        """A POST of JSON that is written already."""
        return _decoded(self.fetch("POST", path, body=content), answer)

    def delete(self, path: str, answer: type[S], **query: Any) -> S:
        return _decoded(self.fetch("DELETE", path, query=query), answer)

    def fetch(
        self,
        method: str,
        path: str,
        *,
        query: Fields | None = None,
        body: bytes | None = None,
    ) -> bytes:
        """The body of a good answer as it came. ``path`` is below ``/_sim``; its variable parts
        have gone through `part`. Raises ControlError."""
        given = {name: _text(value) for name, value in (query or {}).items() if value is not None}
        target = f"{PREFIX}{path}?{urlencode(given)}" if given else PREFIX + path
        headers = self.headers
        if body is not None:
            headers = {**headers, "Content-Type": "application/json"}
        try:
            reply = self._transport(method, target, headers, body)
        except OSError as error:
            reason = error.strerror or str(error) or type(error).__name__
            raise ControlError(UNREACHABLE, f"{self.url}: {reason}") from error
        if not 200 <= reply.status < 300:
            raise refusal(reply)
        return reply.content


def refusal(reply: Reply) -> ControlError:
    """What an answer that is no good one says."""
    return ControlError(reply.status, _detail(reply))


def part(text: str) -> str:
    """A name or an id as one part of a path."""
    return quote(text, safe="")


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def _decoded(content: bytes, answer: type[S]) -> S:
    try:
        return msgspec.json.decode(content, type=answer)
    except msgspec.DecodeError as error:
        text = f"unexpected answer, from something else or another version? {error}"
        raise ControlError(UNREACHABLE, text) from error


def _detail(reply: Reply) -> str:
    """What a refusal says, in whichever of its forms."""
    try:
        body = msgspec.json.decode(reply.content)
    except msgspec.DecodeError:
        body = None
    match body:
        case {"detail": str(text)} | {"message": str(text)}:
            return text
        case {"detail": [*problems]}:
            return "; ".join(_problem(each) for each in problems)
        case _:
            return _phrase(reply.status)


def _problem(problem: object) -> str:
    match problem:
        case {"loc": [_, *path], "msg": str(text)}:
            place = _place(path)
            return f"{place}: {text}" if place else text
        case _:
            return str(problem)


def _place(path: Sequence[object]) -> str:
    return ".".join(str(each) for each in path)


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "no reason given"
