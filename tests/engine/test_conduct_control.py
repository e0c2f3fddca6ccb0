"""The report on conduct, of a journal and the ledger beside it."""

from typing import Any

import pytest

from simulator.engine.bodies import Nothing
from simulator.engine.controls.conduct import ConductAnswer, FindingView, conduct
from simulator.engine.products.music import MusicBody, generate_music
from tests.engine.bench_of_calls import Bench
from tests.engine.driving import done, leap, start

MEDIA = "/v1/generate/media"
SENT = {"model": "nano-banana", "prompt": "x"}


def judged(bench: Bench) -> ConductAnswer:
    return done(conduct(bench.control, bench.world, Nothing()))


def broken(bench: Bench) -> dict[str, list[FindingView]]:
    return {rule.id: rule.findings for rule in judged(bench).rules if rule.findings}


def begun(bench: Bench, **fields: Any) -> str:
    """The id of a generation whose start the journal knows."""
    job = start(bench.provider, bench.who)
    bench.noted("generate_media", SENT, {"generation_id": job}, **fields)
    return job


def polled(bench: Bench, job: str, told: Any = "completed") -> None:
    answer = {"generation_id": job, "status": told}
    bench.noted("get_generation_status", answer=answer, path=f"{MEDIA}/{job}")


def over(bench: Bench) -> None:
    leap(bench.provider, bench.world, 3_600_000)


def test_nobody_who_called_nothing_is_blamed() -> None:
    answer = judged(Bench())
    assert (answer.ok, answer.calls, answer.credits) == (True, 0, 0)
    assert all(rule.says and rule.why and rule.source for rule in answer.rules)


def test_what_the_control_plane_was_asked_is_not_judged() -> None:
    bench = Bench()
    bench.noted("clock_advance", surface="control")
    assert judged(bench).calls == 0


def test_files_that_nobody_fetched_cost_what_was_captured() -> None:
    bench = Bench()
    job = begun(bench)
    over(bench)
    polled(bench, job)
    answer = judged(bench)
    (finding,) = broken(bench)["downloads_nothing"]
    assert (finding.generation_id, finding.calls, finding.credits) == (job, [1], 7)
    assert (answer.ok, answer.credits) == (False, 7)


def test_who_fetches_a_file_is_careful() -> None:
    bench = Bench()
    job = begun(bench)
    over(bench)
    polled(bench, job)
    bench.noted("download_file", path=f"/media/w/{job}/x.png", surface="files", account="")
    assert judged(bench).ok


def test_a_file_that_the_next_start_uses_is_not_lost() -> None:
    bench = Bench()
    job = begun(bench)
    over(bench)
    polled(bench, job)
    url = f"http://127.0.0.1:4747/media/w/{job}/{job}.png"
    bench.noted("generate_media", {**SENT, "source_media_urls": [url]}, b"", status=400)
    assert "downloads_nothing" not in broken(bench)


@pytest.mark.parametrize("operation", ["follow_generation", "get_generation_status"])
def test_who_polls_or_follows_has_looked(operation: str) -> None:
    bench = Bench()
    job = begun(bench)
    over(bench)
    bench.noted(operation, path=f"{MEDIA}/{job}/stream")
    assert "never_looks" not in broken(bench)


@pytest.mark.parametrize("operation", ["get_balance", "get_models"])
def test_who_asks_for_something_else_has_not_looked(operation: str) -> None:
    bench = Bench()
    begun(bench)
    over(bench)
    bench.noted(operation)
    assert "never_looks" in broken(bench)


@pytest.mark.parametrize("lost", [{"status": 0}, {"status": 503}, {"garbled": True}])
def test_a_start_after_one_that_was_lost_is_paid_for_twice(lost: dict[str, Any]) -> None:
    bench = Bench()
    begun(bench, **lost)
    begun(bench)
    over(bench)
    (finding,) = broken(bench)["starts_again_after_ambiguous"]
    assert (finding.calls, finding.credits) == ([1, 2], 7)


def test_a_start_without_an_answer_is_as_good_as_lost() -> None:
    bench = Bench()
    bench.noted("generate_media", SENT)
    begun(bench)
    assert "starts_again_after_ambiguous" in broken(bench)


def test_the_first_call_that_named_a_generation_began_it() -> None:
    bench = Bench()
    job = begun(bench, status=0)
    bench.noted("generate_media", SENT, {"generation_id": job})
    over(bench)
    found = broken(bench)
    assert found["never_looks"][0].calls == [1]
    assert "starts_again_after_ambiguous" not in found


def test_bodies_that_are_no_objects_are_told_apart_too() -> None:
    bench = Bench()
    for body in (b"[1]", b"[1]", b"[2]"):
        bench.noted("generate_media", body, {"error": "prompt_too_long"}, status=400)
    (finding,) = broken(bench)["repeats_refused_request"]
    assert finding.calls == [1, 2]


@pytest.mark.parametrize(("told_s", "count"), [(30, 1), (None, 0), ("soon", 0), (True, 0)])
def test_the_time_to_wait_is_a_number(told_s: Any, count: int) -> None:
    bench = Bench()
    for _ in range(2):
        bench.noted(
            "get_balance", answer={"error": "rate_limit_exceeded", "retry_after_seconds": told_s}
        )
        leap(bench.provider, bench.world, 1_000)
    assert len(broken(bench).get("ignores_retry_after", [])) == count


def test_music_is_waited_for_longer() -> None:
    bench = Bench()
    song = done(generate_music(bench.provider, bench.who, MusicBody(prompt="rain")))
    leap(bench.provider, bench.world, 29_000)
    answer = {"generation_id": song.generation_id, "status": "processing"}
    bench.noted("get_music_status", answer=answer)
    (finding,) = broken(bench)["looks_too_early"]
    assert finding.says == "the first poll of a music came before 30 s were over"


def test_a_status_that_is_no_text_tells_no_end() -> None:
    bench = Bench()
    job = begun(bench)
    leap(bench.provider, bench.world, 20_000)
    polled(bench, job, 5)
    leap(bench.provider, bench.world, 20_000)
    polled(bench, job, "completed")
    assert "polls_after_end" not in broken(bench)


def test_calls_that_are_gone_are_counted() -> None:
    bench = Bench()
    bench.world.lab.journal.dropped = 3
    assert judged(bench).dropped == 3
