"""Families of generative scenes, drawn as indexes 0 to 223 of a palette.

Each is worked out on a coarse grid and scaled up, so its cost hardly depends on the size asked for.
Every family is a function of a random source and a size, and gives a picture of mode L.
"""

import math
import random
from collections.abc import Callable

from PIL import Image, ImageDraw, ImageFilter

from simulator.media.palette import SCENE_TOP

_GRID = 72
_MIDDLE = 1024
_DOUBLED = 6_000_000  # pixels; beyond, four of them share a tone, which no eye can tell

Pattern = Callable[[random.Random, int, int], Image.Image]


def _within(width: int, height: int, longest: int) -> tuple[int, int]:
    scale = min(1.0, longest / max(width, height))
    return max(4, round(width * scale)), max(4, round(height * scale))


def _heights(
    rng: random.Random, width: int, height: int, detail: float
) -> tuple[list[float], int, int]:
    """A smooth height map, 0 to 1, row by row, with its columns and rows."""
    columns, rows = _within(width, height, _GRID)
    waves = []
    for octave in range(5):
        angle = rng.uniform(0, math.tau)
        pitch = detail * (1.0 + 0.75 * octave) * math.tau / _GRID
        waves.append((math.cos(angle) * pitch, math.sin(angle) * pitch, rng.uniform(0, math.tau)))
    (ax, ay, ap), (bx, by, bp), *rest = waves
    bend = 0.11 * _GRID
    sin = math.sin
    values = []
    for y in range(rows):
        for x in range(columns):
            u = x + bend * sin(bx * x + by * y + bp)
            v = y + bend * sin(ax * x + ay * y + ap)
            total = 1.3 * sin(ax * u + ay * v + ap)
            for weight, (cx, cy, cp) in zip((0.8, 0.5, 0.3), rest, strict=True):
                total += weight * sin(cx * u + cy * v + cp)
            values.append(total)
    low, high = min(values), max(values)
    span = (high - low) or 1.0
    return [(value - low) / span for value in values], columns, rows


def _picture(values: list[float], columns: int, rows: int, size: tuple[int, int]) -> Image.Image:
    """Heights 0 to 1 as indexes, scaled up in floating point so that no steps show."""
    grid = Image.new("F", (columns, rows))
    grid.putdata([value * SCENE_TOP for value in values])
    middle = grid.resize(_within(*size, _MIDDLE), Image.Resampling.BICUBIC)
    return middle.convert("L").point([min(index, SCENE_TOP) for index in range(256)])


def _field(rng: random.Random, width: int, height: int, detail: float) -> Image.Image:
    return _picture(*_heights(rng, width, height, detail), (width, height))


