"""Dialogue: ``generate_dialogue``. Its status is read as a media generation's."""

from typing import Annotated

from msgspec import Meta, Struct

from simulator.domain.outputs import Output
from simulator.domain.rules import enforce
from simulator.domain.rules.speech import (
    CHARACTERS_MOST,
    DEFAULT_VOICE,
    DIALOGUE_RULES,
    Line,
    speech_ms,
)
from simulator.engine.answers import StartAnswer, start_answer
from simulator.engine.plan import Plan
from simulator.engine.products.costs import SPEECH, product_quote
from simulator.engine.provider import Provider
from simulator.engine.worlds import Caller

MODEL = "text-to-dialogue-v3"


class LineBody(Struct, frozen=True):
    text: str
    voice: Annotated[str, Meta(description="One of 26 names; Rachel if left out.")] | None = None


class DialogueBody(Struct, frozen=True):
    dialogue: Annotated[
        list[LineBody], Meta(min_length=1, description="Lines, 5 to 5,000 characters in all.")
    ]
    stability: Annotated[float, Meta(ge=0, le=1)] = 0.5
    language_code: Annotated[str, Meta(description="For example en; auto by default.")] = "auto"

    def lines(self) -> tuple[Line, ...]:
        return tuple(Line(line.text, line.voice) for line in self.dialogue)


async def generate_dialogue(provider: Provider, caller: Caller, body: DialogueBody) -> StartAnswer:
    """One sound file with all lines."""
    lines = body.lines()
    enforce(DIALOGUE_RULES, lines)
    text = "\n".join(line.text for line in lines)
    plan = Plan(
        kind="dialogue",
        bucket="dialogue",
        model=MODEL,
        generation_type=SPEECH.generation_type,
        prompt=text[:CHARACTERS_MOST],
        price=product_quote(provider.catalog.row(MODEL)),
        estimated_time_s=SPEECH.estimate_s,
        outputs=lambda ids, seed: (
            Output(
                id=ids.output(),
                kind="audio",
                format="mp3",
                seed=seed,
                model=MODEL,
                caption=text[:240],
                job_id=ids.job,
                duration_ms=speech_ms(lines),
                sound=True,
            ),
        ),
        parameters={
            "voices": [line.voice or DEFAULT_VOICE for line in lines],
            "stability": body.stability,
            "language_code": body.language_code,
        },
    )
    job = await provider.start(caller, plan)
    return start_answer(job, f"Started: {job.formula}; poll the media status until it is over.")
