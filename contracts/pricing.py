"""The most that a start can cost, from the catalogue's rows: for any body, documented or odd.

Whole milli-credits; None where nothing bounds it. Where the documents leave no doubt the bound is
the price; where a value is missing, odd or only assumed to decide, the dearest reading counts.
"""

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from contracts.data import DataError, fixtures_folder, read_toml, rows
from contracts.facets import Facets, may_count, media_facets

REFERENCE_VIDEO_MOST_S = 15
MOTION_CONTROL_MOST_S = 30
SOUND_MOST_S = 30 * 60
DIALOGUE_CHARACTERS = 5_000
AD_VARIANTS_MOST = 4
_SONGS = "suno-music"

STARTS = (
    "generate_media",
    "generate_music",
    "generate_dialogue",
    "create_ad_copy",
    "generate_captions",
    "generate_separation",
)
"""The calls whose worst case can be told."""

_FIELDS: Mapping[str, frozenset[str]] = {
    "generate_media": frozenset(
        {
            "prompt",
            "model",
            "generation_type",
            "negative_prompt",
            "source_media_urls",
            "aspect_ratio",
            "duration",
            "quality",
            "resolution",
            "sound",
            "generate_audio",
            "seed",
            "kling_elements",
            "turbo",
            "disable_safety_checker",
            "fixed_lens",
        }
    ),
    "generate_music": frozenset(
        {
            "prompt",
            "title",
            "style",
            "instrumental",
            "model",
            "vocal_gender",
            "song_description",
            "lyrics",
            "negative_tags",
            "style_weight",
            "weirdness_constraint",
            "audio_weight",
        }
    ),
    "generate_dialogue": frozenset({"dialogue", "stability", "language_code"}),
    "create_ad_copy": frozenset(
        {
            "reference_ad_url",
            "product_image_url",
            "product_text",
            "language",
            "variant_count",
            "aspect_ratio",
        }
    ),
    "generate_captions": frozenset({"media_url", "quality"}),
    "generate_separation": frozenset({"media_url"}),
}


@dataclass(frozen=True, slots=True)
class Route:
    """Where a bare id is charged when every condition holds."""

    row: str
    when: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class PricedRow:
    """What of a catalogue row can move its price. ``shape`` "" has no price of its own.
    ``millicredits`` is read by ``shape``: once, per second, per unit, or by tier in ``tiers``."""

    id: str
    family: str = ""
    model_type: str = "image"
    shape: str = ""
    millicredits: int = 0
    tiers: Mapping[str, int] = field(default_factory=dict)
    durations: tuple[int, ...] = ()
    qualities: tuple[str, ...] = ()
    quality_default: str = "standard"
    quality_aliases: Mapping[str, str] = field(default_factory=dict)
    resolutions: tuple[str, ...] = ()
    routes: tuple[Route, ...] = ()
    variants: tuple[str, ...] = ()
    sound_row: str = ""
    reference_row: str = ""
    takes_reference: bool = False


