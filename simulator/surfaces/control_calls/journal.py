"""Calls that look into the journal."""

from simulator.engine.bodies import Nothing
from simulator.engine.controls import conduct, journal
from simulator.engine.controls.faults import Removed
from simulator.engine.operations import Operation
from simulator.surfaces.control_calls.call import control_call

CALLS: tuple[Operation, ...] = (
    control_call(
        "requests",
        "GET",
        "/requests",
        (journal.RequestsQuery, journal.RequestsAnswer),
        journal.requests,
        "What was called, with what it was answered and why",
    ),
    control_call(
        "requests_clear",
        "DELETE",
        "/requests",
        (Nothing, Removed),
        journal.clear,
        "Empty the journal",
    ),
    control_call(
        "requests_verify",
        "POST",
        "/requests/verify",
        (journal.VerifyBody, journal.VerifyRequestsAnswer),
        journal.verify,
        "Check what was called",
    ),
    control_call(
        "conduct",
        "GET",
        "/conduct",
        (Nothing, conduct.ConductAnswer),
        conduct.conduct,
        "How the clients behaved, and what it cost",
    ),
)
