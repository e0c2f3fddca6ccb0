"""Music: ``generate_music`` and ``get_music_status``."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from simulator.domain.jobs import (
    Job,
    can_be_heard,
)
from simulator.domain.outputs import Output
from simulator.domain.rules import enforce
from simulator.domain.rules.music import MODELS, MUSIC_RULES, NEWEST, MusicAsk
from simulator.engine.answers import (
    Credits,
    StartAnswer,
    seconds,
    start_answer,
    status_answer,
)
from simulator.engine.bodies import GenerationId
from simulator.engine.plan import Ids, Plan
from simulator.engine.products.costs import SONG, product_quote
from simulator.engine.provider import Provider
from simulator.engine.seeds import between
from simulator.engine.worlds import Caller

SONGS = 2
SONG_LEAST_S, SONG_MOST_S = 60, 120
COVER_PX = 1024

Text = Annotated[str, Meta(description="Empty is as good as left out.")]
Weight = Annotated[float, Meta(ge=0, le=1)]
MusicState = Literal["pending", "queued", "processing", "streaming", "completed", "failed"]


class MusicBody(Struct, frozen=True):
    prompt: (
        Annotated[str, Meta(description="Simple mode: what to make, 400 characters.")] | None
    ) = None
    title: Annotated[str, Meta(description="Advanced mode, together with style.")] | None = None
    style: Annotated[str, Meta(description="Advanced mode, together with title.")] | None = None
    instrumental: Annotated[bool, Meta(description="Without a voice.")] | None = None
    model: (
        Annotated[str, Meta(description="V4, V4_5, V4_5PLUS, V5 or V5_5, the default.")] | None
    ) = None
    vocal_gender: Annotated[str, Meta(description="Advanced mode: m, f or random.")] | None = None
    song_description: Annotated[str, Meta(description="Advanced mode: this or lyrics.")] | None = (
        None
    )
    lyrics: Annotated[str, Meta(description="Advanced mode: this or song_description.")] | None = (
        None
    )
    negative_tags: Annotated[str, Meta(description="What to avoid.")] | None = None
    style_weight: Weight | None = None
    weirdness_constraint: Weight | None = None
    audio_weight: Weight | None = None

    def ask(self) -> MusicAsk:
        return MusicAsk(
            prompt=(self.prompt or "").strip(),
            title=(self.title or "").strip(),
            style=(self.style or "").strip(),
            instrumental=bool(self.instrumental),
            vocal_gender=self.vocal_gender or "",
            song_description=(self.song_description or "").strip(),
            lyrics=(self.lyrics or "").strip(),
        )


class Song(Struct, frozen=True):
    id: str
    title: str
    audio_url: Annotated[str | None, Meta(description="Null until the generation is completed.")]
    stream_url: str
    cover_image_url: str
    duration: float | int


class MusicStatusAnswer(Struct, frozen=True):
    id: str
    generation_id: str
    status: MusicState
    progress: Annotated[int, Meta(ge=0, le=100)]
    model: str
    prompt: str
    generation_type: str
    created_at: str
    completed_at: str | None
    processing_time_ms: int | None
    credits_deducted: Credits
    error_message: str | None
    songs: list[Song]
    estimated_time_seconds: int


async def generate_music(provider: Provider, caller: Caller, body: MusicBody) -> StartAnswer:
    """Two songs for the price of the model's row."""
    ask = body.ask()
    enforce(MUSIC_RULES, ask)
    model = body.model if body.model in MODELS else NEWEST
    title = ask.title or ask.prompt[:40]
    plan = Plan(
        kind="music",
        bucket="music",
        model=model,
        generation_type=SONG.generation_type,
        prompt=ask.prompt or ask.song_description or ask.lyrics,
        price=product_quote(provider.catalog.row(model)),
        estimated_time_s=SONG.estimate_s,
        outputs=lambda ids, seed: _songs(model, title, ids, seed),
        parameters=_parameters(ask, title, body),
    )
    job = await provider.start(caller, plan)
    return start_answer(job, f"Started: {job.formula}; poll the music status until it is over.")


async def get_music_status(
    provider: Provider, caller: Caller, body: GenerationId
) -> MusicStatusAnswer:
    """Songs can be streamed before the generation is completed."""
    job = await provider.own_job(caller, body.generation_id, ("music",))
    now_ms = await provider.worlds.now(caller.world)
    return music_answer(job, now_ms, provider.urls.files(caller.world.name))


def music_answer(job: Job, now_ms: int, files: str) -> MusicStatusAnswer:
    """A music generation at an instant; ``files`` begins the URLs of its files."""
    seen = status_answer(job, now_ms, files)
    heard = can_be_heard(job, now_ms)
    completed = seen.status == "completed"
    return MusicStatusAnswer(
        id=job.id,
        generation_id=job.id,
        status="streaming" if heard and not completed else seen.status,
        progress=seen.progress,
        model=job.model,
        prompt=job.prompt,
        generation_type=job.generation_type,
        created_at=seen.created_at,
        completed_at=seen.completed_at,
        processing_time_ms=seen.processing_time_ms,
        credits_deducted=seen.credits_deducted,
        error_message=seen.error_message,
        songs=_shown_songs(job, files, whole=completed) if heard else [],
        estimated_time_seconds=job.estimated_time_s,
    )


def _songs(model: str, title: str, ids: Ids, seed: int) -> tuple[Output, ...]:
    """Each song's sound, then its cover."""
    outputs = []
    for number in range(SONGS):
        length_s = between(seed, SONG_LEAST_S, SONG_MOST_S, "song", number)
        sound = Output(
            id=ids.output(),
            kind="audio",
            format="mp3",
            seed=(seed + number) % 2**32,
            model=model,
            caption=title,
            job_id=ids.job,
            duration_ms=length_s * 1_000,
            sound=True,
        )
        cover = Output(
            id=ids.output(),
            kind="image",
            format="png",
            seed=(seed + number) % 2**32,
            model=model,
            caption=title,
            job_id=ids.job,
            width=COVER_PX,
            height=COVER_PX,
        )
        outputs += [sound, cover]
    return tuple(outputs)


def _shown_songs(job: Job, files: str, *, whole: bool) -> list[Song]:
    title = str(job.parameters.get("title", ""))
    songs = []
    for sound, cover in zip(job.outputs[::2], job.outputs[1::2], strict=True):
        name = f"{files}{job.id}/{sound.id}"
        songs.append(
            Song(
                id=sound.id,
                title=title,
                audio_url=f"{name}.{sound.format}" if whole else None,
                stream_url=f"{name}.stream.{sound.format}",
                cover_image_url=f"{files}{job.id}/{cover.id}.{cover.format}",
                duration=seconds(sound.duration_ms),
            )
        )
    return songs


def _parameters(ask: MusicAsk, title: str, body: MusicBody) -> dict[str, object]:
    fields: dict[str, object] = {
        "mode": "advanced" if ask.advanced else "simple",
        "title": title,
        "style": ask.style,
        "instrumental": ask.instrumental,
        "vocal_gender": ask.vocal_gender,
        "song_description": ask.song_description,
        "lyrics": ask.lyrics,
        "negative_tags": body.negative_tags,
        "style_weight": body.style_weight,
        "weirdness_constraint": body.weirdness_constraint,
        "audio_weight": body.audio_weight,
    }
    return {name: value for name, value in fields.items() if value not in (None, "", False)}
