"""A simulator in a process of its own, started as an operator starts it."""

import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

ROOT = Path(__file__).parents[2]
READY_S = 30.0  # a machine that is busy may be slow; what the figure promises is only measured
STOP_S = 5.0  # the promise; a test fails by it, and never for being slow within it


class Served:
    """``port`` answers once this is made. Standard error goes to the file ``log``."""

    def __init__(
        self, log: Path, *options: str, variables: Mapping[str, str] | None = None
    ) -> None:
        kept = {name: text for name, text in os.environ.items() if not name.startswith("MEDIASIM_")}
        began = time.monotonic()
        self.log = log
        with log.open("ab") as stderr:
            self.popen = subprocess.Popen(
                [sys.executable, "-m", "simulator", "serve", "--port", "0", *options],
                cwd=ROOT,
                env={**kept, **(variables or {})},
                stdout=subprocess.PIPE,
                stderr=stderr,
            )
        self.port = self._ready()
        self.start_s = time.monotonic() - began

    def _ready(self) -> int:
        assert self.popen.stdout is not None
        told, _, _ = select.select([self.popen.stdout], [], [], READY_S)
        line = self.popen.stdout.readline() if told else b""
        if not line:
            self.kill()
            raise AssertionError(f"it did not start: {self.log.read_text()[-2000:]}")
        url: str = json.loads(line)["url"]
        return int(url.rpartition(":")[2])

    def kill(self) -> None:
        """As a crash would end it."""
        self.popen.send_signal(signal.SIGKILL)
        self.popen.wait()
        assert self.popen.stdout is not None
        self.popen.stdout.close()

    def terminate(self) -> int:
        """The exit status after SIGTERM; raises TimeoutExpired when the promise is broken."""
        self.popen.send_signal(signal.SIGTERM)
        return self.popen.wait(STOP_S)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.kill()
