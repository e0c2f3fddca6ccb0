"""Catalogue files: a mistake in one is told with its file and row, and nothing is loaded."""

from decimal import Decimal
from pathlib import Path

import pytest

from simulator.domain.catalog import Catalog, Count, Inputs, Price, Route
from simulator.engine.load import CatalogError, catalog_directory, load_catalog

ROW = """
[[model]]
id = "a"
kind = "concrete"
family = "a"
model_type = "image"
strength = "assumed"
source = "a test"
price = { shape = "flat", credits = 1 }
modes = { text-to-image = {} }
"""
OTHER = ROW.replace('"a"', '"b"')


def load(directory: Path, text: str, name: str = "x.toml") -> Catalog:
    (directory / name).write_text(text, encoding="utf-8")
    return load_catalog(directory)


def replaced(old: str, new: str) -> str:
    assert old in ROW
    return ROW.replace(old, new)


MISTAKES = {
    "no TOML": ("[[model]\n", "x.toml: Expected"),
    "a key twice": (ROW + 'id = "a"\n', "x.toml: Cannot overwrite"),
    "another table": ("[models]\n", "x.toml: unknown table 'models', expected shared or model"),
    "shared is no table": ("shared = 7\n", "x.toml: expected [shared.NAME] tables"),
    "shared holds no table": ("shared = { a = 7 }\n", "x.toml: expected [shared.NAME] tables"),
    "model is one table": ('[model]\nid = "a"\n', "x.toml: expected [[model]] rows"),
    "model holds no rows": ("model = [1]\n", "x.toml: expected [[model]] rows"),
    "an unknown field": (ROW + "colour = 1\n", "row 1 (a): unknown field 'colour'"),
    "no id": (replaced('id = "a"\n', ""), "row 1 (no id): Object missing required field `id`"),
    "no family": (replaced('family = "a"\n', ""), "(a): Object missing required field `family`"),
    "no source": (replaced('source = "a test"\n', ""), "missing required field `source`"),
    "no strength": (replaced('strength = "assumed"\n', ""), "missing required field `strength`"),
    "an unknown strength": (replaced('"assumed"', '"hoped"'), "Invalid enum value 'hoped'"),
    "an unknown kind": (replaced('"concrete"', '"abstract"'), "Invalid enum value 'abstract'"),
    "an empty id": (replaced('id = "a"', 'id = ""'), "id must be a non-empty text"),
    "an id that is a number": (replaced('id = "a"', "id = 7"), "row 1 (7): id must be a non-empty"),
    "a use of nothing": (ROW + 'use = "b"\n', "use = 'b', but there is no [shared.b]"),
    "a use that is a number": (ROW + "use = 7\n", "use = 7, but there is no [shared.7]"),
    "an unknown mode": (replaced("text-to-image", "text-to-song"), "modes: 'text-to-song' is none"),
    "an unknown listed mode": (
        replaced("modes = { text-to-image = {} }", 'listed_modes = ["song"]'),
        "listed_modes: 'song' is none of",
    ),
    "modes that are a text": (
        replaced("{ text-to-image = {} }", '"all"'),
        "modes = 'all', expected a",
    ),
    "a mode that is a text": (
        replaced("image = {}", 'image = "1"'),
        "text-to-image = '1', expected",
    ),
    "an unknown kind of input": (replaced("= {} }", '= { smells = "1" } }'), "'smells' is none of"),
    "a count as a number": (replaced("= {} }", "= { images = 1 } }"), "count 1, expected for"),
    "a count in words": (replaced("= {} }", '= { images = "two" } }'), "count 'two', expected for"),
    "an open count": (replaced("= {} }", '= { images = "1-" } }'), "count '1-', expected for"),
    "a count that falls": (
        replaced("= {} }", '= { images = "2-1" } }'),
        "the first number must not",
    ),
    "an unknown size": (ROW + 'size = "8K"\n', "size = '8K', expected one of"),
    "an unknown billing mode": (ROW + 'billing_mode = "free"\n', "billing_mode = 'free', expected"),
    "an unknown audio track": (ROW + 'audio_track = "loud"\n', "Invalid enum value 'loud'"),
    "a prompt of no length": (ROW + "prompt_max = 0\n", "prompt_max = 0, expected a whole number"),
    "a length in words": (ROW + 'seconds = "5s"\n', "seconds = '5s', expected a whole number"),
    "a switch in words": (ROW + 'enabled = "no"\n', "Expected `bool`, got `str` - at `$.enabled`"),
    "a list as a text": (ROW + 'aspect_ratios = "1:1"\n', "Expected `array`, got `str`"),
    "aliases as a text": (ROW + 'aliases = "bc"\n', "Expected `array`, got `str`"),
    "no durations": (ROW + "durations = []\n", "durations []: expected whole seconds above 0"),
    "durations in words": (ROW + 'durations = ["5s"]\n', "durations ['5s']: expected whole"),
    "a duration of truth": (ROW + "durations = [true]\n", "durations [True]: expected whole"),
    "one duration": (ROW + "durations = 5\n", "durations 5: expected whole seconds above 0"),
    "durations that fall": (ROW + 'durations = "9-4"\n', "count '9-4': the first number must not"),
    "durations from nothing": (ROW + 'durations = "0-4"\n', "durations [0, 1, 2, 3, 4]: expected"),
    "a price as a number": (
        replaced('{ shape = "flat", credits = 1 }', "7"),
        "row 1 (a): price = 7, expected a table",
    ),
    "a price without a shape": (replaced('shape = "flat", ', ""), "missing 'shape'"),
    "a price without credits": (replaced(", credits = 1", ""), "missing 'credits'"),
    "an unknown shape": (replaced('"flat"', '"round"'), "Invalid enum value 'round'"),
    "an unknown field of a price": (replaced("credits = 1", "credits = 1, tip = 1"), "field 'tip'"),
    "a price in words": (replaced("credits = 1", 'credits = "one"'), "price 'one': expected a num"),
    "a price of truth": (
        replaced("credits = 1", "credits = true"),
        "price True: expected a number",
    ),
    "a price below nothing": (
        replaced("credits = 1", "credits = -1"),
        "price -1: expected credits",
    ),
    "a price too fine": (replaced("credits = 1", "credits = 0.0005"), "price 0.0005: expected"),
    "a price without end": (replaced("credits = 1", "credits = inf"), "price Decimal('Infinity')"),
    "a price that is none": (replaced("credits = 1", "credits = nan"), "price Decimal('NaN')"),
    "tiers of a flat price": (replaced("credits = 1", "tiers = { 1K = 1 }"), "tiers belong to"),
    "no tiers": (replaced('"flat"', '"per_tier"'), "price: tiers belong to the shape per_tier"),
    "tiers as a number": (replaced("credits = 1", "tiers = 1"), "tiers = 1, expected a table"),
    "a tier in words": (
        replaced('"flat", credits = 1', '"per_tier", tiers = { 1K = "one" }'),
        "price 'one': expected a number of credits",
    ),
    "a route without a row": (ROW + "routes = [{ when = {} }]\n", "missing required field `row`"),
    "a route that is a text": (ROW + 'routes = ["b"]\n', "Expected `object`, got `str`"),
    "a route by an unknown facet": (
        ROW + 'routes = [{ row = "a", when = { moon = 1 } }]\n',
        "route: 'moon' is none of duration_s, generation_type",
    ),
    "a route to nowhere": (ROW + 'routes = [{ row = "b" }]\n', "names the row 'b', which does not"),
    "a variant that is not there": (
        ROW + 'variants = ["b"]\n',
        "names the row 'b', which does not",
    ),
    "a sound row that is not there": (ROW + 'sound_row = "b"\n', "names the row 'b', which does"),
    "an id twice": (ROW + ROW, "x.toml: row 2 (a): 'a' is the id of another row already"),
    "an alias that is an id": (ROW + 'aliases = ["b"]\n' + OTHER, "row 2 (b): 'b' is the id of"),
    "no price": (
        replaced('price = { shape = "flat", credits = 1 }\n', ""),
        "row 1 (a): has neither a price nor routes; or enabled = false",
    ),
    "a row that charges nothing": (
        ROW
        + 'sound_row = "b"\n'
        + OTHER.replace("price = ", "enabled = false\nx = ").replace(
            'x = { shape = "flat", credits = 1 }\n', ""
        ),
        "row 1 (a): is charged by 'b', which has no price",
    ),
}


