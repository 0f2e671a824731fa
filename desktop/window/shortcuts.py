"""The overview of keyboard shortcuts, made of the commands."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QFrame, QGridLayout, QHBoxLayout, QLabel, QScrollArea, QVBoxLayout, QWidget

from desktop.window.actions import GROUPS, Command, keys_of


class Shortcuts(QDialog):
    """Every command with its keys, in two columns. Esc closes it."""

    def __init__(self, commands: Sequence[Command], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Keyboard shortcuts")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        page = QWidget()
        columns = QHBoxLayout(page)
        columns.setContentsMargins(24, 20, 24, 20)
        columns.setSpacing(36)
        halves = (GROUPS[:2], GROUPS[2:])
        for groups in halves:
            column = QVBoxLayout()
            column.setSpacing(6)
            for group in groups:
                self._group(column, group, [command for command in commands if command.group == group])
            column.addStretch(1)
            columns.addLayout(column, 1)
        scroll = QScrollArea()
        scroll.setWidget(page)
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setStyleSheet("QScrollArea, QScrollArea > QWidget > QWidget { background: transparent; }")
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(scroll)
        room = self.screen().availableSize()
        wanted = page.sizeHint()
        self.resize(min(max(wanted.width() + 24, 560), room.width() - 80), min(wanted.height() + 8, room.height() - 80))

    def _group(self, column: QVBoxLayout, group: str, commands: Sequence[Command]) -> None:
        heading = QLabel(group.upper())
        heading.setProperty("heading", True)
        if column.count():
            column.addSpacing(14)
        column.addWidget(heading)
        grid = QGridLayout()
        grid.setVerticalSpacing(5)
        grid.setHorizontalSpacing(24)
        grid.setColumnStretch(0, 1)
        for row, command in enumerate(commands):
            grid.addWidget(QLabel(command.title.removesuffix("…")), row, 0)
            keys = QHBoxLayout()
            keys.setSpacing(4)
            keys.addStretch(1)
            for text in keys_of(command):
                key = QLabel(text)
                key.setObjectName("key")
                key.setAlignment(Qt.AlignmentFlag.AlignCenter)
                keys.addWidget(key)
            grid.addLayout(keys, row, 1)
        column.addLayout(grid)
