"""The provider: one method per use case, each reading top to bottom as the page does."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace

from simulator.domain.catalog import Catalog, Model
from simulator.domain.delivery import estimate_s, media_output
from simulator.domain.errors import Denial, Rejection
from simulator.domain.faults import Call, Fired
from simulator.domain.inputs import Source, Upload, classify, extension_of
from simulator.domain.jobs import Job, visible
from simulator.domain.limits import CALLS_A_MINUTE, JOBS_AT_ONCE, rate_limit_exceeded, window
from simulator.domain.normal import normal_form
from simulator.domain.policies import Policies
from simulator.domain.pricing import Quote, measured_price, quote
from simulator.domain.pricing import credits as shown
from simulator.domain.requests import MediaAsk, MediaRequest, put
from simulator.domain.rules import enforce
from simulator.domain.rules.media import MEDIA_RULES
from simulator.domain.rules.models import resolve
from simulator.engine.answers import (
    BalanceAnswer,
    CostAnswer,
    EstimateAnswer,
    GenerationsAnswer,
    MeasuredCost,
    ModelsAnswer,
    StartAnswer,
    StatusAnswer,
    start_answer,
    status_answer,
)
from simulator.engine.asks import Asks
from simulator.engine.befalling import at_quote, at_start, settle_up, tell_traces
from simulator.engine.bodies import (
    CostBody,
    EstimateBody,
    GenerationId,
    GenerationsQuery,
    MediaBody,
    ModelsQuery,
    Nothing,
)
from simulator.engine.plan import Plan
from simulator.engine.prices import check_want, felt_in, quoted, repriced
from simulator.engine.products.costs import (
    product_of,
    product_price,
    product_row,
    product_time,
    with_promised_video,
)
from simulator.engine.shelf import shelf
from simulator.engine.store.base import Behind, Draft, Query, Store
from simulator.engine.uploads import UploadUrls
from simulator.engine.worlds import Caller, Worlds

MEDIA_KINDS = frozenset({"media", "dialogue", "ad-copy"})
"""The kinds of job whose status is read at the media route."""

GENERATIONS_MOST = 25
SAMPLE_MOST = 100
NO_SUCH_GENERATION = "There is no generation with this id."


@dataclass(frozen=True, slots=True)
class Options:
    """What the operator chose for every world."""

    policies: Policies = field(default_factory=Policies)
    limits: bool = True
    magic: bool = True


class Provider:
    """Every answer is a value; every refusal a Rejection or a Denial."""

    def __init__(
        self, catalog: Catalog, store: Store, worlds: Worlds, urls: UploadUrls, options: Options
    ) -> None:
        self.catalog = catalog
        self.store = store
        self.worlds = worlds
        self.urls = urls
        self.options = options

    async def count_call(self, caller: Caller, bucket: str) -> None:
        """Raises ``rate_limit_exceeded`` for a call beyond its bucket's limit in this minute."""
        if not self.options.limits:
            return
        now_ms = await self.worlds.now(caller.world)
        calls = await self.store.count_call(caller.world.id, caller.account, bucket, window(now_ms))
        if calls > CALLS_A_MINUTE[bucket]:
            raise rate_limit_exceeded(bucket, now_ms)

    async def generate_media(self, caller: Caller, body: MediaBody) -> StartAnswer:
        request = await self._judge(caller, body.ask())
        price = quote(self.catalog, request, self.options.policies)
        job = await self.start(caller, self._plan(request, price))
        return start_answer(
            job, f"Started: {job.formula}; poll the status until it is completed or failed."
        )

    async def get_generation_status(self, caller: Caller, body: GenerationId) -> StatusAnswer:
        job = await self.own_job(caller, body.generation_id, MEDIA_KINDS)
        now_ms = await self.worlds.now(caller.world)
        return status_answer(job, now_ms, self.urls.files(caller.world.name))

    async def get_generations(self, caller: Caller, body: GenerationsQuery) -> GenerationsAnswer:
        now_ms = await self.worlds.now(caller.world)
        query = Query(
            account=caller.account,
            status=body.status,
            model=body.model,
            generation_type=body.generation_type,
            limit=max(1, min(body.limit, GENERATIONS_MOST)),
        )
        jobs = await self.store.jobs(caller.world.id, query, now_ms)
        files = self.urls.files(caller.world.name)
        for job in jobs:
            tell_traces(caller, job, now_ms)
        return GenerationsAnswer(
            [status_answer(job, now_ms, files) for job in jobs if visible(job, now_ms)]
        )

    async def get_balance(self, caller: Caller, body: Nothing) -> BalanceAnswer:
        now_ms = await self._before_settling(caller, _balance_call)
        balance = await self.store.balance(caller.world.id, caller.account, now_ms)
        available = shown(balance.available)
        return BalanceAnswer(
            credits=available,
            message=f"{available} credits are available, {shown(balance.held)} are held.",
            purchase_url="https://kubeez.com",
        )

    async def get_models(self, caller: Caller | None, body: ModelsQuery) -> ModelsAnswer:
        rows = shelf(self.catalog, self.options.policies, body.model_type)
        return ModelsAnswer(rows, len(rows))

    async def get_generation_estimate(self, caller: Caller, body: EstimateBody) -> EstimateAnswer:
        """Judges nothing but the model: an estimate is asked for before everything is known."""
        product = product_row(self.catalog, body.model)
        if product is not None:
            return product_time(product, await self._finished(caller, product))
        parameters: Mapping[str, object] = body.parameters or {}
        ask = MediaAsk(
            prompt=body.prompt or "",
            model=body.model,
            generation_type=body.generation_type,
            duration=parameters.get("duration"),
            quality=_text(parameters.get("quality")),
            resolution=_text(parameters.get("resolution")),
            sound=parameters.get("sound") is True,
        )
        model = resolve(self.catalog, ask.model, self.options.policies)
        asked = put(ask, model, {}, self.options.policies)
        enforce((rule for rule in MEDIA_RULES if rule.id in _ESTIMATE_RULES), asked)
        request = normal_form(asked)
        row = self._row(request)
        return EstimateAnswer(
            model=model.id,
            generation_type=request.generation_type,
            estimated_time_seconds=estimate_s(request, row),
            confidence="high" if row.estimated_time_s is not None else "low",
            sample_size=await self._finished(caller, model),
        )

    async def estimate_generation_cost(self, caller: Caller, body: CostBody) -> CostAnswer:
        product = product_row(self.catalog, body.model)
        measured = None
        if product is not None:
            model, generation_type = product, product_of(product).generation_type
            price = product_price(product, body)
        else:
            ask, promised = with_promised_video(self.catalog, body)
            request = await self._judge(caller, ask, promised)
            model, generation_type = request.model, request.generation_type
            price = quote(self.catalog, request, self.options.policies)
            measured = measured_price(self.catalog, request, self.options.policies)
        now_ms = await self.worlds.now(caller.world)
        magic = self.options.magic
        price = quoted(price, at_quote(caller, body.prompt, model.id, now_ms, magic=magic))
        return CostAnswer(
            model=model.id,
            generation_type=generation_type,
            credits=shown(price.millicredits),
            price_row=price.row,
            formula=price.formula,
            billing_mode=price.billing_mode,
            measured=None if measured is None else MeasuredCost(shown(measured[0]), measured[1]),
        )

    async def _finished(self, caller: Caller, model: Model) -> int:
        """How many of the model's jobs the caller has seen completed, as far as anybody counts."""
        now_ms = await self.worlds.now(caller.world)
        query = Query(account=caller.account, status="completed", model=model.id, limit=SAMPLE_MOST)
        return len(await self.store.jobs(caller.world.id, query, now_ms))

    async def _judge(
        self, caller: Caller, ask: MediaAsk, promised: Mapping[str, Upload] | None = None
    ) -> MediaRequest:
        """The normal form of an ask that no rule refuses; ``promised`` are files yet to come."""
        model = resolve(self.catalog, ask.model, self.options.policies)
        uploads = {**await self._uploads(caller, ask), **(promised or {})}
        asked = put(ask, model, uploads, self.options.policies)
        enforce(MEDIA_RULES, asked)
        return normal_form(asked)

    async def _uploads(self, caller: Caller, ask: MediaAsk) -> Mapping[str, Upload]:
        """What this world knows of the URLs that the request names: its own uploads."""
        return await self.measured(caller, self.urls.named(caller.world.name, ask))

    async def measured(self, caller: Caller, ids: Mapping[str, str]) -> Mapping[str, Upload]:
        """The uploads behind URLs, by URL; ``ids`` are those that the URLs name. A URL with
        another extension than the upload's is a URL of nothing."""
        if not ids:
            return {}
        known = await self.store.uploads(caller.world.id, ids.values())
        return {
            url: known[upload_id]
            for url, upload_id in ids.items()
            if upload_id in known and known[upload_id].extension == extension_of(url)
        }

    async def source(self, caller: Caller, url: str) -> Source:
        """One source URL, with what is known of it."""
        ids = self.urls.among(caller.world.name, (url,))
        (source,) = classify((url,), await self.measured(caller, ids))
        return source

    async def start(self, caller: Caller, plan: Plan) -> Job:
        """Holds the plan's price and adds its job, or raises the Rejection. With the policy
        ``idempotency`` a key that was used before gives its job again, or is refused."""
        world, policy = caller.world, self.options.policies.idempotency
        now_ms = await self._before_settling(caller, plan.call)
        book = world.lab.faults
        fired = at_start(caller, plan, now_ms, magic=self.options.magic)
        try:
            plan = self._asked(caller, repriced(plan, fired))
            await check_want(self.store, caller, plan, now_ms, fired)
            draft = self._draft(caller, plan, now_ms, fired)
            job, new = await self.store.accept(world.id, draft, now_ms)
        except BaseException as error:
            settle_up(caller, book, fired, felt_in(error, fired))
            raise
        settle_up(caller, book, fired, fired if new else ())
        if world.lab.breakpoints:
            left = None if caller.asks is None else caller.asks.left
            await world.lab.breakpoints.reach("start.after_hold", plan.call(caller), left)
        if not new and (policy == "reject" or not plan.made(job)):
            raise Rejection(
                "idempotency_key_reused",
                "This Idempotency-Key has started a generation already.",
                generation_id=job.id,
            )
        return job

    async def own_job(self, caller: Caller, job_id: str, kinds: Collection[str]) -> Job:
        """The caller's job of one of ``kinds``; a Denial 404 that tells foreign from unknown in
        nothing."""
        job = await self.store.job(caller.world.id, job_id)
        if job is None or job.account != caller.account or job.kind not in kinds:
            raise Denial(404, NO_SUCH_GENERATION)
        if job.quirks is not None:
            now_ms = await self.worlds.now(caller.world)
            tell_traces(caller, job, now_ms)
            if not visible(job, now_ms):
                raise Denial(404, NO_SUCH_GENERATION)
        return job

    async def _before_settling(self, caller: Caller, call: Callable[[Caller], Call]) -> int:
        """Parks a request that is about to settle jobs that have ended, where that is asked for;
        only then it is looked at as a call. The world's time when it goes on."""
        world = caller.world
        now_ms = await self.worlds.now(world)
        points = world.lab.breakpoints
        if not points.watches("settle.before") or not await self.store.due(world.id, now_ms):
            return now_ms
        left = None if caller.asks is None else caller.asks.left
        await points.reach("settle.before", call(caller), left)
        return await self.worlds.now(world)

    def _asked(self, caller: Caller, plan: Plan) -> Plan:
        if caller.asks is None or caller.asks.seed is None or plan.seed is not None:
            return plan
        return replace(plan, seed=caller.asks.seed)

    def _draft(self, caller: Caller, plan: Plan, now_ms: int, fired: tuple[Fired, ...]) -> Draft:
        world, account = caller.world, caller.account
        queue = None if plan.at_once else world.lab.queues.get(plan.model)
        return Draft(
            account=account,
            bucket=plan.bucket,
            millicredits=plan.price.millicredits,
            at_once=JOBS_AT_ONCE.get(plan.bucket) if self.options.limits else None,
            build=lambda number: plan.job(world, account, number, now_ms, fired),
            idempotency_key=None
            if self.options.policies.idempotency == "off"
            else caller.idempotency_key,
            behind=None
            if queue is None
            else Behind(plan.model, plan.behind(world, account, now_ms, fired, queue)),
        )

    def _plan(self, request: MediaRequest, price: Quote) -> Plan:
        row = self.catalog.row(price.row)
        return Plan(
            kind="media",
            bucket="media",
            model=request.model.id,
            generation_type=request.generation_type,
            prompt=request.prompt,
            price=price,
            estimated_time_s=estimate_s(request, row),
            outputs=lambda ids, seed: (media_output(request, row, ids.job, ids.output(), seed),),
            parameters=_parameters(request),
            seed=request.seed,
        )

    def _row(self, request: MediaRequest) -> Model:
        return self.catalog.row(quote(self.catalog, request, self.options.policies).row)


_ESTIMATE_RULES = frozenset(
    {
        "media.generation-type",
        "media.prompt-length",
        "media.duration",
        "media.quality",
        "media.resolution",
    }
)
"""An estimate may be asked for before the sources and the framing are known."""


def _parameters(request: MediaRequest) -> dict[str, object]:
    """The normal form's other fields, in a fixed order; what was left out stays out."""
    fields: dict[str, object] = {
        "aspect_ratio": request.aspect_ratio,
        "duration_s": request.duration_s,
        "quality": request.quality or None,
        "resolution": request.resolution or None,
        "sound": request.sound or None,
        "generate_audio": None if request.generate_audio else False,
        "negative_prompt": request.negative_prompt,
        "seed": request.seed,
        "source_media_urls": [source.url for source in request.sources] or None,
        "kling_elements": list(request.elements) or None,
        **request.options,
    }
    return {name: value for name, value in fields.items() if value is not None}


def _balance_call(caller: Caller) -> Call:
    asks = caller.asks or Asks(operation="get_balance")
    return asks.call(caller.account)


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None
