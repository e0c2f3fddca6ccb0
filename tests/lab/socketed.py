"""A simulator on a real socket, called by bytes: what arrives, and how the connection ends."""

import json
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from simulator.app import Simulator, build
from simulator.settings import Settings
from simulator.surfaces.server import ServerThread
from tests.lab.ways import IMAGE
from tests.mcp.wire import LEGACY, META, MODERN, in_session, initialize, request
from tests.surfaces.rawhttp import connected

KEY = {"X-API-Key": "sk_test_w"}
QUIET_S = 5.0


@dataclass(frozen=True, slots=True)
class Arrived:
    """All bytes until the connection ended: ``head`` empty if none came; ``closed`` False when it
    was still open at the end of our patience; ``whole`` False when a body in chunks lacks its
    end."""

    head: str
    body: bytes
    closed: bool = True
    whole: bool = True

    @property
    def status(self) -> int:
        return int(self.head.split(" ")[1]) if self.head else 0

    def header(self, name: str) -> str | None:
        for line in self.head.split("\r\n")[1:]:
            found, _, value = line.partition(": ")
            if found.lower() == name:
                return value
        return None


@dataclass(frozen=True, slots=True)
class Socketed:
    """One simulator on a port of this machine."""

    simulator: Simulator
    server: ServerThread

    def arrived(self, data: bytes, patience_s: float = QUIET_S) -> Arrived:
        """Sends one request on a connection of its own and reads until it ends."""
        with connected(self.server.port, patience_s) as sock:
            sock.sendall(data)
            return read_to_the_end(sock)

    def start(self, effect: str = "", **fields: Any) -> Arrived:
        headers = {"X-Sim-Fault": effect} if effect else {}
        body = json.dumps({**IMAGE, **fields}).encode()
        return self.arrived(message("POST", "/v1/generate/media", headers, body))

    def tool(self, name: str, arguments: Mapping[str, Any], effect: str = "") -> Arrived:
        """A call of the stateless revision."""
        headers = {"MCP-Protocol-Version": MODERN, "Mcp-Method": "tools/call", "Mcp-Name": name}
        body = request("tools/call", {"name": name, "arguments": arguments, "_meta": META})
        return self._mcp(body, headers, effect)

    def session_tool(self, name: str, arguments: Mapping[str, Any], effect: str = "") -> Arrived:
        """A call within a session, which is opened for it."""
        session = self._mcp(initialize(), {}, "").header("mcp-session-id") or ""
        fields = in_session(session, LEGACY)
        ready = json.dumps({"jsonrpc": "2.0", "method": "notifications/initialized"}).encode()
        self._mcp(ready, fields, "")
        return self._mcp(
            request("tools/call", {"name": name, "arguments": arguments}), fields, effect
        )

    def json(self, method: str, path: str, body: Any = None) -> Any:
        data = b"" if body is None else json.dumps(body).encode()
        answer = self.arrived(message(method, path, {}, data))
        assert answer.status == 200, (answer.head, answer.body)
        return json.loads(answer.body)

    def kinds(self) -> list[str]:
        """The kinds of the ledger's entries, after the grant."""
        return [entry["kind"] for entry in self.json("GET", "/_sim/ledger")["entries"]][1:]

    def completed(self, effect: str = "") -> dict[str, Any]:
        """The output of a job that has ended."""
        job_id = json.loads(self.start(effect).body)["generation_id"]
        self.json("POST", "/_sim/clock/advance", {"seconds": 3600})
        status = self.json("GET", f"/v1/generate/media/{job_id}")
        output: dict[str, Any] = status["outputs"][0]
        return output

    def _mcp(self, body: bytes, headers: Mapping[str, str], effect: str) -> Arrived:
        accept = {"Accept": "application/json, text/event-stream", **headers}
        asked = {"X-Sim-Fault": effect} if effect else {}
        return self.arrived(message("POST", "/mcp", {**accept, **asked}, body))


def message(
    method: str, path: str, headers: Mapping[str, str] | None = None, body: bytes = b""
) -> bytes:
    """One request that asks for the connection to end with its answer."""
    fields = {"Host": "127.0.0.1", "Connection": "close", **KEY, **(headers or {})}
    if body:
        fields |= {"Content-Type": "application/json", "Content-Length": str(len(body))}
    lines = [f"{method} {path} HTTP/1.1", *(f"{k}: {v}" for k, v in fields.items())]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


def read_to_the_end(sock: socket.socket) -> Arrived:
    """Every byte until the other side hangs up."""
    data, closed, whole = b"", True, True
    try:
        while part := sock.recv(65_536):
            data += part
    except TimeoutError:
        closed = False
    except ConnectionResetError:
        pass
    head, _, body = data.partition(b"\r\n\r\n")
    if b"transfer-encoding: chunked" in head.lower():
        whole = body.endswith(b"0\r\n\r\n")
        body = b"".join(_chunks(body))
    return Arrived(head.decode("latin-1"), body, closed, whole)


def _chunks(body: bytes) -> Iterator[bytes]:
    while body:
        size, _, body = body.partition(b"\r\n")
        length = int(size, 16)
        yield body[:length]
        body = body[length + 2 :]


@contextmanager
def socketed(**settings: Any) -> Iterator[Socketed]:
    """A simulator in a thread, whose clock stands still unless the settings say otherwise."""
    simulator = build(Settings(**{"frozen": True, "limits": False, **settings}))
    with ServerThread(simulator.app) as server:
        yield Socketed(simulator, server)
