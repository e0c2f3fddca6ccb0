"""The catalogue's TOML files -> Catalog. Every mistake is an error with its file and row."""

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields
from decimal import Decimal
from pathlib import Path
from typing import Any, get_args

from simulator.domain.catalog import (
    GENERATION_TYPES,
    Catalog,
    Count,
    Inputs,
    Kind,
    Model,
    Price,
    Route,
    Shape,
)
from simulator.domain.evidence import Strength
from simulator.domain.sizes import LONGER_SIDE_PX, SHORTER_SIDE_PX

_FIELDS = {field.name for field in fields(Model)}
_TEXTS = {"id", "family", "model_type", "source", "display_name", "provider", "notes"}
_FACETS = {"generation_type", "duration_s", "sound", "quality", "resolution", "images"}
_BILLING_MODES = ("flat", "per_tier", "per_second")
_TRACKS = ("none", "always", "sound", "generate_audio")


class CatalogError(ValueError):
    """``file: row: what is wrong, what was expected``."""


def catalog_directory() -> Path:
    """Where the catalogue lies: beside the package when installed, else in the checkout."""
    installed = Path(__file__).parent.parent / "_fixtures" / "catalog"
    return installed if installed.is_dir() else Path(__file__).parents[2] / "fixtures" / "catalog"


def load_catalog(directory: Path) -> Catalog:
    """All ``*.toml`` files of a directory, in name order. Raises CatalogError."""
    files = sorted(directory.glob("*.toml"))
    if not files:
        raise CatalogError(f"{directory}: no catalogue here, expected *.toml files")
    models = [model for file in files for model in _read(file)]
    _check_whole(models)
    return Catalog(models)


def _read(file: Path) -> Iterator[Model]:
    try:
        document = tomllib.loads(file.read_text(encoding="utf-8"), parse_float=Decimal)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise CatalogError(f"{file}: {error}") from error
    unknown = set(document) - {"shared", "model"}
    if unknown:
        raise CatalogError(f"{file}: unknown table {min(unknown)!r}, expected shared or model")
    shared, rows = document.get("shared", {}), document.get("model", [])
    if not isinstance(shared, dict) or not isinstance(rows, list):
        raise CatalogError(f"{file}: expected [shared.NAME] tables and [[model]] rows")
    for position, row in enumerate(rows, 1):
        where = f"{file}: row {position} ({row.get('id', 'no id')})"
        try:
            yield _model(_merged(row, shared))
        except (KeyError, TypeError, ValueError) as error:
            text = f"missing {error}" if isinstance(error, KeyError) else str(error)
            raise CatalogError(f"{where}: {text}") from error


def _merged(row: dict[str, Any], shared: Mapping[str, Any]) -> dict[str, Any]:
    row = dict(row)
    name = row.pop("use", None)
    if name is None:
        return row
    if name not in shared:
        raise ValueError(f"use = {name!r}, but there is no [shared.{name}]")
    return {**shared[name], **row}


def _model(row: dict[str, Any]) -> Model:
    unknown = set(row) - _FIELDS
    if unknown:
        raise ValueError(f"unknown field {min(unknown)!r}")
    for name in _TEXTS & set(row):
        if not isinstance(row[name], str) or not row[name]:
            raise ValueError(f"{name} must be a non-empty text")
    row["strength"] = Strength(row["strength"])
    _one_of(row, "kind", get_args(Kind))
    _one_of(row, "billing_mode", _BILLING_MODES)
    _one_of(row, "audio_track", _TRACKS)
    _one_of(row, "size", ("", *LONGER_SIDE_PX, *SHORTER_SIDE_PX))
    if "modes" in row:
        row["modes"] = _modes(row["modes"])
    if "durations" in row:
        row["durations"] = _durations(row["durations"])
    if "price" in row:
        row["price"] = _price(row["price"])
    if "routes" in row:
        row["routes"] = tuple(_route(route) for route in row["routes"])
    for name, value in row.items():
        if isinstance(value, list):
            row[name] = tuple(value)
    return Model(**row)


def _one_of(row: Mapping[str, Any], name: str, allowed: Iterable[str]) -> None:
    expected = tuple(allowed)
    if name in row and row[name] not in expected:
        raise ValueError(f"{name} = {row[name]!r}, expected one of {', '.join(expected)}")


def _modes(table: Mapping[str, Any]) -> dict[str, Inputs]:
    modes = {}
    for mode, inputs in table.items():
        if mode not in GENERATION_TYPES:
            raise ValueError(f"modes: {mode!r} is none of {', '.join(GENERATION_TYPES)}")
        modes[mode] = Inputs(**{kind: _count(text) for kind, text in inputs.items()})
    return modes


def _count(text: str) -> Count:
    """``"2"`` is exactly two, ``"0-9"`` up to nine."""
    least, _, most = text.partition("-")
    count = Count(int(least), int(most or least))
    if count.least > count.most:
        raise ValueError(f"count {text!r}: the first number must not be above the second")
    return count


def _durations(value: Any) -> tuple[int, ...]:
    """Whole seconds: a list, or ``"4-15"`` for each second from 4 to 15."""
    if isinstance(value, str):
        first, _, last = value.partition("-")
        return tuple(range(int(first), int(last) + 1))
    if not all(isinstance(seconds, int) and seconds > 0 for seconds in value):
        raise ValueError(f"durations {value!r}: expected whole seconds")
    return tuple(value)


def _price(table: Mapping[str, Any]) -> Price:
    shape = table["shape"]
    if shape not in get_args(Shape):
        raise ValueError(f"price shape {shape!r}, expected one of {', '.join(get_args(Shape))}")
    tiers = {tier: _millicredits(value) for tier, value in table.get("tiers", {}).items()}
    if bool(tiers) != (shape == "per_tier"):
        raise ValueError("price: tiers belong to the shape per_tier, and it needs them")
    unknown = set(table) - {"shape", "tiers", "credits"}
    if unknown:
        raise ValueError(f"price: unknown field {min(unknown)!r}")
    return Price(shape, 0 if tiers else _millicredits(table["credits"]), tiers)


def _millicredits(credits: int | Decimal) -> int:
    scaled = Decimal(credits) * 1000
    if scaled != int(scaled) or scaled < 0:
        raise ValueError(f"price {credits}: expected credits of at most three decimals, from 0")
    return int(scaled)


def _route(table: Mapping[str, Any]) -> Route:
    when = table.get("when", {})
    unknown = set(when) - _FACETS
    if unknown:
        raise ValueError(f"route: {min(unknown)!r} is none of {', '.join(sorted(_FACETS))}")
    return Route(table["row"], when)


def _check_whole(models: list[Model]) -> None:
    """What no single row can tell: ids are unique, and every row that is named exists."""
    by_id: dict[str, Model] = {}
    for model in models:
        for name in (model.id, *model.aliases):
            if name in by_id:
                raise CatalogError(f"{name}: two rows have this id")
            by_id[name] = model
    for model in models:
        named = [route.row for route in model.routes] + list(model.variants)
        named += [row for row in (model.sound_row, model.reference_row) if row is not None]
        for row in named:
            if row not in by_id:
                raise CatalogError(f"{model.id}: names the row {row!r}, which does not exist")
        if model.modes and model.enabled and model.price is None and not model.routes:
            raise CatalogError(f"{model.id}: has neither a price nor routes; or enabled = false")
        if any(by_id[route.row].price is None for route in model.routes):
            raise CatalogError(f"{model.id}: routes to a row without a price")
