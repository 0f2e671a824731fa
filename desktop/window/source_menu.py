"""The menu of sources: cameras and screens by name, files, the demo, names, and what was watched lately."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QWidget

from desktop.sources.address import redacted
from desktop.window.colours import DARK, Colours
from desktop.window.icons import icon

if TYPE_CHECKING:
    from desktop.sources.screen import Screen
    from desktop.window.room import AnyCamera


class SourceMenu(QMenu):
    """`chosen`: the name of the source that was clicked."""

    chosen = Signal(str)

    def __init__(self, actions: dict[str, QAction], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setToolTipsVisible(True)
        self._fixed = [actions[key] for key in ("screen-part", "open-file", "open-folder", "demo", "open-name")]
        self._cameras: Sequence[AnyCamera] | None = None
        self._problem = ""
        self._screens: Sequence[Screen] = ()
        self._no_screens = ""
        self._recent: Sequence[str] = ()
        self._colours, self._ratio = DARK, 1.0
        self._fill()

    def set_cameras(self, cameras: Sequence[AnyCamera] | None, problem: str = "") -> None:
        """The cameras that are attached; None while they are being looked for; `problem`: why they are not known."""
        self._cameras, self._problem = cameras, problem
        self._fill()

    def set_screens(self, screens: Sequence[Screen], problem: str = "") -> None:
        """The screens that may be watched; `problem`: why there is none."""
        self._screens, self._no_screens = screens, problem
        self._fill()

    def size_of(self, name: str) -> tuple[int, int] | None:
        """Width and height of the screen that this name, or that of a part of it, names; None where that is unknown."""
        whole = whole_of(name)
        return next((one.size for one in self._screens if one.source == whole), None)

    def set_recent(self, names: Sequence[str]) -> None:
        """What was watched lately, the latest first."""
        self._recent = names
        self._fill()

    def dress(self, colours: Colours, ratio: float) -> None:
        """Take the colours of a theme."""
        self._colours, self._ratio = colours, ratio
        self._fill()

    def _fill(self) -> None:
        self.clear()
        if self._cameras:
            for camera in self._cameras:
                self._entry(camera.name, camera.source, "camera")
        else:
            looking = "Looking for cameras…" if self._cameras is None else "No camera is attached"
            self._entry(self._problem or looking, "", "camera").setEnabled(False)
        for screen in self._screens:
            width, height = screen.size
            self._entry(f"{screen.name}, {width} × {height}", screen.source, "screen")  # noqa: RUF001 - that is the sign
        if self._no_screens:
            entry = self._entry("No screen can be watched", "", "screen")
            entry.setEnabled(False)
            entry.setToolTip(self._no_screens)
        self.addSeparator()
        self.addActions(self._fixed)
        if self._recent:
            self.addSeparator()
            for name in self._recent:
                self._entry(title_of(name), name, "recent")

    def _entry(self, title: str, name: str, drawing: str) -> QAction:
        colours = self._colours
        action = self.addAction(icon(drawing, colours.text, disabled=colours.muted, ratio=self._ratio), _plain(title))
        action.setToolTip(name)
        if name:
            action.triggered.connect(lambda _checked=False: self.chosen.emit(name))
        return action


def whole_of(name: str) -> str:
    """What names the whole screen, for the name of a part of it; any other is given as it is."""
    return ":".join(name.split(":")[:2]) if name.startswith("screen:") else name


def title_of(name: str, cameras: Sequence[AnyCamera] = ()) -> str:
    """A source's name as it is shown: a camera's own name, a file's without its folder."""
    for camera in cameras:
        if camera.source == name:
            return camera.name
    if name == "demo":
        return "Demo clip"
    if "://" in name:
        return redacted(name)
    if name.startswith("screen:"):
        screen, _, part = name.partition(":")[2].partition(":")
        number = int(screen) + 1 if screen.isdecimal() else screen
        if not part:
            return f"Screen {number}"
        width, height = part.split(",")[2:4] if part.count(",") == 3 else ("", "")
        size = f", {width} × {height}" if width and height else ""  # noqa: RUF001 - that is the sign
        return f"Part of screen {number}{size}"
    return Path(name).name or name


def _plain(title: str) -> str:
    """A title in which "&" is a letter."""
    return title.replace("&", "&&")
