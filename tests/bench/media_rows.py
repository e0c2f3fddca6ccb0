"""Files made from their descriptions, and what the making does to polls meanwhile."""

import http.client
import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import MappingProxyType
from urllib.parse import urlsplit

from tests.bench.figures import Figure
from tests.bench.load import KEY, PATH
from tests.bench.processes import MEMORY, ROOT, Server, cores, output_of, pin, running

GOALS_MS = (
    ("1K PNG", 25.0),
    ("4K PNG, 16:9", 80.0),
    ("5 s 720p MP4 with sound", 60.0),
    ("5 s 720p MP4 with sound, first", 120.0),
    ("30 s WAV", 2.0),
)
P99_GOAL_MS = 5.0
DOWNLOADS = 2
FILES_PER_SECOND = 40  # more than one core makes
PICTURE: Mapping[str, object] = MappingProxyType(
    {"model": "nano-banana-2", "resolution": "4K", "aspect_ratio": "16:9"}
)
VIDEO: Mapping[str, object] = MappingProxyType(
    {
        "model": "kling-3-0-std",
        "generation_type": "text-to-video",
        "duration": "5s",
        "sound": True,
        "aspect_ratio": "16:9",
    }
)


def renders(rounds: int) -> Iterator[Figure]:
    """Each round is a process of its own: only so a first rendering is one."""
    core, _ = cores()
    command = [sys.executable, "-m", "tests.bench.render_probe"]
    found = [output_of(command, core) for _ in range(rounds)]
    for name, goal in GOALS_MS:
        yield Figure(f"render {name}", "ms of CPU", tuple(times[name] for times in found), goal)
    loading = tuple(times["libraries"] for times in found)
    yield Figure("loading the media libraries, once in a process", "ms of CPU", loading)


def polls_while_rendering(rounds: int, seconds: int) -> Iterator[Figure]:
    """Polls over one connection, alone and while two downloads make the server render. The server
    has every core here: what is asked is whether a rendering holds the loop."""
    alone: list[float] = []
    busy: dict[str, list[float]] = {"4K PNG": [], "5 s MP4": []}
    with running(MEMORY, set()) as server:
        connection = http.client.HTTPConnection(*server.address)
        polled = _start(connection, PICTURE)
        for _ in range(rounds):
            alone.append(_polled(server, polled, seconds))
            for name, fields in (("4K PNG", PICTURE), ("5 s MP4", VIDEO)):
                files = _finished_files(connection, fields, seconds * FILES_PER_SECOND)
                with _downloading(server, files):
                    busy[name].append(_polled(server, polled, seconds))
        connection.close()
    yield Figure("poll's p99, nothing else going on", "ms", tuple(alone))
    for name, values in busy.items():
        what = f"poll's p99 while {DOWNLOADS} downloads render: {name}"
        yield Figure(what, "ms", tuple(values), P99_GOAL_MS)


def _start(connection: http.client.HTTPConnection, fields: Mapping[str, object]) -> str:
    answer = _asked(connection, "POST", PATH, {"prompt": "A lighthouse at dusk", **fields})
    job_id: str = json.loads(answer)["generation_id"]
    return job_id


def _asked(
    connection: http.client.HTTPConnection, method: str, path: str, body: object = None
) -> bytes:
    headers = {"X-API-Key": KEY, "Content-Type": "application/json"}
    text = None if body is None else json.dumps(body)
    connection.request(method, path, text, headers)
    response = connection.getresponse()
    answer = response.read()
    if response.status != http.client.OK:
        raise RuntimeError(f"{method} {path}: {response.status} {answer[:200]!r}")
    return answer


def _polled(server: Server, job_id: str, seconds: int) -> float:
    """The p99 of polls, in milliseconds."""
    command = [sys.executable, "-m", "tests.bench.load", server.url, "1", str(seconds), job_id]
    return output_of(command, cores()[1])["p99_ms"]


@contextmanager
def _downloading(server: Server, paths: list[str]) -> Iterator[None]:
    """Downloads one file after the other, each of which has to be made first."""
    command = [sys.executable, "-m", "tests.bench.downloader", server.url]
    processes = [
        subprocess.Popen([*command, *paths[number::DOWNLOADS]], cwd=ROOT)
        for number in range(DOWNLOADS)
    ]
    try:
        for process in processes:
            pin(process.pid, cores()[1])
        yield
    finally:
        for process in processes:
            process.terminate()
            process.wait()


def _finished_files(
    connection: http.client.HTTPConnection, fields: Mapping[str, object], count: int
) -> list[str]:
    """Paths of files that are due and that nobody has asked for yet."""
    ids = [_start(connection, fields) for _ in range(count)]
    _asked(connection, "POST", "/_sim/clock/advance", {"seconds": 86_400})
    answers = [json.loads(_asked(connection, "GET", f"{PATH}/{job_id}")) for job_id in ids]
    return [urlsplit(answer["outputs"][0]["url"]).path for answer in answers]
