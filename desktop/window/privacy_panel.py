"""The part of the panel that is about privacy: what is hidden beside faces, how, and what that is worth."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QMenu, QVBoxLayout, QWidget

from desktop.settings import Settings
from desktop.window import words
from desktop.window.buttons import PushButton
from desktop.window.remark import Remark
from desktop.window.rows import titled

HOWS = {"pixelate": "Coarse cells", "blur": "Blur", "fill": "Grey area"}
"""Of `Hide.how`."""


class PrivacyPanel(QWidget):
    """What is hidden, beside faces. Each signal says what the user wants; what holds is told by `set_settings`.

    `class_wanted`: a class of objects, and whether it is to be hidden. `how_wanted`: a key of HOWS.
    """

    class_wanted = Signal(str, bool)
    how_wanted = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._labels: tuple[str, ...] = ()
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(6)
        self.classes = QMenu(self)
        self.classes.setAccessibleName("Classes of objects that are hidden")
        self.classes.setStyleSheet("QMenu { menu-scrollable: 1; }")
        self._objects = PushButton()
        self._objects.setProperty("small", True)
        self._objects.setAccessibleName("Objects that are hidden")
        self._objects.setToolTip("Hide objects of some classes, such as people as a whole")
        self._objects.setMenu(self.classes)
        self._column.addLayout(titled("Hide objects", self._objects))
        self._how = QComboBox()
        for key, title in HOWS.items():
            self._how.addItem(title, key)
        self._how.setAccessibleName("How it is hidden")
        self._how.setToolTip("Cells and blur keep a few averages of colour, a grey area keeps nothing")
        self._how.activated.connect(lambda place: self.how_wanted.emit(self._how.itemData(place)))
        self._column.addLayout(titled("Hidden by", self._how))
        self._remark = Remark(muted=True)
        self._column.addWidget(self._remark)

    def set_settings(self, settings: Settings) -> None:
        """Show what holds."""
        self._how.setCurrentIndex(self._how.findData(settings.hide_how))
        self._objects.setText(words.hidden_objects(settings.hidden_classes))
        for action in self.classes.actions():
            action.setChecked(action.text() in settings.hidden_classes)
        self._remark.say(words.hiding(settings))

    def set_labels(self, labels: Sequence[str], settings: Settings) -> None:
        """The classes that the network tells apart; people first, the others by name."""
        if tuple(labels) == self._labels:
            return
        self._labels = tuple(labels)
        self._fill({*labels, *settings.hidden_classes})
        self.set_settings(settings)

    def _fill(self, names: Collection[str]) -> None:
        self.classes.clear()
        for name in sorted(names, key=lambda name: (name != "person", name)):
            action = self.classes.addAction(name)
            action.setCheckable(True)
            action.triggered.connect(lambda on, name=name: self.class_wanted.emit(name, on))

    @property
    def remark(self) -> str:
        """What it says of what is hidden."""
        return self._remark.text()
