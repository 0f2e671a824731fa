"""What is to be seen while nothing is watched: an invitation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction, QPaintEvent
from PySide6.QtWidgets import QBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from desktop.window.buttons import PushButton
from desktop.window.colours import Colours
from desktop.window.icons import icon, pixmap

if TYPE_CHECKING:
    from desktop.window.room import AnyCamera

_INSET = 24
_MOST = 2  # cameras with a button of their own; all are in the menu


class Welcome(QWidget):
    """Says what can be done, with a button for each. `chosen`: the name of a source that was clicked."""

    chosen = Signal(str)
    painted = Signal()
    """It was painted: the window is on the screen."""

    def __init__(self, actions: dict[str, QAction], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._colours: Colours | None = None
        self._ratio = 1.0
        self._sign = QLabel()
        self._sign.setAlignment(Qt.AlignmentFlag.AlignCenter)
        title = QLabel("Drop a video here, or choose a camera")
        title.setProperty("title", True)
        title.setWordWrap(True)
        title.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._cameras_text = QLabel("Looking for cameras…")
        self._cameras_text.setProperty("muted", True)
        self._cameras_text.setWordWrap(True)
        self._cameras_text.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._row = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._row.setSpacing(10)
        self._row.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._camera_buttons: list[PushButton] = []
        self._demo = _button("Play the demo", actions["demo"])
        self._demo.setProperty("primary", True)
        self._open = _button("Open a file…", actions["open-file"])
        for button in (self._demo, self._open):
            self._row.addWidget(button, 0, Qt.AlignmentFlag.AlignCenter)
        column = QVBoxLayout(self)
        column.setContentsMargins(_INSET, _INSET, _INSET, _INSET)
        column.addStretch(1)
        column.addWidget(self._sign)
        column.addSpacing(14)
        column.addWidget(title)
        column.addSpacing(4)
        column.addWidget(self._cameras_text)
        column.addSpacing(20)
        column.addLayout(self._row)
        column.addStretch(1)

    @property
    def buttons(self) -> tuple[PushButton, ...]:
        """Every button, in their order on the screen."""
        return (*self._camera_buttons, self._demo, self._open)

    @property
    def cameras_text(self) -> str:
        """What it says of cameras."""
        return self._cameras_text.text()

    def set_cameras(self, cameras: Sequence[AnyCamera] | None, problem: str = "") -> None:
        """The cameras that are attached; None while they are being looked for; `problem`: why they are not known."""
        for button in self._camera_buttons:
            self._row.removeWidget(button)
            button.hide()
            button.deleteLater()
        self._camera_buttons = []
        for place, camera in enumerate((cameras or ())[:_MOST]):
            button = PushButton(f" {camera.name}")
            button.setProperty("big", True)
            button.setAccessibleName(f"Watch {camera.name}")
            button.clicked.connect(lambda _checked=False, source=camera.source: self.chosen.emit(source))
            self._camera_buttons.append(button)
            self._row.insertWidget(place, button, 0, Qt.AlignmentFlag.AlignCenter)
        if problem:
            text = problem
        elif cameras is None:
            text = "Looking for cameras…"
        elif not cameras:
            text = "No camera is attached. Videos, pictures and folders of pictures work without one."
        else:
            text = "Nothing that is watched leaves this computer."
        self._cameras_text.setText(text)
        if self._colours is not None:
            self.dress(self._colours, self._ratio)
        self._fold()

    def dress(self, colours: Colours, ratio: float) -> None:
        """Take the colours of a theme."""
        self._colours, self._ratio = colours, ratio
        self._sign.setPixmap(pixmap("onlooker", "", 72, ratio))
        self._demo.setIcon(icon("start", colours.on_accent, ratio=ratio))
        self._open.setIcon(icon("file", colours.text, ratio=ratio))
        for button in self._camera_buttons:
            button.setIcon(icon("camera", colours.text, ratio=ratio))

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """Nothing of its own; tell that there is something to be seen."""
        super().paintEvent(event)
        self.painted.emit()

    def resizeEvent(self, _event: object) -> None:  # noqa: N802 - Qt's name
        """Buttons below one another where it is narrow."""
        self._fold()

    def _fold(self) -> None:
        wide = sum(button.sizeHint().width() + self._row.spacing() for button in self.buttons)
        narrow = wide > self.width() - 2 * _INSET
        self._row.setDirection(QBoxLayout.Direction.TopToBottom if narrow else QBoxLayout.Direction.LeftToRight)


def _button(title: str, action: QAction) -> PushButton:
    button = PushButton(f" {title}")  # some air between drawing and words
    button.setAccessibleName(title)
    button.setProperty("big", True)
    button.setToolTip(action.toolTip())
    button.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
    button.clicked.connect(lambda _checked=False: action.trigger())
    return button
