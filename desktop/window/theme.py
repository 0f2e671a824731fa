"""How the window looks: two sets of colours, one small style sheet, and which of them holds at the moment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QColor, QFont, QGuiApplication, QPalette
from PySide6.QtWidgets import QApplication

from desktop.window.style import sheet

Choice = Literal["system", "light", "dark"]
CHOICES: tuple[Choice, ...] = ("system", "light", "dark")


@dataclass(frozen=True, slots=True)
class Colours:
    """The colours of a theme, "#rrggbb".

    `stage`: behind the picture. `window`: bars; `surface`: the panel, menus; `raised`: buttons; `line`: what divides.
    `text` and `muted` read on all of these (at least 4.5 to 1, the AA of WCAG 2.1). `accent`: what is on; `danger`:
    recording and errors; `warning`, `good`: kinds of notices. `on_accent`, `on_danger`: text on those.
    """

    dark: bool
    stage: str
    window: str
    surface: str
    raised: str
    pressed: str
    line: str
    text: str
    muted: str
    accent: str
    on_accent: str
    danger: str
    on_danger: str
    warning: str
    good: str


DARK = Colours(
    dark=True,
    stage="#0c0e11",
    window="#14171b",
    surface="#1a1e23",
    raised="#242930",
    pressed="#2e343d",
    line="#2a3038",
    text="#e9ecf0",
    muted="#9fa8b4",
    accent="#56b4e9",
    on_accent="#08151f",
    danger="#ff6b64",
    on_danger="#240504",
    warning="#f0b429",
    good="#3ecf9b",
)
LIGHT = Colours(
    dark=False,
    stage="#e4e8ec",
    window="#f7f8fa",
    surface="#ffffff",
    raised="#eceff3",
    pressed="#dfe4ea",
    line="#d8dde4",
    text="#1a1f26",
    muted="#56606c",
    accent="#0069a6",
    on_accent="#ffffff",
    danger="#c0261d",
    on_danger="#ffffff",
    warning="#8a5a00",
    good="#00734f",
)


def contrast(one: str, other: str) -> float:
    """The contrast of two colours, 1..21 (WCAG 2.1, "contrast ratio")."""

    def luminance(colour: str) -> float:
        parts = (QColor(colour).redF(), QColor(colour).greenF(), QColor(colour).blueF())
        red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


class Theme(QObject):
    """Which colours hold. `changed` is emitted when they change, by the user's choice or by the system's.

    Where the system does not say, dark is taken: pictures are seen best on it.
    """

    changed = Signal()

    def __init__(self, application: QApplication, choice: Choice = "system", family: str = "") -> None:
        super().__init__()
        self._application = application
        self._choice: Choice = choice
        self.family = family
        self.colours = DARK
        application.setStyle("Fusion")
        if family:
            font = QFont(family)
            font.setPixelSize(13)
            application.setFont(font)
        QGuiApplication.styleHints().colorSchemeChanged.connect(self._system_changed)
        self.choose(choice)

    @property
    def choice(self) -> Choice:
        """What the user chose."""
        return self._choice

    def choose(self, choice: Choice) -> None:
        """Follow the system, or be light or dark whatever the system is."""
        self._choice = choice
        schemes = {"system": Qt.ColorScheme.Unknown, "light": Qt.ColorScheme.Light, "dark": Qt.ColorScheme.Dark}
        QGuiApplication.styleHints().setColorScheme(schemes[choice])  # title bars too, where the system can
        self._apply()

    def _system_changed(self) -> None:
        if self._choice == "system":
            self._apply()

    def _apply(self) -> None:
        if self._choice == "system":
            light = QGuiApplication.styleHints().colorScheme() == Qt.ColorScheme.Light
        else:
            light = self._choice == "light"
        self.colours = LIGHT if light else DARK
        self._application.setPalette(_palette(self.colours))
        self._application.setStyleSheet(sheet(self.colours))
        self.changed.emit()


def _palette(colours: Colours) -> QPalette:
    palette = QPalette()
    role = QPalette.ColorRole
    for which, colour in (
        (role.Window, colours.window),
        (role.WindowText, colours.text),
        (role.Base, colours.surface),
        (role.AlternateBase, colours.raised),
        (role.Text, colours.text),
        (role.PlaceholderText, colours.muted),
        (role.Button, colours.raised),
        (role.ButtonText, colours.text),
        (role.BrightText, colours.danger),
        (role.ToolTipBase, colours.raised),
        (role.ToolTipText, colours.text),
        (role.Highlight, colours.accent),
        (role.HighlightedText, colours.on_accent),
        (role.Link, colours.accent),
        (role.Mid, colours.line),
    ):
        palette.setColor(which, QColor(colour))
    for which in (role.WindowText, role.Text, role.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, which, QColor(colours.muted))
    return palette
