"""Named situations through the client."""

import pytest

from simulator.client import ControlClient, ControlError

NAME = "lost-answer-after-the-hold"


def test_scenarios_are_listed_with_what_they_are_about(client: ControlClient) -> None:
    known = client.scenarios.all()
    (one,) = [scenario for scenario in known if scenario.name == NAME]
    assert len({scenario.name for scenario in known}) == len(known)
    assert [row.kind for row in one.ledger.entries] == ["hold", "capture"]


def test_a_scenario_is_put_into_this_world(client: ControlClient) -> None:
    answer = client.scenarios.put(NAME)
    assert (answer.namespace, answer.played) == (client.namespace, None)
    assert [fault.id for fault in client.faults.all()] == answer.armed.faults
    assert [holder.key for holder in answer.armed.accounts] == [client.key()]


@pytest.mark.parametrize("surface", ["rest", "mcp"])
def test_a_scenario_is_played_over_either_surface(client: ControlClient, surface: str) -> None:
    played = client.scenarios.play(NAME, "mcp" if surface == "mcp" else "rest").played
    assert played is not None
    assert (played.surface, played.holds) == (surface, True)
    assert client.faults.all() == []


def test_an_unknown_scenario_is_refused(client: ControlClient) -> None:
    with pytest.raises(ControlError, match="no scenario of this name") as caught:
        client.scenarios.put("nothing-happens")
    assert caught.value.status == 404
