"""Captions: ``generate_captions``, which answers with its words."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from simulator.domain.jobs import deducted_millicredits
from simulator.domain.pricing import credits as shown
from simulator.domain.rules import enforce
from simulator.domain.rules.sound import SOUND_RULES, SoundAsk
from simulator.engine.answers import Credits, seconds
from simulator.engine.plan import Plan
from simulator.engine.products.costs import CAPTIONS, product_quote
from simulator.engine.provider import Provider
from simulator.engine.seeds import draw
from simulator.engine.worlds import Caller

MODEL = "auto-caption"
WORD_MS, PAUSE_MS = 450, 50
VOCABULARY = (
    "a",
    "quiet",
    "light",
    "falls",
    "over",
    "the",
    "harbour",
    "while",
    "small",
    "boats",
    "drift",
    "home",
    "and",
    "someone",
    "near",
    "water",
    "hums",
    "an",
    "old",
    "song",
    "about",
    "rain",
    "bread",
    "long",
    "road",
    "north",
)


class CaptionsBody(Struct, frozen=True):
    media_url: Annotated[str, Meta(min_length=1, description="A video or an audio file.")]
    quality: Annotated[Literal["auto", "best"], Meta(description="auto by default.")] = "auto"


class Word(Struct, frozen=True):
    word: str
    start: Annotated[float | int, Meta(description="Seconds from the beginning.")]
    end: float | int


class CaptionsAnswer(Struct, frozen=True):
    id: str
    generation_id: str
    status: Literal["completed"]
    model: str
    text: str
    words: list[Word]
    language: str
    duration_seconds: float | int
    measured: Annotated[bool, Meta(description="Whether the length is known, or the most.")]
    credits_deducted: Credits
    message: str


async def generate_captions(
    provider: Provider, caller: Caller, body: CaptionsBody
) -> CaptionsAnswer:
    """Synchronous: held, captured and answered in one."""
    ask = SoundAsk(await provider.source(caller, body.media_url))
    enforce(SOUND_RULES, ask)
    plan = Plan(
        kind="captions",
        bucket="captions",
        model=MODEL,
        generation_type=CAPTIONS.generation_type,
        prompt=body.media_url[:500],
        price=product_quote(provider.catalog.row(MODEL), length_ms=ask.billed_ms),
        estimated_time_s=CAPTIONS.estimate_s,
        outputs=lambda ids, seed: (),
        parameters={"media_url": body.media_url, "quality": body.quality},
        at_once=True,
    )
    job = await provider.start(caller, plan)
    upload = ask.source.upload
    words = caption_words(body.media_url if upload is None else upload.id, ask.billed_ms)
    now_ms = await provider.worlds.now(caller.world)
    return CaptionsAnswer(
        id=job.id,
        generation_id=job.id,
        status="completed",
        model=MODEL,
        text=" ".join(word.word for word in words),
        words=words,
        language="en",
        duration_seconds=seconds(ask.billed_ms),
        measured=ask.measured_ms is not None,
        credits_deducted=shown(deducted_millicredits(job, now_ms)),
        message=f"Done: {job.formula}.",
    )


def caption_words(name: str, length_ms: int) -> list[Word]:
    """Two words a second over the file's length; the same file has the same words."""
    words = []
    for number, start_ms in enumerate(range(0, length_ms, WORD_MS + PAUSE_MS)):
        word = VOCABULARY[draw(0, name, number) % len(VOCABULARY)]
        end_ms = min(start_ms + WORD_MS, length_ms)
        words.append(Word(word, seconds(start_ms), seconds(end_ms)))
    return words
