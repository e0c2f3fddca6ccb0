"""Calls that look into a world, and move its clock, credits and accounts."""

from simulator.engine import control_shapes as shapes
from simulator.engine.bodies import Nothing
from simulator.engine.control import Control
from simulator.engine.operations import Operation
from simulator.surfaces.control_calls.call import control_call

_CLOCK = (Nothing, shapes.ClockAnswer)
_CLOCK_PATH = "/clock"

CALLS: tuple[Operation, ...] = (
    control_call(
        "info", "GET", "/info", (Nothing, shapes.InfoAnswer), Control.info, "What this is"
    ),
    control_call(
        "reset",
        "POST",
        "/reset",
        (shapes.ResetBody, shapes.ResetAnswer),
        Control.reset,
        "Empty a namespace, or all",
    ),
    control_call("clock", "GET", _CLOCK_PATH, _CLOCK, Control.clock, "Look at the clock"),
    control_call("clock_freeze", "POST", "/clock/freeze", _CLOCK, Control.freeze, "Stop the clock"),
    control_call(
        "clock_resume", "POST", "/clock/resume", _CLOCK, Control.resume, "Let the clock run"
    ),
    control_call(
        "clock_speed",
        "POST",
        "/clock/speed",
        (shapes.SpeedBody, shapes.ClockAnswer),
        Control.speed,
        "Set the clock's speed",
    ),
    control_call(
        "clock_set",
        "POST",
        "/clock/set",
        (shapes.SetBody, shapes.ClockAnswer),
        Control.set_now,
        "Set the clock, forward only",
    ),
    control_call(
        "clock_advance",
        "POST",
        "/clock/advance",
        (shapes.AdvanceBody, shapes.ClockAnswer),
        Control.advance,
        "Move the clock by seconds, to the next event, or to a generation's status",
    ),
    control_call(
        "ledger",
        "GET",
        "/ledger",
        (shapes.LedgerQuery, shapes.LedgerAnswer),
        Control.ledger,
        "Every entry, and the balance they make",
    ),
    control_call(
        "ledger_verify",
        "GET",
        "/ledger/verify",
        (Nothing, shapes.VerifyAnswer),
        Control.verify,
        "Check the ledger's laws",
    ),
    control_call(
        "accounts",
        "GET",
        "/accounts",
        (Nothing, shapes.AccountsAnswer),
        Control.accounts,
        "List the accounts",
    ),
    control_call(
        "account_put",
        "POST",
        "/accounts",
        (shapes.AccountBody, shapes.AccountView),
        Control.put_account,
        "Make an account, or set its credits and scopes",
    ),
    control_call(
        "account_credits",
        "POST",
        "/accounts/{account}/credits",
        (shapes.CreditsBody, shapes.AccountView),
        Control.give_credits,
        "Give credits, or take them",
    ),
    control_call(
        "jobs",
        "GET",
        "/jobs",
        (shapes.JobsQuery, shapes.JobsAnswer),
        Control.jobs,
        "List jobs with their timetables",
    ),
    control_call(
        "job",
        "GET",
        "/jobs/{id}",
        (shapes.JobId, shapes.JobView),
        Control.job,
        "One job with its timetable, price row and formula",
    ),
    control_call(
        "rulings",
        "GET",
        "/rulings",
        (Nothing, shapes.RulingsAnswer),
        Control.rulings,
        "Every behaviour with its strength and source",
    ),
)
