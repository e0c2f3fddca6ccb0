"""What a replay looks at: what files tell of themselves, values on the wrong side, answers that
should be alike, and calls that are made at once."""

import asyncio
import io
import os
import subprocess
import wave
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from contracts.replays.answers import answer_of, at, judged
from contracts.replays.filefacts import file_facts
from contracts.replays.heard import Heard, Leaf, crowds
from contracts.replays.player import Place, play
from contracts.replays.replay import shell_text
from contracts.replays.script import Script, Story, said, steps_of
from contracts.replays.shrink import shrunk
from contracts.talk.exchange import Exchange
from simulator.surfaces.server import ServerThread
from tests.candidate.media import clip

STORY = Story("races:credits", "rest", "One is enough.", "a page", "one", "two")


def picture(name: str, **more: Any) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (123, 77)).save(out, name, **more)
    return out.getvalue()


def sound() -> bytes:
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8_000)
        file.writeframes(bytes(24_000))
    return out.getvalue()


# ---- files -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "more"), [("PNG", {}), ("JPEG", {}), ("WEBP", {}), ("WEBP", {"lossless": True})]
)
def test_a_picture_tells_its_size(name: str, more: dict[str, Any]) -> None:
    wanted = {"kind": "image", "format": name.lower(), "width": 123, "height": 77}
    assert file_facts(picture(name, **more)) == wanted


@pytest.mark.parametrize("with_sound", [True, False])
def test_a_film_tells_its_size_its_length_and_whether_it_has_sound(with_sound: bool) -> None:
    told = file_facts(clip(64, 48, 3, (9, 9, 9), sound=with_sound)) or {}
    shown = [told[name] for name in ("kind", "width", "height", "seconds", "sound")]
    assert shown == ["video", 64, 48, 3.0, with_sound]


def test_a_sound_tells_its_length() -> None:
    told = file_facts(sound())
    assert told == {"kind": "audio", "format": "wav", "seconds": 1.5, "sound": True}


@pytest.mark.parametrize("content", [b"", b"words", b"\xff\xd8\xff\xe0", b"\0\0\0\x10ftyp\0"])
def test_what_is_no_whole_file_tells_no_size(content: bytes) -> None:
    assert "width" not in (file_facts(content) or {})


def test_a_file_is_looked_at_by_what_it_tells_not_by_its_bytes() -> None:
    answer = answer_of(200, {"Content-Type": "image/png"}, picture("PNG"))
    shown = {leaf.path for leaf in said(0, answer)}
    assert ("file", "width") in shown
    assert ("digest",) not in shown


# ---- facts -----------------------------------------------------------------------------------


def answers(**values: Any) -> Mapping[int, Mapping[str, Any]]:
    """Steps 1, 2, … with one value each."""
    return {number: {"body": value} for number, value in enumerate(values.values(), 1)}


@pytest.mark.parametrize(
    ("fact", "value", "shown"),
    [
        ({"is": 7}, 7, True),
        ({"is": 1}, True, False),
        ({"above": 5}, 7, True),
        ({"above": 5}, 5, False),
        ({"above": 5}, "7", False),
        ({"below": 0}, -35, True),
        ({"below": 0}, 0, False),
        ({"not": "queued"}, "running", True),
        ({"not": "queued"}, "queued", False),
    ],
)
def test_a_value_shows_a_failure_as_long_as_it_is_as_wrong_as_it_was(
    fact: dict[str, Any], value: object, shown: bool
) -> None:
    assert judged({"at": ["body"], **fact}, 1, answers(one=value), {})[0] is shown


@pytest.mark.parametrize(("later", "shown"), [(63, True), (50, False)])
def test_two_answers_that_should_be_alike_show_a_failure_while_they_differ(
    later: int, shown: bool
) -> None:
    fact = {"at": ["body"], "unlike": [1, ["body"]]}
    assert judged(fact, 2, answers(one=50, two=later), {})[0] is shown


def test_an_answer_that_is_not_there_differs_from_none() -> None:
    fact = {"at": ["body", "progress"], "unlike": [1, ["body", "progress"]]}
    told = answers(one={}, two={"progress": 5})
    assert judged(fact, 2, told, {})[0] is False


