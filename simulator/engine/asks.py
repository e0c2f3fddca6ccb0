"""What one request asks of the simulator itself, and what became of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from simulator.domain.effects import Layer
from simulator.domain.errors import Rejection
from simulator.domain.faults import Call, Fired, first_of_each_kind, from_prompt, of_layers
from simulator.engine.faultbook import FaultBook


@dataclass(slots=True)
class Asks:
    """``surface`` and ``route``: how the request came; ``asked``: by headers, before anything else;
    ``seed``: of the job, unless the request has one; ``fields``: what was sent; ``fired``: what has
    taken place, to be told in the answer; ``refusal``: what a fault answers instead;
    ``dropped``: nothing at all."""

    surface: str = "rest"
    route: str = ""
    operation: str = ""
    asked: tuple[Fired, ...] = ()
    seed: int | None = None
    fields: Mapping[str, object] = field(default_factory=dict)
    fired: list[Fired] = field(default_factory=list)
    refusal: Rejection | None = None
    dropped: bool = False

    def call(self, account: str, model: str | None = None) -> Call:
        """The request as faults see it; ``model`` is what the one that was sent came to."""
        return Call(self.operation, self.surface, self.route, account, model, self.fields)

    def told(self) -> str:
        """The ids of what has taken place, parted by commas, each once."""
        return ",".join(dict.fromkeys(fired.id for fired in self.fired))


def decide(
    book: FaultBook,
    asks: Asks | None,
    prompt: str,
    call: Call,
    now_ms: int,
    layers: Sequence[Layer],
) -> tuple[Fired, ...]:
    """The effects of these layers that take place, in the order of their priority, one of a kind.
    ``prompt`` empty: its magic words don't count."""
    rules = book.take(call, now_ms, layers) if book else ()
    asked = [] if asks is None else list(asks.asked)
    asked += [Fired("prompt", effect) for effect in from_prompt(prompt)]
    chosen = first_of_each_kind([*of_layers(asked, layers), *rules])
    book.give_back(rule for rule in rules if rule not in chosen)
    return chosen