class PriceList:
    """The rows of a catalogue by id; ``alias`` maps other spellings to ids."""

    def __init__(
        self, priced: Iterable[PricedRow], aliases: Mapping[str, str] | None = None
    ) -> None:
        self._rows: Mapping[str, PricedRow] = {row.id: row for row in priced}
        self._aliases: Mapping[str, str] = dict(aliases or {})

    def row(self, model: str) -> PricedRow | None:
        return self._rows.get(self._aliases.get(model, model))

    def worst_case(self, call: str, body: object) -> int | None:
        """Milli-credits that ``call`` (a name of STARTS) with this body can cost at most. None: a
        call or a model that the catalogue does not know, or a field that might multiply."""
        if call not in STARTS or not isinstance(body, Mapping):
            return None
        strange = [value for name, value in body.items() if name not in _FIELDS[call]]
        if any(may_count(value) for value in strange):
            return None
        match call:
            case "generate_media":
                return self._media(body, doubt=bool(strange))
            case "generate_music":
                return self._music(body.get("model"))
            case "generate_dialogue":
                return _times(self._dearest("text-to-dialogue"), _generations(body))
            case "create_ad_copy":
                return _times(self._dearest("ad-copy"), _variants(body.get("variant_count")))
            case "generate_captions":
                return _times(self._dearest("auto-caption"), SOUND_MOST_S)
            case _:
                return _times(self._dearest("mvsep-40"), SOUND_MOST_S // 60)

    def _media(self, body: Mapping[str, Any], *, doubt: bool) -> int | None:
        model = body.get("model")
        if isinstance(model, str) and model:
            asked = self.row(model)
            return None if asked is None else self._most(asked, body, doubt=doubt)
        # Documented to be refused; a backend that takes a default has one of these.
        media = [row for row in self._rows.values() if row.model_type in ("image", "video")]
        bounds = [self._most(row, body, doubt=True) for row in media]
        return max((bound for bound in bounds if bound is not None), default=None)

    def _most(self, asked: PricedRow, body: Mapping[str, Any], *, doubt: bool) -> int | None:
        """``doubt``: nothing but the length is taken as certain."""
        if asked.variants:  # a label, to be refused; a backend that accepts it takes one of these
            each = (self._rows[name] for name in asked.variants)
            return _greatest(self._most(row, body, doubt=doubt) for row in each)
        facets = media_facets(asked, body)
        if doubt:
            facets = Facets(seconds=facets.seconds)
        return _greatest(_price(row, facets) for row in self._charged(asked, facets))

    def _charged(self, asked: PricedRow, facets: Facets) -> list[PricedRow]:
        """Every row that the request may be charged by."""
        found = []
        if asked.reference_row and facets.video is not False:
            found.append(self._rows[asked.reference_row])
        for route in asked.routes:
            agreed = [facets.agrees(name, value) for name, value in route.when.items()]
            if False in agreed:
                continue
            found.append(self._rows[route.row])
            if None not in agreed:
                return found
        if asked.sound_row and facets.sound is not False:
            found.append(self._rows[asked.sound_row])
        if asked.shape:
            found.append(asked)
        return found

    def _music(self, model: object) -> int | None:
        """A row that is not sold as a song is charged as one, it was observed."""
        songs = {row.id: row for row in self._rows.values() if row.model_type == "music"}
        if isinstance(model, str) and model:
            row = songs.get(model)
            if row is None:
                return None
            if row.family == _SONGS:
                return row.millicredits
        return max((row.millicredits for row in songs.values()), default=None)

    def _dearest(self, family: str) -> int | None:
        return max(
            (row.millicredits for row in self._rows.values() if row.family == family), default=None
        )


@cache
def load_prices(directory: Path | None = None) -> PriceList:
    """The catalogue's TOML files as prices. Raises DataError."""
    folder = directory or fixtures_folder() / "catalog"
    files = sorted(folder.glob("*.toml"))
    if not files:
        raise DataError(folder, 1, "no catalogue here, expected *.toml files")
    found: list[PricedRow] = []
    aliases: dict[str, str] = {}
    for file in files:
        for line, told in _told_rows(file):
            try:
                row = _row(told)
            except (KeyError, TypeError, ValueError) as error:
                raise DataError(file, line, f"not a row of the catalogue: {error!r}") from error
            found.append(row)
            aliases |= dict.fromkeys(told.get("aliases", ()), row.id)
    return PriceList(found, aliases)


def _told_rows(file: Path) -> Iterator[tuple[int, Mapping[str, Any]]]:
    shared = read_toml(file).get("shared", {})
    for line, row in rows(file, "model"):
        yield line, {**shared.get(row.get("use", ""), {}), **row}


def _row(told: Mapping[str, Any]) -> PricedRow:
    price = told.get("price", {})
    return PricedRow(
        id=told["id"],
        family=told["family"],
        model_type=told["model_type"],
        shape=price.get("shape", ""),
        millicredits=milli(price.get("credits", 0)),
        tiers={name: milli(credits) for name, credits in price.get("tiers", {}).items()},
        durations=_durations(told.get("durations", ())),
        qualities=tuple(told.get("qualities", ())),
        quality_default=told.get("quality_default", "standard"),
        quality_aliases=told.get("quality_aliases", {}),
        resolutions=tuple(told.get("resolutions", ())),
        routes=tuple(Route(each["row"], each.get("when", {})) for each in told.get("routes", ())),
        variants=tuple(told.get("variants", ())),
        sound_row=told.get("sound_row", ""),
        reference_row=told.get("reference_row", ""),
        takes_reference=bool(told.get("takes_reference", False)),
    )


def milli(credits: float | Decimal) -> int:
    """Credits as whole milli-credits, rounded up. Raises ValueError for what is no number."""
    try:
        return math.ceil(Decimal(str(credits)) * 1000)
    except (ArithmeticError, ValueError) as error:  # no number, not a number, or without end
        raise ValueError(f"{credits!r} are no credits") from error


def _durations(told: object) -> tuple[int, ...]:
    if isinstance(told, str):
        least, _, most = told.partition("-")
        return tuple(range(int(least), int(most) + 1))
    return tuple(told) if isinstance(told, list | tuple) else ()


def _price(row: PricedRow, facets: Facets) -> int | None:
    rate, seconds = row.millicredits, facets.seconds
    if seconds is None:
        return None
    match row.shape:
        case "per_tier":
            tier = row.tiers.get(facets.resolution or "")
            return max(row.tiers.values()) if tier is None else tier
        case "per_second":
            return rate * seconds
        case "per_second_and_reference":
            # Without a video a -video-ref row costs its output, but that is only assumed.
            referred = facets.video is not False or row.takes_reference
            return rate * (seconds + REFERENCE_VIDEO_MOST_S * referred)
        case "per_reference_second":
            return rate * MOTION_CONTROL_MOST_S
        case "unit":
            return rate * _UNITS_MOST.get(row.family, 1)
        case _:
            return rate


_UNITS_MOST: Mapping[str, int] = {
    "ad-copy": AD_VARIANTS_MOST,
    "auto-caption": SOUND_MOST_S,
    "mvsep-40": SOUND_MOST_S // 60,
}


def _greatest(prices: Iterable[int | None]) -> int | None:
    found = list(prices)
    known = [price for price in found if price is not None]
    return max(known, default=None) if len(known) == len(found) else None


def _times(rate: int | None, units: int | None) -> int | None:
    return None if rate is None or units is None else rate * units


def _generations(body: Mapping[str, Any]) -> int:
    """One for each 5,000 characters begun, of all texts: the documented most of one generation."""
    characters = sum(len(text) for text in _texts(body.get("dialogue")))
    return max(1, -(-characters // DIALOGUE_CHARACTERS))


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        yield from _texts(value.get("text"))
    elif isinstance(value, list):
        for part in value:
            yield from _texts(part)


def _variants(told: object) -> int | None:
    match told:
        case None:
            return 1
        case bool():
            return AD_VARIANTS_MOST
        case int():
            return max(1, told)
        case _:
            return None if may_count(told) else AD_VARIANTS_MOST
