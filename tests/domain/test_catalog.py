"""The catalogue: finding rows, and what they say of themselves."""

import pytest

from simulator.domain.catalog import NONE, Catalog, Count, Inputs, Model, Price, Route
from simulator.domain.evidence import ASSUMED
from tests.engine.world import CATALOG


def row(model_id: str, **fields: object) -> Model:
    defaults = {
        "kind": "concrete",
        "family": "f",
        "model_type": "video",
        "strength": ASSUMED,
        "source": "a test",
    }
    return Model(id=model_id, **{**defaults, **fields})  # type: ignore[arg-type]  # a model's fields


FRAMES = Inputs(images=Count(1, 2), audios=Count(0, 3))


def test_a_row_is_found_by_its_id_and_its_aliases() -> None:
    catalog = Catalog([row("a", aliases=("b",))])
    assert catalog.get("a") is catalog.get("b") is catalog.row("a")
    assert catalog.get("c") is None


def test_an_id_wins_over_the_alias_of_another_row() -> None:
    catalog = Catalog([row("a", aliases=("b",)), row("b")])
    assert catalog.row("b").id == "b"


def test_a_model_lists_the_kinds_that_any_of_its_modes_takes() -> None:
    model = row("a", modes={"text-to-video": Inputs(), "image-to-video": FRAMES})
    assert model.kinds == ("image", "audio")
    assert [model.most(kind) for kind in ("image", "video", "audio")] == [2, 0, 3]


def test_a_model_without_modes_takes_nothing() -> None:
    assert (row("a").kinds, row("a").most("image"), row("a").requires_input) == ((), 0, False)


@pytest.mark.parametrize(
    ("modes", "required"),
    [
        ({"image-to-video": FRAMES}, True),
        ({"image-to-video": FRAMES, "text-to-video": Inputs(images=Count(0, 1))}, False),
        ({"image-to-video": Inputs(videos=Count(1, 1))}, True),
        ({"image-to-video": Inputs(audios=Count(1, 1))}, True),
    ],
)
def test_input_is_required_where_every_mode_needs_it(
    modes: dict[str, Inputs], required: bool
) -> None:
    assert row("a", modes=modes).requires_input is required


def test_inputs_without_any_count_are_empty() -> None:
    assert Inputs().empty
    assert Inputs().of("video") is NONE
    assert not FRAMES.empty
    assert not Inputs(videos=Count(0, 1)).empty


def test_only_enabled_rows_that_may_be_asked_for_are_listed() -> None:
    models = [
        row("a"),
        row("b", kind="bare"),
        row("c", kind="family"),
        row("d", kind="pricing_row"),
        row("e", enabled=False),
        row("f", model_type="image"),
    ]
    catalog = Catalog(models)
    assert [model.id for model in catalog.listed()] == ["a", "b", "f"]
    assert [model.id for model in catalog.listed("image")] == ["f"]
    assert catalog.listed("music") == ()


def test_a_family_is_its_label_or_its_prefix() -> None:
    catalog = Catalog([row("x-1", family="x"), row("y-1", family="z"), row("y-2", family="z")])
    assert [model.id for model in catalog.family("z")] == ["y-1", "y-2"]
    assert [model.id for model in catalog.family("y")] == ["y-1", "y-2"]
    assert catalog.family("x-1") == ()


def test_the_priced_rows_of_a_model_are_those_it_can_be_charged_by() -> None:
    price = Price("flat", 1)
    models = [
        row("p1", price=price),
        row("p2", price=price),
        row("bare", kind="bare", routes=(Route("p1"), Route("p2"), Route("p1"))),
        row("both", price=price, routes=(Route("p2"),)),
        row("loud", price=price, sound_row="p2"),
    ]
    catalog = Catalog(models)
    shown = {model.id: [each.id for each in catalog.priced_rows(model)] for model in models}
    assert shown == {
        "p1": ["p1"],
        "p2": ["p2"],
        "bare": ["p1", "p2"],
        "both": ["p2", "both"],
        "loud": ["loud", "p2"],
    }


def test_the_whole_catalogue_is_there() -> None:
    kinds = {model.kind for model in CATALOG.models}
    assert kinds == {"concrete", "bare", "family", "pricing_row"}
    assert len(CATALOG.listed()) == 140
