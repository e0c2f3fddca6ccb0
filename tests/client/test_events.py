"""What happens in a world, followed through the client."""

from contextlib import closing

import pytest

from simulator.client import ControlClient, ControlError, Reply
from tests.client.simulator import simulator_at, started


def test_what_happens_is_told_as_it_happens(client: ControlClient) -> None:
    with closing(client.events()) as stream:
        assert next(stream).name == "clock"
        job_id = started(client)
        while (event := next(stream)).name != "entry":
            pass
    assert (event.data["kind"], event.data["generation_id"]) in {("grant", None), ("hold", job_id)}


def test_a_reader_goes_on_from_the_last_event_it_saw(client: ControlClient) -> None:
    with closing(client.events()) as stream:
        last = next(stream).id
    job_id = started(client)
    client.clock.advance_until(job_id)
    with closing(client.events(after=last)) as stream:
        while (event := next(stream)).name != "job" or event.data["status"] != "completed":
            pass
    assert event.data["generation_id"] == job_id


def test_the_end_of_the_simulator_is_the_end_of_the_events() -> None:
    with simulator_at() as url, ControlClient(url) as client:
        stream = client.events()
        next(stream)
    assert list(stream) == []


def test_a_place_that_is_none_is_refused(client: ControlClient) -> None:
    with pytest.raises(ControlError) as caught:
        next(client.events(after="yesterday"))
    assert caught.value.status == 400


def test_nobody_there_tells_nothing() -> None:
    with pytest.raises(ControlError) as caught:
        next(ControlClient("http://127.0.0.1:1").events())
    assert caught.value.status == 0


def test_events_need_the_network() -> None:
    client = ControlClient("http://h", transport=lambda *_: Reply(200, b"{}"))
    with pytest.raises(ControlError, match="over the network only"):
        client.events()
