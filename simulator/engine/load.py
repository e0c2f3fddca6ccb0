"""The catalogue's TOML files -> Catalog. Every mistake is an error with its file and row."""

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec

from simulator.domain.catalog import GENERATION_TYPES, Catalog, Inputs, Model
from simulator.domain.sizes import LONGER_SIDE_PX, SHORTER_SIDE_PX

_FIELDS = frozenset(field.name for field in fields(Model))
_TEXTS = frozenset(("id", "family", "model_type", "source", "display_name", "provider", "notes"))
_FACETS = frozenset(("generation_type", "duration_s", "sound", "quality", "resolution", "images"))
_AMOUNTS = frozenset(
    (
        "prompt_max",
        "seconds",
        "estimated_time_s",
        "reference_seconds_max",
        "reference_video_bytes_max",
    )
)
_KINDS = frozenset(field.name for field in fields(Inputs))
_BILLING_MODES = ("flat", "per_tier", "per_second")
_COUNT = re.compile(r"([0-9]{1,3})(?:-([0-9]{1,3}))?")


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
    placed = [found for file in files for found in _read(file)]
    _check_whole(placed)
    return Catalog(model for _, model in placed)


def _read(file: Path) -> Iterator[tuple[str, Model]]:
    """Each row and where it stands."""
    try:
        document = tomllib.loads(file.read_text(encoding="utf-8"), parse_float=Decimal)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise CatalogError(f"{file}: {error}") from error
    unknown = set(document) - {"shared", "model"}
    if unknown:
        raise CatalogError(f"{file}: unknown table {min(unknown)!r}, expected shared or model")
    shared, rows = document.get("shared", {}), document.get("model", [])
    if not _are_tables(list(shared.values()) if isinstance(shared, dict) else shared):
        raise CatalogError(f"{file}: expected [shared.NAME] tables")
    if not _are_tables(rows):
        raise CatalogError(f"{file}: expected [[model]] rows")
    for position, row in enumerate(rows, 1):
        where = f"{file}: row {position} ({row.get('id', 'no id')})"
        try:
            yield where, _model(_merged(row, shared))
        except (KeyError, ValueError, msgspec.ValidationError) as error:
            text = f"missing {error}" if isinstance(error, KeyError) else str(error)
            raise CatalogError(f"{where}: {text}") from error


def _are_tables(values: Any) -> bool:
    return isinstance(values, list) and all(isinstance(value, dict) for value in values)


def _merged(row: dict[str, Any], shared: Mapping[str, Any]) -> dict[str, Any]:
    row = dict(row)
    name = row.pop("use", "")
    if not name:
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
    for name in _AMOUNTS & set(row):
        if not isinstance(row[name], int) or row[name] <= 0:
            raise ValueError(f"{name} = {row[name]!r}, expected a whole number above 0")
    _one_of(row, "billing_mode", _BILLING_MODES)
    _one_of(row, "size", ("", *LONGER_SIDE_PX, *SHORTER_SIDE_PX))
    if "modes" in row:
        row["modes"] = _modes(_table("modes", row["modes"]))
    _check_modes("listed_modes", row.get("listed_modes", ()))
    if "durations" in row:
        row["durations"] = _durations(row["durations"])
    if "price" in row:
        row["price"] = _price(_table("price", row["price"]))
    model = msgspec.convert(row, Model)
    for route in model.routes:
        _one_of_facets(route.when)
    return model


def _table(name: str, value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ValueError(f"{name} = {value!r}, expected a table")
    return value


def _one_of(row: Mapping[str, Any], name: str, allowed: Iterable[str]) -> None:
    expected = tuple(allowed)
    if name in row and row[name] not in expected:
        raise ValueError(f"{name} = {row[name]!r}, expected one of {', '.join(expected)}")


def _one_of_facets(when: Mapping[str, object]) -> None:
    unknown = set(when) - _FACETS
    if unknown:
        raise ValueError(f"route: {min(unknown)!r} is none of {', '.join(sorted(_FACETS))}")


def _check_modes(name: str, modes: Iterable[str]) -> None:
    for mode in modes:
        if mode not in GENERATION_TYPES:
            raise ValueError(f"{name}: {mode!r} is none of {', '.join(GENERATION_TYPES)}")


def _modes(table: dict[str, Any]) -> dict[str, Any]:
    _check_modes("modes", table)
    modes = {}
    for mode, inputs in table.items():
        unknown = set(_table(mode, inputs)) - _KINDS
        if unknown:
            raise ValueError(f"{mode}: {min(unknown)!r} is none of {', '.join(sorted(_KINDS))}")
        modes[mode] = {kind: _count(text) for kind, text in inputs.items()}
    return modes


def _count(text: Any) -> dict[str, int]:
    """``"2"`` is exactly two, ``"0-9"`` up to nine."""
    found = _COUNT.fullmatch(text) if isinstance(text, str) else None
    if found is None:
        raise ValueError(f'count {text!r}, expected for example "2" or "0-9"')
    least, most = int(found[1]), int(found[2] or found[1])
    if least > most:
        raise ValueError(f"count {text!r}: the first number must not be above the second")
    return {"least": least, "most": most}


def _durations(value: Any) -> list[int]:
    """Whole seconds: a list, or ``"4-15"`` for each second from 4 to 15."""
    if isinstance(value, str):
        count = _count(value)
        value = list(range(count["least"], count["most"] + 1))
    if (
        not isinstance(value, list)
        or not value
        or not all(type(seconds) is int and seconds > 0 for seconds in value)
    ):
        raise ValueError(f"durations {value!r}: expected whole seconds above 0")
    return value


def _price(table: dict[str, Any]) -> dict[str, Any]:
    unknown = set(table) - {"shape", "tiers", "credits"}
    if unknown:
        raise ValueError(f"price: unknown field {min(unknown)!r}")
    shape = table["shape"]
    tiers = {
        tier: _millicredits(value)
        for tier, value in _table("tiers", table.get("tiers", {})).items()
    }
    if bool(tiers) != (shape == "per_tier"):
        raise ValueError("price: tiers belong to the shape per_tier, and it needs them")
    once = 0 if tiers else _millicredits(table["credits"])
    return {"shape": shape, "millicredits": once, "tiers": tiers}


def _millicredits(credits: Any) -> int:
    if type(credits) not in (int, Decimal) or not Decimal(credits).is_finite():
        raise ValueError(f"price {credits!r}: expected a number of credits")
    scaled = Decimal(credits) * 1000
    if scaled != int(scaled) or scaled < 0:
        raise ValueError(f"price {credits}: expected credits of at most three decimals, from 0")
    return int(scaled)


def _check_whole(placed: list[tuple[str, Model]]) -> None:
    """What no single row can tell: ids are unique, and every row that is named exists."""
    by_id: dict[str, Model] = {}
    for where, model in placed:
        for name in (model.id, *model.aliases):
            if name in by_id:
                raise CatalogError(f"{where}: {name!r} is the id of another row already")
            by_id[name] = model
    for where, model in placed:
        charged = [route.row for route in model.routes]
        charged += [row for row in (model.sound_row, model.reference_row) if row is not None]
        for row in (*charged, *model.variants):
            if row not in by_id:
                raise CatalogError(f"{where}: names the row {row!r}, which does not exist")
        for row in charged:
            if by_id[row].price is None:
                raise CatalogError(f"{where}: is charged by {row!r}, which has no price")
        if model.modes and model.enabled and model.price is None and not model.routes:
            raise CatalogError(f"{where}: has neither a price nor routes; or enabled = false")