def _fitted(middle: Image.Image, width: int, height: int) -> Image.Image:
    if middle.size == (width, height):
        return middle
    if width * height > _DOUBLED:
        half = middle.resize((-(-width // 2), -(-height // 2)), Image.Resampling.BILINEAR)
        double = half.resize((half.width * 2, half.height * 2), Image.Resampling.NEAREST)
        return double if double.size == (width, height) else double.crop((0, 0, width, height))
    return middle.resize((width, height), Image.Resampling.BILINEAR)


def aurora(rng: random.Random, width: int, height: int) -> Image.Image:
    """Slow flowing gradients."""
    return _fitted(_field(rng, width, height, 0.55), width, height)


def silk(rng: random.Random, width: int, height: int) -> Image.Image:
    """The same flow folded over itself a few times, like cloth."""
    folds = math.tau * rng.uniform(1.8, 2.8)
    heights, columns, rows = _heights(rng, width, height, 0.45)
    folded = [0.66 * (0.5 - 0.5 * math.cos(folds * value)) + 0.34 * value for value in heights]
    return _fitted(_picture(folded, columns, rows, (width, height)), width, height)


def contours(rng: random.Random, width: int, height: int) -> Image.Image:
    """A map's contour lines over a quiet relief."""
    step = rng.choice((13, 16, 19))
    table = []
    for index in range(256):
        height_tone = 0.14 + 0.62 * (index // step * step) / SCENE_TOP
        distance = min(index % step, step - index % step)
        line = max(0.0, 1.0 - distance / 1.6)
        tone = height_tone + (0.97 - height_tone) * 0.7 * line
        table.append(round(SCENE_TOP * min(1.0, tone)))
    field = _field(rng, width, height, 0.5)
    return _fitted(field, width, height).point(table)


def lanterns(rng: random.Random, width: int, height: int) -> Image.Image:
    """Soft discs of light, out of focus, over a dusk."""
    columns, rows = _within(width, height, _MIDDLE)
    canvas = _fitted(_field(rng, width, height, 0.3), columns, rows).point(
        [round(8 + index * 0.34) for index in range(256)]
    )
    light = Image.new("L", (columns, rows), SCENE_TOP)
    unit = math.sqrt(columns * rows)
    for blur in (unit / 60, unit / 220):
        layer = Image.new("L", (columns, rows), 0)
        draw = ImageDraw.Draw(layer)
        for tone in range(36, 126, 6):  # brighter ones in front
            radius = unit * rng.uniform(0.02, 0.095)
            x, y = rng.uniform(0, columns), rng.uniform(0, rows)
            draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=tone)
        canvas = Image.composite(light, canvas, layer.filter(ImageFilter.BoxBlur(blur)))
    return _fitted(canvas, width, height)


def dunes(rng: random.Random, width: int, height: int) -> Image.Image:
    """Ridges that grow darker toward the viewer, under a low sun."""
    columns, rows = _within(width, height, _MIDDLE)
    ramp = Image.linear_gradient("L").resize((columns, rows))
    canvas = ramp.point([round(120 + index * 0.4) for index in range(256)])
    draw = ImageDraw.Draw(canvas)
    unit = min(columns, rows)
    sun_x, sun_y = rng.uniform(0.2, 0.8) * columns, rng.uniform(0.2, 0.34) * rows
    radius = unit * rng.uniform(0.08, 0.13)
    draw.ellipse((sun_x - radius, sun_y - radius, sun_x + radius, sun_y + radius), fill=SCENE_TOP)
    canvas = canvas.filter(ImageFilter.BoxBlur(1))
    layers = 6
    for layer in range(layers):
        base = rows * (0.40 + 0.10 * layer)
        mask = _ridge(rng, columns, rows, base, unit * 0.07)
        tone = round(150 * (1 - (layer + 1) / (layers + 1)))
        slope = ramp.point([min(SCENE_TOP, tone + round(index * 0.16)) for index in range(256)])
        canvas = Image.composite(slope, canvas, mask)
    return _fitted(canvas, width, height)


def _ridge(rng: random.Random, columns: int, rows: int, base: float, swing: float) -> Image.Image:
    waves = [
        (rng.uniform(0.6, 1.4) * turns * math.tau / columns, rng.uniform(0, math.tau), 1 / turns)
        for turns in (1, 2, 5)
    ]
    scale = 2  # drawn at twice the size, so that the edge is smooth when it is halved
    crest: list[tuple[float, float]] = []
    for x in range(0, columns * scale + 8, 8):
        lift = sum(share * math.sin(pitch * x / scale + phase) for pitch, phase, share in waves)
        crest.append((x, (base + swing * lift) * scale))
    mask = Image.new("L", (columns * scale, rows * scale), 0)
    foot: list[tuple[float, float]] = [(columns * scale, rows * scale), (0, rows * scale)]
    ImageDraw.Draw(mask).polygon(crest + foot, fill=255)
    return mask.reduce(scale)


def ripples(rng: random.Random, width: int, height: int) -> Image.Image:
    """Rings on still water, and a weaker set that crosses them."""
    columns, rows = _within(width, height, 96)
    unit = max(columns, rows)
    (ax, ay), (bx, by) = (
        (rng.uniform(-0.1, 1.1) * columns, rng.uniform(-0.1, 1.1) * rows) for _ in range(2)
    )
    near, far = (math.tau * rng.uniform(4.0, 6.5) / unit for _ in range(2))
    values = [
        0.5
        + 0.34 * math.sin(near * math.hypot(x - ax, y - ay))
        + 0.1 * math.sin(far * math.hypot(x - bx, y - by))
        for y in range(rows)
        for x in range(columns)
    ]
    return _fitted(_picture(values, columns, rows, (width, height)), width, height)


FAMILIES: tuple[Pattern, ...] = (aurora, silk, contours, lanterns, dunes, ripples)


def draw_pattern(rng: random.Random, width: int, height: int) -> Image.Image:
    """A scene of indexes 0 to 223, of a family that the random source picks."""
    return rng.choice(FAMILIES)(rng, width, height)
