"""How a client behaved, judged by what the provider advises, and what each lapse cost."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from simulator.domain.evidence import ASSUMED, DOCUMENTED, OBSERVED, Strength

POLL_EVERY_MS = 5_000
FIRST_LOOK_MS: Mapping[str, int] = {
    "image": 10_000,
    "video": 30_000,
    "music": 30_000,
    "separation": 20_000,
}
"""How long to wait before the first look, by what is made."""

FINAL = ("completed", "failed")


@dataclass(frozen=True, slots=True)
class Act:
    """One call of a client. ``does``: start, poll, follow (a stream), look (at balances or lists),
    fetch (a file) or other; ``broken``: the client can't know what became of it; ``signature``:
    what was asked, the same for the same request; ``uses``: the generations whose files it hands
    on; ``makes``: the kind of file that its job makes; ``told``: the status that the answer told;
    ``retry_after_s``: how long a refusal asked to wait."""

    seq: int
    at_ms: int
    does: str
    operation: str
    account: str
    signature: str = ""
    uses: tuple[str, ...] = ()
    broken: bool = False
    error: str = ""
    label: str = ""
    generation: str = ""
    makes: str = ""
    told: str = ""
    retry_after_s: int = 0


@dataclass(frozen=True, slots=True)
class Work:
    """A generation as the ledger knows it: ``captured`` in milli-credits; ``begun_by``: the number
    of the call that began it, 0 when that is no longer known."""

    generation: str
    account: str
    makes: str
    created_at_ms: int
    done_at_ms: int | None
    completed: bool
    captured: int
    begun_by: int = 0


@dataclass(frozen=True, slots=True)
class Finding:
    """A lapse: the calls that show it, and the milli-credits that it cost."""

    rule: str
    says: str
    calls: tuple[int, ...]
    millicredits: int = 0
    generation: str = ""


@dataclass(frozen=True, slots=True)
class History:
    """What one judges by: calls in their order, and generations by their ids. ``now_ms`` is when it
    is looked at."""

    acts: Sequence[Act]
    works: Mapping[str, Work]
    now_ms: int


Judge = Callable[[History], Iterable[Finding]]


@dataclass(frozen=True, slots=True)
class ConductRule:
    """``why``: what careless clients pay for it."""

    id: str
    says: str
    why: str
    strength: Strength
    source: str
    judge: Judge


def report(history: History, rules: Iterable[ConductRule] | None = None) -> list[Finding]:
    """Every finding, in the order of the rules and then of the calls. None: of all rules."""
    chosen = CONDUCT if rules is None else rules
    return [finding for rule in chosen for finding in rule.judge(history)]


def _by_generation(history: History, does: str) -> dict[str, list[Act]]:
    found: dict[str, list[Act]] = {}
    for act in history.acts:
        if act.does == does and act.generation:
            found.setdefault(act.generation, []).append(act)
    return found


def polls_too_fast(history: History) -> Iterable[Finding]:
    for generation, polls in _by_generation(history, "poll").items():
        quick = [
            later
            for earlier, later in pairwise(polls)
            if earlier.told not in FINAL and later.at_ms - earlier.at_ms < POLL_EVERY_MS
        ]
        if quick:
            yield Finding(
                "polls_too_fast",
                f"{len(quick)} polls came less than {POLL_EVERY_MS // 1000} s after the one before",
                tuple(act.seq for act in quick),
                generation=generation,
            )


def looks_too_early(history: History) -> Iterable[Finding]:
    for generation, polls in _by_generation(history, "poll").items():
        work = history.works.get(generation)
        wait_ms = 0 if work is None else FIRST_LOOK_MS.get(work.makes, 0)
        if work is not None and polls[0].at_ms - work.created_at_ms < wait_ms:
            yield Finding(
                "looks_too_early",
                f"the first poll of a {work.makes} came before {wait_ms // 1000} s were over",
                (polls[0].seq,),
                generation=generation,
            )


def polls_after_end(history: History) -> Iterable[Finding]:
    for generation, polls in _by_generation(history, "poll").items():
        end = next((place for place, act in enumerate(polls) if act.told in FINAL), None)
        late = [] if end is None else polls[end + 1 :]
        if late:
            yield Finding(
                "polls_after_end",
                f"{len(late)} polls after the answer was final",
                tuple(act.seq for act in late),
                generation=generation,
            )


def ignores_retry_after(history: History) -> Iterable[Finding]:
    for place, act in enumerate(history.acts):
        if not act.retry_after_s:
            continue
        again = next(
            (
                later
                for later in history.acts[place + 1 :]
                if (later.account, later.operation) == (act.account, act.operation)
            ),
            None,
        )
        if again is not None and again.at_ms < act.at_ms + act.retry_after_s * 1000:
            waited_s = (again.at_ms - act.at_ms) / 1000
            yield Finding(
                "ignores_retry_after",
                f"asked to wait {act.retry_after_s} s, it came back after {waited_s:g} s",
                (act.seq, again.seq),
            )


def starts_again_after_ambiguous(history: History) -> Iterable[Finding]:
    begun = {work.begun_by: work for work in history.works.values() if work.begun_by}
    for place, act in enumerate(history.acts):
        if act.does != "start" or not act.broken:
            continue
        for later in history.acts[place + 1 :]:
            if later.account != act.account:
                continue
            if later.does == "look":
                break
            if later.does == "start" and later.signature == act.signature:
                if later.generation and later.generation == act.generation:
                    break  # answered with what was there already: nothing was begun again
                both = begun.get(act.seq), begun.get(later.seq)
                twice = both[1].captured if both[0] is not None and both[1] is not None else 0
                yield Finding(
                    "starts_again_after_ambiguous",
                    "an answer was lost, and the same was started again without a look at what"
                    " is running" + (": it was made twice" if twice else ""),
                    (act.seq, later.seq),
                    millicredits=twice,
                    generation=later.generation,
                )
                break


def repeats_family_label(history: History) -> Iterable[Finding]:
    by_label: dict[tuple[str, str], list[int]] = {}
    for act in history.acts:
        if act.error == "variant_required":
            by_label.setdefault((act.account, act.label), []).append(act.seq)
    for (_, label), calls in by_label.items():
        if len(calls) > 1:
            yield Finding(
                "repeats_family_label",
                f"{label!r} is no model but a family; it was sent {len(calls)} times",
                tuple(calls),
            )


def repeats_refused_request(history: History) -> Iterable[Finding]:
    """A refusal of a rule comes again as often as the request does."""
    by_request: dict[tuple[str, str], list[int]] = {}
    passing = ("", "variant_required", "insufficient_credits", "concurrency_limit_exceeded")
    for act in history.acts:
        refused = act.error not in passing and not act.broken and not act.retry_after_s
        if act.does == "start" and refused:
            by_request.setdefault((act.account, act.signature), []).append(act.seq)
    for calls in by_request.values():
        if len(calls) > 1:
            yield Finding(
                "repeats_refused_request",
                f"the same request was sent {len(calls)} times though a rule refused it",
                tuple(calls),
            )


def too_many_at_once(history: History) -> Iterable[Finding]:
    refused = [act.seq for act in history.acts if act.error == "concurrency_limit_exceeded"]
    if refused:
        yield Finding(
            "too_many_at_once",
            f"{len(refused)} starts were refused because too many jobs ran already",
            tuple(refused),
        )


def never_looks(history: History) -> Iterable[Finding]:
    looks = ("poll", "follow", "fetch")
    seen = {act.generation for act in history.acts if act.does in looks}
    seen.update(used for act in history.acts for used in act.uses)
    listed = {act.account: act.seq for act in history.acts if act.operation == "get_generations"}
    for work in history.works.values():
        over = work.done_at_ms is not None and history.now_ms >= work.done_at_ms
        unseen = work.generation not in seen and listed.get(work.account, 0) < work.begun_by
        if over and work.begun_by and unseen:
            yield Finding(
                "never_looks",
                "nobody asked what became of this generation",
                (work.begun_by,),
                work.captured,
                work.generation,
            )


def downloads_nothing(history: History) -> Iterable[Finding]:
    fetched = {act.generation for act in history.acts if act.does == "fetch"}
    fetched.update(used for act in history.acts for used in act.uses)
    polled = {act.generation for act in history.acts if act.told == "completed"}
    for work in history.works.values():
        if work.completed and work.generation in polled - fetched:
            yield Finding(
                "downloads_nothing",
                "completed, and none of its files was fetched",
                (work.begun_by,) if work.begun_by else (),
                work.captured,
                work.generation,
            )


_ADVICE = "docs: how it works; kubeez://skills/polling"

CONDUCT: tuple[ConductRule, ...] = (
    ConductRule(
        "polls_too_fast",
        "A running generation is polled every 5 s, not faster.",
        "Reads are limited by the minute; polls that tell nothing new use them up.",
        OBSERVED,
        _ADVICE,
        polls_too_fast,
    ),
    ConductRule(
        "looks_too_early",
        "The first look comes after 10 s for an image, 30 s for a video or music, 20 s for a"
        " separation.",
        "Nothing is ready before.",
        OBSERVED,
        _ADVICE,
        looks_too_early,
    ),
    ConductRule(
        "polls_after_end",
        "completed and failed are final: nobody polls after them.",
        "The answer stays the same.",
        DOCUMENTED,
        "page: get_generation_status",
        polls_after_end,
    ),
    ConductRule(
        "ignores_retry_after",
        "A client waits as long as Retry-After says.",
        "Until then every call of the kind is refused.",
        ASSUMED,
        "ruling: Retry-After is sent with 429",
        ignores_retry_after,
    ),
    ConductRule(
        "starts_again_after_ambiguous",
        "After a lost answer a client looks at what is running before it starts the same again.",
        "The lost start may hold credits; the second is paid for as well.",
        ASSUMED,
        "ruling: a hold is made before the answer leaves",
        starts_again_after_ambiguous,
    ),
    ConductRule(
        "repeats_family_label",
        "A family's label is answered with its variants; a client chooses one of them.",
        "The label will never be accepted.",
        DOCUMENTED,
        "page: Family-name disambiguation",
        repeats_family_label,
    ),
    ConductRule(
        "repeats_refused_request",
        "What a rule refused is not sent again unchanged.",
        "The rule will refuse it again.",
        ASSUMED,
        "mediasim's own",
        repeats_refused_request,
    ),
    ConductRule(
        "too_many_at_once",
        "A client keeps to the number of jobs that may run at once.",
        "Those beyond it are refused.",
        OBSERVED,
        "docs: limitations",
        too_many_at_once,
    ),
    ConductRule(
        "never_looks",
        "Whoever starts a generation looks what became of it.",
        "It was paid for.",
        ASSUMED,
        "mediasim's own",
        never_looks,
    ),
    ConductRule(
        "downloads_nothing",
        "Files of a completed generation are fetched.",
        "They were paid for.",
        ASSUMED,
        "mediasim's own",
        downloads_nothing,
    ),
)
"""In the order of the report."""
