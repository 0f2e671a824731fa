"""The engine room behind the window: all that is too heavy to be imported before the window is up."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from desktop import cores, folders
from desktop.recordings.leftovers import Leftover, find_leftovers
from desktop.sources.cameras import list_cameras
from desktop.sources.naming import make_source
from desktop.sources.screen import Screen, list_screens
from desktop.sources.source import Source
from desktop.window.eyes import Eyes, loading_from
from models.catalogue import NETWORKS
from models.devices import usable_devices
from models.errors import SourceError


class MakeSource(Protocol):
    """Makes the source of this name; raises SourceError."""

    def __call__(self, name: str, *, loop: bool) -> Source: ...


class AnyCamera(Protocol):
    """A camera that is attached: `name` for people, `source` the string that opens it."""

    @property
    def name(self) -> str: ...

    @property
    def source(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Room:
    """What the window works with: sources by name, the cameras that are attached, the networks; which detectors of
    objects there are, by key and title; why each device cannot be used, "" where it can; what interrupted recordings
    left in a folder; the screens that may be watched, and why there is none."""

    make_source: MakeSource
    cameras: Callable[[], Sequence[AnyCamera]]
    eyes: Eyes
    detectors: Callable[[], Sequence[tuple[str, str]]]
    devices: Callable[[], Mapping[str, str]]
    leftovers: Callable[[Path], Sequence[Leftover]]
    screens: Callable[[], tuple[Sequence[Screen], str]]


def list_detectors() -> tuple[tuple[str, str], ...]:
    """The detectors of objects that there are, key and title: ours, then those that the user added."""
    from models.importing import added

    ours = [(one.key, one.title.removeprefix("Objects, ")) for one in NETWORKS.values() if "sides" in one.outputs]
    return (*ours, *((one.key, one.key) for one in added.listed(folders.networks())[0]))


def list_monitors() -> tuple[Sequence[Screen], str]:
    """The screens that may be watched, and why there is none."""
    try:
        return list_screens(), ""
    except SourceError as error:
        return (), str(error)


def list_devices() -> dict[str, str]:
    """Why each device cannot be used, "" where it can. May take seconds the first time."""
    return {device.name: device.reason for device in usable_devices()}


def list_leftovers(folder: Path) -> list[Leftover]:
    """What in the folder of recordings nobody writes and may play; nothing where there is no such folder.

    Raises RecordingError where it cannot be read.
    """
    return [one for one in find_leftovers(folder) if one.promising] if folder.is_dir() else []


def equip() -> Room:
    """The real one. Called in a thread beside the window's: its imports take a second."""
    cores.apply_to_opencv()
    threads = cores.set_up().budget.inference
    eyes = Eyes(loading_from(folders.cache(), threads, folders.networks()))
    return Room(make_source, list_cameras, eyes, list_detectors, list_devices, list_leftovers, list_monitors)
