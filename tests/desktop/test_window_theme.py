"""Light and dark follow the system, texts can be read in both, and drawings are sharp."""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import fields
from itertools import product

import numpy as np
import pytest
from fake_room import FakeRoom, events, watching, window
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication, QImage
from PySide6.QtWidgets import QApplication

import resources
from desktop.window.colours import DARK, LIGHT, Colours, contrast
from desktop.window.icons import icon, pixmap
from desktop.window.style import sheet
from desktop.window.theme import Theme

HEAVY = ("torch", "openvino", "pyqtgraph", "numpy", "cv2", "av")


@pytest.mark.parametrize("colours", [DARK, LIGHT], ids=["dark", "light"])
def test_texts_have_the_contrast_that_people_need(colours: Colours) -> None:
    """4.5 to 1, level AA of WCAG 2.1."""
    grounds = (colours.stage, colours.window, colours.surface, colours.raised)
    for text, ground in product((colours.text, colours.muted), grounds):
        assert contrast(text, ground) >= 4.5, (text, ground)
    for text, ground in (
        (colours.on_accent, colours.accent),
        (colours.on_danger, colours.danger),
        (colours.accent, colours.surface),
        (colours.danger, colours.surface),
        (colours.warning, colours.surface),
        (colours.good, colours.surface),
        (colours.text, colours.pressed),
    ):
        assert contrast(text, ground) >= 4.5, (text, ground)


def test_contrast_is_that_of_the_standard() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21.0)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


def test_the_style_sheet_knows_every_colour_by_name(qapp: QApplication) -> None:
    assert qapp is not None
    for colours in (DARK, LIGHT):
        text = sheet(colours)
        used = set(re.findall(r"#[0-9a-f]{6}\b", text))
        known = {getattr(colours, one.name) for one in fields(colours) if one.name != "dark"}
        assert used - known <= {"#f4f6f8", LIGHT.text}  # on the picture, and on balloons, whatever the theme


def is_dark(theme: Theme) -> bool:
    return theme.colours.dark


def test_the_choice_goes_before_the_system(qapp: QApplication) -> None:
    theme = Theme(qapp, "dark")
    changes: list[bool] = []
    theme.changed.connect(lambda: changes.append(theme.colours.dark))
    theme.choose("light")
    assert not is_dark(theme)
    assert qapp.palette().window().color().name() == LIGHT.window
    theme.choose("dark")
    assert is_dark(theme)
    assert changes == [False, True]
    theme.deleteLater()


def test_the_system_decides_where_nothing_was_chosen(qapp: QApplication, monkeypatch: pytest.MonkeyPatch) -> None:
    theme = Theme(qapp, "system")
    hints = QGuiApplication.styleHints()
    answer = Qt.ColorScheme.Light
    monkeypatch.setattr(type(hints), "colorScheme", lambda _hints: answer)
    hints.colorSchemeChanged.emit(answer)
    assert not is_dark(theme)
    answer = Qt.ColorScheme.Dark
    hints.colorSchemeChanged.emit(answer)
    assert is_dark(theme)
    theme.deleteLater()


def test_a_window_takes_a_new_theme_while_it_is_open(qapp: QApplication) -> None:
    room = FakeRoom()
    with window(qapp, room) as opened:
        watching(opened, room)
        grounds = []
        for choice in ("dark", "light"):
            opened.theme.choose("dark" if choice == "dark" else "light")
            events(lambda: True, "it is painted")
            image = opened.header.grab().toImage()
            grounds.append(image.pixelColor(image.width() // 2, 4).name())
        assert grounds == [DARK.window, LIGHT.window]


def test_every_drawing_can_be_drawn_and_is_sharp(qapp: QApplication) -> None:
    assert qapp is not None
    names = sorted(path.stem for path in resources.path("icons").glob("*.svg"))
    assert len(names) > 15
    for name in names:
        small, large = pixmap(name, "#ff0000", 20, 1.0), pixmap(name, "#ff0000", 20, 2.0)
        assert (small.width(), large.width(), large.deviceIndependentSize().width()) == (20, 40, 20.0)
        image = large.toImage().convertToFormat(QImage.Format.Format_ARGB32)
        pixels = np.frombuffer(image.constBits(), np.uint8).reshape(40, 40, 4)
        assert pixels[..., 3].any(), name
    assert not icon("record", "#ff0000", disabled="#888888", on="#00ff00").isNull()


def test_the_window_is_up_before_anything_heavy_is_imported() -> None:
    """T20 too: Qt comes first. In a process of its own, since tests import everything."""
    script = f"""
import sys
from PySide6.QtWidgets import QApplication
from desktop.settings import Settings
from desktop.window.application import load_fonts
from desktop.window.main_window import MainWindow
from desktop.window.theme import Theme
application = QApplication([])
window = MainWindow(Settings(), Theme(application, "system", load_fonts()))
window.show()
application.processEvents()
assert window.stage.welcome.isVisible()
print(sorted(name for name in {HEAVY!r} if name in sys.modules))
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout.strip()) == (0, "[]"), done.stderr


def test_qt_gives_back_what_it_is_lent(qapp: QApplication) -> None:
    """PySide6 6.12 takes a reference from None with every call: before Python 3.12 the process aborts after a while."""
    before = sys.getrefcount(None)
    for _ in range(5000):
        qapp.setApplicationVersion("")
    assert abs(sys.getrefcount(None) - before) < 1000
