"""Messages over the picture: they stack, they can be dismissed, and they never stop anything."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from desktop.window.buttons import PushButton, ToolButton
from desktop.window.colours import DARK, Colours
from desktop.window.icons import icon, pixmap

Kind = Literal["error", "warning", "done"]

_MOST = 4  # cards on the screen: older ones make room, errors last
_GOES = 8000  # milliseconds after which good news go by themselves


@dataclass(frozen=True, slots=True)
class Message:
    """A sentence for the user. `action`: the title of a button and what it does. Errors stay until dismissed.

    `later`: beside it there is a button that says so and does nothing but dismiss it.
    """

    sentence: str
    kind: Kind = "error"
    action: tuple[str, Callable[[], None]] | None = None
    later: bool = False


class Card(QFrame):
    """One message."""

    dismissed = Signal()

    def __init__(self, message: Message, parent: QWidget) -> None:
        super().__init__(parent)
        self.message = message
        self.times = 1
        self.setObjectName("card")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._mark = QLabel()
        self._text = QLabel(message.sentence)
        self._text.setWordWrap(True)
        self._text.setTextFormat(Qt.TextFormat.PlainText)
        self._text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._text.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self._close = ToolButton()
        self._close.setProperty("quiet", True)
        self._close.setToolTip("Dismiss (Esc)")
        self._close.setAccessibleName("Dismiss this message")
        self._close.clicked.connect(self.dismissed)
        row = QHBoxLayout(self)
        row.setContentsMargins(14, 8, 8, 8)
        row.setSpacing(10)
        row.addWidget(self._mark, 0, Qt.AlignmentFlag.AlignVCenter)
        row.addWidget(self._text, 1)
        if message.action is not None:
            title, deed = message.action
            button = PushButton(title)
            button.clicked.connect(lambda _checked=False: deed())
            button.clicked.connect(self.dismissed)
            row.addWidget(button)
        if message.later:
            later = PushButton("Later")
            later.clicked.connect(self.dismissed)
            row.addWidget(later)
        row.addWidget(self._close)
        self.setAccessibleName(message.sentence)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self.dismissed)
        if message.kind == "done":
            self._timer.start(_GOES)

    @property
    def sentence(self) -> str:
        """What it says now."""
        return self._text.text()

    def again(self) -> None:
        """The same was told once more."""
        self.times += 1
        self._text.setText(f"{self.message.sentence} ({self.times} times)")
        if self._timer.isActive():
            self._timer.start()

    def end(self) -> None:
        """It goes."""
        self._timer.stop()
        self.hide()
        self.deleteLater()

    def dress(self, colours: Colours, ratio: float) -> None:
        """Take the colours of a theme."""
        colour = {"error": colours.danger, "warning": colours.warning, "done": colours.good}[self.message.kind]
        self._mark.setPixmap(pixmap(self.message.kind, colour, 20, ratio))
        self._close.setIcon(icon("close", colours.muted, ratio=ratio))


class Banner(QWidget):
    """The messages on the screen, newest at the top. As large as what it shows; it takes no click beside its cards."""

    resized = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._colours, self._ratio = DARK, 1.0
        self._cards: list[Card] = []
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(8)
        self.setAccessibleName("Messages")
        self.hide()

    @property
    def messages(self) -> tuple[Message, ...]:
        """Those on the screen, newest first."""
        return tuple(card.message for card in self._cards)

    @property
    def cards(self) -> tuple[Card, ...]:
        """The same, as they are shown."""
        return tuple(self._cards)

    def tell(self, message: Message) -> None:
        """Show a message; one that is shown already is counted instead."""
        for card in self._cards:
            if card.message.sentence == message.sentence:
                card.again()
                return
        if message.kind == "done":  # good news take the place of older ones
            for old in [card for card in self._cards if card.message.kind == "done"]:
                self._drop(old)
        card = Card(message, self)
        card.dress(self._colours, self._ratio)
        card.dismissed.connect(lambda: self._drop(card))
        self._cards.insert(0, card)
        self._column.insertWidget(0, card)
        if len(self._cards) > _MOST:
            ordered = sorted(self._cards[1:], key=lambda one: (one.message.kind == "error", -self._cards.index(one)))
            self._drop(ordered[0])
        self.show()
        self.raise_()
        self.resized.emit()

    def height_for(self, width: int) -> int:
        """The height of all cards at this width."""
        heights = [
            card.heightForWidth(width) if card.hasHeightForWidth() else card.sizeHint().height() for card in self._cards
        ]
        return sum(heights) + self._column.spacing() * max(0, len(heights) - 1)

    def dismiss(self) -> bool:
        """Take the newest away; False where there is none."""
        if not self._cards:
            return False
        self._drop(self._cards[0])
        return True

    def clear(self) -> None:
        """Take all away."""
        while self.dismiss():
            pass

    def dress(self, colours: Colours, ratio: float) -> None:
        """Take the colours of a theme."""
        self._colours, self._ratio = colours, ratio
        for card in self._cards:
            card.dress(colours, ratio)

    def _drop(self, card: Card) -> None:
        if card in self._cards:
            self._cards.remove(card)
            self._column.removeWidget(card)
            card.end()
            self.setVisible(bool(self._cards))
            self.resized.emit()
