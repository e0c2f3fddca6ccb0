"""``mediasim price``: what a request would cost, by which row and formula; or its refusal."""

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches

from simulator.commands.catalogue import chosen, open_catalog
from simulator.console import FAILED, OK, complain, say, say_json
from simulator.domain.catalog import MEDIA_TYPES, Catalog, Model
from simulator.domain.errors import Rejection
from simulator.domain.normal import normal_form
from simulator.domain.policies import Policies
from simulator.domain.pricing import credits as shown
from simulator.domain.pricing import quote
from simulator.domain.requests import MediaAsk, MediaRequest, put
from simulator.domain.rules import enforce
from simulator.domain.rules.media import MEDIA_RULES
from simulator.domain.rules.models import resolve
from simulator.engine.shelf import model_row

_EXTENSIONS = (("image", "png"), ("video", "mp4"), ("audio", "mp3"))


@dataclass(frozen=True, slots=True)
class Question:
    """A request without its prompt. ``sources``: how many of each kind, None: as few as needed."""

    model: str
    generation_type: str | None
    duration: str | None
    sound: bool
    resolution: str | None
    quality: str | None
    aspect_ratio: str | None
    sources: Mapping[str, int | None]
    policies: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Priced:
    """An answer: ``asked`` holds what the price was reckoned with, defaults included."""

    model: str
    credits: int | float | None
    row: str
    formula: str
    strength: str
    source: str
    asked: Mapping[str, object]
    assumptions: tuple[str, ...] = ()


def price(question: Question, *, as_json: bool) -> int:
    """Prints the price, or the refusal that the API would answer. Raises CommandFailed."""
    policies, catalog = chosen(question.policies), open_catalog()
    try:
        priced = _priced(catalog, question, policies)
    except Rejection as refusal:
        return _refused(catalog, question, refusal, as_json=as_json)
    if as_json:
        say_json(_plain(priced))
    else:
        _print(priced)
    return OK


def _priced(catalog: Catalog, question: Question, policies: Policies) -> Priced:
    known = catalog.get(question.model)
    if known is not None and known in catalog.listed() and known.model_type not in MEDIA_TYPES:
        return _of_another_tool(catalog, known)
    model = resolve(catalog, question.model, policies)
    ask, assumptions = _ask(model, question)
    asked = put(ask, model, {}, policies)
    enforce(MEDIA_RULES, asked)
    request = normal_form(asked)
    answer = quote(catalog, request, policies)
    row = catalog.row(answer.row)
    return Priced(
        model=model.id,
        credits=shown(answer.millicredits),
        row=row.id,
        formula=answer.formula,
        strength="assumed" if "price" in row.assumed else row.strength.value,
        source=row.source,
        asked=_asked(request),
        assumptions=assumptions,
    )


def _of_another_tool(catalog: Catalog, model: Model) -> Priced:
    """Music, speech, captions and the like have unit prices, and calls of their own."""
    row = model_row(catalog, model)
    asked = {"model_type": model.model_type}
    strength, source = model.strength.value, model.source
    note = row.cost_note
    return Priced(model.id, row.cost_per_generation, model.id, note, strength, source, asked)


def _ask(model: Model, question: Question) -> tuple[MediaAsk, tuple[str, ...]]:
    """What is left out is the least that the model can do; and what that came to."""
    assumptions = []
    mode = question.generation_type
    if mode is None:
        mode = next(iter(model.modes))
        assumptions.append(_mode(model))
    urls = []
    for kind, extension in _EXTENSIONS:
        count = question.sources.get(kind)
        if count is None:
            inputs = model.modes.get(mode)
            count = 0 if inputs is None else inputs.of(kind).least
            if count:
                assumptions.append(f"--{kind} {count}")
        urls += [f"https://example.com/{kind}-{number}.{extension}" for number in range(count)]
    ask = MediaAsk(
        prompt="x",
        model=question.model,
        generation_type=mode,
        source_media_urls=tuple(urls),
        aspect_ratio=question.aspect_ratio,
        duration=question.duration,
        quality=question.quality,
        resolution=question.resolution,
        sound=question.sound,
    )
    return ask, tuple(assumptions)


def _mode(model: Model) -> str:
    first, *others = model.modes
    also = f" (it also makes {', '.join(others)})" if others else ""
    return f"--generation-type {first}{also}"


def _asked(request: MediaRequest) -> dict[str, object]:
    fields: dict[str, object] = {
        "generation_type": request.generation_type,
        "duration_s": request.duration_s,
        "sound": request.sound or None,
        "resolution": request.resolution or None,
        "quality": request.quality or None,
        "aspect_ratio": request.aspect_ratio or None,
        "images": request.count("image") or None,
        "videos": request.count("video") or None,
        "audios": request.count("audio") or None,
    }
    return {name: value for name, value in fields.items() if value is not None}


def _plain(priced: Priced) -> dict[str, object]:
    return {
        "model": priced.model,
        "credits": priced.credits,
        "price_row": priced.row,
        "formula": priced.formula,
        "strength": priced.strength,
        "source": priced.source,
        "request": dict(priced.asked),
        "assumed_options": list(priced.assumptions),
    }


def _print(priced: Priced) -> None:
    amount = "no price is known" if priced.credits is None else f"{priced.credits} credits"
    asked = ", ".join(_words(name, value) for name, value in priced.asked.items())
    say(f"{amount}  {priced.model}: {asked}")
    say(f"  row      {priced.row}")
    say(f"  formula  {priced.formula}")
    say(f"  price    {priced.strength} ({priced.source})")
    if priced.assumptions:
        say(f"  taken    {', '.join(priced.assumptions)}")


def _words(name: str, value: object) -> str:
    if name == "sound":
        return "with sound"
    if name in ("images", "videos", "audios"):
        return f"{value} {name.removesuffix('s') if value == 1 else name}"
    if name == "duration_s":
        return f"{value} s"
    return str(value)


def _refused(catalog: Catalog, question: Question, refusal: Rejection, *, as_json: bool) -> int:
    near = _near(catalog, question.model) if catalog.get(question.model) is None else []
    if as_json:
        body = refusal.body()
        say_json({**body, "did_you_mean": near} if near else body)
        return FAILED
    complain(f"{refusal.code}: {refusal.message}")
    if near:
        complain(f"Did you mean {', '.join(near)}?")
    known = catalog.get(question.model)
    if known is not None and known.modes and question.generation_type is None:
        complain(f"Reckoned with {_mode(known)}.")
    return FAILED


def _near(catalog: Catalog, model_id: str) -> list[str]:
    names = [model.id for model in catalog.models if model.enabled and model.kind != "pricing_row"]
    return get_close_matches(model_id.lower()[:100], names, n=4, cutoff=0.5)
