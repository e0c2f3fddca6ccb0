"""Files of snapshots: what can't be put back is refused with its place, and the world untouched."""

from collections.abc import Callable
from typing import Any

import pytest

from simulator.domain.errors import Denial
from simulator.engine.snapshots import soundness
from simulator.engine.snapshots.restoring import sound_snapshot
from simulator.engine.snapshots.text import SnapshotError
from tests.engine.driving import done, start
from tests.engine.snapshotting import altered, lived, make_scene

TEXT = lived(make_scene()).text()
PATHS = (
    "../../etc/passwd",
    "..",
    "/etc/passwd",
    "a/b",
    "a\\b",
    "w\x00",
    "",
    "w\r\nX: y",
    "CON.",
    "~",
)
ID = "00000000-0000-4000-a000-00000000000b"


def first(**changes: Any) -> Callable[[list[Any]], list[Any]]:
    """Changes fields of a section's first line; dots in names are written as __."""
    return nth(0, **changes)


def nth(index: int, /, **changes: Any) -> Callable[[list[Any]], list[Any]]:
    def change(section: list[Any]) -> list[Any]:
        for path, value in changes.items():
            *outer, last = path.split("__")
            target = section[index]
            for part in outer:
                target = target[int(part) if part.isdigit() else part]
            target[last] = value
        return section

    return change


def twice(section: list[Any]) -> list[Any]:
    return [*section, section[0]]


def without_last(section: list[Any]) -> list[Any]:
    return section[:-1]


def nested(depth: int) -> Any:
    value: Any = 1
    for level in range(depth):
        value = [value] if level % 2 else {"in": value}
    return {"deep": value}


UNSOUND: tuple[tuple[str, dict[str, Any]], ...] = (
    *(("world.name", {"world": {"seed": 0, "name": path, "origin": "w"}}) for path in PATHS),
    ("world.origin", {"world": {"seed": 0, "name": "w", "origin": "../x"}}),
    ("world.seed", {"world": {"seed": -1}}),
    ("world.seed", {"world": {"seed": 2**63}}),
    ("clock.speed", {"clock": {"now": "2026-01-01T00:00:00Z", "mode": "frozen", "speed": 0}}),
    ("clock.now", {"clock": {"now": "yesterday", "mode": "frozen", "speed": 1}}),
    ("clock.now", {"clock": {"now": "1969-01-01T00:00:00Z", "mode": "frozen", "speed": 1}}),
    ("clock.mode", {"clock": {"now": "2026-01-01T00:00:00Z", "mode": "wild", "speed": 1}}),
    ("counters.jobs", {"counters": {"jobs": 9, "entries": 8, "uploads": 2, "requests": 0}}),
    ("counters.entries", {"counters": {"jobs": 4, "entries": 1, "uploads": 2, "requests": 0}}),
    ("counters.uploads", {"counters": {"jobs": 4, "entries": 8, "uploads": 1, "requests": 0}}),
    ("accounts[0].name", {"accounts": first(name="../main")}),
    ("accounts[2].name", {"accounts": twice}),
    ("accounts[0].scopes", {"accounts": first(scopes=["root"])}),
    ("accounts[0].scopes", {"accounts": first(scopes=["read:balance"] * 2)}),
    ("accounts[0].balance", {"accounts": first(balance__issued=-(2**60))}),
    ("entries", {"accounts": first(balance__available=5)}),
    ("entries[0].kind", {"entries": first(kind="gift")}),
    ("entries", {"entries": first(millicredits=1)}),
    ("entries", {"entries": nth(1, seq=9)}),
    ("jobs[0].number", {"jobs": first(number=3)}),
    ("jobs[0].id", {"jobs": first(id="../../x")}),
    (
        "jobs[4].number",
        {"jobs": twice, "counters": {"jobs": 5, "entries": 8, "uploads": 2, "requests": 0}},
    ),
    ("jobs[0].account", {"jobs": first(account="nobody")}),
    ("jobs[0]", {"jobs": first(colour="red")}),
    ("jobs[0].times", {"jobs": first(times__queued_at_ms=1)}),
    ("jobs[0].times", {"jobs": first(times__done_at_ms=1)}),
    ("jobs[0].parameters", {"jobs": first(parameters=nested(70))}),
    ("jobs[1].parameters", {"jobs": nth(1, quirks__faults=[nested(70)])}),
    ("jobs[0].outputs[0]", {"jobs": first(outputs__0__id="../x")}),
    ("jobs[0].outputs[0]", {"jobs": first(outputs__0__sources=["../x"])}),
    ("jobs[0].outputs[0]", {"jobs": first(outputs__0__format="exe")}),
    ("jobs[0].outputs[0]", {"jobs": first(outputs__0__width=10**6)}),
    ("jobs[0].outputs[0]", {"jobs": first(outputs__0__duration_ms=10**12)}),
    ("entries", {"jobs": first(hold_millicredits=1)}),
    ("holds", {"holds": without_last}),
    ("holds[2]", {"holds": twice}),
    ("holds[0].bucket", {"holds": first(bucket="../x")}),
    ("idempotency_keys[0]", {"idempotency_keys": [{"job_number": 99, "key": "k"}]}),
    ("idempotency_keys[1]", {"idempotency_keys": [{"job_number": 1, "key": "k"}] * 2}),
    (
        "idempotency_keys[1]",
        {"idempotency_keys": [{"job_number": 1, "key": "k"}, {"job_number": 2, "key": "k"}]},
    ),
    ("uploads[0].upload.id", {"uploads": first(upload__id="../../x")}),
    ("uploads[1].upload.id", {"uploads": twice, "upload_sessions": []}),
    ("uploads[0].upload.extension", {"uploads": first(upload__extension="html")}),
    ("uploads[0].upload.extension", {"uploads": first(upload__kind="video")}),
    ("uploads[0].data", {"uploads": first(data="AAAA")}),
    ("uploads[0].data", {"uploads": first(data="no base64!")}),
    ("uploads[0].account", {"uploads": first(account="nobody")}),
    ("upload_sessions[0].token", {"upload_sessions": first(token="../x")}),
    ("upload_sessions[0].account", {"upload_sessions": first(account="x")}),
    ("upload_sessions[0].uploads", {"upload_sessions": first(uploads=[ID])}),
    ("calls[0]", {"calls": first(bucket="all")}),
    ("calls[0].window", {"calls": first(window=1)}),
    ("version", {"version": 0}),
)


