"""The window: it puts the parts together, and asks the session on a timer how it stands."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable
from statistics import median
from typing import TYPE_CHECKING

from PySide6.QtCore import QByteArray, QEvent, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDragLeaveEvent, QDropEvent, QIcon
from PySide6.QtWidgets import QHBoxLayout, QMainWindow, QVBoxLayout, QWidget

from desktop.settings import Settings, save
from desktop.window import words
from desktop.window.actions import actions_of, commands_of, retitle
from desktop.window.banner import Kind, Message
from desktop.window.bar import ControlBar
from desktop.window.deeds import WindowDeeds
from desktop.window.errands import Errands
from desktop.window.header import Header
from desktop.window.icons import icon
from desktop.window.menu import menu_of
from desktop.window.panel import Panel
from desktop.window.source_menu import SourceMenu, title_of
from desktop.window.stage import Stage
from desktop.window.theme import Theme
from models.errors import OnlookerError, SettingsError, SourceError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from desktop.live.figures import Figures, RecordingFigures
    from desktop.live.session import Session
    from desktop.window.room import AnyCamera, Room
    from desktop.window.watch import Watch

logger = logging.getLogger(__name__)

Equip = Callable[[], "Room"]

_PULL = 8  # milliseconds between two looks for a new frame
_TICK = 200  # milliseconds between two looks at figures, errors and errands
_RECENT = 6
_RECENT_AGES = 15


def equip_room() -> Room:
    """The real engine room; called in a thread beside, its imports take a second."""
    from desktop.window.room import equip

    return equip()


class MainWindow(QMainWindow):
    """Everything that is on the screen. `settings` are changed as the user changes them, and saved when it closes.

    `source`: what to watch at once. `notice`: a sentence to begin with. `equip` makes the engine room, in a thread.
    `closed` is emitted when all has ended after it was closed.
    """

    closed = Signal()

    def __init__(
        self, settings: Settings, theme: Theme, *, source: str = "", notice: str = "", equip: Equip | None = None
    ) -> None:
        super().__init__()
        self.settings, self.theme = settings, theme
        self.watch: Watch | None = None
        self.cameras: Sequence[AnyCamera] = ()
        self.name = settings.source
        self._title = ""
        self._equip = equip_room if equip is None else equip
        self._wanted = source
        self.errands = Errands(self.tell)
        self._problems: deque[str] = deque()
        self._session: Session | None = None
        self._told = 0
        self._begun = self._closing = False
        self._panel_before = True
        self._ended = False
        self._build()
        self._frames = QTimer(self)
        self._frames.setTimerType(Qt.TimerType.PreciseTimer)
        self._frames.setInterval(_PULL)
        self._frames.timeout.connect(self._pull)
        self._ticks = QTimer(self)
        self._ticks.setInterval(_TICK)
        self._ticks.timeout.connect(self._tick)
        self._ticks.start()
        theme.changed.connect(self._dress)
        self._dress()
        self.apply_settings()
        self._restore_geometry()
        if notice:
            self.tell(notice, "warning")

    def _build(self) -> None:
        self.setWindowTitle("Onlooker")
        self.deeds = WindowDeeds(self)
        self.commands = commands_of(self.deeds)
        self.actions_by_id = actions_of(self.commands, self)
        self._menu = menu_of(self.commands, self.actions_by_id, self)
        self.sources = SourceMenu(self.actions_by_id, self)
        self.sources.chosen.connect(self.open_source)
        self.sources.aboutToShow.connect(self.look_for_cameras)
        self.header = Header(self.actions_by_id, self._menu, self.sources)
        self.stage = Stage(self.theme.family, self.actions_by_id)
        self.stage.dropped.connect(self.open_source)
        self.stage.welcome.chosen.connect(self.open_source)
        self.stage.welcome.painted.connect(self.begin, Qt.ConnectionType.QueuedConnection)
        self.stage.preview.activated.connect(self.deeds.switch_full_screen)
        self.panel = Panel(self.actions_by_id)
        self.panel.score_wanted.connect(self.deeds.set_score)
        self.panel.device_wanted.connect(self.deeds.set_device)
        self.panel.faces_wanted.connect(self.deeds.set_most_faces)
        self.panel.bodies_wanted.connect(self.deeds.set_most_bodies)
        self.bar = ControlBar(self.actions_by_id)
        middle = QHBoxLayout()
        middle.setSpacing(0)
        middle.addWidget(self.stage, 1)
        middle.addWidget(self.panel)
        whole = QWidget()
        column = QVBoxLayout(whole)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.header)
        column.addLayout(middle, 1)
        column.addWidget(self.bar)
        self.setCentralWidget(whole)
        self.setMinimumSize(640, 400)
        self.setAcceptDrops(True)
        self.stage.setFocus()
        self.sources.set_recent(self.settings.recent)
        for key in ("record", "snapshot"):
            self.actions_by_id[key].setEnabled(False)

    # How it looks

    def _dress(self) -> None:
        """Take the colours of the theme, and the ratio of the screen."""
        colours, ratio = self.theme.colours, self.devicePixelRatioF()
        for command in self.commands:
            if command.icon:
                colour = colours.danger if command.id == "record" else colours.text
                on = colours.accent if command.id in ("faces", "bodies") else ""
                size = 34 if command.id == "record" else 22
                action = self.actions_by_id[command.id]
                action.setIcon(icon(command.icon, colour, disabled=colours.muted, on=on, size=size, ratio=ratio))
        self.panel.dress(colours)
        self.sources.dress(colours, ratio)
        self.header.dress(colours, ratio)
        self.stage.dress(colours, ratio)
        self._state_shown: tuple[bool, bool] | None = None
        self._show_state()

    def _own_icon(self, name: str, colour: str, size: int) -> QIcon:
        return icon(name, colour, disabled=self.theme.colours.muted, size=size, ratio=self.devicePixelRatioF())

    @property
    def bare(self) -> bool:
        """Nothing but the picture is shown."""
        return self.stage.preview.bare

    def set_bare(self, bare: bool) -> None:
        """Show nothing but the picture, or everything."""
        if bare and not self.bare:
            self._panel_before = not self.panel.isHidden()
        elif not bare and self.bare:
            self.deeds.show_panel(self._panel_before)
        if bare:
            self.panel.hide()
        self.stage.preview.bare = bare
        self.header.setHidden(bare)
        self.bar.setHidden(bare)
        self.actions_by_id["controls"].setChecked(bare)
        self.stage.dress(self.theme.colours, self.devicePixelRatioF())

    def refresh(self) -> None:
        """Show at once what a command has changed."""
        self._tick()

    def apply_settings(self) -> None:
        """Show what the settings say."""
        settings = self.settings
        for key in ("faces", "bodies", "smooth", "labels", "mirror", "loop"):
            self.actions_by_id[key].setChecked(getattr(settings, key))
        self.actions_by_id["panel"].setChecked(not self.panel.isHidden())
        self.panel.set_settings(settings)
        preview = self.stage.preview
        preview.labels, preview.mirror = settings.labels, settings.mirror
        preview.update()

    def tell(self, sentence: str, kind: Kind = "error", action: tuple[str, Callable[[], None]] | None = None) -> None:
        """Show a sentence over the picture."""
        self.stage.banner.tell(Message(sentence, kind, action))

    def report(self, sentence: str) -> None:
        """Show a sentence soon; may be called from any thread."""
        self._problems.append(sentence)

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802 - Qt's name
        """Another screen may have another ratio of pixels; somebody may have plugged a camera in."""
        if event.type() == QEvent.Type.DevicePixelRatioChange:
            self._dress()
        elif event.type() == QEvent.Type.ActivationChange and self.isActiveWindow():
            self.look_for_cameras()
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
        self.look_for_cameras()
        if self._wanted:
            self.open_source(self._wanted)

    def open_source(self, name: str) -> None:
        """Watch the source of this name; where it cannot be, say so."""
        refused = self.why_not(name)
        if refused:
            self.tell(refused)

    def why_not(self, name: str) -> str:
        """Watch the source of this name, "" then; else why it cannot be watched."""
        if self._closing:
            return ""
        if self.watch is None:
            self._wanted = name
            self.stage.say("", "One moment…")
            return ""
        try:
            self.watch.open(name)
        except SourceError as error:
            return str(error)
        self.name = self.settings.source = self._without_secret(name)
        self._title = title_of(name, self.cameras)
        self._remember(self.settings.source)
        self.header.set_source(self._title)
        self.setWindowTitle(f"{self._title} - Onlooker")
        self.stage.preview.show_frame(None)
        self.stage.preview.ages.clear()
        self.stage.show_picture(True)
        self._frames.start()
        self._tick()
        return ""

    def _without_secret(self, name: str) -> str:
        """The name, or "" where it holds a password: that is not kept."""
        return "" if "://" in name and "@" in name else name

    def _remember(self, name: str) -> None:
        if name and name != "demo":
            kept = [one for one in self.settings.recent if one != name]
            self.settings.recent = [name, *kept][:_RECENT]
            self.sources.set_recent(self.settings.recent)

    def look_for_cameras(self) -> None:
        """Ask which cameras are attached; the answer comes later."""
        if self.watch is not None and not self.errands.runs("cameras") and not self._closing:
            self.errands.run("cameras", self._list_cameras, self._cameras_found)

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
                self._tick()

    def _tick(self) -> None:
        """Show how all stands."""
        self.errands.collect()
        while self._problems:
            self.tell(self._problems.popleft())
        watch = self.watch
        if watch is not None:
            for recording in watch.tick():
                self._recording_over(recording)
            if watch.session is not None:
                self._show(watch, watch.session)
        if self._closing:
            self._end()

    def _show(self, watch: Watch, session: Session) -> None:
        figures = session.figures()
        self._tell_errors(session, figures)
        if not watch.watching and not watch.waiting:
            self._frames.stop()
        preview = self.stage.preview
        device, note = watch.room.eyes.said
        ages = [age for _, age in list(preview.ages)[-_RECENT_AGES:]]
        age = median(ages) if ages and figures.state == "running" else None
        self.header.set_state(*words.networks(figures, device))
        self.bar.set_figures(words.in_short(figures, age))
        info = session.info
        size = f"{figures.size[0]} × {figures.size[1]}" if figures.size else ""  # noqa: RUF001 - that is the sign
        mode = (info.got if info is not None else "") or size
        self.panel.set_figures(words.in_full(figures, age, mode, device))
        self.panel.set_note(note)
        seen = preview.shown is not None
        if watch.waiting:
            self.stage.say("", f"Opening {self._title}…")
        else:
            self.stage.say(*words.sign(figures, self._title, seen=seen, live=session.source.live))
        current = watch.recording or watch.draining
        self.stage.say_recording(words.recording(current) if current is not None else "")
        self._show_state()

    def _show_state(self) -> None:
        """Give the buttons the titles of what they do now."""
        watch = self.watch
        watching = watch is not None and (watch.watching or watch.waiting)
        recording = watch is not None and (watch.recording or watch.draining) is not None
        if self._state_shown == (watching, recording):
            self._show_enabled()
            return
        self._state_shown = (watching, recording)
        actions, colours = self.actions_by_id, self.theme.colours
        start = ("Stop", "stop") if watching else ("Start", "start")
        retitle(actions["start-stop"], start[0], self._own_icon(start[1], colours.text, 22))
        record = ("Stop recording", "recording") if recording else ("Record", "record")
        retitle(actions["record"], record[0], self._own_icon(record[1], colours.danger, 34))
        actions["record"].setChecked(recording)
        self._show_enabled()

    def _show_enabled(self) -> None:
        watch = self.watch
        figures = watch.session.figures() if watch is not None and watch.session is not None else None
        runs = figures is not None and figures.state in ("opening", "running")
        draining = watch is not None and watch.draining is not None
        self.actions_by_id["record"].setEnabled(runs or draining)
        self.actions_by_id["snapshot"].setEnabled(self.stage.preview.shown is not None)

    def _tell_errors(self, session: Session, figures: Figures) -> None:
        if session is not self._session:
            self._session, self._told = session, 0
        if figures.errors > self._told:
            for notice in session.errors[self._told : figures.errors]:
                again = ("Try again", self.deeds.try_again) if notice.about in ("source", "analysis") else None
                if notice.about != "recording":  # told when it is over, with what became of the file
                    self.tell(notice.sentence, action=again)
            self._told = figures.errors

    def _recording_over(self, recording: RecordingFigures) -> None:
        show = ("Show in folder", self.deeds.show_recordings)
        if recording.state == "failed":
            self.tell(recording.error, action=show if recording.files else None)
        else:
            self.tell(words.recorded(recording), "done", show if recording.files else None)

    # Dropping

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:  # noqa: N802 - Qt's name
        """Anywhere in the window is as good as on the picture."""
        self.stage.dragEnterEvent(event)

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:  # noqa: N802 - Qt's name
        """It went away again."""
        self.stage.dragLeaveEvent(event)

    def dropEvent(self, event: QDropEvent) -> None:  # noqa: N802 - Qt's name
        """It was let go."""
        self.stage.dropEvent(event)

    # The end

    def closeEvent(self, event: QCloseEvent) -> None:  # noqa: N802 - Qt's name
        """End the session first: what is being recorded is written to its end. Asked again, it is cut."""
        if self._ended:
            event.accept()
            return
        event.ignore()
        if not self._closing:
            self._closing = True
            self._save()
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
            return
        self._ended = True
        self._frames.stop()
        self._ticks.stop()
        self.stage.banner.clear()
        self.theme.changed.disconnect(self._dress)
        self.close()
        self.closed.emit()

    def _save(self) -> None:
        geometry = bytes(self.saveGeometry().toBase64().data()).decode("ascii")
        self.settings.geometry = f"{'closed' if self.panel.isHidden() else 'open'} {geometry}"
        try:
            save(self.settings)
        except SettingsError as error:
            logger.warning("%s", error)

    def _restore_geometry(self) -> None:
        panel, _, geometry = self.settings.geometry.partition(" ")
        self.resize(QSize(1280, 800))
        if geometry:
            self.restoreGeometry(QByteArray.fromBase64(geometry.encode("ascii", "replace")))
        self.deeds.show_panel(panel != "closed")
