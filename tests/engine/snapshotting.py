"""Snapshots for tests of the engine: a drawer instead of a disk, and worlds that have lived."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from simulator.domain.inputs import Upload
from simulator.domain.policies import Policies
from simulator.engine.bodies import MediaBody
from simulator.engine.products.sessions import UploadUrlBody, get_upload_url
from simulator.engine.provider import Provider
from simulator.engine.snapshots.keeper import Snapshots
from simulator.engine.snapshots.labtext import lab_extras
from simulator.engine.snapshots.snapshot import SavedUpload
from simulator.engine.store.base import StorageFull
from simulator.engine.worlds import Caller, Defaults, World
from tests.engine.driving import caller, done, leap
from tests.engine.world import RealTime, make_provider

DATA = b"not much of a picture"
UPLOAD_ID = "00000000-0000-4000-a000-00000000000a"


@dataclass
class Drawer:
    """Uploads' bytes by world and id. ``full``: nothing more goes in."""

    files: dict[tuple[str, str], bytes] = field(default_factory=dict)
    full: bool = False
    staged: int = 0

    def read(self, world: str, uploads: Iterable[Upload]) -> dict[str, bytes]:
        try:
            return {upload.id: self.files[world, upload.id] for upload in uploads}
        except KeyError as error:
            raise FileNotFoundError(str(error)) from error

    def stage(self, world: str, uploads: Sequence[SavedUpload]) -> "Tray":
        if self.full:
            raise OSError("no room")
        self.staged += 1
        return Tray(self, world, {saved.upload.id: saved.data for saved in uploads})


@dataclass
class Tray:
    drawer: Drawer
    world: str
    data: dict[str, bytes]

    def keep(self, before: Sequence[Upload]) -> None:
        for upload in before:
            self.drawer.files.pop((self.world, upload.id), None)
        for upload_id, data in self.data.items():
            self.drawer.files[self.world, upload_id] = data

    def discard(self) -> None:
        self.drawer.staged -= 1


@dataclass
class Scene:
    """A provider with its snapshots, and the caller of the world ``w``."""

    provider: Provider
    snapshots: Snapshots
    drawer: Drawer

    @property
    def caller(self) -> Caller:
        return caller(self.provider)

    @property
    def world(self) -> World:
        return self.caller.world

    def text(self, world: World | None = None) -> bytes:
        """The file of a world as it is now."""
        kept = done(self.snapshots.save(world or self.world, "now", replace=True))
        return kept.text


def make_scene(
    real: RealTime | None = None, policies: Policies | None = None, **defaults: Any
) -> Scene:
    chosen = Defaults(**{"frozen": True, **defaults})
    provider = make_provider(policies, limits=True, defaults=chosen, real=real)
    drawer = Drawer()
    return Scene(provider, Snapshots(provider.worlds, drawer, lab_extras()), drawer)


def lived(scene: Scene) -> Scene:
    """With jobs of each fate, an upload in a session, a key that was used, and counted calls."""
    provider, who = scene.provider, scene.caller
    for prompt in ("a cat", "[sim:fail=content_policy]", "[sim:stuck]"):
        done(provider.generate_media(who, MediaBody(prompt=prompt, model="nano-banana")))
    leap(provider, who.world, 20_000)
    done(provider.generate_media(who, MediaBody(prompt="late", model="nano-banana")))
    caller(provider, account="alice")
    upload = Upload(UPLOAD_ID, "image", "png", len(DATA), 3, 2)
    opened = done(get_upload_url(provider, who, UploadUrlBody()))
    done(provider.store.next_upload(who.world.id))
    done(provider.store.add_upload(who.world.id, "main", upload))
    done(provider.store.collect(who.world.id, opened.token, [UPLOAD_ID]))
    scene.drawer.files[who.world.name, UPLOAD_ID] = DATA
    done(provider.count_call(who, "media"))
    who.world.requests = 7
    return scene


def altered(text: bytes, **sections: Any) -> bytes:
    """The file with some of its sections replaced; a function is given the section as it was."""
    document = msgspec.json.decode(text)
    for name, value in sections.items():
        document[name] = value(document[name]) if callable(value) else value
    return msgspec.json.encode(document)


def full_store(*args: object) -> Any:
    raise StorageFull("no room")
