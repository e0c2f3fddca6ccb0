"""An answer's head leaves with its body, and never later than the loop's turn."""

import asyncio
from typing import cast

from simulator.surfaces.answer_transport import AnswerTransport

HEAD = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n"


class Writes:
    """A transport that keeps what each call wrote."""

    def __init__(self) -> None:
        self.calls: list[bytes] = []
        self.closing = False

    def write(self, data: bytes) -> None:
        self.calls.append(data)

    def is_closing(self) -> bool:
        return self.closing

    def close(self) -> None: ...


def answering(writes: Writes | None = None) -> tuple[AnswerTransport, list[bytes]]:
    writes = writes or Writes()
    transport = cast(asyncio.Transport, writes)
    loop = asyncio.get_running_loop()
    return AnswerTransport(transport, loop.call_soon, transport.close), writes.calls


async def test_a_head_and_its_body_are_written_at_once() -> None:
    transport, calls = answering()
    transport.write(HEAD)
    transport.write(b"{}")
    assert calls == [HEAD + b"{}"]


async def test_a_head_without_a_body_yet_leaves_in_the_same_turn() -> None:
    transport, calls = answering()
    transport.write(HEAD)
    await asyncio.sleep(0)
    assert calls == [HEAD]


async def test_a_body_that_comes_later_leaves_at_once() -> None:
    transport, calls = answering()
    transport.write(HEAD)
    await asyncio.sleep(0)
    transport.write(b"{}")
    assert calls == [HEAD, b"{}"]


async def test_nothing_is_written_twice_when_the_turn_ends() -> None:
    transport, calls = answering()
    transport.write(HEAD)
    transport.write(b"{}")
    await asyncio.sleep(0)
    assert calls == [HEAD + b"{}"]


async def test_what_is_held_does_not_count_as_written() -> None:
    transport, _ = answering()
    transport.write(HEAD)
    before = transport.written_bytes
    transport.flush()
    assert (before, transport.written_bytes) == (0, len(HEAD))


async def test_a_head_for_a_caller_who_is_gone_is_dropped() -> None:
    writes = Writes()
    transport, calls = answering(writes)
    transport.write(HEAD)
    writes.closing = True
    await asyncio.sleep(0)
    assert calls == []
