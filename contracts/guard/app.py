"""The guard as an ASGI app: judge, hold, wait, send, settle, record."""

import contextlib

import httpx2
from starlette.types import Receive, Scope, Send

from contracts.guard.admission import Admission
from contracts.guard.outcomes import Outcome, mcp_outcomes, rest_outcome
from contracts.guard.pace import Clock, Pace, RealClock
from contracts.guard.passage import Passage, Stopped
from contracts.guard.profile import GuardProfile
from contracts.guard.purse import Purse
from contracts.guard.records import Answered, Records, record_of
from contracts.guard.redaction import Redactor
from contracts.guard.replies import send_head, send_own, send_part, until_hung_up
from contracts.guard.request import Gone, Header, TooLarge, read_request
from contracts.guard.upstream import Lost, NotSent, Upstream, parts_of, passed_headers
from contracts.guard.wayin import let_in
from contracts.pricing import PriceList, load_prices

_BODILESS = (204, 304)
_WORST_FIRST = ("unclear", "accepted", "refused")


class GuardApp:
    """``prices``, ``transport`` and ``clock`` stand in for the catalogue, the network and the time
    in tests. Must be closed."""

    def __init__(
        self,
        profile: GuardProfile,
        *,
        prices: PriceList | None = None,
        transport: httpx2.AsyncBaseTransport | None = None,
        clock: Clock | None = None,
    ) -> None:
        self.purse = Purse(profile.max_millicredits)
        self.records = Records(profile.kept_records)
        self._profile = profile
        self._redactor = Redactor(profile)
        known = prices or load_prices(profile.catalog)
        self._admission = Admission(profile, known, self.purse, self._redactor)
        self._upstream = Upstream(profile.timeout_s, transport)
        self._pace = Pace(profile.calls_a_minute, clock or RealClock())

    async def close(self) -> None:
        """Ends every connection to the backend."""
        await self._upstream.close()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        try:
            arrived = await read_request(scope, receive, self._profile.body_bytes)
        except TooLarge:
            await send_own(send, 413, "refused", {"error": "guard_refused", "reason": "too_large"})
            return
        except Gone:
            return
        request = let_in(arrived, self._profile)
        surface = self._admission.surface(request)
        passage = Passage(self.records.next_number(), surface, request)
        try:
            passage = self._admission.identified(passage)
            passage = self._admission.held(passage)
            await self._pass(passage, receive, send)
        except Stopped as stopped:
            await self._refuse(passage, stopped, send)

    async def _pass(self, passage: Passage, receive: Receive, send: Send) -> None:
        for bucket in passage.judged.buckets:
            await self._pace.wait(passage.keyed.account, bucket)
        try:
            async with self._upstream.answer(passage) as response:
                if _is_stream(response):
                    await self._stream(passage, response, receive, send)
                else:
                    await self._whole(passage, response, send)
        except NotSent as error:
            for hold in passage.holds:
                self.purse.release(hold)
            raise Stopped(502, "unreachable", f"The backend was not reached: {error}.") from None
        except Lost as error:
            self._keep(passage, Answered(502, verdict=_unclear(passage), reason=str(error)))
            message = f"No whole answer came back: {error}."
            await send_own(send, 502, "lost", {"error": "guard_lost", "message": message})

    async def _whole(self, passage: Passage, response: httpx2.Response, send: Send) -> None:
        parts, size = [], 0
        async for part in parts_of(response):
            size += len(part)
            if size > self._profile.answer_bytes:
                raise Lost("AnswerTooLarge")
            parts.append(part)
        body = self._redactor.scrubbed(b"".join(parts))
        headers = self._headers(response)
        self._settle(passage, response, headers, body)
        if response.status_code not in _BODILESS:
            headers = [*headers, ("content-length", str(len(body)))]
        await send_head(send, response.status_code, headers)
        await send_part(send, body)

    async def _stream(
        self, passage: Passage, response: httpx2.Response, receive: Receive, send: Send
    ) -> None:
        """An event stream goes on as it comes; a caller who hangs up, or a backend, ends it."""
        headers = self._headers(response)
        await send_head(send, response.status_code, headers)
        scrubber = self._redactor.stream()
        kept = bytearray()

        async def forward() -> None:
            async for part in parts_of(response):
                clean = scrubber.feed(part)
                if len(kept) + len(clean) > self._profile.answer_bytes:
                    raise Lost("AnswerTooLarge")
                kept.extend(clean)
                await send_part(send, clean, more=True)

        with contextlib.suppress(Lost):  # the messages that came whole say what they say
            await until_hung_up(forward(), receive)
        rest = scrubber.rest()
        self._settle(passage, response, headers, bytes(kept) + rest)
        await send_part(send, rest)

    def _settle(
        self, passage: Passage, response: httpx2.Response, headers: list[Header], body: bytes
    ) -> None:
        """Before the caller has the whole answer, so that it sees what was spent."""
        outcomes = _outcomes(passage, response, body)
        for hold, outcome in zip(passage.holds, outcomes, strict=True):
            if outcome.verdict == "accepted":
                self.purse.settle(hold, outcome.charged)
            elif outcome.verdict == "refused":
                self.purse.release(hold)
        found = {outcome.verdict for outcome in outcomes}
        verdict = next((each for each in _WORST_FIRST if each in found), "free")
        told = Answered(response.status_code, tuple(headers), body, verdict)
        self._keep(passage, told)

    async def _refuse(self, passage: Passage, stopped: Stopped, send: Send) -> None:
        self._keep(passage, Answered(stopped.status, verdict="guard", reason=stopped.reason))
        cap = self._profile.max_millicredits
        told = {
            "error": "guard_refused",
            "reason": stopped.reason,
            "message": self._redactor.text(stopped.message),
            "max_credits": None if cap is None else cap / 1000,
            "spent_credits": self.purse.spent / 1000,
            "reserved_credits": self.purse.reserved / 1000,
        }
        await send_own(send, stopped.status, "refused", told)

    def _headers(self, response: httpx2.Response) -> list[Header]:
        clean = self._redactor.scrubbed
        return [
            (name, clean(text.encode("latin-1", "replace")).decode("latin-1"))
            for name, text in passed_headers(response)
        ]

    def _keep(self, passage: Passage, answered: Answered) -> None:
        self.records.add(record_of(passage, answered, self._redactor, self._profile.kept_text))


def _is_stream(response: httpx2.Response) -> bool:
    kind: str = response.headers.get("content-type", "")
    return kind.partition(";")[0].strip().lower() == "text/event-stream"


def _unclear(passage: Passage) -> str:
    return "unclear" if passage.holds else "free"


def _outcomes(passage: Passage, response: httpx2.Response, body: bytes) -> list[Outcome]:
    claims, status = passage.judged.claims, response.status_code
    if passage.surface == "mcp":
        kind: str = response.headers.get("content-type", "")
        return mcp_outcomes(claims, status, kind, body)
    return [rest_outcome(status, body) for _ in claims]
