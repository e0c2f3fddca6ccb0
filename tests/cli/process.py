"""The command as its users run it: a process of its own, with an environment of its own."""

import http.client
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

ROOT = Path(__file__).resolve().parents[2]
KEY = "sk_test_default"
TIMEOUT_S = 60.0  # for a machine that is busy with other things; nothing waits that long


def environment(**variables: str) -> dict[str, str]:
    """This process's, without what would choose options; ``variables`` on top."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("MEDIASIM_")}
    return {**kept, "PYTHONPATH": str(ROOT), **variables}


def mediasim(
    *arguments: str, variables: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Runs a command to its end."""
    return subprocess.run(
        [sys.executable, "-m", "simulator", *arguments],
        env=environment(**(variables or {})),
        capture_output=True,
        text=True,
        check=False,
        timeout=TIMEOUT_S,
    )


@dataclass(frozen=True, slots=True)
class Serving:
    """A simulator that said it was ready."""

    process: "subprocess.Popen[str]"
    ready: Mapping[str, Any]

    @property
    def url(self) -> str:
        return str(self.ready["url"])

    @property
    def port(self) -> int:
        return urlsplit(self.url).port or 0

    def get(self, path: str, key: str = KEY) -> tuple[int, Any]:
        """Status and JSON."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=TIMEOUT_S)
        try:
            connection.request("GET", path, headers={"X-API-Key": key})
            response = connection.getresponse()
            return response.status, json.loads(response.read())
        finally:
            connection.close()

    def stop(self) -> tuple[int, str, str]:
        """Status, what else came on standard output, and standard error."""
        self.process.terminate()
        out, err = self.process.communicate(timeout=TIMEOUT_S)
        return self.process.returncode, out, err


def start(*arguments: str, **variables: str) -> "subprocess.Popen[str]":
    """A ``mediasim serve`` on any free port, not awaited."""
    return subprocess.Popen(
        [sys.executable, "-m", "simulator", "serve", "--port", "0", *arguments],
        env=environment(**variables),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def await_ready(process: "subprocess.Popen[str]") -> Serving:
    """Reads the ready line; fails with the log when there is none."""
    assert process.stdout is not None
    line = process.stdout.readline()
    if not line:
        _, err = process.communicate(timeout=TIMEOUT_S)
        raise AssertionError(f"ended with {process.returncode} before it was ready: {err}")
    return Serving(process, json.loads(line))


@contextmanager
def serving(*arguments: str, **variables: str) -> Iterator[Serving]:
    """A simulator for as long as the block runs."""
    process = start(*arguments, **variables)
    try:
        yield await_ready(process)
    finally:
        process.kill()
        process.communicate(timeout=TIMEOUT_S)
