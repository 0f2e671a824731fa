"""The window: it puts the parts together, and asks the session on a timer how it stands."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QByteArray, QEvent, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QCloseEvent

from desktop.settings import Settings
from desktop.window import words
from desktop.window.actions import commands_of
from desktop.window.deeds import WindowDeeds
from desktop.window.keeping import Keeping
from desktop.window.leftovers import Leftovers
from desktop.window.shell import Shell
from desktop.window.source_menu import title_of
from desktop.window.standing import Standing
from desktop.window.theme import Theme
from models.errors import OnlookerError, SourceError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from desktop.window.room import AnyCamera, Room

logger = logging.getLogger(__name__)

Equip = Callable[[], "Room"]

_PULL = 8  # milliseconds between two looks for a new frame
_TICK = 200  # milliseconds between two looks at figures, errors and errands
_LATE = 50  # ticks after which what has not ended is named
_RECENT = 6


def equip_room() -> Room:
    """The real engine room; called in a thread beside, its imports take a second."""
    from desktop.window.room import equip

    return equip()


class MainWindow(Shell):
    """Everything that is on the screen. `settings` are changed as the user changes them, and saved soon.

    `source`: what to watch at once. `notice`: a sentence to begin with. `equip` makes the engine room, in a thread.
    `closed` is emitted when all has ended after it was closed.
    """

    closed = Signal()

    def __init__(
        self, settings: Settings, theme: Theme, *, source: str = "", notice: str = "", equip: Equip | None = None
    ) -> None:
        super().__init__(settings, theme)
        self.cameras: Sequence[AnyCamera] = ()
        self._equip = equip_room if equip is None else equip
        self._wanted = source
        self._problems: deque[str] = deque()
        self._begun = self._closing = self._ended = False
        self._waited = 0
        self.deeds = WindowDeeds(self)
        self.build(commands_of(self.deeds))
        self._standing = Standing(self, self.deeds.try_again, self.deeds.show_recordings)
        self._leftovers = Leftovers(self, self.deeds.show_recordings)
        self._frames, self._ticks = QTimer(self), QTimer(self)
        self._frames.setTimerType(Qt.TimerType.PreciseTimer)
        self._frames.setInterval(_PULL)
        self._frames.timeout.connect(self._pull)
        self._ticks.setInterval(_TICK)
        self._ticks.timeout.connect(self._tick)
        self._ticks.start()
        self._connect()
        self.dress()
        self.apply_settings()
        self._restore_geometry()
        self._keeping = Keeping(settings, self.errands, self._geometry)
        if notice:
            self.tell(notice, "warning")

    def _connect(self) -> None:
        self.sources.chosen.connect(self.open_source)
        self.sources.aboutToShow.connect(self.look_for_cameras)
        self.stage.dropped.connect(self.open_source)
        self.stage.welcome.chosen.connect(self.open_source)
        self.stage.welcome.painted.connect(self.begin, Qt.ConnectionType.QueuedConnection)
        self.stage.preview.activated.connect(self.deeds.switch_full_screen)
        self.panel.score_wanted.connect(self.deeds.set_score)
        self.panel.device_wanted.connect(self.deeds.set_device)
        self.panel.faces_wanted.connect(self.deeds.set_most_faces)
        self.panel.bodies_wanted.connect(self.deeds.set_most_bodies)
        objects = self.panel.objects
        objects.class_wanted.connect(self.deeds.want_class)
        objects.only_wanted.connect(self.deeds.want_only)
        objects.all_wanted.connect(self.deeds.want_all_classes)
        objects.none_wanted.connect(self.deeds.want_no_class)
        objects.score_wanted.connect(self.deeds.set_class_score)
        objects.detector_wanted.connect(self.deeds.set_detector)
        objects.size_wanted.connect(self.deeds.set_input_size)
        self.panel.privacy.class_wanted.connect(self.deeds.hide_class)
        self.panel.privacy.how_wanted.connect(self.deeds.set_hide_how)
        recording = self.panel.recording
        recording.video_wanted.connect(self.deeds.set_video)
        recording.quality_wanted.connect(self.deeds.set_quality)
        recording.height_wanted.connect(self.deeds.set_height)
        recording.encoder_wanted.connect(self.deeds.set_encoder)
        recording.before_wanted.connect(self.deeds.set_before)
        self.theme.changed.connect(self.dress)

    def dress(self) -> None:
        """Take the colours of the theme, and the ratio of the screen."""
        super().dress()
        self._standing.dress()

    def report(self, sentence: str) -> None:
        """Show a sentence soon; may be called from any thread."""
        self._problems.append(sentence)

    def refresh(self) -> None:
        """Show at once what a command has changed."""
        self._tick()

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802 - Qt's name
        """Who comes back to the window may have plugged in a camera, or added a detector."""
        if event.type() == QEvent.Type.ActivationChange and self.isActiveWindow():
            self.look_for_cameras()
            self.look_for_detectors()
        super().changeEvent(event)

    # What is watched

    def begin(self) -> None:
        """Fetch the engine room; once the window is on the screen, since its imports slow down everything else."""
        if self._begun:
            return
        self._begun = True
        self.stage.welcome.painted.disconnect(self.begin)
        self.errands.run("engine room", self._equip, self._equipped)

    def _equipped(self, room: Room) -> None:
        if self._closing:
            room.eyes.close()
            return
        from desktop import __version__
        from desktop.window.watch import Watch  # imported with the room already

        self.watch = Watch(room, self.settings, __version__)
        self.look_for_detectors()
        self.errands.run("devices", room.devices, self.panel.set_devices)
        self.look_for_cameras()
        self._leftovers.look()
        self.deeds.begin_rules()
        if self._wanted:
            self.open_source(self._wanted)

    def open_source(self, name: str) -> None:
        """Watch the source of this name; where it cannot be, say so."""
        refused = self.why_not(name)
        if refused and self.addresses.lacks(name):
            self.deeds.ask_for(name, refused)
        elif refused:
            self.tell(refused)

    def why_not(self, name: str) -> str:
        """Watch the source of this name, "" then; else why it cannot be watched."""
        if self._closing:
            return ""
        if self.watch is None:
            self._wanted = name
            self.stage.say("", "One moment…")
            return ""
        name = self.addresses.typed(name)
        try:
            self.watch.open(name)
        except SourceError as error:
            return str(error)
        self.name, self.settings.source = name, self.addresses.keep(name)
        self.title = title_of(name, self.cameras)
        self.once_seen = None
        self.header.set_source(self.title)
        self.setWindowTitle(f"{self.title} - Onlooker")
        self.stage.preview.show_frame(None)
        self.stage.preview.ages.clear()
        self.stage.show_picture(True)
        self._frames.start()
        self._tick()
        return ""

    def _seen(self) -> None:
        """The first picture of a source: only now is it one that may be chosen again."""
        name, done, self.once_seen = self.settings.source, self.once_seen, None
        if name and name != "demo":
            kept = [one for one in self.settings.recent if one != name]
            self.settings.recent = [name, *kept][:_RECENT]
            self.sources.set_recent(self.settings.recent)
        if done is not None:
            done()

    def look_for_cameras(self) -> None:
        """Ask which cameras and screens are attached; the answer comes later."""
        if self.watch is not None and not self.errands.runs("cameras") and not self._closing:
            self.errands.run("cameras", self._list_cameras, self._cameras_found)
            self.errands.run("screens", self.watch.room.screens, lambda found: self.sources.set_screens(*found))

    def look_for_detectors(self) -> None:
        """Ask which detectors of objects there are; the answer comes later."""
        if self.watch is not None and not self.errands.runs("detectors") and not self._closing:
            found = self.panel.objects.set_detectors
            self.errands.run("detectors", self.watch.room.detectors, lambda some: found(some, self.settings.detector))

    def _list_cameras(self) -> tuple[Sequence[AnyCamera], str]:
        """In a thread beside: the cameras, and why they are not known."""
        assert self.watch is not None
        try:
            return tuple(self.watch.room.cameras()), ""
        except OnlookerError as error:
            return (), str(error)

    def _cameras_found(self, found: tuple[Sequence[AnyCamera], str]) -> None:
        self.cameras, problem = found
        self.sources.set_cameras(self.cameras, problem)
        self.stage.welcome.set_cameras(self.cameras, problem)

    # On the timers

    def _pull(self) -> None:
        """Show the newest picture."""
        watch = self.watch
        if watch is None or watch.session is None or not watch.watching or watch.waiting:
            return
        shown = watch.session.shown()
        if shown is not None:
            first = self.stage.preview.shown is None
            self.stage.preview.show_frame(shown)
            if first:
                self._seen()
                self._tick()

    def _tick(self) -> None:
        """Show how all stands."""
        self.errands.collect()
        while self._problems:
            self.tell(self._problems.popleft())
        watch = self.watch
        if watch is not None:
            for recording in watch.tick():
                self._standing.recording_over(recording)
            if not watch.watching and not watch.waiting:
                self._frames.stop()
            self._standing.show(watch)
            self.deeds.tick_rules()
        if self._closing:
            self._end()
        else:
            self._keeping.tick()

    # The end

    def closeEvent(self, event: QCloseEvent) -> None:  # noqa: N802 - Qt's name
        """End the session first: what is being recorded is written to its end. Asked again, it is cut."""
        if self._ended:
            event.accept()
            return
        event.ignore()
        if not self._closing:
            self._closing = True
            self._leftovers.stop()
            self.deeds.end_rules()
            self._keeping.write()
        if self.watch is not None:
            self.watch.close()
        self._tick()

    def _end(self) -> None:
        """Close for good once nothing runs any more."""
        if self._ended:
            return
        draining = self.watch.draining if self.watch is not None else None
        if self.errands or (self.watch is not None and self.watch.unended):
            if draining is not None:
                self.stage.say("", words.finishing(draining))
            elif self.isVisible():
                self.hide()  # nothing that anybody waits for
            self._name_what_runs()
            return
        self._ended = True
        self._frames.stop()
        self._ticks.stop()
        self.stage.banner.clear()
        self.theme.changed.disconnect(self.dress)
        self.close()
        self.closed.emit()

    def _name_what_runs(self) -> None:
        """Once a while: a process that does not end says in the log why."""
        self._waited += 1
        if self.watch is not None and self._waited % _LATE == 0:
            logger.warning("still running after the window was closed: %s", ", ".join(self.watch.unended))

    def _geometry(self) -> str:
        """Where the window stands, as the settings have it."""
        geometry = bytes(self.saveGeometry().toBase64().data()).decode("ascii")
        panel = self._panel_before if self.bare else not self.panel.isHidden()
        return f"{'open' if panel else 'closed'} {geometry}"

    def _restore_geometry(self) -> None:
        panel, _, geometry = self.settings.geometry.partition(" ")
        self.resize(QSize(1280, 800))
        if geometry:
            self.restoreGeometry(QByteArray.fromBase64(geometry.encode("ascii", "replace")))
        self.show_panel(panel != "closed")
