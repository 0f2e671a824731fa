"""The slim bar at the top: which source, what the networks are doing, menu and panel."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QSize, Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QMenu,
    QProgressBar,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from desktop.window.buttons import ToolButton
from desktop.window.colours import Colours
from desktop.window.icons import SIZE, icon

_LONGEST = 40  # letters of a source's name
TALL = 51


class Header(QFrame):
    """Source on the left, the state of the networks and two buttons on the right, progress along the lower edge."""

    def __init__(self, actions: dict[str, QAction], menu: QMenu, sources: QMenu, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("header")
        self.setFixedHeight(TALL)
        self._source = ToolButton()
        self._source.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self._source.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self._source.setMenu(sources)
        self._source.setAccessibleName("Source")
        self._source.setToolTip(actions["choose-source"].toolTip())
        self._state = QLabel()
        self._state.setProperty("muted", True)
        self._state.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self._state.setMinimumWidth(40)
        self._state.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self._state.setAccessibleName("State of the networks")
        self._panel = _quiet(actions["panel"])
        self._help = _quiet(actions["shortcuts"])
        self._commands = menu
        self._menu = ToolButton()
        self._menu.setProperty("quiet", True)
        self._menu.clicked.connect(self.open_menu)
        self._menu.setAccessibleName("Menu")
        self._menu.setToolTip("Menu (F10)")
        self._progress = QProgressBar()
        self._progress.setTextVisible(False)
        self._progress.setRange(0, 1000)
        self._progress.setAccessibleName("Loading of the networks")
        row = QHBoxLayout()
        row.setContentsMargins(12, 6, 10, 3)
        row.setSpacing(6)
        row.addWidget(self._source)
        row.addWidget(self._state, 1)
        row.addSpacing(6)
        for button in (self._help, self._panel, self._menu):
            row.addWidget(button)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(row)
        column.addWidget(self._progress)
        self._keep_room_for_progress()
        self.set_source("")

    def set_source(self, title: str) -> None:
        """The source's name, "" for none."""
        text = title or "Choose a source"
        if len(text) > _LONGEST:
            text = f"{text[: _LONGEST // 2]}…{text[-_LONGEST // 2 + 1 :]}"
        self._source.setText(f"{text}  ▾")

    def set_state(self, text: str, progress: float | None) -> None:
        """What the networks are doing; `progress`: 0..1, None while nothing is loaded."""
        if self._state.text() != text:
            self._state.setText(text)
            self._state.setToolTip(text)
        self._progress.setVisible(progress is not None)
        if progress is not None:
            self._progress.setValue(round(1000 * progress))

    @property
    def state(self) -> str:
        """What it says of the networks."""
        return self._state.text()

    @property
    def progress(self) -> float | None:
        """How far they are loaded; None while nothing is."""
        return None if self._progress.isHidden() else self._progress.value() / 1000

    def open_sources(self) -> None:
        """Open the menu of sources, as a click does."""
        self._source.showMenu()

    def open_menu(self) -> None:
        """Open the menu, as a click does."""
        below = self._menu.mapToGlobal(QPoint(self._menu.width(), self._menu.height() + 2))
        self._commands.popup(below - QPoint(self._commands.sizeHint().width(), 0))

    def dress(self, colours: Colours, ratio: float) -> None:
        """Take the colours of a theme."""
        self._source.setIcon(icon("camera", colours.accent, ratio=ratio))
        self._menu.setIcon(icon("menu", colours.text, ratio=ratio))
        for button in (self._source, self._menu):
            button.setIconSize(QSize(SIZE, SIZE))

    def _keep_room_for_progress(self) -> None:
        policy = self._progress.sizePolicy()
        policy.setRetainSizeWhenHidden(True)
        self._progress.setSizePolicy(policy)
        self._progress.hide()


def _quiet(action: QAction) -> ToolButton:
    button = ToolButton()
    button.setDefaultAction(action)
    button.setProperty("quiet", True)
    button.setIconSize(QSize(SIZE, SIZE))
    button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonIconOnly)
    button.setAccessibleName(action.text())
    return button
