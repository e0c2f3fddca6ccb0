"""Worlds: isolated from each other, the same again after a reset, never back in time."""

import msgspec
import pytest

from simulator.domain.errors import Denial
from simulator.domain.jobs import Job
from simulator.domain.ledger import Entry
from simulator.domain.times import WORLD_BEGINS_MS
from simulator.engine.bodies import GenerationId, Nothing
from simulator.engine.provider import Provider
from simulator.engine.store.base import Query, Store
from simulator.engine.store.sqlite import in_memory
from simulator.engine.worlds import (
    AS_BEFORE,
    LEASE_REAL_MS,
    SCOPES,
    Beginning,
    Defaults,
    NewAccount,
    World,
    Worlds,
)
from tests.engine.driving import available, caller, done, leap, poll, start
from tests.engine.world import RealTime, make_provider

FROZEN = Defaults(frozen=True)


def durable() -> Store:
    """A store that is told to outlive the process; two ``Worlds`` on it are a restart."""
    store = in_memory()
    store.durable = True
    return store


def worlds(
    defaults: Defaults = FROZEN, store: Store | None = None, real: RealTime | None = None
) -> Worlds:
    return Worlds(store or in_memory(), defaults, (real or RealTime()).read)


def entries(provider: Provider, world: World) -> list[Entry]:
    now_ms = done(provider.worlds.now(world))
    return done(provider.store.entries(world.id, now_ms))


def jobs(provider: Provider, world: World) -> list[Job]:
    return done(provider.store.jobs(world.id, Query(), done(provider.worlds.now(world))))


@pytest.mark.parametrize("name", ["w", "W-1_x", "0", "a" * 64])
def test_a_world_is_made_at_first_sight_and_found_again(name: str) -> None:
    all_worlds = worlds()
    assert done(all_worlds.world(name)) is done(all_worlds.world(name))
    assert [world.name for world in all_worlds.all()] == [name]


@pytest.mark.parametrize("name", ["", "-", "a-", "_a", "a.b", "a/b", "a" * 65, "é", "a\n", "\0"])
def test_a_name_that_is_no_word_is_denied(name: str) -> None:
    all_worlds = worlds()
    for opening in (all_worlds.world(name), all_worlds.caller("w", name)):
        with pytest.raises(Denial) as denial:
            done(opening)
        assert denial.value.status == 400
    assert done(all_worlds.known(name)) is None


def test_a_key_in_the_place_of_a_name_is_denied_and_not_repeated() -> None:
    with pytest.raises(Denial) as denial:
        done(worlds().world("sk_test_secret"))
    assert denial.value.status == 400
    assert "secret" not in denial.value.detail


def test_worlds_are_listed_by_name() -> None:
    all_worlds = worlds()
    for name in ("b", "a", "c"):
        done(all_worlds.world(name))
    assert [world.name for world in all_worlds.all()] == ["a", "b", "c"]


def test_there_is_an_end_to_the_worlds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("simulator.engine.worlds.WORLDS_MOST", 2)
    all_worlds = worlds()
    for name in ("a", "b"):
        done(all_worlds.world(name))
    with pytest.raises(Denial) as denial:
        done(all_worlds.world("c"))
    assert denial.value.status == 503
    assert done(all_worlds.world("a")).name == "a"


