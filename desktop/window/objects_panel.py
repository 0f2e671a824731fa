"""The part of the panel that is about objects: which classes, how sure, by which network, at which size."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QLineEdit, QSlider, QVBoxLayout, QWidget

from desktop.settings import Settings
from desktop.window.buttons import PushButton
from desktop.window.class_list import ClassList
from desktop.window.remark import Remark
from desktop.window.rows import titled

STANDARD = 0
"""The slider's place for "the threshold of all kinds"; 1..99 are per cent."""
SIZES = (192, 224, 256, 320, 384, 416, 480, 512, 576, 640)
"""Sizes of the detector's input that can be chosen, beside the automatic one."""


class ObjectsPanel(QWidget):
    """What is wanted of objects. Each signal says what the user wants; what holds is told by `set_settings`.

    `class_wanted`: a class, and whether. `only_wanted`: this class alone. `all_wanted`, `none_wanted`: of the classes.
    `score_wanted`: a class and its threshold in per cent, STANDARD for none of its own. `detector_wanted`: a key.
    `size_wanted`: pixels, 0 for automatic. `detectors`: the keys of those that there are, None until that is known.
    `state` says why nothing can be chosen yet, or is found.
    """

    class_wanted = Signal(str, bool)
    only_wanted = Signal(str)
    all_wanted = Signal()
    none_wanted = Signal()
    score_wanted = Signal(str, int)
    detector_wanted = Signal(str)
    size_wanted = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._scores: Mapping[str, float] = {}
        self.detectors: tuple[str, ...] | None = None
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(6)
        self._networks()
        self.state = Remark(muted=True)
        self._column.addWidget(self.state)
        self._classes()
        self._threshold()
        self._current("")

    def _networks(self) -> None:
        self._detector = QComboBox()
        self._detector.setAccessibleName("Network that finds objects")
        self._detector.setMinimumContentsLength(8)
        self._detector.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self._detector.activated.connect(lambda place: self.detector_wanted.emit(self._detector.itemData(place)))
        self._size = QComboBox()
        self._size.setAccessibleName("Size of the picture that the network looks at")
        self._size.setToolTip("Larger sees smaller things and takes more time (next: Ctrl+I)")
        self._size.addItem("Automatic", 0)
        for size in SIZES:
            self._size.addItem(f"{size} pixels", size)
        self._size.activated.connect(lambda place: self.size_wanted.emit(self._size.itemData(place)))
        for title, box in (("Found by", self._detector), ("Looks at", self._size)):
            self._column.addLayout(titled(title, box))

    def _classes(self) -> None:
        self.search = QLineEdit()
        self.search.setPlaceholderText("Search classes")
        self.search.setClearButtonEnabled(True)
        self.search.setAccessibleName("Search classes")
        self.search.setToolTip("Show only classes whose names hold this (Ctrl+F)")
        self.classes = ClassList()
        self.search.textChanged.connect(self.classes.filter)
        self.search.returnPressed.connect(self._choose_first)
        self.classes.wanted.connect(self.class_wanted)
        self.classes.chosen.connect(self._current)
        self._all, self._none, self._only = PushButton("All"), PushButton("None"), PushButton("Only this")
        self._all.setToolTip("Show every class (Shift+O)")
        self._none.setToolTip("Show no class; check those that you want")
        self._only.setToolTip("Show the chosen class alone")
        self._all.clicked.connect(self.all_wanted)
        self._none.clicked.connect(self.none_wanted)
        self._only.clicked.connect(lambda: self.only_wanted.emit(self.classes.current))
        row = QHBoxLayout()
        row.setSpacing(6)
        for button in (self._all, self._none, self._only):
            button.setProperty("small", True)
            row.addWidget(button, 1)
        self._column.addWidget(self.search)
        self._column.addWidget(self.classes)
        self._column.addLayout(row)

    def _threshold(self) -> None:
        self._of, self._score_text = QLabel(), QLabel()
        self._score_text.setProperty("figure", True)
        self._score = QSlider(Qt.Orientation.Horizontal)
        self._score.setRange(STANDARD, 99)
        self._score.setPageStep(10)
        self._score.setToolTip("What is less sure to be of this class is not shown; left end: as all kinds")
        self._score.valueChanged.connect(lambda place: self.score_wanted.emit(self.classes.current, place))
        row = QHBoxLayout()
        row.addWidget(self._of, 1)
        row.addWidget(self._score_text)
        self._column.addLayout(row)
        self._column.addWidget(self._score)

    def set_settings(self, settings: Settings) -> None:
        """Show what holds."""
        self.classes.set_wanted(settings.classes)
        self.classes.set_scores(settings.class_scores)
        self._scores = settings.class_scores
        self._current(self.classes.current)
        for box, value in ((self._detector, settings.detector), (self._size, settings.input_size or 0)):
            if box.findData(value) < 0:  # of another machine, or not known yet
                box.addItem(str(value), value)
            box.setCurrentIndex(box.findData(value))

    def set_detectors(self, detectors: Sequence[tuple[str, str]], chosen: str) -> None:
        """The networks that can be chosen: key and title; and the one that is."""
        titles = dict(detectors)
        self.detectors = tuple(titles)
        titles.setdefault(chosen, f"{chosen} (not here)")
        self._detector.clear()
        for key, title in titles.items():
            self._detector.addItem(title, key)
        self._detector.setCurrentIndex(self._detector.findData(chosen))
        self._detector.setToolTip(titles[chosen])

    def set_labels(self, labels: Sequence[str], settings: Settings) -> None:
        """The classes that the network tells apart."""
        if tuple(labels) != self.classes.labels:
            self.classes.set_labels(labels)
            self.set_settings(settings)

    def set_counts(self, counts: Mapping[str, int]) -> None:
        """How many of each class are in the picture."""
        self.classes.set_counts(counts)

    def set_size(self, size: tuple[int, int] | None) -> None:
        """The size that was taken where none is chosen."""
        text = "Automatic" if size is None else f"Automatic ({size[1]})"
        if self._size.itemText(0) != text:
            self._size.setItemText(0, text)

    def _choose_first(self) -> None:
        """Enter in the search field goes to the first class that is left."""
        if self.classes.shown:
            self.classes.choose(self.classes.shown[0])
            self.classes.setFocus()

    def _current(self, name: str) -> None:
        """Show the threshold of a class."""
        score = self._scores.get(name)
        self._of.setText(f"Threshold of {name}" if name else "Threshold of a class")
        self._score_text.setText("" if not name else "as all kinds" if score is None else f"{score:.0%}")
        self._score.setAccessibleName(f"Threshold of {name or 'a class'} in per cent; 0 is that of all kinds")
        self._score.blockSignals(True)
        self._score.setValue(STANDARD if score is None else max(1, round(100 * score)))
        self._score.blockSignals(False)
        self._score.setEnabled(bool(name))
        self._only.setEnabled(bool(name))
