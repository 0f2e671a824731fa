"""The classes of objects as a list: which are wanted, their colours, how many are in the picture, own thresholds."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from PySide6.QtCore import QEvent, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QIcon, QPainter, QPixmap
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTreeWidget, QTreeWidgetItem, QWidget

from desktop.drawing.class_colours import class_colour
from desktop.window.buttons import takes_space

_NAME, _SCORE, _COUNT = range(3)
_SWATCH = 12  # logical pixels
_TALL = 232
_NUMBERS = 44  # logical pixels of a column of numbers


class ClassList(QTreeWidget):
    """A row for each class: a box to check, the colour of its marks, its name, its own threshold, its count.

    `wanted`: a class was checked or unchecked. `chosen`: another row is the current one, "" for none.
    """

    wanted = Signal(str, bool)
    chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rows: dict[str, QTreeWidgetItem] = {}
        self._word = ""
        self.setObjectName("classes")
        self.setColumnCount(3)
        self.setHeaderHidden(True)
        self.setRootIsDecorated(False)
        self.setUniformRowHeights(True)
        self.setFixedHeight(_TALL)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setAccessibleName("Classes of objects")
        header = self.header()
        header.setStretchLastSection(False)
        header.setMinimumSectionSize(_NUMBERS)
        header.setSectionResizeMode(_NAME, QHeaderView.ResizeMode.Stretch)
        for column in (_SCORE, _COUNT):
            header.setSectionResizeMode(column, QHeaderView.ResizeMode.Fixed)
            header.resizeSection(column, _NUMBERS)
        self.itemChanged.connect(self._changed)
        self.currentItemChanged.connect(lambda item, _before: self.chosen.emit(item.text(_NAME) if item else ""))

    @property
    def labels(self) -> tuple[str, ...]:
        """The classes, in the order of their detector."""
        return tuple(self._rows)

    @property
    def current(self) -> str:
        """The class of the current row, "" for none."""
        item = self.currentItem()
        return item.text(_NAME) if item is not None else ""

    @property
    def shown(self) -> tuple[str, ...]:
        """The classes that the filter lets through."""
        return tuple(name for name, row in self._rows.items() if not row.isHidden())

    def set_labels(self, labels: Sequence[str]) -> None:
        """The classes that there are."""
        if tuple(labels) == self.labels:
            return
        self.blockSignals(True)  # rows that are being filled are not checked by anybody
        self.clear()
        self._rows = {}
        for name in labels:
            row = QTreeWidgetItem(self, [name, "", ""])
            row.setFlags(Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemIsUserCheckable)
            row.setIcon(_NAME, self._swatch(name))
            for column in (_SCORE, _COUNT):
                row.setTextAlignment(column, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            self._rows[name] = row
        self.blockSignals(False)
        self.filter(self._word)
        self.chosen.emit("")

    def set_wanted(self, wanted: Collection[str] | None) -> None:
        """Check these; None: all."""
        self.blockSignals(True)
        for name, row in self._rows.items():
            on = wanted is None or name in wanted
            row.setCheckState(_NAME, Qt.CheckState.Checked if on else Qt.CheckState.Unchecked)
        self.blockSignals(False)
        self.viewport().update()

    def set_scores(self, scores: Mapping[str, float]) -> None:
        """The thresholds of classes that have their own."""
        self._write(_SCORE, {name: f"{score:.0%}" for name, score in scores.items()})

    def set_counts(self, counts: Mapping[str, int]) -> None:
        """How many of each are in the picture."""
        self._write(_COUNT, {name: str(count) for name, count in counts.items()})

    def count_of(self, name: str) -> str:
        """What the row of a class says of its number."""
        return self._rows[name].text(_COUNT)

    def score_of(self, name: str) -> str:
        """What the row of a class says of its threshold."""
        return self._rows[name].text(_SCORE)

    def checked(self, name: str) -> bool:
        """Whether the row of a class is."""
        return self._rows[name].checkState(_NAME) == Qt.CheckState.Checked

    def filter(self, word: str) -> None:
        """Show only the classes whose names hold this word."""
        self._word = word
        sought = word.strip().casefold()
        for name, row in self._rows.items():
            row.setHidden(sought not in name.casefold())

    def check(self, name: str, on: bool) -> None:
        """Check a row, as a click does."""
        self._rows[name].setCheckState(_NAME, Qt.CheckState.Checked if on else Qt.CheckState.Unchecked)

    def choose(self, name: str) -> None:
        """Make the row of this class the current one."""
        self.setCurrentItem(self._rows[name])

    def event(self, event: QEvent) -> bool:
        """The space key checks the current row: here it does not start or stop."""
        return takes_space(event) or super().event(event)

    def _write(self, column: int, texts: Mapping[str, str]) -> None:
        self.blockSignals(True)
        for name, row in self._rows.items():
            text = texts.get(name, "")
            if row.text(column) != text:
                row.setText(column, text)
        self.blockSignals(False)

    def _changed(self, row: QTreeWidgetItem, column: int) -> None:
        if column == _NAME:
            self.wanted.emit(row.text(_NAME), row.checkState(_NAME) == Qt.CheckState.Checked)

    def _swatch(self, name: str) -> QIcon:
        ratio = self.devicePixelRatioF()
        pixels = QPixmap(round(_SWATCH * ratio), round(_SWATCH * ratio))
        pixels.setDevicePixelRatio(ratio)
        pixels.fill(Qt.GlobalColor.transparent)
        with QPainter(pixels) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(*class_colour(name)))
            painter.drawRoundedRect(QRectF(0.5, 0.5, _SWATCH - 1, _SWATCH - 1), 3, 3)
        return QIcon(pixels)
