"""256 colours from a seed: a scene's ramp, then two short ramps for lettering.

Pictures are drawn as indexes, so that a large one is scaled and stored at a byte a pixel, and
anti-aliased lettering needs no blending: indexes between two ends of a ramp are its mixed colours.
"""

import random

SCENE_TOP = 223
PANEL, TEXT = 224, 239
RULE, ACCENT = 240, 255

Color = tuple[int, int, int]

_STOPS: tuple[tuple[str, ...], ...] = (
    ("14213d", "2a4d7c", "5fa8d3", "cae9ff", "fff3d6"),
    ("1b1035", "5b2a86", "c2477f", "f78764", "ffe3b3"),
    ("0b2b26", "155e54", "3aa17e", "a8dba8", "f6f7d4"),
    ("2b0f1a", "7a1e3a", "d1495b", "edae49", "fdf0d5"),
    ("0d1b2a", "1b4965", "2fa4a7", "9bd9c7", "fdfcdc"),
    ("231942", "5e548e", "9f86c0", "e0b1cb", "fdeff4"),
    ("1a1d29", "3d4a6b", "7d8bb0", "d9b8a8", "f8e9dc"),
    ("03071e", "370a52", "9d0f5c", "f06a3a", "ffd98a"),
    ("102a43", "2f5d8a", "83b5d1", "e8d5b7", "f3a683"),
    ("20130c", "6b3e1f", "c07b3f", "e9c58f", "faf3e3"),
    ("0a1128", "124078", "2274a5", "7fd1ae", "f2f7c4"),
    ("2d132c", "801336", "c72c41", "ee7f5b", "ffe0ac"),
)
_TEXT_COLOR: Color = (244, 244, 240)


def _color(code: str) -> Color:
    return int(code[:2], 16), int(code[2:4], 16), int(code[4:], 16)


def mix(a: Color, b: Color, share: float) -> Color:
    """The colour ``share`` (0 to 1) of the way from one to the other."""
    red, green, blue = (round(x + (y - x) * share) for x, y in zip(a, b, strict=True))
    return red, green, blue


def _ramp(stops: list[Color], length: int) -> list[Color]:
    colors = []
    for index in range(length):
        place = index / (length - 1) * (len(stops) - 1)
        left = min(int(place), len(stops) - 2)
        colors.append(mix(stops[left], stops[left + 1], place - left))
    return colors


def draw_palette(rng: random.Random) -> list[Color]:
    """256 colours: 0 to 223 dark to light for the scene, then panel to text, panel to accent."""
    stops = [_color(code) for code in rng.choice(_STOPS)]
    panel = mix(stops[0], (9, 11, 16), 0.72)
    lettering = _ramp([panel, _TEXT_COLOR], TEXT - PANEL + 1)
    accents = _ramp([panel, mix(stops[3], stops[4], 0.25)], ACCENT - RULE + 1)
    return _ramp(stops, SCENE_TOP + 1) + lettering + accents
