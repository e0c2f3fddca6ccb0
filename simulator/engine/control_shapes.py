"""The shapes of the control plane's requests and answers."""

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from simulator.engine.answers import Credits
from simulator.engine.bodies import GenerationStatus
from simulator.engine.clock import SPEED_MOST

SEED_MOST = 2**63 - 1

Amount = Annotated[
    float, Meta(ge=-1e12, le=1e12, description="Credits, of at most three decimals.")
]


class ResetBody(Struct, frozen=True):
    """What is left out stays as it was; what is given holds for later resets too."""

    all: Annotated[bool, Meta(description="Every namespace, not only this one.")] = False
    drop: Annotated[
        bool,
        Meta(
            description="Gives its place back as well: where the name is used again it begins as"
            " any new one, whatever was given here or before."
        ),
    ] = False
    seed: Annotated[int, Meta(ge=0, le=SEED_MOST)] | None = None
    credits: (
        Annotated[
            float,
            Meta(
                ge=0,
                le=1e12,
                description="Of each new account, as long as the process lives; those that the"
                " operator set up begin as set up.",
            ),
        ]
        | None
    ) = None
    frozen: Annotated[bool, Meta(description="Whether the clock stands still.")] | None = None
    speed: (
        Annotated[
            float,
            Meta(gt=0, le=SPEED_MOST, description="Simulated seconds per real second."),
        ]
        | None
    ) = None


class SpeedBody(Struct, frozen=True):
    speed: Annotated[float, Meta(description="Simulated seconds per real second, above 0.")]


class SetBody(Struct, frozen=True):
    now: Annotated[str, Meta(description="RFC 3339 with an offset; not in the clock's past.")]


class UntilStatus(Struct, frozen=True, forbid_unknown_fields=True):
    generation_id: str
    status: GenerationStatus


class AdvanceBody(Struct, frozen=True):
    seconds: Annotated[float, Meta(ge=0, description="How far to move.")] | None = None
    until: (
        Annotated[
            UntilStatus | Literal["next_event"],
            Meta(description="next_event, or a generation and the status it is to reach."),
        ]
        | None
    ) = None


class LedgerQuery(Struct, frozen=True):
    generation_id: str | None = None
    account: str | None = None


class AccountBody(Struct, frozen=True):
    key: Annotated[str, Meta(description="sk_test_<namespace>[.<account>]")]
    credits: Annotated[float, Meta(ge=0, le=1e12, description="Available credits.")] | None = None
    scopes: list[str] | None = None


class CreditsBody(Struct, frozen=True):
    account: str
    credits: Amount
    reason: str = "adjusted by the control plane"


class JobsQuery(Struct, frozen=True):
    status: GenerationStatus | None = None
    account: str | None = None
    model: str | None = None
    limit: Annotated[int, Meta(ge=1, description="The newest so many.")] | None = None


class JobId(Struct, frozen=True):
    id: str


class ClockAnswer(Struct, frozen=True):
    now: str
    mode: Literal["running", "frozen"]
    speed: float


class InfoAnswer(Struct, frozen=True):
    name: str
    version: str
    contract_date: str
    namespace: str
    seed: int
    store: str
    clock: ClockAnswer
    policies: dict[str, str]
    limits: bool
    magic: bool


class ResetAnswer(Struct, frozen=True):
    reset: list[str]
    clock: ClockAnswer


class BalanceView(Struct, frozen=True):
    available: Credits
    held: Credits
    spent: Credits


class EntryView(Struct, frozen=True):
    id: int
    kind: Literal["grant", "hold", "capture", "release", "adjust"]
    credits: Credits
    account: str
    generation_id: str | None
    at: str
    model: str | None
    price_row: str | None
    formula: str | None
    reason: str


class LedgerAnswer(Struct, frozen=True):
    entries: list[EntryView]
    balance: BalanceView


class VerifyAnswer(Struct, frozen=True):
    ok: bool
    entries: int
    violations: list[str]


class AccountView(Struct, frozen=True):
    account: str
    namespace: str
    scopes: list[str]
    balance: BalanceView


class AccountsAnswer(Struct, frozen=True):
    accounts: list[AccountView]


class Moments(Struct, frozen=True):
    created_at: str
    queued_at: str
    processing_at: str
    done_at: str | None


class JobView(Struct, frozen=True):
    id: str
    number: int
    kind: str
    account: str
    status: GenerationStatus
    progress: int
    model: str
    generation_type: str
    prompt: str
    parameters: dict[str, Any]
    seed: int
    credits: Credits
    price_row: str
    formula: str
    timetable: Moments
    outcome: Annotated[str, Meta(description="completed, failed, or never: how it will end.")]
    faults: Annotated[
        list[dict[str, Any]], Meta(description="What was asked to go wrong, and by whom.")
    ]
    outputs: list[str]
    position: Annotated[int, Meta(description="Place in its model's queue; 1 is next.")] = 0


class JobsAnswer(Struct, frozen=True):
    jobs: list[JobView]


class RulingView(Struct, frozen=True):
    id: str
    strength: str
    source: str
    says: str
    policy: str | None


class RulingsAnswer(Struct, frozen=True):
    rulings: list[RulingView]
