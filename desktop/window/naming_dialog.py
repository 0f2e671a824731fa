"""Opens a source by its name, typed."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QDialog, QLabel, QLineEdit, QPushButton, QVBoxLayout, QWidget

from desktop.window.buttons import decision

_FORMS = "\n".join(
    (
        "A camera: camera:0, or camera: and its name",
        "A file: the path of a video or a picture",
        "A folder of pictures: its path",
        "The demo clip: demo",
    )
)


class NamingDialog(QDialog):
    """Asks for a name. `chosen` carries it; the window tells with `refuse` why it cannot be opened, or closes this."""

    chosen = Signal(str)

    def __init__(self, name: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Open by name")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        label = QLabel("Name of the &source")
        self.line = QLineEdit(name)
        self.line.setPlaceholderText("camera:0")
        self.line.setAccessibleName("Name of the source")
        self.line.selectAll()
        label.setBuddy(self.line)
        forms = QLabel(_FORMS)
        forms.setProperty("muted", True)
        self._why = QLabel()
        self._why.setWordWrap(True)
        self._why.hide()
        self._open = QPushButton("Open")
        cancel = QPushButton("Cancel")
        self._open.clicked.connect(self._choose)
        cancel.clicked.connect(self.reject)
        self.line.textChanged.connect(self._typed)
        column = QVBoxLayout(self)
        column.setContentsMargins(22, 20, 22, 18)
        column.setSpacing(10)
        for widget in (label, self.line, self._why, forms):
            column.addWidget(widget)
        column.addSpacing(6)
        column.addLayout(decision(cancel, self._open))
        self.setMinimumWidth(440)
        self._typed(name)

    def refuse(self, sentence: str) -> None:
        """Say why the name cannot be opened."""
        self._why.setText(sentence)
        self._why.show()
        layout = self.layout()
        if layout is not None:
            self.resize(self.width(), max(self.height(), layout.totalHeightForWidth(self.width())))
        self.line.setFocus(Qt.FocusReason.OtherFocusReason)

    @property
    def refused(self) -> str:
        """Why it could not be opened, "" if nothing was wrong."""
        return "" if self._why.isHidden() else self._why.text()

    def _typed(self, text: str) -> None:
        self._open.setEnabled(bool(text.strip()))
        self._why.hide()

    def _choose(self) -> None:
        self.chosen.emit(self.line.text().strip())
