"""Life cycle: a job that goes back, ends twice, or delivers what was not asked for."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from msgspec import structs

from simulator.mutants.bench import Bench, Mutant

STATUS = "simulator.engine.provider.status_answer"
JOBS = "simulator.engine.answers"
FINAL = ("completed", "failed")
HALF = 50


def _status(change: Callable[[Any], Any]) -> Callable[[Bench], None]:
    return lambda bench: bench.answer(change, STATUS)


def goes_back(told: Any) -> Any:
    back = told.status == "processing" and told.progress >= HALF
    return structs.replace(told, status="queued") if back else told


def progress_falls(told: Any) -> Any:
    falls = told.status == "processing" and told.progress >= HALF
    return structs.replace(told, progress=told.progress - HALF) if falls else told


def hundred_too_early(told: Any) -> Any:
    early = told.status == "processing" and told.progress >= HALF
    return structs.replace(told, progress=100) if early else told


def never_a_hundred(told: Any) -> Any:
    return structs.replace(told, progress=99) if told.progress == 100 else told


def outputs_missing(told: Any) -> Any:
    return structs.replace(told, outputs=[]) if told.outputs else told


def end_told_at_once(told: Any) -> Any:
    return structs.replace(told, completed_at=told.created_at)


def row_told_as_model(told: Any) -> Any:
    return structs.replace(told, model=f"{told.model}-row")


def no_reason_told(told: Any) -> Any:
    return structs.replace(told, error_message=None)


def end_told_anew(bench: Bench) -> None:
    def change(answer: Callable[..., Any]) -> Callable[..., Any]:
        def answers(job: Any, now_ms: int, files: str) -> Any:
            told = answer(job, now_ms, files)
            if told.status not in FINAL:
                return told
            took_ms = now_ms - job.times.processing_at_ms
            return bench.counted(
                lambda seen: structs.replace(seen, processing_time_ms=took_ms), told
            )

        return answers

    bench.wrap(change, STATUS)


def outputs_too_early(bench: Bench) -> None:
    def change(answer: Callable[..., Any]) -> Callable[..., Any]:
        def answers(job: Any, now_ms: int, files: str) -> Any:
            told = answer(job, now_ms, files)
            if told.status != "processing":
                return told
            done = answer(job, job.times.completes_at_ms, files)
            return bench.counted(lambda seen: structs.replace(seen, outputs=done.outputs), told)

        return answers

    bench.wrap(change, STATUS)


def _timetable(change: Callable[[Any], Any]) -> Callable[[Bench], None]:
    return lambda bench: bench.answer(change, "simulator.engine.plan.timetable")


def poll_advances(bench: Bench) -> None:
    """Each look at a job brings its end nearer by a second."""
    looks: dict[str, int] = {}

    def change(answer: Callable[..., Any]) -> Callable[..., Any]:
        def answers(job: Any, now_ms: int, files: str) -> Any:
            looks[job.id] = looks.get(job.id, -1) + 1
            told = answer(job, now_ms + 1_000 * looks[job.id], files)
            if looks[job.id]:
                bench.hit()
            return told

        return answers

    bench.wrap(change, STATUS)


def oldest_first(bench: Bench) -> None:
    bench.answer(lambda jobs: jobs[::-1], "simulator.engine.store.operations.jobs")


def _output(**changes: Any) -> Callable[[Bench], None]:
    return lambda bench: bench.answer(
        lambda output: replace(output, **changes), "simulator.engine.provider.media_output"
    )


def square_always(bench: Bench) -> None:
    def change(output: Any) -> Any:
        return replace(output, width=output.height) if output.kind == "image" else output

    bench.answer(change, "simulator.engine.provider.media_output")


def a_second_short(bench: Bench) -> None:
    def change(output: Any) -> Any:
        return replace(output, duration_ms=max(output.duration_ms - 1_000, 0))

    bench.answer(change, "simulator.engine.provider.media_output")


def songs_without_address(bench: Bench) -> None:
    bench.answer(
        lambda songs: [structs.replace(each, audio_url=None, stream_url="") for each in songs],
        "simulator.engine.products.music._shown_songs",
    )


def _mutant(name: str, says: str, requirement: str, apply: Callable[[Bench], None]) -> Mutant:
    return Mutant(name, "life cycle", says, requirement, apply)


MUTANTS: tuple[Mutant, ...] = (
    _mutant(
        "goes-back",
        "A job that is half done is told to be queued.",
        "lifecycle:forward",
        _status(goes_back),
    ),
    _mutant(
        "progress-falls",
        "Progress falls at the half.",
        "lifecycle:progress",
        _status(progress_falls),
    ),
    _mutant(
        "hundred-too-early",
        "Progress is 100 before the job is completed.",
        "lifecycle:progress-ends",
        _status(hundred_too_early),
    ),
    _mutant(
        "never-a-hundred",
        "A completed job stays at 99.",
        "lifecycle:progress-ends",
        _status(never_a_hundred),
    ),
    _mutant(
        "outputs-missing",
        "A completed job has no outputs.",
        "lifecycle:outputs",
        _status(outputs_missing),
    ),
    _mutant(
        "outputs-too-early",
        "Outputs are told while the job is processing.",
        "lifecycle:outputs",
        outputs_too_early,
    ),
    _mutant(
        "end-told-anew",
        "How long a job took grows after its end.",
        "lifecycle:final",
        end_told_anew,
    ),
    _mutant(
        "end-told-at-once",
        "completed_at is told from the start.",
        "lifecycle:times",
        _status(end_told_at_once),
    ),
    _mutant(
        "row-told-as-model",
        "The status tells another model than was asked for.",
        "lifecycle:echo",
        _status(row_told_as_model),
    ),
    _mutant(
        "no-reason-told",
        "A job that fails does not say why.",
        "lifecycle:failed",
        _status(no_reason_told),
    ),
    _mutant(
        "never-ends",
        "Jobs are processed for ever.",
        "laws:lifecycle:ends",
        _timetable(lambda times: replace(times, done_at_ms=None)),
    ),
    _mutant(
        "poll-advances",
        "A job moves when somebody looks at it.",
        "laws:time:polling",
        poll_advances,
    ),
    _mutant(
        "oldest-first",
        "The list of generations begins with the oldest.",
        "lifecycle:listed",
        oldest_first,
    ),
    _mutant(
        "silent-video",
        "A video has no sound track though sound was asked for.",
        "lifecycle:video-sound",
        _output(sound=False),
    ),
    _mutant(
        "square-always",
        "A picture is a square whatever was asked for.",
        "lifecycle:image-file",
        square_always,
    ),
    _mutant(
        "a-second-short",
        "A video is a second shorter than was asked for.",
        "lifecycle:video-file",
        a_second_short,
    ),
    _mutant(
        "songs-without-address",
        "Songs have no address to listen at.",
        "lifecycle:music",
        songs_without_address,
    ),
)
