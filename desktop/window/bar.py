"""The bar at the bottom: figures in a few words, start, record, snapshot, and what is looked for."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QAction, QResizeEvent
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QLabel, QSizePolicy, QWidget

from desktop.window.buttons import ToolButton

_NARROW = 700  # logical pixels under which the switches have no words
TALL = 69


class ControlBar(QFrame):
    """What the hand needs while watching."""

    def __init__(self, actions: dict[str, QAction], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("bar")
        self.setFixedHeight(TALL)
        self._figures = QLabel()
        self._figures.setProperty("muted", True)
        self._figures.setMinimumWidth(40)
        self._figures.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self._figures.setAccessibleName("Figures")
        start = _button(actions["start-stop"], 22)
        start.setProperty("round", True)
        record = _button(actions["record"], 34)
        record.setProperty("recorder", True)
        snapshot = _button(actions["snapshot"], 22)
        snapshot.setProperty("round", True)
        self._switches = [_button(actions[name], 20) for name in ("objects", "faces", "bodies")]
        middle = QHBoxLayout()
        middle.setSpacing(14)
        for button in (start, record, snapshot):
            middle.addWidget(button, 0, Qt.AlignmentFlag.AlignCenter)
        right = QHBoxLayout()
        right.setSpacing(8)
        right.addStretch(1)
        for button in self._switches:
            button.setProperty("pill", True)
            right.addWidget(button)
        grid = QGridLayout(self)
        grid.setContentsMargins(18, 6, 14, 6)
        grid.addWidget(self._figures, 0, 0)
        grid.addLayout(middle, 0, 1)
        grid.addLayout(right, 0, 2)
        for column in (0, 2):  # the buttons stay in the middle
            grid.setColumnStretch(column, 1)
        self._fold()

    def set_figures(self, text: str) -> None:
        """The figures in a few words."""
        if self._figures.text() != text:
            self._figures.setText(text)

    @property
    def figures(self) -> str:
        """What it says."""
        return self._figures.text()

    def resizeEvent(self, _event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """Words where there is room for them."""
        self._fold()

    def _fold(self) -> None:
        style = (
            Qt.ToolButtonStyle.ToolButtonIconOnly
            if self.width() < _NARROW
            else Qt.ToolButtonStyle.ToolButtonTextBesideIcon
        )
        for button in self._switches:
            button.setToolButtonStyle(style)


def _button(action: QAction, size: int) -> ToolButton:
    button = ToolButton()
    button.setDefaultAction(action)
    button.setIconSize(QSize(size, size))
    button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonIconOnly)
    button.setCursor(Qt.CursorShape.PointingHandCursor)
    button.setAccessibleName(action.text())
    return button
