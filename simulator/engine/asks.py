"""What one request asks of the simulator itself, and what became of it."""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field

from simulator.domain.effects import Layer
from simulator.domain.errors import Denial, Malformed, Rejection
from simulator.domain.faults import Call, Fired, from_prompt, of_layers, that_take_place
from simulator.engine.faultbook import FaultBook

MAGIC = "[sim:"


@dataclass(slots=True)
class Asks:
    """``surface``, ``route`` and ``path``: how the request came; ``asked``: by headers, before
    anything else; ``seed``: of the job, unless the request has one; ``fields``: what was sent;
    ``left``: returns when the caller has gone; ``fired``: what has taken place, to be told in the
    answer; ``admitted``: its scope and rate are checked; ``refusal``: what is answered instead;
    ``dropped``: nothing at all."""

    surface: str = "rest"
    route: str = ""
    operation: str = ""
    asked: tuple[Fired, ...] = ()
    seed: int | None = None
    fields: Mapping[str, object] = field(default_factory=dict)
    path: str = ""
    left: Callable[[], Awaitable[object]] | None = None
    fired: list[Fired] = field(default_factory=list)
    admitted: bool = False
    refusal: Rejection | Denial | Malformed | None = None
    dropped: bool = False

    def call(self, account: str, model: str | None = None) -> Call:
        """The request as faults see it; ``model`` is what the one that was sent came to."""
        return Call(
            self.operation, self.surface, self.route, account, model, self.fields, self.path
        )

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
    unless: Collection[str] = (),
) -> tuple[Fired, ...]:
    """The effects of these layers that take place, in the order of their priority, one of a kind.
    ``prompt`` empty: its magic words don't count; ``unless``: kinds that cannot touch the call."""
    rules = book.take(call, now_ms, layers, unless) if book else ()
    asked = [] if asks is None else list(asks.asked)
    asked += [Fired("prompt", effect) for effect in from_prompt(prompt)]
    fitting = [one for one in of_layers(asked, layers) if one.effect.kind not in unless]
    chosen = that_take_place([*fitting, *rules])
    book.give_back(rule for rule in rules if rule not in chosen)
    return chosen
