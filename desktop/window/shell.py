"""The parts of the window and how they look; what happens in them is the business of `main_window` and `deeds`."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent
from PySide6.QtGui import QDragEnterEvent, QDragLeaveEvent, QDropEvent
from PySide6.QtWidgets import QHBoxLayout, QMainWindow, QVBoxLayout, QWidget

from desktop.settings import Settings
from desktop.window.actions import Command, actions_of
from desktop.window.addresses import Addresses
from desktop.window.banner import Kind, Message
from desktop.window.bar import ControlBar
from desktop.window.errands import Errands
from desktop.window.header import Header
from desktop.window.icons import icon
from desktop.window.menu import menu_of
from desktop.window.panel import Panel
from desktop.window.source_menu import SourceMenu
from desktop.window.stage import Stage
from desktop.window.theme import Theme

if TYPE_CHECKING:
    from desktop.window.watch import Watch


class Shell(QMainWindow):
    """A window with all its parts, made by `build`.

    `settings`: what holds. `watch`: what is watched, None until the engine room is there. `name`, `title`: of the
    source that was chosen last, "" for none. `once_seen`: what is to be done when its first picture is shown; another
    source that is opened forgets that.
    """

    def __init__(self, settings: Settings, theme: Theme) -> None:
        super().__init__()
        self.settings, self.theme = settings, theme
        self.watch: Watch | None = None
        self.name, self.title = settings.source, ""
        self.once_seen: Callable[[], None] | None = None
        self.addresses = Addresses()
        self.errands = Errands(self.tell)
        self._panel_before = True

    @abstractmethod
    def open_source(self, name: str) -> None:
        """Watch the source of this name; where it cannot be, say so."""

    @abstractmethod
    def why_not(self, name: str) -> str:
        """Watch the source of this name, "" then; else why it cannot be watched."""

    @abstractmethod
    def refresh(self) -> None:
        """Show at once what a command has changed."""

    @abstractmethod
    def look_for_detectors(self) -> None:
        """Ask which detectors of objects there are; the answer comes later."""

    def build(self, commands: Sequence[Command]) -> None:
        """Make the parts, for these commands. Once."""
        self.setWindowTitle("Onlooker")
        self.commands = commands
        self.actions_by_id = actions_of(commands, self)
        self.menu_of_all = menu_of(commands, self.actions_by_id, self)
        self.sources = SourceMenu(self.actions_by_id, self)
        self.header = Header(self.actions_by_id, self.menu_of_all, self.sources)
        self.stage = Stage(self.theme.family, self.actions_by_id)
        self.panel = Panel(self.actions_by_id)
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

    def dress(self) -> None:
        """Take the colours of the theme, and the ratio of the screen."""
        colours, ratio = self.theme.colours, self.devicePixelRatioF()
        for command in self.commands:
            if command.icon:
                colour = colours.danger if command.id == "record" else colours.text
                on = colours.accent if command.id in ("objects", "faces", "bodies") else ""
                size = 34 if command.id == "record" else 22
                action = self.actions_by_id[command.id]
                action.setIcon(icon(command.icon, colour, disabled=colours.muted, on=on, size=size, ratio=ratio))
        self.panel.dress(colours)
        self.sources.dress(colours, ratio)
        self.header.dress(colours, ratio)
        self.stage.dress(colours, ratio)

    @property
    def bare(self) -> bool:
        """Nothing but the picture is shown."""
        return self.stage.preview.bare

    def set_bare(self, bare: bool) -> None:
        """Show nothing but the picture, or everything."""
        if bare and not self.bare:
            self._panel_before = not self.panel.isHidden()
        elif not bare and self.bare:
            self.show_panel(self._panel_before)
        if bare:
            self.panel.hide()
        self.stage.preview.bare = bare
        self.header.setHidden(bare)
        self.bar.setHidden(bare)
        self.actions_by_id["controls"].setChecked(bare)
        self.stage.dress(self.theme.colours, self.devicePixelRatioF())

    def show_panel(self, visible: bool) -> None:
        """Show the side panel, or hide it."""
        self.panel.setVisible(visible)
        self.actions_by_id["panel"].setChecked(visible)

    def apply_settings(self) -> None:
        """Show what the settings say."""
        settings = self.settings
        for key in ("objects", "faces", "bodies", "smooth", "labels", "mirror", "loop"):
            self.actions_by_id[key].setChecked(getattr(settings, key))
        self.actions_by_id["hide-faces"].setChecked(settings.hide_faces)
        self.actions_by_id["panel"].setChecked(not self.panel.isHidden())
        self.panel.set_settings(settings)
        preview = self.stage.preview
        preview.labels, preview.mirror = settings.labels, settings.mirror
        preview.update()

    def tell(
        self,
        sentence: str,
        kind: Kind = "error",
        action: tuple[str, Callable[[], None]] | None = None,
        *,
        later: bool = False,
    ) -> None:
        """Show a sentence over the picture."""
        self.stage.banner.tell(Message(sentence, kind, action, later))

    def event(self, event: QEvent) -> bool:
        """Another screen may have another ratio of pixels."""
        handled = super().event(event)
        if event.type() == QEvent.Type.DevicePixelRatioChange:
            self.dress()
        return handled

    # Dropping: anywhere in the window is as good as on the picture

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:  # noqa: N802 - Qt's name
        """Anywhere in the window is as good as on the picture."""
        self.stage.dragEnterEvent(event)

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:  # noqa: N802 - Qt's name
        """It went away again."""
        self.stage.dragLeaveEvent(event)

    def dropEvent(self, event: QDropEvent) -> None:  # noqa: N802 - Qt's name
        """It was let go."""
        self.stage.dropEvent(event)
