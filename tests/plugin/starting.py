"""What tests of the plugin ask of the provider."""

from typing import Any

import httpx2

from simulator.testing import Mediasim

START = "/v1/generate/media"
IMAGE = {"prompt": "A lighthouse at dusk", "model": "nano-banana"}
CREDITS = 7  # what IMAGE costs


def started(mediasim: Mediasim, **fields: Any) -> str:
    """The id of a start that must be accepted."""
    answer = start(mediasim, **fields)
    assert answer.status_code == 200, answer.text
    generation_id: str = answer.json()["generation_id"]
    return generation_id


def start(mediasim: Mediasim, **fields: Any) -> httpx2.Response:
    return mediasim.client.post(START, json={**IMAGE, **fields})
