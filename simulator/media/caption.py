"""The panel under a scene: model, job, seed, prompt; for a video also where it stands.

Drawn as palette indexes on a picture of mode L. Sizes follow from the picture's area.
"""

import math
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType

from PIL import Image, ImageDraw, ImageFont

from simulator.domain.outputs import MediaKind, Output
from simulator.media.palette import ACCENT, PANEL, RULE, TEXT

_QUIET = PANEL + 9
_ALIGNMENT = 16  # H.264 moves whole macroblocks: the scene ends where one does
_PROMPT_LINES = 2
_SMALLEST_PANEL = 96  # pixels of the shorter side below which lettering could not be read
_REPLACED = MappingProxyType(
    {"\u2013": "-", "\u2014": "-", "\u2026": "...", "\u2022": "\u00b7", "\u0142": "l"}
)
Font = ImageFont.FreeTypeFont


@dataclass(frozen=True, slots=True)
class Layout:
    """Where the panel begins, and the unit that its lettering is measured in, in pixels."""

    width: int
    height: int
    top: int
    unit: int


def lay_out(width: int, height: int, kind: MediaKind) -> Layout:
    """The scene's height is a multiple of 16 wherever there is a panel; a video's has a bar."""
    unit = max(9, round(math.sqrt(width * height) / 44))
    if min(width, height) < _SMALLEST_PANEL:
        return Layout(width, height, height, unit)
    panel = round(unit * (3.1 + 1.4 * _PROMPT_LINES + (0.9 if kind == "video" else 0.0)))
    top = max(_ALIGNMENT, (height - panel) // _ALIGNMENT * _ALIGNMENT)
    return Layout(width, height, top, unit)


@lru_cache(maxsize=32)
def _font(size: int) -> Font:
    font = ImageFont.load_default(size)
    if not isinstance(font, ImageFont.FreeTypeFont):
        raise RuntimeError("pillow was built without FreeType")
    return font


@lru_cache(maxsize=4096)
def _drawable(character: str) -> bool:
    if unicodedata.category(character) == "Cs":  # half of a pair, no character
        return False
    font = _font(24)
    mask, missing = font.getmask(character), font.getmask("\uffff")
    return mask.size != missing.size or bytes(mask) != bytes(missing)


def legible(text: str) -> str:
    """The text in characters that the font has: accents dropped, unknown letters as dots."""
    parts: list[str] = []
    for character in text:
        plain = _REPLACED.get(character, character)
        if plain.isspace():
            parts.append(" ")
            continue
        for piece in unicodedata.normalize("NFKD", plain):
            if unicodedata.combining(piece) or unicodedata.category(piece) in ("Cf", "Cc"):
                continue
            parts.append(piece if _drawable(piece) else "\u00b7")
    return " ".join("".join(parts).split())


def wrap(text: str, font: Font, width: float, lines: int) -> list[str]:
    """At most ``lines`` lines no wider than ``width`` pixels; what is cut off ends in dots."""
    wrapped: list[str] = []
    rest = text
    while rest and len(wrapped) < lines:
        fitting = _fitting(rest, font, width)
        last = len(wrapped) == lines - 1
        if fitting < len(rest) and last:
            fitting = _fitting(rest, font, width - font.getlength("..."))
            wrapped.append(rest[:fitting].rstrip() + "...")
            break
        if fitting < len(rest):
            space = rest.rfind(" ", 0, fitting + 1)
            fitting = space if space > 0 else fitting
        wrapped.append(rest[:fitting].rstrip())
        rest = rest[fitting:].lstrip()
    return wrapped


def _fitting(text: str, font: Font, width: float) -> int:
    """How many leading characters fit, at least one."""
    low, high = 1, min(len(text), 400)
    while low < high:
        middle = (low + high + 1) // 2
        if font.getlength(text[:middle]) <= width:
            low = middle
        else:
            high = middle - 1
    return low


def draw_panel(output: Output, layout: Layout) -> Image.Image:
    """The panel by itself, ``width`` x (``height`` - ``top``), without a video's position."""
    panel = Image.new("L", (layout.width, layout.height - layout.top), PANEL)
    if not panel.height:
        return panel
    draw = ImageDraw.Draw(panel)
    unit = layout.unit
    margin = round(unit * 1.3)
    inner = layout.width - 2 * margin
    small, body = _font(max(8, round(unit * 0.82))), _font(unit)
    draw.rectangle((0, 0, layout.width, max(1, unit // 8) - 1), fill=ACCENT)

    detail = f"job {legible(output.job_id)[:8]}   seed {output.seed}"
    x = margin
    baseline = _first_baseline(panel.height, unit, output.kind)
    clock = _clock_width(output, small) + unit if output.kind == "video" else 0
    inner_header = inner - clock
    [model] = wrap(legible(output.model), body, inner_header, 1) or [""]
    # Lettering blends with what is under it: the accent's ramp begins at RULE, not at PANEL.
    draw.rectangle(draw.textbbox((x, baseline), model, font=body, anchor="ls"), fill=RULE)
    draw.text((x, baseline), model, fill=ACCENT, font=body, anchor="ls")
    x += round(body.getlength(model)) + unit
    if x + small.getlength(detail) <= margin + inner_header:
        draw.text((x, baseline), detail, fill=_QUIET, font=small, anchor="ls")

    for line in wrap(legible(output.caption), body, inner, _PROMPT_LINES):
        baseline += round(unit * 1.4)
        draw.text((margin, baseline), line, fill=TEXT, font=body, anchor="ls")
    return panel


def _first_baseline(height: int, unit: int, kind: MediaKind) -> int:
    """Where the block of lettering stands, so that the space above and under it is the same."""
    bar = unit if kind == "video" else 0
    block = unit * (0.75 + 1.4 * _PROMPT_LINES)
    return round((height - bar - block) / 2 + 0.85 * unit)


def _clock_text(ms: int, duration_ms: int) -> str:
    return f"{_minutes(ms)} / {_minutes(-(-duration_ms // 1000) * 1000)}"


def _minutes(ms: int) -> str:
    return f"{ms // 60_000}:{ms // 1000 % 60:02d}"


def _clock_width(output: Output, font: Font) -> int:
    return round(font.getlength(_clock_text(output.duration_ms, output.duration_ms)))


def draw_position(panel: Image.Image, output: Output, layout: Layout, second: int) -> Image.Image:
    """A copy of the panel with the counter and the bar of that second (counted from 0)."""
    panel = panel.copy()
    draw = ImageDraw.Draw(panel)
    unit = layout.unit
    margin = round(unit * 1.3)
    small = _font(max(8, round(unit * 0.82)))
    clock = _clock_text(second * 1000, output.duration_ms)
    place = (layout.width - margin, _first_baseline(panel.height, unit, output.kind))
    draw.text(place, clock, fill=TEXT, font=small, anchor="rs")

    thick = max(2, unit // 5)
    bottom = panel.height - max(2, round(unit * 0.8))
    full = layout.width - 2 * margin
    reached = round(full * min(1.0, (second + 1) * 1000 / max(1, output.duration_ms)))
    draw.rectangle((margin, bottom - thick, margin + full, bottom), fill=RULE + 4)
    draw.rectangle((margin, bottom - thick, margin + reached, bottom), fill=ACCENT)
    return panel
