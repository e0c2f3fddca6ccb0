"""Many starts at once: what is accepted is what there were credits for, to the last one."""

from pathlib import Path

import pytest

from tests.reliability.race import CONNECTIONS, WATCHERS, equal_prices, mixed_prices, race, serving

ROUNDS = 3


@pytest.mark.parametrize("durable", [False, True], ids=["memory", "file"])
async def test_credits_for_a_hundred_starts_start_a_hundred(tmp_path: Path, durable: bool) -> None:
    async with serving(tmp_path / "state" if durable else None) as port:
        for number in range(ROUNDS):
            outcome = await race(port, f"w{number}", 400, equal_prices(100))
            assert outcome.wrong == []
            assert (len(outcome.accepted), len(outcome.refused)) == (100, CONNECTIONS)


@pytest.mark.parametrize("durable", [False, True], ids=["memory", "file"])
async def test_credits_for_a_thousand_starts_start_a_thousand(
    tmp_path: Path, durable: bool
) -> None:
    async with serving(tmp_path / "state" if durable else None) as port:
        outcome = await race(port, "w", 4_000, equal_prices(1_000))
    assert outcome.wrong == []
    assert (len(outcome.accepted), len(outcome.refused)) == (1_000, 200)
    assert outcome.reads > WATCHERS  # each looked while starts were accepted


@pytest.mark.parametrize("durable", [False, True], ids=["memory", "file"])
async def test_of_mixed_prices_none_is_refused_that_would_still_fit(
    tmp_path: Path, durable: bool
) -> None:
    async with serving(tmp_path / "state" if durable else None) as port:
        for number in range(ROUNDS):
            outcome = await race(port, f"w{number}", 1_200, mixed_prices(number, 120))
            assert outcome.wrong == []
            assert outcome.accepted
            assert outcome.refused
