"""Snapshots of a world."""

from simulator.client.calls import Calls, part
from simulator.engine.controls.snapshots import RestoredAnswer, SnapshotsAnswer, SnapshotView


class Snapshots:
    """Kept in the simulator's memory, each under a name of this namespace."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    def all(self) -> list[SnapshotView]:
        """By their names."""
        return self._calls.get("/snapshots", SnapshotsAnswer).snapshots

    def save(self, name: str, *, replace: bool = False) -> SnapshotView:
        """The whole world as it is, under a name that is free, unless it may ``replace`` one."""
        body = {"name": name, "replace": replace}
        return self._calls.post("/snapshots", SnapshotView, body)

    def restore(self, name: str) -> RestoredAnswer:
        """Puts it in the place of all that this world has, its clock included."""
        return self._calls.post(f"/snapshots/{part(name)}/restore", RestoredAnswer)

    def fork(self, name: str, namespace: str) -> RestoredAnswer:
        """Puts it in the place of all that another namespace has."""
        body = {"namespace": namespace}
        return self._calls.post(f"/snapshots/{part(name)}/fork", RestoredAnswer, body)

    def download(self, name: str) -> bytes:
        """Its file, which `load` takes, here or in another simulator."""
        return self._calls.fetch("GET", f"/snapshots/{part(name)}")

    def load(self, name: str, file: bytes) -> SnapshotView:
        """Keeps a downloaded file under a name that is free."""
        return self._calls.send(f"/snapshots/{part(name)}/load", SnapshotView, file)

    def delete(self, name: str) -> SnapshotView:
        """What was deleted."""
        return self._calls.delete(f"/snapshots/{part(name)}", SnapshotView)
