"""Authorisation: keys that are not asked for, and others' work that is shown."""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs

from starlette.types import Scope

from simulator.domain.errors import Denial
from simulator.engine.provider import NO_SUCH_GENERATION
from simulator.mutants.bench import Bench, Mutant
from simulator.mutants.wire import Header, answered_with, asked_with, has_key, renamed

CALLER = "simulator.surfaces.auth.Keys.caller"
SCOPE_CHECKS = ("simulator.surfaces.rest.check_scope", "simulator.surfaces.tools.check_scope")
OWN_JOB = "simulator.engine.provider.Provider.own_job"
ANY_KEY = b"sk_test_default"


def _anybody(bench: Bench, wrong: Callable[[str], bool]) -> None:
    """Callers whose refusal says something are let in as somebody else."""

    def change(find: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        async def caller(keys: Any, headers: Iterable[Header]) -> Any:
            kept = list(headers)
            try:
                return await find(keys, kept)
            except Denial as error:
                if not wrong(error.detail):
                    raise
                bench.hit()
                return await find(keys, [(b"x-api-key", ANY_KEY)])

        return caller

    bench.wrap(change, CALLER)


def no_key_asked(bench: Bench) -> None:
    _anybody(bench, lambda detail: "missing" in detail)


def any_key_taken(bench: Bench) -> None:
    _anybody(bench, lambda detail: "missing" not in detail)


def bearer_not_read(bench: Bench) -> None:
    def change(read: Callable[..., Any]) -> Callable[..., Any]:
        def reads(headers: Iterable[Header]) -> Any:
            kept = list(headers)
            left = [pair for pair in kept if pair[0] != b"authorization"]
            if left != kept:
                bench.hit()
            return read(left)

        return reads

    bench.wrap(change, "simulator.surfaces.auth.read_headers")


def key_in_url_taken(bench: Bench) -> None:
    def headers(scope: Scope) -> tuple[Header, ...]:
        given = parse_qs(scope["query_string"].decode("latin-1"))
        if has_key(scope) or "api_key" not in given:
            return ()
        bench.hit()
        return ((b"x-api-key", given["api_key"][0].encode("latin-1")),)

    bench.around(asked_with(headers))


def key_not_asked_for_starts(bench: Bench) -> None:
    def headers(scope: Scope) -> tuple[Header, ...]:
        if has_key(scope) or scope["path"] != "/v1/generate/media":
            return ()
        bench.hit()
        return ((b"x-api-key", ANY_KEY),)

    bench.around(asked_with(headers))


def scope_not_asked(bench: Bench) -> None:
    def change(check: Callable[..., None]) -> Callable[..., None]:
        def checks(caller: Any, scopes: tuple[str, ...]) -> None:
            try:
                check(caller, scopes)
            except Denial:
                bench.hit()

        return checks

    bench.wrap(change, *SCOPE_CHECKS)


def every_scope_asked(bench: Bench) -> None:
    def change(check: Callable[..., None]) -> Callable[..., None]:
        def checks(caller: Any, scopes: tuple[str, ...]) -> None:
            check(caller, scopes)
            if not caller.scopes.issuperset(scopes):
                bench.hit()
                raise Denial(403, f"This key lacks the scopes {' and '.join(scopes)}.")

        return checks

    bench.wrap(change, *SCOPE_CHECKS)


def challenge_left_out(bench: Bench) -> None:
    def change(scope: Scope, asked: Any, answer: Any) -> Any:
        if answer.status != 401:
            return answer
        return bench.counted(lambda told: renamed(told, b"www-authenticate", None), answer)

    bench.around(answered_with(lambda scope: scope["path"].startswith("/v1/balance"), change))


def foreign_job_shown(bench: Bench) -> None:
    def change(own: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        async def owns(provider: Any, caller: Any, job_id: str, kinds: Any) -> Any:
            job = await provider.store.job(caller.world.id, job_id)
            if job is None or job.account == caller.account:
                return await own(provider, caller, job_id, kinds)
            bench.hit()
            return await own(provider, replace(caller, account=job.account), job_id, kinds)

        return owns

    bench.wrap(change, OWN_JOB)


def foreign_job_forbidden(bench: Bench) -> None:
    def change(own: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        async def owns(provider: Any, caller: Any, job_id: str, kinds: Any) -> Any:
            job = await provider.store.job(caller.world.id, job_id)
            if job is not None and job.account != caller.account:
                bench.hit()
                raise Denial(403, NO_SUCH_GENERATION)
            return await own(provider, caller, job_id, kinds)

        return owns

    bench.wrap(change, OWN_JOB)


def foreign_jobs_listed(bench: Bench) -> None:
    def change(find: Callable[..., Any]) -> Callable[..., Any]:
        def jobs(db: Any, world: int, query: Any, now_ms: int) -> Any:
            if query.account is None:
                return find(db, world, query, now_ms)
            bench.hit()
            return find(db, world, replace(query, account=None), now_ms)

        return jobs

    bench.wrap(change, "simulator.engine.store.operations.jobs")


MUTANTS: tuple[Mutant, ...] = (
    Mutant(
        "no-key-asked",
        "authorisation",
        "A caller without a key is served as a fixed account.",
        "access:no-key",
        no_key_asked,
    ),
    Mutant(
        "any-key-taken",
        "authorisation",
        "A key that belongs to nobody opens a fixed account.",
        "access:bad-key",
        any_key_taken,
    ),
    Mutant(
        "bearer-not-read",
        "authorisation",
        "A key in the Authorization header is not looked at.",
        "access:key-as-bearer",
        bearer_not_read,
    ),
    Mutant(
        "key-in-url-taken",
        "authorisation",
        "A key in the query of the URL is good enough.",
        "access:key-in-url",
        key_in_url_taken,
    ),
    Mutant(
        "key-not-asked-for-starts",
        "authorisation",
        "Reads need a key, the start of a generation does not.",
        "access:no-key-start",
        key_not_asked_for_starts,
    ),
    Mutant(
        "scope-not-asked",
        "authorisation",
        "A key may do what its scopes do not cover.",
        "access:scope",
        scope_not_asked,
    ),
    Mutant(
        "every-scope-asked",
        "authorisation",
        "A call that needs any of several scopes asks for all of them.",
        "access:scope-suffices",
        every_scope_asked,
    ),
    Mutant(
        "challenge-left-out",
        "authorisation",
        "A 401 does not say how a key is sent.",
        "access:challenge",
        challenge_left_out,
    ),
    Mutant(
        "foreign-job-shown",
        "authorisation",
        "Whoever knows a job's id sees it, whosesoever it is.",
        "lifecycle:foreign-id",
        foreign_job_shown,
    ),
    Mutant(
        "foreign-job-forbidden",
        "authorisation",
        "Another account's job is told from one that never was.",
        "lifecycle:unknown-id",
        foreign_job_forbidden,
    ),
    Mutant(
        "foreign-jobs-listed",
        "authorisation",
        "The list of generations has those of all accounts.",
        "lifecycle:foreign-id",
        foreign_jobs_listed,
    ),
)
