"""Opens a source by its name, typed: the way to network cameras."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QCompleter, QLabel, QLineEdit, QPushButton, QVBoxLayout, QWidget

from desktop.sources.address import HIDDEN
from desktop.window.buttons import decision
from desktop.window.remark import RefusingDialog

_FORMS = "\n".join(
    (
        "A camera: camera:0, or camera: and its name",
        "A network camera: rtsp://USER:PASSWORD@HOST/PATH, or http://…",
        "The screen: screen:0, or a part of it: screen:0:X,Y,WIDTH,HEIGHT",
        "A file: the path of a video or a picture",
        "A folder of pictures: its path",
        "The demo clip: demo",
    )
)


class NamingDialog(RefusingDialog):
    """Asks for a name. `chosen` carries it; the window tells with `refuse` why it cannot be opened, or closes this.

    `name`: what is in the line to begin with; where its user and password are hidden there, those are selected, to be
    typed. `recent`: what is offered while somebody types. Passwords are in none of them, and are kept nowhere.
    """

    chosen = Signal(str)

    def __init__(self, name: str = "", recent: Sequence[str] = (), parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Open by name")
        label = QLabel("Name of the &source")
        self.line = QLineEdit(name)
        self.line.setPlaceholderText("camera:0")
        self.line.setAccessibleName("Name of the source")
        completer = QCompleter(list(recent), self)
        completer.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        completer.setFilterMode(Qt.MatchFlag.MatchContains)
        self.line.setCompleter(completer)
        self._select(name)
        label.setBuddy(self.line)
        forms = QLabel(_FORMS)
        forms.setProperty("muted", True)
        forms.setWordWrap(True)
        kept = QLabel("Passwords are not stored: after the next start they are asked for again.")
        kept.setProperty("muted", True)
        kept.setWordWrap(True)
        self._open = QPushButton("Open")
        cancel = QPushButton("Cancel")
        self._open.clicked.connect(self._choose)
        cancel.clicked.connect(self.reject)
        self.line.textChanged.connect(self._typed)
        column = QVBoxLayout(self)
        column.setContentsMargins(22, 20, 22, 18)
        column.setSpacing(10)
        for widget in (label, self.line, self._why, forms, kept):
            column.addWidget(widget)
        column.addSpacing(6)
        column.addLayout(decision(cancel, self._open))
        self.setMinimumWidth(500)
        self._typed(name)

    def refuse(self, sentence: str) -> None:
        """Say why the name cannot be opened."""
        super().refuse(sentence)
        self.line.setFocus(Qt.FocusReason.OtherFocusReason)

    def _select(self, name: str) -> None:
        """Select what is to be typed: what was hidden, else all."""
        at = name.find(f"{HIDDEN}@")
        if at >= 0:
            self.line.setSelection(at, len(HIDDEN))
        else:
            self.line.selectAll()

    def _typed(self, text: str) -> None:
        self._open.setEnabled(bool(text.strip()))
        self._why.say("")

    def _choose(self) -> None:
        self.chosen.emit(self.line.text().strip())
