"""The side panel: what is looked for, how it is shown, and the figures in full. It can be hidden."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable, Mapping

from PySide6.QtCore import Qt, Signal, SignalInstance
from PySide6.QtGui import QAction, QStandardItemModel
from PySide6.QtWidgets import (
    QComboBox,
    QFrame,
    QGridLayout,
    QLabel,
    QScrollArea,
    QSlider,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from desktop.settings import Settings
from desktop.window.buttons import PushButton
from desktop.window.colours import Colours
from desktop.window.objects_panel import ObjectsPanel
from desktop.window.privacy_panel import PrivacyPanel
from desktop.window.recording_panel import RecordingPanel
from desktop.window.remark import Remark
from desktop.window.rows import row, titled
from desktop.window.switch import Switch

WIDE = 272
_MOST = 32
"""Faces or bodies that can be followed; of faces so many are while they are hidden, as `sparing` says."""
_MORE = "More of them take more time"
STANDARD = 0
"""The slider's place for "each kind's own threshold"; 1..99 are per cent."""
_GPU = {"mps": "Apple GPU (Metal)"} if sys.platform == "darwin" else {"cuda": "NVIDIA GPU (CUDA)"}
DEVICES = {"auto": "Automatic", "cpu": "Processor", **_GPU}
"""What can be chosen on this system; whether it works is found out when the networks are loaded for it."""
FIGURES = {
    "capture": "Captured",
    "analysed": "Analysed",
    "age": "Age on screen",
    "skipped": "Skipped",
    "dropped": "Dropped",
    "late": "Late in recording",
    "size": "Picture",
    "device": "Networks on",
}


