"""Numbers and ids drawn from a world's seed."""

import re
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from simulator.engine.ids import make_id
from simulator.engine.seeds import between, draw

WORDS = st.lists(st.text(alphabet="abc") | st.integers(0, 99), max_size=3)


def test_a_drawn_number_is_the_same_in_every_process() -> None:
    assert [draw(0, "seed", 1), draw(0, "seed", 2), draw(1, "seed", 1)] == [
        17877340345885325578,
        9825591889922844311,
        12411466416048043399,
    ]


def test_an_id_is_the_same_in_every_process() -> None:
    assert make_id(0, "w", "generation", 1) == "0fef53b8-d884-4527-ab6c-2e2fd17e70b8"


@given(st.integers(0, 2**64), WORDS)
def test_a_draw_has_64_bits(seed: int, words: list[str | int]) -> None:
    assert 0 <= draw(seed, *words) < 2**64


@given(st.integers(), st.integers(-1_000, 1_000), st.integers(0, 1_000), WORDS)
def test_a_number_between_two_is_within_them(
    seed: int, least: int, room: int, words: list[str | int]
) -> None:
    assert least <= between(seed, least, least + room, *words) <= least + room


def test_every_number_between_two_is_drawn_some_time() -> None:
    assert {between(0, 1, 6, n) for n in range(200)} == {1, 2, 3, 4, 5, 6}


def test_words_are_not_run_together() -> None:
    assert draw(0, "ab", "c") != draw(0, "a", "bc")
    assert draw(0, "1", "2") != draw(0, "12")


def test_an_id_looks_like_a_random_uuid() -> None:
    made = make_id(7, "world", "output", 12)
    assert UUID(made).version == 4
    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", made)


def test_ids_differ_by_seed_world_kind_and_number() -> None:
    ids = {
        make_id(seed, world, kind, number)
        for seed in (0, 1)
        for world in ("a", "b")
        for kind in ("generation", "output")
        for number in range(500)
    }
    assert len(ids) == 2 * 2 * 2 * 500