def test_there_is_an_end_to_the_accounts_of_a_world(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("simulator.engine.worlds.ACCOUNTS_MOST", 2)
    all_worlds = worlds()
    for name in ("a", "b"):
        assert done(all_worlds.caller("w", name))
    with pytest.raises(Denial) as denial:
        done(all_worlds.caller("w", "c"))
    assert denial.value.status == 503
    assert done(all_worlds.caller("other", "c"))
    assert done(all_worlds.put_account(done(all_worlds.world("w")), "a", None, 5)).name == "a"


def test_looking_for_a_world_makes_none() -> None:
    store = in_memory()
    assert done(worlds(store=store).known("w")) is None
    first = worlds(store=store)
    made = done(first.world("w"))
    assert done(first.known("w")) is made
    found = done(worlds(store=store).known("w"))
    assert found is not None
    assert found.id == made.id


def test_a_new_account_has_the_default_credits_and_every_scope() -> None:
    provider = make_provider(defaults=Defaults(frozen=True, credits=123_456))
    who = caller(provider, account="alice")
    assert available(provider, who) == 123.456
    assert who.scopes == frozenset(SCOPES)


def test_without_automatic_keys_nobody_is_made_by_knocking() -> None:
    store = in_memory()
    closed = Defaults(frozen=True, auto_keys=False)
    assert done(worlds(closed, store).caller("w", "main")) is None
    assert done(store.world_names()) == []
    done(worlds(FROZEN, store).world("w"))
    known = worlds(closed, store)
    assert done(known.caller("w", "alice")) is None
    assert done(known.caller("w", "main")) is not None


CONFIGURED = Defaults(
    frozen=True,
    auto_keys=False,
    accounts={
        "w": (NewAccount("main", 5_000, ("read:balance",)), NewAccount("alice", 7_000)),
    },
)


def test_configured_accounts_begin_as_the_operator_said() -> None:
    provider = make_provider(defaults=CONFIGURED)
    main, alice = caller(provider), caller(provider, account="alice")
    assert (available(provider, main), available(provider, alice)) == (5, 7)
    assert (main.scopes, alice.scopes) == (frozenset({"read:balance"}), frozenset(SCOPES))


def test_without_automatic_keys_a_world_has_only_the_accounts_that_were_set_up() -> None:
    accounts = {"w": (NewAccount("bob", 1_000), NewAccount("alice", 7_000))}
    closed = Defaults(frozen=True, auto_keys=False, accounts=accounts)
    provider = make_provider(defaults=closed)
    for _ in range(2):
        assert done(provider.worlds.caller("w", "main")) is None
        assert available(provider, caller(provider, account="alice")) == 7
        assert [
            entry.account for entry in entries(provider, caller(provider, account="bob").world)
        ] == [
            "bob",
            "alice",
        ]
        done(provider.worlds.reset(done(provider.worlds.world("w"))))


def test_no_account_is_issued_more_than_the_ledger_counts_exactly() -> None:
    provider = make_provider()
    world = caller(provider).world
    with pytest.raises(Denial) as denial:
        done(provider.store.adjust(world.id, "main", 2**62, "r", WORLD_BEGINS_MS))
    assert denial.value.status == 400
    assert available(provider, caller(provider)) == 10_000


def test_configured_accounts_are_there_again_after_a_reset() -> None:
    provider = make_provider(defaults=CONFIGURED)
    world = caller(provider).world
    before = entries(provider, world)
    done(provider.store.adjust(world.id, "alice", -7_000, "spent", WORLD_BEGINS_MS))
    done(provider.worlds.reset(world))
    assert entries(provider, world) == before
    assert available(provider, caller(provider, account="alice")) == 7


def test_an_account_can_be_changed_in_part() -> None:
    provider = make_provider()
    world = caller(provider).world
    done(provider.worlds.put_account(world, "main", ("read:balance",), None))
    assert caller(provider).scopes == frozenset({"read:balance"})
    done(provider.worlds.put_account(world, "main", None, 1_500))
    assert caller(provider).scopes == frozenset({"read:balance"})
    assert available(provider, caller(provider)) == 1.5
    done(provider.worlds.put_account(world, "main", None, 1_500))
    assert [entry.kind for entry in entries(provider, world)] == ["grant", "adjust"]


def test_an_account_can_be_made_with_credits_and_scopes() -> None:
    provider = make_provider()
    world = caller(provider).world
    done(provider.worlds.put_account(world, "bob", (), 0))
    assert caller(provider, account="bob").scopes == frozenset()
    assert available(provider, caller(provider, account="bob")) == 0


def test_changing_an_account_that_is_not_there_is_an_error() -> None:
    provider = make_provider()
    world = caller(provider).world
    with pytest.raises(LookupError, match="no account 'ghost'"):
        done(provider.store.change_account(world.id, "ghost", (), None, WORLD_BEGINS_MS))


def test_a_known_account_is_found_after_a_restart_though_keys_are_not_made() -> None:
    store = in_memory()
    done(worlds(FROZEN, store).caller("w", "alice"))
    closed = Defaults(frozen=True, auto_keys=False)
    assert done(worlds(closed, store).caller("w", "alice")) is not None


def test_worlds_do_not_touch() -> None:
    provider = make_provider()
    one, other = caller(provider, "one"), caller(provider, "other")
    before = (entries(provider, other.world), available(provider, other))
    generation = start(provider, one)
    leap(provider, one.world, 10**7)
    done(provider.store.adjust(one.world.id, "main", 5, "gift", WORLD_BEGINS_MS))
    done(provider.worlds.reset(one.world))
    again = start(provider, one)
    leap(provider, one.world, 10**7)
    assert again == generation
    assert (entries(provider, other.world), available(provider, other)) == before
    assert jobs(provider, other.world) == []
    assert done(provider.worlds.now(other.world)) == WORLD_BEGINS_MS
    with pytest.raises(Denial):
        poll(provider, other, generation)


def test_the_same_requests_in_two_worlds_get_different_ids() -> None:
    provider = make_provider()
    ids = {start(provider, caller(provider, world)) for world in ("a", "b")}
    assert len(ids) == 2


def script(provider: Provider, world: str = "w") -> bytes:
    """A little of everything, as one text of bytes."""
    shown: list[object] = []
    who, alice = caller(provider, world), caller(provider, world, "alice")
    for number in range(6):
        prompt = ("", "[sim:fail=content_policy]", "[sim:stuck]")[number % 3] + "x"
        seed = None if number % 2 else number
        shown += [start(provider, each, prompt, seed=seed) for each in (who, alice)]
        shown.append(leap(provider, who.world, 12_345))
        shown += [poll(provider, who, str(generation)) for generation in shown[-3:-2]]
    shown += [done(provider.get_balance(each, Nothing())) for each in (who, alice)]
    shown += [entries(provider, who.world), jobs(provider, who.world)]
    return msgspec.json.encode(shown)


@pytest.mark.parametrize("seed", [0, 42])
def test_after_a_reset_the_same_requests_give_the_same_bytes(seed: int) -> None:
    provider = make_provider(defaults=Defaults(frozen=True, seed=seed))
    first = script(provider)
    done(provider.worlds.reset(done(provider.worlds.world("w"))))
    assert script(provider) == first
    assert script(make_provider(defaults=Defaults(frozen=True, seed=seed))) == first


def test_another_seed_gives_other_bytes() -> None:
    assert script(make_provider()) != script(make_provider(defaults=Defaults(frozen=True, seed=1)))


def test_a_reset_forgets_jobs_and_wakes_those_who_wait() -> None:
    provider = make_provider(limits=True)
    who = caller(provider)
    generation, moved = start(provider, who), who.world.moved
    for _ in range(30):
        done(provider.count_call(who, "media"))
    done(provider.worlds.reset(who.world))
    assert moved.is_set()
    assert not who.world.moved.is_set()
    assert jobs(provider, who.world) == []
    done(provider.count_call(caller(provider), "media"))
    with pytest.raises(Denial):
        done(provider.get_generation_status(caller(provider), GenerationId(generation)))


def test_a_reset_keeps_the_speed_and_whether_the_clock_runs() -> None:
    real = RealTime()
    all_worlds = worlds(Defaults(speed=10), real=real)
    world = done(all_worlds.world("w"))
    done(all_worlds.set_clock(world, world.clock.at_speed(60, real.ms).freeze(real.ms)))
    real.ms += 1_000
    done(all_worlds.reset(world))
    assert (world.clock.mode, world.clock.speed) == ("frozen", 60)
    assert done(all_worlds.now(world)) == WORLD_BEGINS_MS


def test_a_reset_chooses_how_a_world_begins_from_then_on() -> None:
    provider = make_provider()
    world = caller(provider).world
    begins = Beginning(seed=42, credits=5_000, frozen=False, speed=60)
    for beginning in (begins, AS_BEFORE):
        done(provider.worlds.reset(world, beginning))
        assert (world.seed, world.clock.mode, world.clock.speed) == (42, "running", 60)
        new = caller(provider, account="alice")
        assert (available(provider, caller(provider)), available(provider, new)) == (5, 5)
    done(provider.worlds.reset(world, Beginning(frozen=True)))
    assert (world.seed, world.clock.mode, world.clock.speed) == (42, "frozen", 60)


def test_a_seed_that_a_reset_chose_draws_as_one_of_the_start() -> None:
    provider = make_provider()
    done(provider.worlds.reset(done(provider.worlds.world("w")), Beginning(seed=42)))
    assert script(provider) == script(make_provider(defaults=Defaults(frozen=True, seed=42)))


def test_a_resets_credits_are_not_for_accounts_that_the_operator_set_up() -> None:
    provider = make_provider(defaults=CONFIGURED)
    world = caller(provider).world
    done(provider.worlds.reset(world, Beginning(credits=1_000)))
    main, alice = caller(provider), caller(provider, account="alice")
    assert (available(provider, main), available(provider, alice)) == (5, 7)


def test_moving_a_clock_wakes_those_who_wait() -> None:
    provider = make_provider()
    world = caller(provider).world
    moved = world.moved
    leap(provider, world, 1)
    assert moved.is_set()


def test_a_state_in_memory_is_not_written_for_being_looked_at() -> None:
    real, store = RealTime(), in_memory()
    all_worlds = worlds(Defaults(speed=10), store, real)
    world = done(all_worlds.world("w"))
    real.ms += 10**6
    assert done(all_worlds.now(world)) == WORLD_BEGINS_MS + 10**7
    assert done(store.find_world("w")).at_ms == WORLD_BEGINS_MS  # type: ignore[union-attr]  # it is there


@pytest.mark.parametrize("reads_ms", [[0], [1, 2, 3], [4_999, 5_000, 5_001], [10**6], [7_000, 1]])
def test_after_a_crash_a_clock_never_shows_a_time_before_one_it_has_shown(
    reads_ms: list[int],
) -> None:
    real, store = RealTime(), durable()
    before = worlds(Defaults(speed=10), store, real)
    world, shown_ms = done(before.world("w")), 0
    for waited_ms in reads_ms:
        real.ms += waited_ms
        shown_ms = done(before.now(world))
    restarted = worlds(Defaults(speed=10), store, RealTime(ms=3))
    again = done(restarted.now(done(restarted.world("w"))))
    assert shown_ms <= again <= shown_ms + LEASE_REAL_MS * 10


def test_a_clock_that_is_looked_at_is_written_once_in_five_seconds() -> None:
    real, store = RealTime(), durable()
    all_worlds = worlds(Defaults(speed=10), store, real)
    world = done(all_worlds.world("w"))
    leases = set()
    for _ in range(100):
        real.ms += 100
        done(all_worlds.now(world))
        leases.add(world.lease_ms)
    assert len(leases) == 2


def test_a_frozen_clock_resumes_exactly_where_it_stood() -> None:
    real, store = RealTime(), durable()
    before = worlds(Defaults(speed=10), store, real)
    world = done(before.world("w"))
    real.ms += 777
    done(before.set_clock(world, world.clock.freeze(real.ms)))
    shown_ms = done(before.now(world))
    real.ms += 10**6
    restarted = worlds(Defaults(speed=10), store, real)
    again = done(restarted.world("w"))
    assert (done(restarted.now(again)), again.clock.mode) == (shown_ms, "frozen")


def test_a_world_keeps_its_seed_over_a_restart_with_another_default() -> None:
    store = durable()
    done(worlds(Defaults(frozen=True, seed=5), store).world("w"))
    assert done(worlds(Defaults(frozen=True, seed=6), store).world("w")).seed == 5


def test_a_new_account_is_granted_after_what_was_due_before_it() -> None:
    def history(*, looked: bool) -> list[Entry]:
        provider = make_provider()
        who = caller(provider)
        start(provider, who)
        leap(provider, who.world, 10**7)
        if looked:
            available(provider, who)
        caller(provider, account="alice")
        return entries(provider, who.world)

    assert history(looked=False) == history(looked=True)
    assert [entry.kind for entry in history(looked=False)] == ["grant", "hold", "capture", "grant"]