def test_the_type_of_what_is_new_each_time_is_looked_at() -> None:
    body = b'{"completed_at": null, "estimated_time_seconds": 4}'
    leaves = list(said(0, answer_of(200, {}, body)))
    kinds = {leaf.path: leaf.value for leaf in leaves if leaf.path[-1] == "#kind"}
    assert set(kinds.values()) == {"NoneType", "int"}
    assert {leaf.path[-1] for leaf in leaves if leaf.soft} == {
        "completed_at",
        "estimated_time_seconds",
    }
    assert all(at(answer_of(200, {}, body), path) == kind for path, kind in kinds.items())


# ---- what makes a fact mean something --------------------------------------------------------


def told(call: str, body: str, **more: Any) -> Heard:
    control = call.startswith(("GET", "POST"))
    exchange = Exchange(
        0,
        "control" if control else "rest",
        call,
        "main",
        "GET" if call.startswith("get") else "POST",
        "rest",
        f"/{call}",
        status=200,
        setup=control,
        **more,
    )
    return Heard(exchange, body.encode())


def test_a_balance_that_is_as_before_means_nothing_without_the_start_between() -> None:
    heard = [
        told("get_balance", '{"credits": 1000}'),
        told("generate_media", '{"generation_id": "a-long-enough-id"}'),
        told("POST clock/advance", "{}"),
        told("get_models", "{}"),
        told("get_balance", '{"credits": 1000}'),
    ]
    steps = steps_of(heard, (Leaf(4, ("body", "credits"), 1000),), "", worlds=True)
    assert [step["needed"] for step in steps] == [False, True, True, False, False]


def test_calls_without_an_answer_between_them_were_made_at_once() -> None:
    heard = [told("get_balance", "{}", beside=beside) for beside in (False, False, True, True)]
    assert crowds([*heard, told("get_balance", "{}")]) == [range(1, 4)]


# ---- at once ---------------------------------------------------------------------------------


class Crowded:
    """Tells each caller how many it saw at once."""

    def __init__(self) -> None:
        self.here = self.most = 0

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        self.here += 1
        self.most = max(self.most, self.here)
        await asyncio.sleep(0.3)
        self.here -= 1
        content = b'{"most": %d}' % self.most
        headers = [(b"content-type", b"application/json")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": content})


@contextmanager
def crowded() -> Iterator[str]:
    server = ServerThread(Crowded())
    server.start()
    yield f"http://127.0.0.1:{server.port}"
    server.stop()


def script_of(url: str) -> Script:
    body = '{"quote": "it\'s \\"so\\" \\\\ here"}'
    bodies = [f'{{"most": {number}}}' for number in (1, 2, 3)]
    heard = [told("asked", each, beside=index > 0) for index, each in enumerate(bodies)]
    heard = [Heard(_with_sent(each.exchange, body), each.content) for each in heard]
    ought = Leaf(2, ("body", "most"), 3, ought=1)
    steps = steps_of(heard, (ought,), url, worlds=False)
    return Script(STORY, steps, url, f"{url}/mcp", "K", "", simulated=True)


def _with_sent(exchange: Exchange, body: str) -> Exchange:
    return Exchange(
        *(0, "rest", "asked", "main", "POST", "rest", '/a"b', (("X-Odd", 'a "b" \\c'),)),
        sent=body.encode(),
        sent_bytes=len(body),
        status=200,
        beside=exchange.beside,
    )


def test_calls_that_were_made_at_once_are_played_at_once() -> None:
    with crowded() as url:
        assert play({"steps": script_of(url).steps}, Place(url, url, "k")).shown


def test_calls_that_were_made_at_once_are_played_at_once_by_the_shell(tmp_path: Path) -> None:
    with crowded() as url:
        shell = tmp_path / "replay.sh"
        shell.write_text(shell_text(script_of(url)), encoding="utf-8")
        variables = {"PATH": os.environ["PATH"]}
        done = subprocess.run(
            ["sh", str(shell)], check=False, capture_output=True, text=True, env=variables
        )
    assert done.returncode == 1, done.stdout + done.stderr


async def test_what_came_out_once_by_luck_is_not_shown() -> None:
    """The crowd was seen once; afterwards the same calls see nobody."""
    with crowded() as url:
        script = script_of(url)
        steps = tuple({**step, "crowd": 0} for step in script.steps)
        lonely = Script(STORY, steps, url, url, "K", "", simulated=True)
        assert not (await shrunk(lonely, "lonely")).shortened