@pytest.mark.parametrize(("where", "changes"), UNSOUND)
def test_a_file_that_is_wrong_somewhere_is_refused_with_the_place(
    where: str, changes: dict[str, Any]
) -> None:
    with pytest.raises(SnapshotError) as error:
        sound_snapshot(altered(TEXT, **changes))
    assert error.value.what.startswith(where)


def test_the_world_is_untouched_by_a_file_that_is_refused() -> None:
    scene = lived(make_scene())
    before = scene.text()
    with pytest.raises(Denial) as refusal:
        done(scene.snapshots.load(scene.world, "bad", altered(TEXT, holds=[])))
    assert refusal.value.status == 400
    assert "holds: job 3 has not ended" in refusal.value.detail
    assert [kept.name for kept in scene.snapshots.all(scene.world)] == ["now"]
    assert scene.text() == before


@pytest.mark.parametrize(
    ("text", "what"),
    [
        (b"", "damaged"),
        (TEXT[:-30], "damaged"),
        (TEXT.replace(b'"account"', b'"account', 1), "damaged"),
        (TEXT.replace(b"a cat", b"a \xff"), "UTF-8"),
        (TEXT.replace(b"a cat", b"a \\ud800"), "damaged"),
        (b"[]", "expected"),
        (b'{"format": "other"}', "no snapshot"),
        (b"{}", "no snapshot"),
        (altered(TEXT, version=2), "newer version (2, this one knows 1)"),
        (altered(TEXT, surprise=1), "unknown field `surprise`"),
        (TEXT.replace(b'"extras": {}', b'"extras": ' + b'{"a":' * 5_000 + b"1" + b"}" * 5_001), ""),
    ],
)
def test_a_file_that_is_no_snapshot_is_refused(text: bytes, what: str) -> None:
    with pytest.raises(SnapshotError) as error:
        sound_snapshot(text)
    assert what.lower() in str(error.value).lower()


def test_a_problem_is_told_with_its_line() -> None:
    line = TEXT[: TEXT.index(b'"number":2')].count(b"\n") + 1
    with pytest.raises(SnapshotError) as error:
        sound_snapshot(TEXT.replace(b'"number":2', b'"number":7'))
    assert (error.value.line, str(error.value)) == (
        line,
        f"line {line}: jobs[1].number: is 7, expected 2",
    )


def test_a_broken_line_is_told() -> None:
    with pytest.raises(SnapshotError) as error:
        sound_snapshot(TEXT.replace(b'"counters":', b'"counters"!'))
    assert error.value.line == TEXT[: TEXT.index(b'"counters"')].count(b"\n") + 1


def test_no_more_accounts_are_taken_than_a_world_has(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(soundness, "ACCOUNTS_MOST", 1)
    with pytest.raises(SnapshotError, match="accounts: are 2"):
        sound_snapshot(TEXT)


def test_no_more_bytes_of_uploads_are_taken_than_are_saved(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(soundness, "UPLOAD_BYTES_MOST", 3)
    with pytest.raises(SnapshotError, match="uploads: hold"):
        sound_snapshot(TEXT)


def test_each_entry_job_and_upload_has_a_line() -> None:
    lines = TEXT.splitlines()
    assert TEXT.endswith(b"}\n")
    for word, count in ((b'{"seq":', 8), (b'{"id":', 4), (b'{"account":"main","upload":', 1)):
        assert len([line for line in lines if line.startswith(word)]) == count


def test_one_more_job_changes_few_lines() -> None:
    scene = lived(make_scene())
    before = {line.rstrip(b",") for line in scene.text().splitlines()}
    start(scene.provider, scene.caller)
    after = {line.rstrip(b",") for line in scene.text().splitlines()}
    assert len(after - before) == 5  # the job, its hold, its entry, the account and the counters
