"""The picture of an output: a pattern drawn from the seed, the sources, a panel of text.

A scene without sources is palette indexes (mode L); with sources it is RGB. Either has its panel as
indexes beside it, because a video redraws the panel each second and an image does so once.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass

from PIL import Image, ImageDraw, ImageOps

from simulator.domain.outputs import Output
from simulator.media.caption import Layout, draw_panel, lay_out
from simulator.media.palette import SCENE_TOP, Color, draw_palette
from simulator.media.patterns import draw_pattern

_STRIP = 4


@dataclass(frozen=True, slots=True)
class Scene:
    """``view`` is ``layout.width`` + margin wide and ``layout.top`` high, of mode L or RGB."""

    view: Image.Image
    panel: Image.Image
    colors: list[Color]
    layout: Layout


def compose(
    output: Output, size: tuple[int, int], pictures: Sequence[Image.Image], margin: int = 0
) -> Scene:
    """Draw an output at a size in pixels; a video's scene is ``margin`` pixels wider.

    ``pictures`` are RGB: one fills the scene, several stand side by side, at most four.
    """
    # Two requests that differ in model or prompt differ in the picture, whatever their seeds.
    request = f"{output.seed}\n{output.model}\n{output.caption}"
    rng = random.Random(request.encode("utf-8", "surrogatepass"))
    layout = lay_out(*size, output.kind)
    colors = draw_palette(rng)
    width, height = layout.width + margin, layout.top
    view = draw_pattern(rng, width, height)
    if len(pictures) == 1:
        view = _veiled(pictures[0], to_rgb(view, colors))
    elif pictures:
        view = _strip(pictures[:_STRIP], to_rgb(view, colors), layout)
    return Scene(view, draw_panel(output, layout), colors, layout)


def to_rgb(indexes: Image.Image, colors: list[Color]) -> Image.Image:
    """Indexes as RGB."""
    return with_palette(indexes, colors).convert("RGB")


def with_palette(indexes: Image.Image, colors: list[Color]) -> Image.Image:
    """Indexes as a picture of mode P."""
    picture = indexes.copy()
    picture.putpalette([channel for color in colors for channel in color])
    return picture


def flat(scene: Scene) -> Image.Image:
    """Scene and panel as one picture, of mode P or RGB."""
    size = (scene.layout.width, scene.layout.height)
    whole = Image.new(scene.view.mode, size)
    whole.paste(scene.view, (0, 0))
    if scene.view.mode == "L":
        whole.paste(scene.panel, (0, scene.layout.top))
        return with_palette(whole, scene.colors)
    whole.paste(to_rgb(scene.panel, scene.colors), (0, scene.layout.top))
    return whole


def _veiled(picture: Image.Image, pattern: Image.Image) -> Image.Image:
    """The picture over the whole scene, the pattern glowing in from the edges."""
    fitted = ImageOps.fit(picture, pattern.size, Image.Resampling.BICUBIC)
    # radial_gradient is 0 at the centre, 255 at the sides: nothing is veiled within 60 % of that.
    glow = Image.radial_gradient("L").point([max(0, i - 150) * 190 // 105 for i in range(256)])
    return Image.composite(pattern, fitted, glow.resize(pattern.size, Image.Resampling.BILINEAR))


def _strip(pictures: Sequence[Image.Image], pattern: Image.Image, layout: Layout) -> Image.Image:
    """Framed pictures in a row, or in a column where the scene is tall."""
    gap = layout.unit
    width, height = pattern.size
    count = len(pictures)
    across = width >= height
    tile_width = (width - gap * (count + 1)) // count if across else width - 2 * gap
    tile_height = height - 2 * gap if across else (height - gap * (count + 1)) // count
    tile = (max(1, tile_width), max(1, tile_height))
    edge = max(1, gap // 6)
    draw = ImageDraw.Draw(pattern)
    for index, picture in enumerate(pictures):
        x = gap + index * (tile[0] + gap) if across else gap
        y = gap if across else gap + index * (tile[1] + gap)
        frame = (x - edge, y - edge, x + tile[0] + edge - 1, y + tile[1] + edge - 1)
        draw.rectangle(frame, fill=(250, 250, 247))
        pattern.paste(ImageOps.fit(picture, tile, Image.Resampling.BICUBIC), (x, y))
    return pattern


def blank(output: Output, size: tuple[int, int]) -> Scene:
    """The last resort of a promise of size: one colour, no words."""
    layout = lay_out(*size, output.kind)
    colors = draw_palette(random.Random(output.seed))
    view = Image.new("L", (layout.width, layout.height), SCENE_TOP // 3)
    whole = Layout(layout.width, layout.height, layout.height, layout.unit)
    return Scene(view, Image.new("L", (layout.width, 0)), colors, whole)