class Panel(QFrame):
    """Options and figures. Each signal says what the user wants; what holds is told by `set_settings`.

    `devices`: those that networks can run on here, as far as is known.
    """

    score_wanted = Signal(int)
    device_wanted = Signal(str)
    faces_wanted = Signal(int)
    bodies_wanted = Signal(int)

    def __init__(self, actions: dict[str, QAction], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("panel")
        self.setFixedWidth(WIDE)
        self._actions = actions
        self._switches: dict[str, Switch] = {}
        self._figures: dict[str, QLabel] = {}
        self.devices = tuple(DEVICES)
        page = QWidget()
        page.setObjectName("panelPage")
        self._column = QVBoxLayout(page)
        self._column.setContentsMargins(18, 14, 16, 12)
        self._column.setSpacing(6)
        self._looking()
        self._heading("OBJECTS")
        self.objects = ObjectsPanel()
        self._column.addWidget(self.objects)
        self._showing()
        self._heading("PRIVACY")
        self._switch("hide-faces", "Hide faces")
        self.privacy = PrivacyPanel()
        self._column.addWidget(self.privacy)
        self._heading("RECORDING")
        self.recording = RecordingPanel()
        self._column.addWidget(self.recording)
        self._by_rules()
        self._live()
        self._column.addStretch(1)
        self._scroll = scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.setWidget(page)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(scroll)

    def _looking(self) -> None:
        self._heading("LOOK FOR")
        self._seen = QLabel()
        self._seen.setProperty("muted", True)
        self._seen.setAccessibleName("Objects in the picture")
        label, switch = QLabel("Objects"), self._follow("objects", "Objects")
        label.setBuddy(switch)
        self._column.addLayout(row(label, self._seen, switch))
        self._most_faces = self._kind("faces", "Faces", "Most faces that are followed", self.faces_wanted)
        self._most_bodies = self._kind("bodies", "Bodies", "Most bodies that are followed", self.bodies_wanted)
        self._score_text = QLabel()
        self._score_text.setProperty("figure", True)
        self._score_text.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self._score = QSlider(Qt.Orientation.Horizontal)
        self._score.setRange(STANDARD, 99)
        self._score.setPageStep(10)
        self._score.setAccessibleName("Score threshold in per cent; 0 is the standard of each kind")
        self._score.setToolTip("What is less sure than this is not shown (Ctrl+Up, Ctrl+Down; standard: Ctrl+0)")
        self._score.valueChanged.connect(self.score_wanted)
        self._column.addLayout(row(QLabel("Score threshold"), self._score_text))
        self._column.addWidget(self._score)
        self._device = QComboBox()
        for key, title in DEVICES.items():
            self._device.addItem(title, key)
        self._device.setAccessibleName("Device that the networks run on")
        self._device.setToolTip("Where the networks run (next: Ctrl+D)")
        self._device.activated.connect(lambda place: self.device_wanted.emit(self._device.itemData(place)))
        self._column.addLayout(titled("Run on", self._device))
        self._note = self._remark()
        self._switch("smooth", "Smooth movements")

    def _showing(self) -> None:
        self._heading("SHOW")
        self._switch("labels", "Names and numbers")
        self._switch("mirror", "Mirror the preview")
        self._switch("loop", "Start files over")

    def _by_rules(self) -> None:
        action = self._actions["rules"]
        self._rules = PushButton()
        self._rules.setProperty("small", True)
        self._rules.setToolTip(f"What is done by itself when something is seen: {action.toolTip()}")
        self._rules.clicked.connect(action.trigger)
        self._column.addLayout(titled("Rules", self._rules))
        self.set_rules(0)

    def set_rules(self, on: int) -> None:
        """How many rules are on."""
        self._rules.setText(f"{on} on…" if on else "None…")
        self._rules.setAccessibleName(f"Rules, {on} on")

    def _live(self) -> None:
        self._heading("LIVE")
        grid = QGridLayout()
        grid.setVerticalSpacing(4)
        for line, (key, title) in enumerate(FIGURES.items()):
            name, value = QLabel(title), QLabel("-")
            name.setProperty("muted", True)
            value.setProperty("figure", True)
            value.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            value.setWordWrap(key == "device")
            value.setAccessibleName(title)
            grid.addWidget(name, line, 0, Qt.AlignmentFlag.AlignTop)
            grid.addWidget(value, line, 1)
            self._figures[key] = value
        grid.setColumnStretch(1, 1)
        self._column.addLayout(grid)
        self._mode = self._remark()

    def _remark(self) -> Remark:
        """Room for a sentence, hidden until there is one."""
        remark = Remark(muted=True)
        self._column.addWidget(remark)
        return remark

    def _heading(self, text: str) -> None:
        heading = QLabel(text)
        heading.setProperty("heading", True)
        if self._column.count():
            self._column.addSpacing(8)
        self._column.addWidget(heading)

    def _switch(self, key: str, title: str) -> None:
        """A row with a switch for the action `key`."""
        self._column.addLayout(titled(title, self._follow(key, title)))

    def _follow(self, key: str, title: str) -> Switch:
        """A switch that shows whether the action is on."""
        switch, action = Switch(title), self._actions[key]
        switch.setToolTip(action.toolTip())
        switch.clicked.connect(lambda _checked=False: action.trigger())
        action.toggled.connect(switch.setChecked)
        self._switches[key] = switch
        return switch

    def _kind(self, key: str, title: str, meaning: str, wanted: SignalInstance) -> QSpinBox:
        switch = self._follow(key, title)
        most = QSpinBox()
        most.setRange(1, _MOST)
        most.setPrefix("up to ")
        most.setFixedWidth(74)
        most.setFixedHeight(28)
        most.setAlignment(Qt.AlignmentFlag.AlignCenter)
        most.setAccessibleName(meaning)
        most.setToolTip(_MORE)
        most.valueChanged.connect(wanted)
        label = QLabel(title)
        label.setBuddy(switch)
        self._column.addLayout(row(label, most, switch))
        return most

    def set_settings(self, settings: Settings) -> None:
        """Show what holds; while faces are hidden, so many are followed that the wish for fewer waits."""
        hiding = settings.hide_faces
        most = _MOST if hiding else settings.max_faces
        for box, value in ((self._most_faces, most), (self._most_bodies, settings.max_bodies)):
            box.blockSignals(True)
            box.setValue(value)
            box.blockSignals(False)
        self._most_faces.setEnabled(not hiding)
        self._most_faces.setToolTip(f"While faces are hidden, up to {most} are followed" if hiding else _MORE)
        self._score.blockSignals(True)
        self._score.setValue(STANDARD if settings.score is None else max(1, round(100 * settings.score)))
        self._score.blockSignals(False)
        self._score_text.setText("standard" if settings.score is None else f"{settings.score:.0%}")
        self.objects.set_settings(settings)
        self.privacy.set_settings(settings)
        self.recording.set_settings(settings)
        if self._device.findData(settings.device) < 0:  # chosen on another system
            self._device.addItem(settings.device, settings.device)
        self._device.setCurrentIndex(self._device.findData(settings.device))

    def set_devices(self, reasons: Mapping[str, str]) -> None:
        """Why each device cannot be used, "" where it can: those that cannot are not offered."""
        model = self._device.model()
        assert isinstance(model, QStandardItemModel)
        for place in range(model.rowCount()):
            reason = reasons.get(self._device.itemData(place), "")
            item = model.item(place)
            item.setEnabled(not reason)
            item.setToolTip(f"Cannot be used: {reason}." if reason else "")
        self.devices = tuple(key for key in DEVICES if not reasons.get(key))

    def go_to_classes(self) -> None:
        """Scroll to the classes, and let the keyboard search them."""
        self._scroll.ensureWidgetVisible(self.objects.classes, 0, 60)
        self.objects.search.setFocus()
        self.objects.search.selectAll()

    def set_seen(self, labels: Iterable[str]) -> None:
        """The classes of all objects in the picture, one entry for each object."""
        counts = Counter(labels)
        self._seen.setText(f"{counts.total()} seen" if counts else "")
        self.objects.set_counts(counts)

    @property
    def seen(self) -> str:
        """What it says of the number of objects."""
        return self._seen.text()

    def set_note(self, note: str) -> None:
        """Why another device is used than the one that is wanted; "" where it is used."""
        self._note.say(note)

    def set_mode(self, mode: str) -> None:
        """The mode that was asked of a camera and the one that it gave; "" where that means nothing."""
        self._mode.say(mode)

    def set_figures(self, figures: dict[str, str]) -> None:
        """The figures as texts, by the keys of FIGURES."""
        for key, text in figures.items():
            label = self._figures[key]
            if label.text() != text:
                label.setText(text)

    @property
    def figures(self) -> dict[str, str]:
        """What it says."""
        return {key: label.text() for key, label in self._figures.items()}

    def dress(self, colours: Colours) -> None:
        """Take the colours of a theme."""
        for switch in self._switches.values():
            switch.dress(colours)