@pytest.mark.parametrize(("text", "says"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_in_a_catalogue_is_told_with_its_file(
    tmp_path: Path, text: str, says: str
) -> None:
    with pytest.raises(CatalogError) as error:
        load(tmp_path, text)
    assert str(error.value).startswith(f"{tmp_path / 'x.toml'}: ")
    assert says in str(error.value)


@pytest.mark.parametrize("data", [b"\xff\xfe", b'id = "\xff"', b"\0"])
def test_a_file_that_is_no_text_is_told(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "x.toml").write_bytes(data)
    with pytest.raises(CatalogError, match=r"x\.toml: "):
        load_catalog(tmp_path)


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    (tmp_path / "x.toml").mkdir()
    with pytest.raises(CatalogError, match=r"x\.toml: .*[Dd]irectory"):
        load_catalog(tmp_path)


def test_a_directory_without_a_catalogue_is_told(tmp_path: Path) -> None:
    with pytest.raises(CatalogError, match="no catalogue here, expected"):
        load_catalog(tmp_path)
    with pytest.raises(CatalogError, match="no catalogue here, expected"):
        load_catalog(tmp_path / "gone")


def test_a_row_of_every_field_is_read(tmp_path: Path) -> None:
    text = ROW.replace("flat", "per_tier").replace("credits = 1", "tiers = { 1K = 0.5, 2K = 2 }")
    text = text.replace("= {} }", '= { images = "0-2", audios = "1" } }')
    row = load(tmp_path, text + 'durations = "4-6"\naliases = ["c"]\n').row("c")
    assert row.price == Price("per_tier", 0, {"1K": 500, "2K": 2_000})
    assert row.modes == {"text-to-image": Inputs(images=Count(0, 2), audios=Count(1, 1))}
    assert (row.id, row.durations) == ("a", (4, 5, 6))


def test_a_row_takes_over_what_it_shares_and_overrules_it(tmp_path: Path) -> None:
    shared = '[shared.s]\nprovider = "p"\nprompt_max = 5\ndurations = [1, 2]\n'
    row = load(tmp_path, shared + ROW + 'use = "s"\nprompt_max = 7\n').row("a")
    assert (row.provider, row.prompt_max, row.durations) == ("p", 7, (1, 2))


def test_a_row_may_name_rows_of_other_files(tmp_path: Path) -> None:
    (tmp_path / "y.toml").write_text(OTHER, encoding="utf-8")
    catalog = load(tmp_path, ROW + 'routes = [{ row = "b", when = { sound = true } }]\n')
    assert catalog.row("a").routes == (Route("b", {"sound": True}),)
    assert [model.id for model in catalog.models] == ["a", "b"]


def test_a_disabled_row_needs_no_price(tmp_path: Path) -> None:
    text = ROW.replace('price = { shape = "flat", credits = 1 }\n', "enabled = false\n")
    assert load(tmp_path, text).row("a").price is None


@pytest.mark.parametrize(("written", "millicredits"), [("0", 0), ("0.001", 1), ("93", 93_000)])
def test_credits_are_exact(tmp_path: Path, written: str, millicredits: int) -> None:
    price = load(tmp_path, ROW.replace("credits = 1", f"credits = {written}")).row("a").price
    assert price == Price("flat", millicredits)
    assert Decimal(written) * 1000 == millicredits


def test_the_catalogue_of_the_project_is_found_and_sound() -> None:
    assert len(load_catalog(catalog_directory()).models) > 100
