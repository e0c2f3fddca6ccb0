"""Calls that save worlds, put them back and move them as files."""

from dataclasses import replace

from simulator.engine.bodies import Nothing
from simulator.engine.controls import snapshots as topic
from simulator.engine.operations import Operation
from simulator.engine.snapshots.keeper import FILE_BYTES_MOST
from simulator.surfaces.control_calls.call import control_call

_ONE = "/snapshots/{name}"

CALLS: tuple[Operation, ...] = (
    control_call(
        "snapshots",
        "GET",
        "/snapshots",
        (Nothing, topic.SnapshotsAnswer),
        topic.snapshots,
        "List the snapshots",
    ),
    control_call(
        "snapshot_save",
        "POST",
        "/snapshots",
        (topic.SaveBody, topic.SnapshotView),
        topic.save,
        "Save the world under a name",
    ),
    control_call(
        "snapshot_download",
        "GET",
        _ONE,
        (topic.SnapshotName, topic.SnapshotFile),
        topic.download,
        "A snapshot as a file",
    ),
    control_call(
        "snapshot_delete",
        "DELETE",
        _ONE,
        (topic.SnapshotName, topic.SnapshotView),
        topic.delete,
        "Delete a snapshot",
    ),
    control_call(
        "snapshot_restore",
        "POST",
        _ONE + "/restore",
        (topic.SnapshotName, topic.RestoredAnswer),
        topic.restore,
        "Put a snapshot back",
    ),
    control_call(
        "snapshot_fork",
        "POST",
        _ONE + "/fork",
        (topic.ForkBody, topic.RestoredAnswer),
        topic.fork,
        "Put a snapshot into another namespace",
    ),
    replace(
        control_call(
            "snapshot_load",
            "POST",
            _ONE + "/load",
            (topic.LoadBody, topic.SnapshotView),
            topic.load,
            "Take a downloaded snapshot in",
        ),
        file_bytes_most=FILE_BYTES_MOST,
    ),
)
