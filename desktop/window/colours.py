"""The two sets of colours, and how well one reads on another."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtGui import QColor


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
