"""A sentence that is there while there is something to say."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QLabel, QWidget


class Remark(QLabel):
    """Room for a sentence, wrapped, and hidden until there is one; a dialog grows for it where it has to.

    `muted`: fainter than what is beside it.
    """

    def __init__(self, *, muted: bool = False) -> None:
        super().__init__()
        self.setProperty("muted", muted)
        self.setWordWrap(True)
        self.setTextFormat(Qt.TextFormat.PlainText)  # what others wrote is no markup
        self.hide()

    def say(self, text: str) -> None:
        """Say this, "" for nothing."""
        if self.text() != text:
            self.setText(text)
            self.setVisible(bool(text))
            dialog = self.window()
            layout = dialog.layout()
            if isinstance(dialog, QDialog) and layout is not None:
                dialog.resize(dialog.width(), max(dialog.height(), layout.totalHeightForWidth(dialog.width())))


class RefusingDialog(QDialog):
    """A dialog that is gone once it is closed, and says in `_why` what could not be done."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._why = Remark()

    def refuse(self, sentence: str) -> None:
        """Say what could not be done and why, "" for nothing."""
        self._why.say(sentence)

    @property
    def refused(self) -> str:
        """What could not be done, "" where all was."""
        return self._why.text()
