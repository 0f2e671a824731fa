"""Makes the pictures of the window for README: the real window on a screen of its own, watching the demo clip.

    python scripts/screenshots.py [FOLDER]

Writes window.png and window-light.png into FOLDER (docs/ unless given). Needs Xvfb; openbox manages the window where it
is installed (apt-get install xvfb openbox).
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1] / "benchmarks"))
from screen import virtual_screen

SIZE = (1040, 650)
SMALL = 0.32  # of the picture's height: the face in the moments of the clip in which much of the body is seen
WIDE = 1.9  # widths of the face: shoulders seen from the front
FLUENT = 24  # frames analysed in a second
PATIENCE = 180  # seconds: the forms of the networks may have to be made first


def main() -> int:
    """Both pictures."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parent.parent / "docs"
    folder.mkdir(parents=True, exist_ok=True)
    with virtual_screen(1600, 1000, managed=True) as environment, tempfile.TemporaryDirectory() as settings:
        os.environ |= environment | {"ONLOOKER_CONFIG": settings}
        return photograph(folder)


def photograph(folder: Path) -> int:
    """Open the window as the program does, and take its pictures."""
    from desktop import cores, folders

    cores.set_up(folders.cache)
    from PySide6.QtCore import QElapsedTimer, QTimer
    from PySide6.QtWidgets import QApplication

    from desktop.settings import Settings
    from desktop.window.application import run
    from desktop.window.main_window import MainWindow

    application = QApplication([])
    timer, clock = QTimer(), QElapsedTimer()
    clock.start()
    wanted = iter((("dark", "window.png"), ("light", "window-light.png")))
    state: dict[str, str] = {}

    def opened() -> MainWindow | None:
        return next((one for one in QApplication.topLevelWidgets() if isinstance(one, MainWindow)), None)

    def next_theme(window: MainWindow) -> None:
        theme, name = next(wanted, ("", ""))
        if not name:
            timer.stop()
            window.close()
            return
        window.theme.choose("dark" if theme == "dark" else "light")
        state["name"], state["since"] = name, str(window.stage.preview.painted)

    def look() -> None:
        window = opened()
        if window is None:
            return
        if clock.elapsed() > 1000 * PATIENCE:
            print("never: a face and a body in the picture", file=sys.stderr)
            application.exit(1)
            window.close()
        elif "name" not in state:
            window.resize(*SIZE)
            next_theme(window)
        elif worth_a_picture(window, int(state["since"])):
            grab(window, folder / state["name"])
            next_theme(window)

    timer.timeout.connect(look)
    timer.start(5)
    return run("demo", Settings(theme="dark"), "")


def worth_a_picture(window: object, since: int) -> bool:
    """Whether a face and a body, from afar, have marks of their own, some time after the theme changed."""
    from desktop.window.main_window import MainWindow

    assert isinstance(window, MainWindow)
    preview, shown = window.stage.preview, window.stage.preview.shown
    if shown is None or shown.held or not shown.scene or preview.painted < since + 60:
        return False
    session = window.watch.session if window.watch is not None else None
    if session is None or session.figures().analysed_fps < FLUENT:
        return False
    if len(shown.scene.faces) != 1 or len(shown.scene.bodies) != 1:
        return False
    left, top, right, bottom = shown.scene.faces[0].box.tolist()
    shoulders = shown.scene.bodies[0].points[[11, 12], 0]
    from_afar = bottom - top < SMALL * shown.frame.size[1]
    return bool(from_afar and abs(shoulders[0] - shoulders[1]) > WIDE * (right - left))


def grab(window: object, path: Path) -> None:
    """Write what the screen shows where the window is."""
    import cv2
    import mss
    import numpy as np
    from PySide6.QtWidgets import QApplication

    from desktop.window.main_window import MainWindow

    assert isinstance(window, MainWindow)
    preview = window.stage.preview
    preview.repaint()
    preview.setUpdatesEnabled(False)  # the screen gets time to show just this
    for _ in range(20):
        QApplication.processEvents()
        time.sleep(0.01)
    corner = window.mapToGlobal(window.rect().topLeft())
    area = {"left": corner.x(), "top": corner.y(), "width": window.width(), "height": window.height()}
    with mss.MSS() as shots:
        pixels = np.asarray(shots.grab(area))[..., :3]
    preview.setUpdatesEnabled(True)
    cv2.imwrite(str(path), pixels, [cv2.IMWRITE_PNG_COMPRESSION, 9, cv2.IMWRITE_PNG_STRATEGY, 0])
    print(f"{path}: {window.width()}x{window.height()}, {path.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    sys.exit(main())
