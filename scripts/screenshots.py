"""Makes the pictures of the window for README: the real window on a screen of its own, watching a clip.

    python scripts/screenshots.py [FOLDER]

Writes window.png and window-light.png into FOLDER (docs/ unless given). Needs Xvfb; openbox manages the window where it
is installed (apt-get install xvfb openbox). The clip is the middle of the demo clip, with two pictures beside it that
scikit-image ships: a cat (by Stéfan van der Walt, CC0) and a cup of coffee (by Rachel Michetti, CC0).
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from desktop.frame import Pixels

sys.path.append(str(Path(__file__).resolve().parents[1] / "benchmarks"))
from screen import virtual_screen

SIZE = (1040, 650)
CLIP = (1280, 720)
LEFT = 720  # columns of the demo clip
SEAM = 8  # pixels between the pictures
OBJECTS = {"cat", "cup"}  # what must be in boxes
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
        return photograph(folder, clip_in(Path(settings)))


def clip_in(folder: Path) -> Path:
    """The clip that the window watches, written into this folder."""
    import numpy as np
    import skimage.data

    from desktop.recordings.video_writer import VideoWriter
    from desktop.sources.naming import make_source

    width, height = CLIP
    tall = (height - SEAM) // 2
    canvas = np.full((height, width, 3), 20, np.uint8)
    cat: Callable[[], Pixels] = skimage.data.chelsea
    coffee: Callable[[], Pixels] = skimage.data.coffee
    for top, picture in ((0, cat()), (height - tall, coffee())):
        canvas[top : top + tall, LEFT + SEAM :] = filling(picture[..., ::-1], width - LEFT - SEAM, tall)
    path = folder / "clip.mp4"
    source, writer = make_source("demo"), VideoWriter(path, CLIP)
    source.open()
    while (frame := source.read()) is not None:
        middle = (frame.size[0] - LEFT) // 2
        canvas[:, :LEFT] = frame.pixels[:, middle : middle + LEFT]
        writer.write(canvas, frame.time / 1e9)
    source.close()
    writer.close()
    return path


def filling(picture: Pixels, width: int, height: int) -> Pixels:
    """The middle of a picture, as large as fills this size."""
    import cv2
    import numpy as np

    scale = max(width / picture.shape[1], height / picture.shape[0])
    size = (round(picture.shape[1] * scale), round(picture.shape[0] * scale))
    large = cv2.resize(picture, size, interpolation=cv2.INTER_CUBIC)
    left, top = (size[0] - width) // 2, (size[1] - height) // 2
    return np.asarray(large[top : top + height, left : left + width], np.uint8)


def photograph(folder: Path, clip: Path) -> int:
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
            print("never: a face, a body and objects in the picture", file=sys.stderr)
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
    return run(str(clip), Settings(theme="dark"), "")


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
    if not {thing.label for thing in shown.scene.objects} >= OBJECTS:
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
