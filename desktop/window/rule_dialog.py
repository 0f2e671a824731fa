"""Makes or changes one rule."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

from PySide6.QtCore import Qt, QTime, Signal
from PySide6.QtWidgets import (
    QAbstractSpinBox,
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QPushButton,
    QScrollArea,
    QSpinBox,
    QTimeEdit,
    QVBoxLayout,
    QWidget,
)

from desktop.recordings.rule import BODY, DAYS, FACE, PERSON, RecordAction, Rule, span_of
from desktop.recordings.rule_file import make
from desktop.window.buttons import decision
from desktop.window.class_list import ClassList
from desktop.window.regions import Corner
from desktop.window.remark import RefusingDialog
from desktop.window.rows import titled
from models.errors import RuleError

_POINTS = {"centre": "its centre", "foot": "its foot (lower middle)"}
_TITLES = ("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su")
_PROGRAM = "A program, and each of its arguments on a line of its own:\nnotify-send\nOnlooker\n{rule}: {label}, {score}"
_NIGHT = ("22:00", "06:00")


class RuleDialog(RefusingDialog):
    """Asks for all that a rule says. `made`: the rule; whoever keeps it says with `refuse` why it cannot be, or closes.

    `region_wanted`: the region is to be drawn; `set_region` tells what was. `labels`: the classes that are known.
    `drawable`: there is a picture to draw on.
    """

    made = Signal(Rule)
    region_wanted = Signal()

    def __init__(
        self, rule: Rule | None, labels: Sequence[str], *, drawable: bool, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle("Add a rule" if rule is None else "Change a rule")
        self._before = rule
        self._region: tuple[Corner, ...] | None = None
        self._drawable = drawable
        page = QWidget()
        page.setObjectName("rulePage")
        columns = QHBoxLayout(page)
        columns.setContentsMargins(22, 18, 22, 8)
        columns.setSpacing(28)
        for build in (self._left, self._right):
            column = QVBoxLayout()
            column.setSpacing(8)
            build(column)
            columns.addLayout(column, 1)
        scroll = QScrollArea()
        scroll.setWidget(page)
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.setStyleSheet("QScrollArea, #rulePage { background: transparent; }")
        self._why.setContentsMargins(22, 0, 22, 0)
        cancel, self.go = QPushButton("Cancel"), QPushButton("Add" if rule is None else "Change")
        cancel.clicked.connect(self.reject)
        self.go.clicked.connect(self._make)
        last = decision(cancel, self.go)
        last.setContentsMargins(22, 4, 22, 18)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(scroll, 1)
        whole.addWidget(self._why)
        whole.addLayout(last)
        self._fill(rule, labels)
        changes = [self.name.textChanged, self.what.wanted, self.program.textChanged]
        for change in (*changes, *(box.toggled for box in self.days.values())):
            change.connect(lambda *_of_what: self.refuse(""))  # until it is asked to be made again
        wanted, room = page.sizeHint(), self.screen().availableSize()
        self.resize(
            min(max(wanted.width() + 24, 760), room.width() - 60), min(wanted.height() + 90, room.height() - 60)
        )

    # The parts

    def _left(self, column: QVBoxLayout) -> None:
        self.name = QLineEdit()
        self.name.setPlaceholderText("Dog on the sofa")
        self.name.setMaxLength(80)
        _titled(column, "&Name", self.name)
        _heading(column, "WHAT IS SEEN")
        self.search = QLineEdit()
        self.search.setPlaceholderText("Search")
        self.search.setClearButtonEnabled(True)
        self.search.setAccessibleName("Search what can be seen")
        self.what = ClassList()
        self.what.setAccessibleName("What is seen: any of these")
        self.what.wanted.connect(self._choose)
        self.search.textChanged.connect(self.what.filter)
        self._chosen: list[str] = []
        column.addWidget(self.search)
        column.addWidget(self.what)
        self.least = _small(QSpinBox())
        self.least.setRange(1, 1000)
        _row(column, "At least so man&y at once", self.least)
        self.score = _small(QSpinBox())
        self.score.setRange(0, 100)
        self.score.setSuffix(" %")
        self.score.setSpecialValueText("usual")
        _row(column, "At least so &sure", self.score)
        _heading(column, "WHERE")
        self._where = QLabel()
        self.draw, self.everywhere = QPushButton("&Draw…"), QPushButton("&Everywhere")
        self.draw.clicked.connect(self.region_wanted)
        self.everywhere.clicked.connect(lambda: self.set_region(None))
        if not self._drawable:
            self.draw.setToolTip("Watch something first: the region is drawn on its picture")
        row = QHBoxLayout()
        row.addWidget(self._where, 1)
        for button in (self.draw, self.everywhere):
            button.setProperty("small", True)
            button.setAutoDefault(False)  # enter ends the dialog, whatever has the focus
            row.addWidget(button)
        column.addLayout(row)
        self.point = QComboBox()
        for key, title in _POINTS.items():
            self.point.addItem(title, key)
        _row(column, "What must lie in &it", self.point)
        column.addStretch(1)

    def _right(self, column: QVBoxLayout) -> None:
        _heading(column, "WHEN")
        self.seconds = _seconds(3600)
        _row(column, "It is there for at &least", self.seconds)
        self.gap = _seconds(60)
        self.gap.setToolTip("Detectors miss things for a moment: what is missed for longer has gone")
        _row(column, "It may be missed &for", self.gap)
        self.cooldown = _seconds(86400)
        _row(column, "Not again &before", self.cooldown)
        self.at_hours = QCheckBox("Only from")
        self.start, self.end = QTimeEdit(), QTimeEdit()
        row = QHBoxLayout()
        row.addWidget(self.at_hours)
        for edit, name, words in ((self.start, "from", None), (self.end, "to", "to")):
            edit.setDisplayFormat("HH:mm")
            _small(edit, 64)
            edit.setAccessibleName(f"Judged {name} this time of the day")
            self.at_hours.toggled.connect(edit.setEnabled)
            if words is not None:
                row.addWidget(QLabel(words))
            row.addWidget(edit)
        row.addStretch(1)
        column.addLayout(row)
        days = QGridLayout()
        self.days = {day: QCheckBox(title) for day, title in zip(DAYS, _TITLES, strict=True)}
        for place, (day, box) in enumerate(self.days.items()):
            box.setAccessibleName(f"Judged on {day}")
            days.addWidget(box, 0, place)
        column.addLayout(days)
        _heading(column, "THEN")
        self.record = QCheckBox("&Record, from")
        self.ahead, self.after = _seconds(60), _seconds(3600)
        self.ahead.setAccessibleName("Seconds that are recorded from before it was found")
        self.after.setAccessibleName("Seconds that are recorded after it has gone")
        row = QHBoxLayout()
        for widget in (self.record, self.ahead, QLabel("before, to"), self.after, QLabel("after")):
            row.addWidget(widget)
        row.addStretch(1)
        for spin in (self.ahead, self.after):
            self.record.toggled.connect(spin.setEnabled)
        column.addLayout(row)
        self.snapshot = QCheckBox("Take a snaps&hot")
        self.notify = QCheckBox("Show a &message")
        column.addWidget(self.snapshot)
        column.addWidget(self.notify)
        self.program = QPlainTextEdit()
        self.program.setPlaceholderText(_PROGRAM)
        self.program.setTabChangesFocus(True)
        self.program.setFixedHeight(96)
        self.program.setToolTip("{label}, {score}, {time}, {file} and {rule} are filled in; no shell reads the lines")
        _titled(column, "R&un a program", self.program)
        column.addStretch(1)

    # What stands in them

    def _fill(self, rule: Rule | None, labels: Sequence[str]) -> None:
        usual = Rule(name="a", what=(PERSON,))
        shown = usual if rule is None else rule
        self.name.setText("" if rule is None else rule.name)
        self._chosen = [] if rule is None else list(rule.what)
        ahead = (PERSON, FACE, BODY)
        self.what.set_labels(list(dict.fromkeys([*self._chosen, *ahead, *labels])))
        self.what.set_wanted(self._chosen)
        self.least.setValue(shown.least)
        self.score.setValue(round(100 * shown.score))
        self.point.setCurrentIndex(self.point.findData(shown.point))
        self.seconds.setValue(shown.seconds)
        self.gap.setValue(shown.gap)
        self.cooldown.setValue(shown.cooldown)
        start, end = _NIGHT if shown.hours is None else tuple(f"{one:%H:%M}" for one in span_of(shown.hours))
        self.start.setTime(QTime.fromString(start, "HH:mm"))
        self.end.setTime(QTime.fromString(end, "HH:mm"))
        self.at_hours.setChecked(start != end and shown.hours is not None)
        for day, box in self.days.items():
            box.setChecked(shown.days is None or day in shown.days)
        action = shown.record or RecordAction()
        self.ahead.setValue(action.before)
        self.after.setValue(action.after)
        self.record.setChecked(shown.record is not None or rule is None)
        self.snapshot.setChecked(shown.snapshot)
        self.notify.setChecked(shown.notify)
        self.program.setPlainText("\n".join(shown.run or ()))
        for edit in (self.start, self.end):
            edit.setEnabled(self.at_hours.isChecked())
        for spin in (self.ahead, self.after):
            spin.setEnabled(self.record.isChecked())
        self.set_region(shown.region)
        self._shown = self._values()

    def set_region(self, corners: tuple[Corner, ...] | None) -> None:
        """The region that was drawn, None for the whole picture."""
        self._region = corners
        if corners is None:
            self._where.setText("Anywhere in the picture")
        else:
            self._where.setText("In a rectangle" if len(corners) == 2 else f"In a region of {len(corners)} corners")
        self.draw.setEnabled(self._drawable)
        self.everywhere.setEnabled(corners is not None)

    @property
    def region(self) -> tuple[Corner, ...] | None:
        """As it stands."""
        return self._region

    def _choose(self, name: str, on: bool) -> None:
        self._chosen = [one for one in self._chosen if one != name] + ([name] if on else [])

    def _values(self) -> dict[str, Any]:
        """What stands in the fields, as it would in a file."""
        # An empty line is an argument too, but not those at the end.
        program = self.program.toPlainText().rstrip("\n").split("\n")
        days = [day for day, box in self.days.items() if box.isChecked()]
        hours = f"{self.start.time().toString('HH:mm')}-{self.end.time().toString('HH:mm')}"
        return {
            "name": self.name.text().strip(),
            "what": self._chosen,
            "least": self.least.value(),
            "score": self.score.value() / 100,
            "region": self._region,
            "point": self.point.currentData(),
            "seconds": self.seconds.value(),
            "gap": self.gap.value(),
            "cooldown": self.cooldown.value(),
            "hours": hours if self.at_hours.isChecked() else None,
            "days": None if len(days) == len(DAYS) else days,
            "record": {"before": self.ahead.value(), "after": self.after.value()} if self.record.isChecked() else None,
            "snapshot": self.snapshot.isChecked(),
            "notify": self.notify.isChecked(),
            "run": program if program != [""] else None,
        }

    def _changed(self) -> dict[str, Any]:
        """The whole rule. What was not touched stays as it was: fields show fewer digits than a file may have."""
        values = self._values()
        if self._before is None:
            return values
        touched = {key: value for key, value in values.items() if value != self._shown[key]}
        return self._before.model_dump() | touched

    def _make(self) -> None:
        values = self._changed()
        if not values["name"]:
            self.refuse("The rule has no name: give it one, by which you will know it.")
        elif not values["what"]:
            self.refuse("Nothing is chosen that is to be seen: check at least one in the list.")
        elif values["days"] == []:
            self.refuse("No day is chosen: check at least one.")
        else:
            try:
                rule = make(values)
            except RuleError as error:
                self.refuse(str(error))
                return
            self.refuse("")
            self.made.emit(rule)


def _heading(column: QVBoxLayout, text: str) -> None:
    label = QLabel(text)
    label.setProperty("heading", True)
    if column.count():
        column.addSpacing(8)
    column.addWidget(label)


def _titled(column: QVBoxLayout, title: str, widget: QWidget) -> None:
    label = QLabel(title)
    label.setBuddy(widget)
    widget.setAccessibleName(title.replace("&", ""))
    column.addWidget(label)
    column.addWidget(widget)


def _row(column: QVBoxLayout, title: str, widget: QWidget) -> None:
    widget.setAccessibleName(title.replace("&", ""))
    column.addLayout(titled(title, widget))


_Box = TypeVar("_Box", bound=QAbstractSpinBox)


def _small(box: _Box, wide: int = 84) -> _Box:
    box.setFixedSize(wide, 28)
    box.setAlignment(Qt.AlignmentFlag.AlignCenter)
    return box


def _seconds(most: int) -> QDoubleSpinBox:
    box = QDoubleSpinBox()
    box.setRange(0.0, float(most))
    box.setDecimals(1)
    box.setSuffix(" s")
    return _small(box)
