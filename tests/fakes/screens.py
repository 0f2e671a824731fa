"""A screen of its own for a test: an X server without a monitor (Xvfb), with what the test wants on it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import mss
import pytest
from fake_source import until

PATIENCE = 30.0
SIZE = (320, 240)

# Shows a window whose colour changes with every line that it reads: RRGGBB.
_PAINTER = """
import sys
from PySide6.QtGui import QGuiApplication, QColor, QRasterWindow, QPainter
class Window(QRasterWindow):
    colour = QColor(sys.argv[1])
    def paintEvent(self, event):
        painter = QPainter(self)
        painter.fillRect(0, 0, 160, 240, self.colour)
        painter.fillRect(160, 0, 160, 240, QColor("#ffffff"))
        painter.end()
        print("painted", flush=True)
application = QGuiApplication(sys.argv[:1])
window = Window()
window.setFlags(window.flags() | window.flags().FramelessWindowHint)
window.setGeometry(0, 0, 320, 240)
window.show()
sys.exit(application.exec())
"""


@contextmanager
def xvfb() -> Iterator[str]:
    """Within it a screen of 320x240 runs, all black; gives its DISPLAY. Skips the test where there is no Xvfb."""
    program = shutil.which("Xvfb")
    if program is None:
        pytest.skip("Xvfb is not installed")
    read, write = os.pipe()
    server = subprocess.Popen(
        [program, "-displayfd", str(write), "-screen", "0", f"{SIZE[0]}x{SIZE[1]}x24", "-nolisten", "tcp"],
        pass_fds=(write,),
        stderr=subprocess.DEVNULL,
    )
    os.close(write)
    try:
        with os.fdopen(read) as said:
            number = said.readline().strip()  # "" where it ended instead
        assert number, "Xvfb did not start"
        yield f":{number}"
    finally:
        server.terminate()
        server.wait(PATIENCE)


@contextmanager
def painted(display: str, colour: str) -> Iterator[None]:
    """Within it the left half of the screen has this colour (#rrggbb), the right half is white."""
    environ = os.environ | {"DISPLAY": display, "QT_QPA_PLATFORM": "xcb", "XDG_SESSION_TYPE": "x11"}
    with subprocess.Popen(
        [sys.executable, "-c", _PAINTER, colour], env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as window:
        assert window.stdout is not None
        assert window.stderr is not None
        try:
            said = window.stdout.readline()
            assert said == "painted\n", window.stderr.read()
            # Qt has painted; the server shows it a moment later.
            with mss.MSS(display=display) as shots:
                until(lambda: _pixel(shots) == colour, f"the screen is {colour}")
            yield
        finally:
            window.terminate()
            window.wait(PATIENCE)


def _pixel(shots: mss.MSS) -> str:
    red, green, blue = shots.grab({"left": 80, "top": 120, "width": 1, "height": 1}).pixel(0, 0)
    return f"#{red:02x}{green:02x}{blue:02x}"
