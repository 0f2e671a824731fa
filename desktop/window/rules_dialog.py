"""The rules as a list, and what they did."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFontMetricsF, QKeyEvent, QPainter
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from desktop.live.ruling import Told
from desktop.recordings.rule import Rule
from desktop.window.colours import DARK, Colours
from desktop.window.remark import RefusingDialog
from desktop.window.ruled import described

_DESCRIPTION = Qt.ItemDataRole.UserRole
_REMARK = _DESCRIPTION + 1
_SHOWN = frozenset({"found", "gone", "recorded", "snapshot", "ran", "problem"})
_ROW = 48  # logical pixels


class RulesDialog(RefusingDialog):
    """Shows the rules; each signal says what the user wants, and what holds is told by `set_rules`.

    `added`: another rule. `changed`: the place of a rule that is to be changed. `removed`: of one that is to go.
    `switched`: a place, and whether that rule is to be on. `restored`: the rule that went last is to come back.
    `folder_wanted`: recordings are to be shown. `remark`: what is to be said of a rule, "" for nothing.
    """

    added = Signal()
    changed = Signal(int)
    removed = Signal(int)
    switched = Signal(int, bool)
    restored = Signal()
    folder_wanted = Signal()

    def __init__(self, remark: Callable[[Rule], str], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Rules")
        self._remark = remark
        self._rules: tuple[Rule, ...] = ()
        intro = QLabel("What is done by itself when something is seen: recordings, snapshots, programs.")
        intro.setWordWrap(True)
        intro.setProperty("muted", True)
        self.list = QListWidget()
        self.list.setObjectName("rules")
        self.list.setAccessibleName("Rules")
        self.list.setItemDelegate(_Rows(self.list))
        self.list.itemChanged.connect(self._switched)
        self.list.currentRowChanged.connect(lambda _row: self._enable())
        self.list.itemDoubleClicked.connect(lambda _item: self.changed.emit(self.list.currentRow()))
        self._empty = QLabel("There is no rule yet.")
        self._empty.setProperty("muted", True)
        self._buttons = {
            name: QPushButton(title)
            for name, title in (("add", "&Add…"), ("change", "&Change…"), ("remove", "&Remove"), ("back", "&Undo"))
        }
        self._buttons["add"].clicked.connect(self.added)
        self._buttons["change"].clicked.connect(lambda: self.changed.emit(self.list.currentRow()))
        self._buttons["remove"].clicked.connect(lambda: self.removed.emit(self.list.currentRow()))
        self._buttons["back"].clicked.connect(self.restored)
        self._buttons["back"].setToolTip("Bring the rule back that was removed last")
        self._buttons["back"].hide()
        row = QHBoxLayout()
        for button in self._buttons.values():
            button.setAutoDefault(False)
            row.addWidget(button)
        row.addStretch(1)
        heading = QLabel("WHAT HAPPENED")
        heading.setProperty("heading", True)
        self.events = QListWidget()
        self.events.setObjectName("rules")
        self.events.setAccessibleName("What happened, the newest first")
        self.events.setWordWrap(True)
        folder, close = QPushButton("Show in &folder"), QPushButton("C&lose")
        folder.clicked.connect(self.folder_wanted)
        close.clicked.connect(self.close)
        last = QHBoxLayout()
        last.addStretch(1)
        for button in (folder, close):
            button.setAutoDefault(False)
            last.addWidget(button)
        column = QVBoxLayout(self)
        column.setContentsMargins(22, 20, 22, 18)
        column.setSpacing(10)
        column.addWidget(intro)
        column.addWidget(self._empty)
        column.addWidget(self.list, 3)
        column.addLayout(row)
        column.addWidget(self._why)
        column.addSpacing(4)
        column.addWidget(heading)
        column.addWidget(self.events, 2)
        column.addLayout(last)
        self.resize(560, 600)
        self._enable()

    def dress(self, colours: Colours) -> None:
        """Take the colours of a theme."""
        delegate = self.list.itemDelegate()
        if isinstance(delegate, _Rows) and delegate.colours is not colours:
            delegate.colours = colours
            self.list.viewport().update()

    @property
    def rules(self) -> tuple[Rule, ...]:
        """Those that are shown."""
        return self._rules

    def set_rules(self, rules: Sequence[Rule], *, removed: bool = False) -> None:
        """The rules that hold; `removed`: one went just now, and may be brought back."""
        place = self.list.currentRow()
        self._rules = tuple(rules)
        self.list.blockSignals(True)
        self.list.clear()
        for rule in rules:
            item = QListWidgetItem(rule.name, self.list)
            item.setFlags(Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemIsUserCheckable)
            item.setCheckState(Qt.CheckState.Checked if rule.on else Qt.CheckState.Unchecked)
            item.setData(_DESCRIPTION, described(rule))
        self.list.setCurrentRow(min(max(place, 0), len(rules) - 1))
        self.list.blockSignals(False)
        self._empty.setVisible(not rules)
        self._buttons["back"].setVisible(removed)
        self.refuse("")
        self.look_again()
        self._enable()

    def look_again(self) -> None:
        """What is looked for may have changed: say of each rule what is to be said."""
        self.list.blockSignals(True)
        for place, rule in enumerate(self._rules):
            item, remark = self.list.item(place), self._remark(rule) if rule.on else ""
            if item.data(_REMARK) != remark:
                item.setData(_REMARK, remark)
                words = f"{rule.name}. {item.data(_DESCRIPTION)}. {remark}".strip()
                item.setData(Qt.ItemDataRole.AccessibleTextRole, words)
                item.setToolTip(f"{item.data(_DESCRIPTION)}\n{remark}".strip())
        self.list.blockSignals(False)

    def remark_of(self, place: int) -> str:
        """What is said of a rule."""
        return str(self.list.item(place).data(_REMARK))

    def set_events(self, events: Iterable[Told]) -> None:
        """What happened so far, the newest first."""
        self.events.clear()
        for told in events:
            self._add(told, self.events.count())

    def tell(self, news: Iterable[Told]) -> None:
        """What happened now, in order."""
        for told in news:
            self._add(told, 0)

    def _add(self, told: Told, place: int) -> None:
        if told.kind in _SHOWN:
            self.events.insertItem(place, f"{told.moment:%H:%M:%S}   {told.sentence}")

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        """Enter changes the rule that is chosen, Delete removes it."""
        place = self.list.currentRow()
        chosen = self.list.hasFocus() and place >= 0
        if chosen and event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.changed.emit(place)
        elif chosen and event.key() == Qt.Key.Key_Delete:
            self.removed.emit(place)
        else:
            super().keyPressEvent(event)

    def _switched(self, item: QListWidgetItem) -> None:
        self.switched.emit(self.list.row(item), item.checkState() == Qt.CheckState.Checked)

    def _enable(self) -> None:
        chosen = self.list.currentRow() >= 0
        for name in ("change", "remove"):
            self._buttons[name].setEnabled(chosen)


class _Rows(QStyledItemDelegate):
    """Paints a rule in two lines: its name, and below it, fainter, what it waits for and does."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.colours = DARK

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:  # noqa: N802 - Qt's name
        """Two lines."""
        return QSize(super().sizeHint(option, index).width(), _ROW)

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        """The box and the two lines."""
        self.initStyleOption(option, index)
        words, option.text = option.text, ""
        widget = self.parent()
        assert isinstance(widget, QWidget)
        style = widget.style()
        style.drawControl(QStyle.ControlElement.CE_ItemViewItem, option, painter, widget)
        box = style.subElementRect(QStyle.SubElement.SE_ItemViewItemCheckIndicator, option, widget)
        around = QRectF(option.rect)
        around.setLeft(box.right() + 12)
        around.adjust(0, 6, -10, -6)
        metrics = QFontMetricsF(painter.font())
        painter.save()
        painter.setPen(self.colours.text)
        elide = Qt.TextElideMode.ElideRight
        upper, lower = QRectF(around), QRectF(around)
        upper.setHeight(around.height() / 2)
        lower.setTop(upper.bottom())
        left = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        painter.drawText(upper, left, metrics.elidedText(words, elide, around.width()))
        remark = index.data(_REMARK)
        painter.setPen(self.colours.warning if remark else self.colours.muted)
        below = f"{remark}. {index.data(_DESCRIPTION)}" if remark else index.data(_DESCRIPTION)
        painter.drawText(lower, left, metrics.elidedText(below, elide, around.width()))
        painter.restore()
