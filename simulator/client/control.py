"""The client: one namespace of a running simulator."""

from collections.abc import Generator, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Self

from simulator.client.calls import UNREACHABLE, Calls, ControlError, part
from simulator.client.clock import Clock
from simulator.client.wire import Transport, Wire
from simulator.engine import control_shapes as shapes

if TYPE_CHECKING:
    from simulator.client.breakpoints import Breakpoints
    from simulator.client.events import Event
    from simulator.client.faults import Faults
    from simulator.client.journal import Journal
    from simulator.client.queues import Queues
    from simulator.client.scenarios import Scenarios
    from simulator.client.snapshots import Snapshots
    from simulator.engine.controls.conduct import ConductAnswer
    from simulator.engine.controls.costs import CostsAnswer


class ControlClient:
    """Drives one namespace of the simulator at ``url``. Calls raise ControlError.

    ``transport`` replaces the network. A client may be shared between threads. It keeps
    connections open: use it as a context manager, or ``close`` it.
    """

    def __init__(
        self,
        url: str,
        namespace: str = "default",
        admin_token: str | None = None,
        transport: Transport | None = None,
    ) -> None:
        self.url = url.rstrip("/")
        self.namespace = namespace
        self._admin_token = admin_token
        self._transport: Transport = transport or Wire(url)
        self.calls = Calls(self._transport, self.url, namespace, admin_token)
        self.clock = Clock(self.calls)

    def within(self, namespace: str) -> "ControlClient":
        """A client of another namespace of the same simulator, over the same connections."""
        return ControlClient(self.url, namespace, self._admin_token, self._transport)

    def key(self, account: str = "main") -> str:
        """The API key of an account of this namespace; made at first use unless only some are."""
        key = f"sk_test_{self.namespace}"
        return key if account == "main" else f"{key}.{account}"

    def close(self) -> None:
        """Ends the connections that are open; a later call opens one again."""
        if isinstance(self._transport, Wire):
            self._transport.close()

    def info(self) -> shapes.InfoAnswer:
        return self.calls.get("/info", shapes.InfoAnswer)

    def reset(
        self,
        all: bool = False,  # noqa: A002 - the field's own name
        *,
        drop: bool = False,
        seed: int | None = None,
        credits: float | None = None,
        frozen: bool | None = None,
        speed: float | None = None,
    ) -> shapes.ResetAnswer:
        """Empties this namespace, or all of them. What is given is how it begins, now and at later
        resets: ``credits`` of a new account, ``speed`` in simulated seconds per real one.
        ``drop`` gives its place back: its name then begins as any new one."""
        given = {"seed": seed, "credits": credits, "frozen": frozen, "speed": speed}
        body = {name: value for name, value in given.items() if value is not None}
        if drop:
            body["drop"] = True
        return self.calls.post("/reset", shapes.ResetAnswer, {"all": all, **body})

    @property
    def faults(self) -> "Faults":
        from simulator.client.faults import Faults  # noqa: PLC0415 - loads more than most calls need

        return Faults(self.calls)

    @property
    def breakpoints(self) -> "Breakpoints":
        from simulator.client.breakpoints import Breakpoints  # noqa: PLC0415 - as above

        return Breakpoints(self.calls)

    @property
    def queues(self) -> "Queues":
        from simulator.client.queues import Queues  # noqa: PLC0415 - as above

        return Queues(self.calls)

    @property
    def journal(self) -> "Journal":
        from simulator.client.journal import Journal  # noqa: PLC0415 - as above

        return Journal(self.calls)

    @property
    def scenarios(self) -> "Scenarios":
        from simulator.client.scenarios import Scenarios  # noqa: PLC0415 - as above

        return Scenarios(self.calls)

    @property
    def snapshots(self) -> "Snapshots":
        from simulator.client.snapshots import Snapshots  # noqa: PLC0415 - as above

        return Snapshots(self.calls)

    def costs(
        self, *by: str, account: str | None = None, everywhere: bool = False
    ) -> "CostsAnswer":
        """Credits by one or more of model, test, namespace, account and day (none: only the total),
        of this namespace or of all."""
        from simulator.engine.controls.costs import CostsAnswer  # noqa: PLC0415 - as above

        return self.calls.get(
            "/costs", CostsAnswer, group=",".join(by), account=account, all=everywhere
        )

    def conduct(self) -> "ConductAnswer":
        """How the clients of this world behaved, judged by its journal, and what each lapse
        cost."""
        from simulator.engine.controls.conduct import ConductAnswer  # noqa: PLC0415 - as above

        return self.calls.get("/conduct", ConductAnswer)

    def events(self, after: str | None = None) -> Generator["Event"]:
        """What happens from now on, or ``after`` the event of that id, as it happens: iterating
        waits for it. Needs the network; close the iterator to end it."""
        from simulator.client.events import events  # noqa: PLC0415 - as above

        if not isinstance(self._transport, Wire):
            raise ControlError(UNREACHABLE, "events come over the network only")
        return events(self.calls, self._transport, after)

    def ledger(
        self, generation_id: str | None = None, account: str | None = None
    ) -> shapes.LedgerAnswer:
        """``entries`` in order, of one generation or account if asked for; ``balance`` in credits,
        of that account or of all."""
        return self.calls.get(
            "/ledger", shapes.LedgerAnswer, generation_id=generation_id, account=account
        )

    def verify_ledger(self) -> shapes.VerifyAnswer:
        """Whether every law of the ledger holds, and which are broken."""
        return self.calls.get("/ledger/verify", shapes.VerifyAnswer)

    def accounts(self) -> list[shapes.AccountView]:
        return self.calls.get("/accounts", shapes.AccountsAnswer).accounts

    def put_account(
        self, key: str, credits: float | None = None, scopes: Sequence[str] | None = None
    ) -> shapes.AccountView:
        """Makes the account of a key, or sets its available credits and its scopes; what is left
        out stays as it is, or is as for any new account."""
        body = {"key": key, "credits": credits, "scopes": scopes}
        return self.calls.post("/accounts", shapes.AccountView, body)

    def give_credits(
        self, account: str, credits: float, reason: str = "adjusted by the control plane"
    ) -> shapes.AccountView:
        """A negative number takes credits away, as far as they are available."""
        body = {"credits": credits, "reason": reason}
        return self.calls.post(f"/accounts/{part(account)}/credits", shapes.AccountView, body)

    def jobs(
        self, status: str | None = None, account: str | None = None, model: str | None = None
    ) -> list[shapes.JobView]:
        """Every job that fits, with its timetable."""
        found = self.calls.get(
            "/jobs", shapes.JobsAnswer, status=status, account=account, model=model
        )
        return found.jobs

    def job(self, generation_id: str) -> shapes.JobView:
        return self.calls.get(f"/jobs/{part(generation_id)}", shapes.JobView)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
