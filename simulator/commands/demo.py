"""``mediasim demo``: a picture, a video made from it and a refusal over REST, all again over MCP,
and the ledger of it all."""

import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from simulator import logs  # before whatever else imports structlog
from simulator.commands.demo_screen import Screen
from simulator.commands.demo_surfaces import (
    MCP_PATH,
    MCP_REVISION,
    Fields,
    Mcp,
    Rest,
    Surface,
)
from simulator.commands.local import local_simulator
from simulator.commands.wire import File, Wire
from simulator.console import (
    CANNOT_START,
    FAILED,
    OK,
    WRONG_USE,
    CommandFailed,
    complain,
    rich_console,
    say_json,
)
from simulator.engine.clock import SPEED_MOST
from simulator.settings import Settings
from simulator.surfaces.server import CannotStart

KEY = "sk_test_default"
PROMPT = "A lighthouse on a cliff at dawn"
PICTURE: Mapping[str, Any] = {
    "model": "nano-banana",
    "generation_type": "text-to-image",
    "aspect_ratio": "16:9",
    "prompt": PROMPT,
}
VIDEO: Mapping[str, Any] = {
    "model": "kling-2-6-image-to-video",
    "generation_type": "image-to-video",
    "duration": "5s",
    "sound": True,
    "aspect_ratio": "16:9",
    "prompt": "The sun comes up, gulls circle, waves roll in",
}
REFUSED: Mapping[str, Any] = {
    "model": "gpt-image-2",
    "resolution": "4K",
    "aspect_ratio": "1:1",
    "prompt": PROMPT,
}

_POLL_REAL_S = 0.1
_POLL_SIMULATED_S = 0.6  # 120 reads a minute are allowed, by the simulated clock
_MOST_SIMULATED_S = 1_800


def demo(out: str, speed: float, *, as_json: bool) -> int:
    """Runs the whole story against a simulator of its own; 1 when it went otherwise than it
    should. Raises CommandFailed."""
    if not 0 < speed <= SPEED_MOST:
        raise CommandFailed(WRONG_USE, f"--speed {speed}: expected above 0, at most {SPEED_MOST:g}")
    folder = _folder(out)
    logs.configure("text", "warning")
    server = local_simulator(Settings(port=0, speed=speed))
    try:
        url = server.start()
    except CannotStart as error:
        raise CommandFailed(CANNOT_START, str(error)) from error
    try:
        story = Story(url, speed, folder, Screen(None if as_json else rich_console()))
        report = story.tell()
    finally:
        server.stop()
    if as_json:
        say_json(report)
    for problem in story.problems:
        complain(f"expected, but it is not so: {problem}")
    return FAILED if story.problems else OK


def _folder(out: str) -> Path:
    folder = Path(out)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        text = f"--out {out}: {error.strerror or error}, expected a folder to write to"
        raise CommandFailed(WRONG_USE, text) from error
    return folder


