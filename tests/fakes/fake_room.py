"""An engine room without cameras and networks: sources that the test drives, and an analyzer that finds what it says.

`window` opens a real window on it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from fake_source import PATIENCE, FakeSource, number_of, until
from PySide6.QtCore import QCoreApplication, QEventLoop
from PySide6.QtWidgets import QApplication
from scenes import scene

from desktop.frame import Pixels
from desktop.live.analysis import Progress
from desktop.recordings.leftovers import Leftover
from desktop.settings import Settings
from desktop.sources.screen import Screen
from desktop.window.application import load_fonts
from desktop.window.eyes import Eyes
from desktop.window.main_window import MainWindow
from desktop.window.room import Room
from desktop.window.theme import Theme
from models.analyzer import AnalyzerOptions
from models.classes import COCO
from models.errors import OnlookerError, SourceError
from models.scene import EMPTY, Scene


@dataclass(frozen=True, slots=True)
class FakeCamera:
    """A camera that is attached, as the menu sees it."""

    name: str
    source: str


class FakeAnalyzer:
    """Finds what `find` says by the frame's number; waits for `allow` while it is not `free`."""

    def __init__(self, options: AnalyzerOptions, room: FakeRoom, device: str) -> None:
        self.options = options
        self.device, self.precision = "cpu", "f32"
        self.labels = room.labels
        self.input_size = (options.input_size or 320,) * 2
        self.note = "" if device in ("auto", "cpu") else f"{device} cannot be used here: the processor is used."
        self.resets = 0
        self.looked: list[tuple[int, AnalyzerOptions]] = []
        self._room = room

    def reset(self) -> None:
        """Another source."""
        self.resets += 1

    def analyze(self, pixels: Pixels, time_ns: int) -> Scene:
        """The scene of the frame."""
        assert time_ns >= 0
        if not self._room.free:
            self._room.permits.acquire(timeout=PATIENCE)
        if self._room.fails:
            raise self._room.fails
        self.looked.append((number_of(pixels), self.options))
        found = self._room.find(number_of(pixels))
        options = self.options
        return Scene(
            tuple(one for one in found.objects if options.classes is None or one.label in options.classes)
            if options.objects
            else (),
            found.faces if options.faces else (),
            found.bodies if options.bodies else (),
        )


@dataclass
class FakeRoom:
    """What the test drives.

    `sources`: made at the first use of their names, all like `make`. `loaded`: the analyzers that were loaded, with
    their device. `loading`: set it to let loading come to its end.
    """

    make: Callable[[], FakeSource] = FakeSource
    find: Callable[[int], Scene] = lambda _number: scene()
    cameras: tuple[FakeCamera, ...] = ()
    cameras_fail: OnlookerError | None = None
    free: bool = True
    fails: OnlookerError | None = None
    labels: tuple[str, ...] = COCO
    devices: dict[str, str] = field(default_factory=dict)
    detectors: tuple[tuple[str, str], ...] = (("onlooker-m", "Objects, Onlooker-M"), ("mine", "My own"))
    leftovers: Callable[[Path], Sequence[Leftover]] = lambda _folder: ()
    screens: tuple[tuple[Screen, ...], str] = ((), "")
    sources: dict[str, list[FakeSource]] = field(default_factory=dict)
    loops: list[bool] = field(default_factory=list)
    loaded: list[tuple[FakeAnalyzer, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.loading = threading.Event()
        self.loading.set()
        self.permits = threading.Semaphore(0)

    def source(self, name: str, *, loop: bool) -> FakeSource:
        """Make the source of this name; those that begin with "no" are not there."""
        if name.startswith("no"):
            raise SourceError(f"There is no file {name}.")
        self.loops.append(loop)
        made = self.make()
        self.sources.setdefault(name, []).append(made)
        return made

    def newest(self, name: str = "fake") -> FakeSource:
        """The source of this name that was made last."""
        return self.sources[name][-1]

    def list_cameras(self) -> tuple[FakeCamera, ...]:
        """Those that are attached."""
        if self.cameras_fail is not None:
            raise self.cameras_fail
        return self.cameras

    def load(self, options: AnalyzerOptions, device: str, progress: Progress) -> FakeAnalyzer:
        """An analyzer, once `loading` is set."""
        progress("Preparing the face mesh", 0.4)
        while not self.loading.wait(0.01):
            progress("Preparing the face mesh", 0.4)
        made = FakeAnalyzer(options, self, device)
        self.loaded.append((made, device))
        return made

    def equip(self) -> Room:
        """The room that the window gets."""
        eyes = Eyes(self.load)  # type: ignore[arg-type] # a fake analyzer
        detectors, devices, screens = (lambda: self.detectors), (lambda: self.devices), (lambda: self.screens)
        return Room(self.source, self.list_cameras, eyes, detectors, devices, self.leftovers, screens)

    def let_go(self) -> None:
        """Let everything come to its end."""
        self.loading.set()
        self.free = True
        self.permits.release(1000)
        for made in self.sources.values():
            for source in made:
                source.released.set()
                source.end()


def events(happened: Callable[[], bool], what: str) -> None:
    """Let the window work until `happened()`; fails the test with `what` when it never does."""

    def step() -> bool:
        QCoreApplication.processEvents(QEventLoop.ProcessEventsFlag.AllEvents, 20)
        QCoreApplication.sendPostedEvents(None, 52)  # DeferredDelete
        return happened()

    until(step, what)


def theme_of(application: QApplication, settings: Settings) -> Theme:
    """A theme with the shipped typeface."""
    return Theme(application, settings.theme, load_fonts())


@contextmanager
def window(
    application: QApplication,
    room: FakeRoom,
    settings: Settings | None = None,
    *,
    source: str = "",
    notice: str = "",
) -> Iterator[MainWindow]:
    """A window on the screen, its engine room there; closed, and waited for, at the end."""
    chosen = Settings() if settings is None else settings
    theme = theme_of(application, chosen)
    opened = MainWindow(chosen, theme, source=source, notice=notice, equip=room.equip)
    closed: list[bool] = []
    opened.closed.connect(lambda: closed.append(True))
    try:
        opened.show()
        opened.activateWindow()
        opened.begin()
        events(lambda: opened.watch is not None and not opened.errands, "the engine room is there")
        yield opened
    finally:
        room.let_go()
        if not closed:
            opened.close()
            opened.close()
        events(lambda: bool(closed), "the window is closed")
        opened.deleteLater()
        theme.deleteLater()
        events(lambda: True, "it is gone")


def watching(opened: MainWindow, room: FakeRoom, frames: int = 1, name: str = "fake") -> FakeSource:
    """Open a source and wait until the last of `frames` is on the screen with its marks."""
    opened.open_source(name)
    source = room.newest(name)
    source.give(frames)

    def shown() -> bool:
        on_screen = opened.stage.preview.shown
        return on_screen is not None and on_screen.frame.index == frames - 1 and bool(opened.stage.preview.painted)

    events(shown, f"frame {frames - 1} is on the screen")
    return source


NOBODY = EMPTY
