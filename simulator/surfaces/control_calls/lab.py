"""Calls that make things go wrong, stand still or queue."""

from simulator.engine.bodies import Nothing
from simulator.engine.controls import breakpoints, faults, queues
from simulator.engine.operations import Operation
from simulator.surfaces.control_calls.call import control_call

_FAULTS, _BREAKPOINTS, _QUEUES = "/faults", "/breakpoints", "/queues"

CALLS: tuple[Operation, ...] = (
    control_call(
        "faults", "GET", _FAULTS, (Nothing, faults.FaultsAnswer), faults.faults, "List the faults"
    ),
    control_call(
        "fault_arm",
        "POST",
        _FAULTS,
        (faults.FaultBody, faults.FaultView),
        faults.arm,
        "Arm a fault",
    ),
    control_call(
        "faults_clear",
        "DELETE",
        _FAULTS,
        (Nothing, faults.Removed),
        faults.disarm_all,
        "Remove every fault",
    ),
    control_call(
        "fault_remove",
        "DELETE",
        "/faults/{id}",
        (faults.FaultId, faults.Removed),
        faults.disarm,
        "Remove a fault",
    ),
    control_call(
        "breakpoints",
        "GET",
        _BREAKPOINTS,
        (Nothing, breakpoints.BreakpointsAnswer),
        breakpoints.breakpoints,
        "List the breakpoints and who is parked",
    ),
    control_call(
        "breakpoint_set",
        "POST",
        _BREAKPOINTS,
        (breakpoints.BreakpointBody, breakpoints.BreakpointView),
        breakpoints.set_breakpoint,
        "Park requests at a point",
    ),
    control_call(
        "breakpoints_clear",
        "DELETE",
        _BREAKPOINTS,
        (Nothing, faults.Removed),
        breakpoints.remove_all,
        "Remove every breakpoint",
    ),
    control_call(
        "breakpoint_wait",
        "POST",
        "/breakpoints/{id}/wait",
        (breakpoints.WaitBody, breakpoints.BreakpointView),
        breakpoints.wait,
        "Wait until requests are parked",
    ),
    control_call(
        "breakpoint_release",
        "POST",
        "/breakpoints/{id}/release",
        (breakpoints.ReleaseBody, breakpoints.Released),
        breakpoints.release,
        "Let parked requests go on, fail or time out",
    ),
    control_call(
        "breakpoint_remove",
        "DELETE",
        "/breakpoints/{id}",
        (breakpoints.BreakpointId, faults.Removed),
        breakpoints.remove,
        "Remove a breakpoint",
    ),
    control_call(
        "queues", "GET", _QUEUES, (Nothing, queues.QueuesAnswer), queues.queues, "List the queues"
    ),
    control_call(
        "queue_set",
        "POST",
        _QUEUES,
        (queues.QueueBody, queues.QueueView),
        queues.set_queue,
        "Give a model a queue",
    ),
    control_call(
        "queues_clear",
        "DELETE",
        _QUEUES,
        (Nothing, faults.Removed),
        queues.remove_queues,
        "Take every queue away",
    ),
    control_call(
        "queue_remove",
        "DELETE",
        "/queues/{model}",
        (queues.QueueName, faults.Removed),
        queues.remove_queue,
        "Take a model's queue away",
    ),
)
