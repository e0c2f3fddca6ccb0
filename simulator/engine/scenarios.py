"""Named situations as data: what is put into a world, what a client then does and sees, and what
is in the ledger at the end."""

from typing import Any, Literal

from msgspec import Struct, field

from simulator.domain.effects import Effect, effects_from_text
from simulator.domain.evidence import Strength
from simulator.engine.controls.breakpoints import Outcome as Release
from simulator.engine.controls.faults import FaultBody, MatchBody
from simulator.engine.controls.queues import QueueBody
from simulator.engine.worlds import SCOPES

Surface = Literal["rest", "mcp"]
SURFACES: tuple[Surface, ...] = ("rest", "mcp")

Do = Literal[
    "account",
    "advance",
    "arm",
    "balance",
    "disarm",
    "download",
    "history",
    "job",
    "join",
    "models",
    "open",
    "poll",
    "quote",
    "release",
    "reset",
    "start",
    "stream",
    "together",
    "tools",
    "upload",
    "wait",
]


class Expect(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What a step must see; what is left out may be anything.

    ``outcome``: an error's code, else the status as text, or ``dropped`` (no
    answer), ``cut`` (the body broke off), ``unreadable`` (no JSON) or ``gave_up``, and 200 when it
    is left out; ``counts``: how many of several calls had which outcome; ``fields``: values in the
    body, dots leading into objects and lists; ``differs``: values that they must not be;
    ``headers``: with their whole value, over REST; ``text``: somewhere in the body; ``told``:
    whether X-Sim-Fault names one of this scenario's faults; ``bytes``: in the body, ``whole``: as
    many as were announced; ``kind``: how the content type begins; ``events``: names, in order;
    ``has`` and ``lacks``: names of tools."""

    outcome: str | None = None
    counts: dict[str, int] | None = None
    fields: dict[str, Any] = {}
    differs: dict[str, Any] = {}
    headers: dict[str, str] = {}
    text: str | None = None
    told: bool | None = None
    bytes_least: int | None = None
    whole: bool | None = None
    kind: str | None = None
    events: list[str] | None = None
    has: list[str] = []
    lacks: list[str] = []


class Step(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One thing that the client does. ``name``: what later steps call its answer; ``operation``:
    another than the usual one; ``job``: the name of the step whose answer has its id, with a path
    where that lies deeper; ``later``: it is not waited for until ``join``; ``count``: how many
    at once; ``patience_s``: real seconds after which the client hangs up; ``session``: within the
    MCP session that ``open`` began. Which of the others a step reads is in the README."""

    do: Do
    name: str = ""
    account: str = "main"
    operation: str = ""
    body: dict[str, Any] = {}
    headers: dict[str, str] = {}
    job: str = ""
    url: str = ""
    later: bool = False
    count: int = 1
    patience_s: float = 5.0
    session: bool = False
    seconds: float | None = None
    until: str | None = None
    breakpoint: int = 0
    outcome: Release = "continue"
    credits: float | None = None
    scopes: list[str] | None = None
    fault: FaultBody | None = None
    expect: Expect = Expect()


class Holder(Struct, frozen=True, forbid_unknown_fields=True):
    """An account as the situation finds it; credits are what is available."""

    credits: float
    scopes: list[str] = field(default_factory=lambda: list(SCOPES))


class Point(Struct, frozen=True, forbid_unknown_fields=True):
    """A breakpoint; the first is 0."""

    point: str
    match: MatchBody = MatchBody()
    times: int | None = None


class Arm(Struct, frozen=True, forbid_unknown_fields=True):
    """What is put into the world. ``frozen``: the clock is stopped; ``policies``, ``limits``: what
    the simulator must have been started with."""

    accounts: dict[str, Holder]
    faults: list[FaultBody] = []
    queues: list[QueueBody] = []
    breakpoints: list[Point] = []
    frozen: bool = False
    policies: dict[str, str] = {}
    limits: bool = False


class Row(Struct, frozen=True, forbid_unknown_fields=True):
    """A line of the ledger."""

    kind: Literal["grant", "hold", "capture", "release", "adjust"]
    credits: float
    account: str = "main"


class Amounts(Struct, frozen=True, forbid_unknown_fields=True):
    """An account at the end. ``held`` and ``spent`` count from the arming."""

    available: float
    held: float = 0
    spent: float = 0


class Ending(Struct, frozen=True, forbid_unknown_fields=True):
    """Every entry since the arming, in order, and each account's balance."""

    balances: dict[str, Amounts]
    entries: list[Row] = []


class Scenario(Struct, frozen=True, forbid_unknown_fields=True):
    """``says``: what happens and why it matters; ``client``: what a client does to see it;
    ``request``: effects for the one request that names it, as in ``X-Sim-Fault``; ``topic``: the
    name of its file."""

    name: str
    title: str
    says: str
    client: str
    strength: Strength
    source: str
    arm: Arm
    play: list[Step]
    ledger: Ending
    request: str = ""
    surfaces: list[Surface] = field(default_factory=lambda: list(SURFACES))
    topic: str = ""

    def effects(self) -> tuple[Effect, ...]:
        """Of the one request. Raises BadEffect."""
        return effects_from_text(self.request)


class Scenarios:
    """All of them, in the order of their files and rows."""

    def __init__(self, scenarios: list[Scenario]) -> None:
        self._by_name = {scenario.name: scenario for scenario in scenarios}

    def all(self) -> list[Scenario]:
        return list(self._by_name.values())

    def get(self, name: str) -> Scenario | None:
        return self._by_name.get(name)
