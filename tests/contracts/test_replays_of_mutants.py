"""The files of a report, run on a mutant and on the clean backend. All mutants:
`mediasim mutants --replays`."""

import asyncio

import pytest

from contracts.mutation.mutants import CLEAN, Outcome, Suite, Way, listed, running, tried


async def outcome_of(name: str) -> Outcome:
    mutants = {each.name: each for each in await listed()}
    async with running(CLEAN) as clean:
        return await tried(Suite(), mutants[name], Way(clean, replays=True))


@pytest.mark.parametrize(
    "name",
    [
        "silent-video",  # a file that is wrong by what is in it
        "refusal-in-a-crowd-costs",  # calls that are made at once
        "size-left-out",  # two fields that are missing in every answer
    ],
)
def test_a_replay_tells_a_mutant_from_the_clean_backend_on_every_surface(name: str) -> None:
    outcome = asyncio.run(outcome_of(name))
    assert (outcome.replay, outcome.calls <= 6) == ("tells them apart", True)
