"""The part of the panel that is about recordings: what is stored, how well, and how much of what came before."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QComboBox, QSpinBox, QVBoxLayout, QWidget

from desktop.settings import Settings
from desktop.window.remark import Remark
from desktop.window.rows import titled

VIDEOS = {"annotated": "With marks", "clean": "Without marks", "both": "Both"}
QUALITIES = {16: "Best", 21: "Good", 27: "Small files"}
"""Of `VideoOptions.quality`: lower looks better and takes more room."""
HEIGHTS = {0: "As it comes", 1080: "1080 lines", 720: "720 lines", 480: "480 lines"}
ENCODERS = {
    "auto": "Automatic",
    "libx264": "Processor (x264)",
    "h264_nvenc": "NVIDIA",
    "h264_qsv": "Intel",
    "h264_amf": "AMD",
    "h264_videotoolbox": "Apple",
}
"""Those that do not work here are not used, and a message says so."""
LONGEST_BEFORE = 60
"""Seconds before the button was pressed that can be kept."""


class RecordingPanel(QWidget):
    """How recordings are made. Each signal says what the user wants; what holds is told by `set_settings`.

    `video_wanted`: a key of VIDEOS. `quality_wanted`: a key of QUALITIES. `height_wanted`: lines, 0 for as they come.
    `encoder_wanted`: a key of ENCODERS. `before_wanted`: seconds that are kept from before a recording is begun,
    0 for none. `state` says what is kept in memory and how much room there is.
    """

    video_wanted = Signal(str)
    quality_wanted = Signal(int)
    height_wanted = Signal(int)
    encoder_wanted = Signal(str)
    before_wanted = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(6)
        self._video = self._choice("Video", VIDEOS, "What is stored: the picture with marks, without, or both")
        self._quality = self._choice("Quality", QUALITIES, "Better pictures take more room")
        self._height = self._choice("Size", HEIGHTS, "Larger pictures are made smaller before they are stored")
        self._encoder = self._choice(
            "Encoder", ENCODERS, "What makes the video: automatic is the first that works here"
        )
        self._encoder.activated.connect(lambda place: self.encoder_wanted.emit(self._encoder.itemData(place)))
        self._video.activated.connect(lambda place: self.video_wanted.emit(self._video.itemData(place)))
        self._quality.activated.connect(lambda place: self.quality_wanted.emit(self._quality.itemData(place)))
        self._height.activated.connect(lambda place: self.height_wanted.emit(self._height.itemData(place)))
        self._before = QSpinBox()
        self._before.setRange(0, LONGEST_BEFORE)
        self._before.setSuffix(" s")
        self._before.setSpecialValueText("nothing")
        self._before.setFixedSize(92, 28)
        self._before.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._before.setAccessibleName("Seconds that are kept from before a recording is begun")
        self._before.setToolTip("A recording begins this much before the button is pressed: kept in memory until then")
        self._before.valueChanged.connect(self.before_wanted)
        self._column.addLayout(titled("Keep from before", self._before))
        self.state = Remark(muted=True)
        self._column.addWidget(self.state)

    def _choice(self, title: str, choices: Mapping[str, str] | Mapping[int, str], meaning: str) -> QComboBox:
        box = QComboBox()
        for key, text in choices.items():
            box.addItem(text, key)
        box.setAccessibleName(meaning)
        box.setToolTip(meaning)
        self._column.addLayout(titled(title, box))
        return box

    def set_settings(self, settings: Settings) -> None:
        """Show what holds."""
        values = {
            self._video: settings.video,
            self._quality: settings.quality,
            self._height: settings.height or 0,
            self._encoder: settings.encoder,
        }
        for box, value in values.items():
            if box.findData(value) < 0:  # written into the file by hand
                box.addItem(str(value), value)
            box.setCurrentIndex(box.findData(value))
        self._before.blockSignals(True)
        self._before.setValue(settings.before)
        self._before.blockSignals(False)
