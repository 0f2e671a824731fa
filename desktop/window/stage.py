"""The middle of the window: the picture or the invitation, and what lies over them."""

from __future__ import annotations

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtGui import QAction, QDragEnterEvent, QDragLeaveEvent, QDropEvent, QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from desktop.window.banner import Banner
from desktop.window.colours import Colours
from desktop.window.icons import pixmap
from desktop.window.preview import Preview
from desktop.window.welcome import Welcome

_INSET = 12
_WIDEST = 620  # logical pixels of a message


class Stage(QWidget):
    """Preview, welcome, messages, and small signs on the picture. `dropped`: the name of a source dropped onto it."""

    dropped = Signal(str)

    def __init__(self, family: str, actions: dict[str, QAction], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("stage")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setAcceptDrops(True)
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)  # a click on the picture takes the focus from any control
        self.preview = Preview(family, self)
        self.welcome = Welcome(actions, self)
        self.preview.hide()
        self._sign = _chip(self)
        self._recording = Chip(self)
        self._middle = _chip(self)
        self._middle.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._middle.setWordWrap(True)
        self._drop = QFrame(self)
        self._drop.setObjectName("drop")
        column = QVBoxLayout(self._drop)
        self._drop_mark = QLabel()
        self._drop_mark.setAlignment(Qt.AlignmentFlag.AlignCenter)
        text = QLabel("Drop to open")
        text.setProperty("title", True)
        text.setAlignment(Qt.AlignmentFlag.AlignCenter)
        column.addStretch(1)
        column.addWidget(self._drop_mark)
        column.addWidget(text)
        column.addStretch(1)
        self._drop.hide()
        self.banner = Banner(self)
        self.banner.resized.connect(self._lay_out)

    def show_picture(self, picture: bool) -> None:
        """Show the picture, or else the invitation."""
        if picture == self.preview.isHidden():
            self.preview.setVisible(picture)
            self.welcome.setVisible(not picture)
            self._lay_out()

    def say(self, sign: str, middle: str = "") -> None:
        """Words on the picture: `sign` small in its corner, `middle` large where nothing else is to be seen."""
        for chip, text in ((self._sign, sign), (self._middle, middle)):
            if chip.text() != text or chip.isHidden() == bool(text):
                chip.setText(text)
                chip.setVisible(bool(text))
                self._lay_out()

    def say_recording(self, text: str) -> None:
        """How the recording stands; "" for none."""
        if self._recording.say(text):
            self._lay_out()

    @property
    def said(self) -> tuple[str, str, str]:
        """The words on the picture: sign, middle, recording."""
        return self._sign.text(), self._middle.text(), self._recording.text

    def dress(self, colours: Colours, ratio: float) -> None:
        """Take the colours of a theme."""
        self.preview.set_stage("#000000" if self.preview.bare else colours.stage)
        self.welcome.dress(colours, ratio)
        self.banner.dress(colours, ratio)
        self._recording.dress(ratio)
        self._drop_mark.setPixmap(pixmap("drop", colours.accent, 56, ratio))
        self._lay_out()

    def resizeEvent(self, _event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """Put everything in its place."""
        self._lay_out()

    def _lay_out(self) -> None:
        for whole in (self.preview, self.welcome):
            whole.setGeometry(self.rect())
        self._drop.setGeometry(self.rect().adjusted(_INSET, _INSET, -_INSET, -_INSET))
        fitted = self.preview.fit
        corner, right = QPoint(_INSET, _INSET), self.width() - _INSET
        if fitted is not None:
            corner, right = fitted.target.topLeft().toPoint(), round(fitted.target.right())
        self._sign.adjustSize()
        self._sign.move(corner + QPoint(_INSET, _INSET))
        self._recording.adjustSize()
        self._recording.move(right - _INSET - self._recording.width(), corner.y() + _INSET)
        wanted = self._middle.fontMetrics().horizontalAdvance(self._middle.text()) + 2 * _INSET
        self._middle.setFixedWidth(min(wanted, max(160, self.width() - 4 * _INSET)))
        self._middle.adjustSize()
        self._middle.move((self.width() - self._middle.width()) // 2, (self.height() - self._middle.height()) // 2)
        width = min(_WIDEST, self.width() - 2 * _INSET)
        self.banner.setFixedWidth(max(width, 1))
        self.banner.resize(width, self.banner.height_for(width))
        self.banner.move((self.width() - width) // 2, self.height() - self.banner.height() - _INSET)
        for above in (self._sign, self._recording, self._middle, self._drop, self.banner):
            above.raise_()

    # Dropping

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:  # noqa: N802 - Qt's name
        """Something that can be opened is over the window."""
        if _dropped_name(event):
            event.acceptProposedAction()
            self._drop.show()
            self._lay_out()

    def dragLeaveEvent(self, _event: QDragLeaveEvent) -> None:  # noqa: N802 - Qt's name
        """It went away again."""
        self._drop.hide()

    def dropEvent(self, event: QDropEvent) -> None:  # noqa: N802 - Qt's name
        """It was let go."""
        self._drop.hide()
        name = _dropped_name(event)
        if name:
            event.acceptProposedAction()
            self.dropped.emit(name)


class Chip(QFrame):
    """How a recording stands, on the picture, with a red dot."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("chip")
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._dot, self._text = QLabel(), QLabel()
        row = QHBoxLayout(self)
        row.setContentsMargins(8, 5, 10, 5)
        row.setSpacing(6)
        row.addWidget(self._dot)
        row.addWidget(self._text)
        self.hide()

    @property
    def text(self) -> str:
        """What it says."""
        return self._text.text()

    def say(self, text: str) -> bool:
        """Say this, or nothing for ""; True where that changes its size or place."""
        if text == self._text.text():
            return False
        self._text.setText(text)
        self.setVisible(bool(text))
        return True

    def dress(self, ratio: float) -> None:
        """Draw the dot sharp."""
        self._dot.setPixmap(pixmap("record", "#ff5a52", 14, ratio))


def _chip(parent: QWidget) -> QLabel:
    chip = QLabel(parent)
    chip.setObjectName("chip")
    chip.setTextFormat(Qt.TextFormat.PlainText)
    chip.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
    chip.hide()
    return chip


def _dropped_name(event: QDropEvent) -> str:
    """The first thing that was dropped, as the name of a source: a path, or an address; "" where it is neither."""
    data = event.mimeData()
    for url in data.urls():
        if url.isLocalFile():
            return url.toLocalFile()
        return url.toString()
    return data.text().strip() if data.hasText() and "\n" not in data.text().strip() else ""