class Story:
    """The demo's steps. ``problems`` collects what was not as it should be."""

    def __init__(self, url: str, speed: float, folder: Path, screen: Screen) -> None:
        self._url = url
        self._speed = speed
        self._folder = folder
        self._screen = screen
        self._wire = Wire(url, KEY)
        self.problems: list[str] = []

    def tell(self) -> dict[str, Any]:
        """Every step; what came of it, for ``--json``."""
        self._screen.begin(self._url, self._speed)
        rest, tools = Rest(self._wire), Mcp(self._wire)
        picture = self._make("1", "A picture", rest, PICTURE)
        made = [picture, self._video("2", "A video made from it", rest, picture)]
        refused = [self._refusal("3", "A refusal", rest)]
        where = f"streamable HTTP at {self._url}{MCP_PATH}, revision {MCP_REVISION}"
        picture = self._make("4", "The picture again", tools, PICTURE, where)
        made += [picture, self._video("5", "The video again", tools, picture)]
        refused.append(self._refusal("6", "The refusal again", tools))
        alike = refused[0]["refused"] == refused[1]["refused"]
        self._expect(alike, "both surfaces refuse with the same object")
        ledger, verified = self._ledger(sum(step["credits"] for step in made))
        return {
            "steps": sorted(made + refused, key=lambda step: str(step["step"])),
            "ledger": ledger,
            "verified": verified,
            "problems": self.problems,
        }

    def _ledger(self, spent: float) -> tuple[Fields, Fields]:
        """The ledger and what its check says, shown and compared with what was ``spent``."""
        ledger = self._wire.get("/_sim/ledger").json()
        verified = self._wire.get("/_sim/ledger/verify").json()
        self._expect(ledger["balance"]["spent"] == spent, f"the ledger says {spent} spent")
        self._expect(ledger["balance"]["held"] == 0, "nothing is held at the end")
        self._expect(verified["ok"], f"the ledger keeps its laws: {verified['violations']}")
        self._screen.ledger(ledger, verified)
        self._screen.end()
        return ledger, verified

    def _video(self, number: str, title: str, surface: Surface, picture: Fields) -> dict[str, Any]:
        path = Path(picture["file"])
        url = surface.upload(File(path.name, "image/png", path.read_bytes()), VIDEO["model"])
        arguments = {**VIDEO, "source_media_urls": [url]}
        note = f"{path.name} was uploaded first, {surface.way}"
        return self._make(number, title, surface, arguments, note)

    def _refusal(self, number: str, title: str, surface: Surface) -> dict[str, Any]:
        before = self._entries()
        self._screen.step(number, title, surface.name, REFUSED)
        outcome = surface.generate_media(REFUSED)
        after = self._entries()
        body = outcome.refused or {}
        code = "aspect_ratio_incompatible_with_high_res"
        told = f"4K at 1:1 is refused with {code} over {surface.name}"
        self._expect(body.get("error") == code, told)
        self._expect(before == after, "a refusal adds no entry to the ledger")
        self._screen.refused(outcome.status, body, before, after)
        return {
            "step": number,
            "surface": surface.name,
            "status": outcome.status,
            "refused": body,
            "entries_added": after - before,
        }

    def _entries(self) -> int:
        return len(self._wire.get("/_sim/ledger").json()["entries"])

    def _make(
        self, number: str, title: str, surface: Surface, arguments: Fields, note: str = ""
    ) -> dict[str, Any]:
        """Starts a generation, follows it to its end and saves its file."""
        self._screen.step(number, title, surface.name, arguments, note)
        outcome = surface.generate_media(arguments)
        if outcome.started is None:
            raise CommandFailed(FAILED, f"{title}: refused with {outcome.refused}")
        start = outcome.started
        self._screen.started(start)
        last = self._screen.follow(self._poll(surface, start["generation_id"]))
        if last["status"] != "completed":
            raise CommandFailed(FAILED, f"{title}: ended as {last['status']}")
        output = last["outputs"][0]
        content = self._wire.download(output["url"])
        self._expect(len(content) == output["file_size"], f"{title}: its size is as stated")
        credits = last["credits_deducted"]
        self._expect(credits == start["estimated_cost_credits"], f"{title}: costs what it said")
        path = self._folder / f"{number}-{last['model']}.{output['format']}"
        path.write_bytes(content)
        self._screen.saved(path, len(content), output, credits)
        return {
            "step": number,
            "surface": surface.name,
            "generation_id": last["id"],
            "model": last["model"],
            "status": last["status"],
            "credits": credits,
            "file": str(path),
            "bytes": len(content),
        }

    def _poll(self, surface: Surface, generation_id: str) -> Iterator[Fields]:
        pause_s = max(_POLL_REAL_S, _POLL_SIMULATED_S / self._speed)
        for _ in range(int(_MOST_SIMULATED_S / self._speed / pause_s) + 100):
            status = surface.generation_status(generation_id)
            yield status
            if status["status"] in ("completed", "failed"):
                return
            time.sleep(pause_s)
        raise CommandFailed(FAILED, f"{generation_id} does not come to an end")

    def _expect(self, holds: bool, what: str) -> None:
        if not holds:
            self.problems.append(what)
