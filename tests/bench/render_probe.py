"""What renders cost in a fresh process; prints one JSON object of milliseconds of processor time.

``python -m tests.bench.render_probe``
"""

import importlib
import json
import time
from dataclasses import replace
from statistics import median

from simulator.domain.outputs import Output, Variant
from simulator.media import render

TIMES = 7
PICTURE = Output("o", "image", "png", 7, "nano-banana", "A lighthouse at dusk", "j", 1024, 1024)
WIDE = replace(PICTURE, width=4096, height=2304)
VIDEO = replace(
    PICTURE, kind="video", format="mp4", width=1280, height=720, duration_ms=5_000, sound=True
)
SOUND = replace(PICTURE, kind="audio", format="wav", width=0, height=0, duration_ms=30_000)


def render_ms(output: Output) -> float:
    """One rendering of the original."""
    began = time.process_time()
    render(output, Variant.ORIGINAL, ())
    return (time.process_time() - began) * 1000


def warm_ms(output: Output) -> float:
    """The median over pictures of different seeds, none of them the first."""
    render_ms(output)
    return median(render_ms(replace(output, seed=seed)) for seed in range(100, 100 + TIMES))


def main() -> None:
    """The first rendering is timed before any other."""
    began = time.process_time()
    importlib.import_module("simulator.media.files")
    libraries = (time.process_time() - began) * 1000
    found = {
        "libraries": libraries,
        "5 s 720p MP4 with sound, first": render_ms(VIDEO),
        "5 s 720p MP4 with sound": warm_ms(VIDEO),
        "1K PNG": warm_ms(PICTURE),
        "4K PNG, 16:9": warm_ms(WIDE),
        "30 s WAV": warm_ms(SOUND),
    }
    print(json.dumps(found))


if __name__ == "__main__":
    main()
