"""The journal keeps what it has room for, and counts the rest."""

import asyncio
from typing import Any

import pytest

from simulator.engine import journal as kept
from simulator.engine.journal import Entry, Journal, Room


def entry(journal: Journal, answer: bytes = b"{}", **fields: Any) -> Entry:
    filled = {
        "request_id": "",
        "surface": "rest",
        "method": "GET",
        "path": "/v1/balance",
        "query": b"",
        "operation": "get_balance",
        "account": "main",
        "headers": (),
        "request": b"",
        "request_bytes": 0,
        "status": 200,
        "answer_bytes": len(answer),
        "rule": "",
        "faults": (),
        "at_ms": 0,
        "real_ms": 0,
        "took_us": 0,
        **fields,
    }
    return Entry(seq=journal.next(), answer=answer, **filled)


def test_the_oldest_go_first_and_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "ENTRIES_MOST", 3)
    journal = Journal()
    for _ in range(5):
        journal.add(entry(journal))
    assert [one.seq for one in journal.after(0)] == [3, 4, 5]
    assert (journal.dropped, journal.last) == (2, 5)


def test_large_bodies_push_others_out() -> None:
    journal = Journal()
    for _ in range(200):
        journal.add(entry(journal, b"x" * kept.BODY_MOST))
    assert journal.taken <= kept.BYTES_MOST
    assert journal.dropped == 200 - len(journal.entries)


def test_worlds_share_one_room_and_each_keeps_a_few() -> None:
    room = Room(most=10_000)
    journals = [Journal(room) for _ in range(3)]
    for _ in range(200):
        for journal in journals:
            journal.add(entry(journal))
    assert [len(journal.entries) for journal in journals] == [kept.SQUEEZED] * 3


async def test_listeners_are_told_of_each_new_call() -> None:
    journal, listener = Journal(), asyncio.Event()
    journal.listeners.add(listener)
    journal.add(entry(journal))
    assert listener.is_set()


def test_an_emptied_journal_gives_its_room_back() -> None:
    room = Room()
    journal = Journal(room)
    journal.add(entry(journal))
    assert (journal.clear(), room.taken, journal.taken) == (1, 0, 0)


def test_reading_goes_on_after_a_cursor() -> None:
    journal = Journal()
    for _ in range(3):
        journal.add(entry(journal))
    assert [one.seq for one in journal.after(2)] == [3]
