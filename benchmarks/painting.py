"""How long does painting take? The window's preview on a face and a body, offscreen, and the renderer beside it.

    python benchmarks/painting.py [--runs 200]

Marks of the demo clip's first frame in which both are found, over 1280x720 shown at 1000 pixels, and at twice the
screen's ratio. Times are those of the processor in this thread: median, 90th percentile and least in ms. "held": half
transparent as a whole, as on a slow machine.
"""

from __future__ import annotations

import cores_first  # noqa: F401 - before numpy is imported

# isort: split
import argparse
import os
import time
from collections.abc import Callable

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import numpy as np
from PySide6.QtGui import QImage, QPainter
from PySide6.QtWidgets import QApplication

from desktop import cores, folders
from desktop.drawing.marks import Marks, marks_of
from desktop.drawing.renderer import draw
from desktop.frame import Frame
from desktop.live.showing import Shown
from desktop.sources.naming import make_source
from desktop.window.application import load_fonts
from desktop.window.fitting import Fit, fit
from desktop.window.painter import MarksPainter
from desktop.window.preview import Preview
from models.analyzer import load_analyzer
from models.scene import Scene


def found() -> tuple[Frame, Scene]:
    """The first frame of the demo clip with a face and a body, and what is in it."""
    cores.apply_to_opencv()
    analyzer = load_analyzer(cache=folders.cache(), threads=cores.set_up().budget.inference)
    source = make_source("demo")
    source.open()
    try:
        while (frame := source.read()) is not None:
            scene = analyzer.analyze(frame.pixels, frame.time)
            if scene.faces and scene.bodies:
                return frame, scene
    finally:
        source.close()
    raise SystemExit("The demo clip shows no face and body together.")


def measured(title: str, paint: Callable[[], object], runs: int) -> None:
    """Print the time of one call."""
    paint()
    times = []
    for _ in range(runs):
        begin = time.thread_time()
        paint()
        times.append(1000 * (time.thread_time() - begin))
    print(f"| {title} | {np.median(times):.2f} | {np.percentile(times, 90):.2f} | {min(times):.2f} |")


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description="Times of painting.")
    parser.add_argument("--runs", type=int, default=200)
    runs: int = parser.parse_args().runs
    application = QApplication([])
    load_fonts()
    frame, scene = found()
    print("| what | median ms | p90 ms | least ms |\n| --- | --- | --- | --- |")
    measured("marks as data", lambda: marks_of(scene), runs)
    painter = MarksPainter("Inter")
    for ratio in (1.0, 2.0):
        canvas = QImage(round(1000 * ratio), round(563 * ratio), QImage.Format.Format_RGB32)
        canvas.setDevicePixelRatio(ratio)
        fitted = fit(frame.size, (1000.0, 563.0), ratio=ratio)
        for held in (False, True):
            marks = marks_of(scene, held=held)

            def paint(
                canvas: QImage = canvas, marks: Marks = marks, fitted: Fit = fitted, ratio: float = ratio
            ) -> None:
                with QPainter(canvas) as onto:
                    painter.paint(onto, marks, fitted, ratio)

            measured(f"marks painted, 1000x563 at {ratio:.0f}x{', held' if held else ''}", paint, runs)
    preview = Preview("Inter")
    preview.resize(1024, 600)
    preview.show()
    shots = [Frame(frame.pixels.copy(), number, 0) for number in range(2)]

    def whole() -> None:
        shots.reverse()
        preview.show_frame(Shown(shots[0], scene, False))
        preview.repaint()
        application.processEvents()

    measured("a whole paint: scaled, painted, marked", whole, runs)
    pixels = frame.pixels.copy()
    measured("marks drawn by the renderer into 1280x720", lambda: draw(pixels, marks_of(scene)), runs)


if __name__ == "__main__":
    main()
