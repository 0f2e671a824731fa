"""The window on a source that paints its clock, for `benchmarks/age.py`: says where the picture is, waits for a line.

python benchmarks/clock_window.py real|slow|none        (on a display)
"""

from __future__ import annotations

import json
import sys
import threading
import time
from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication

from desktop import cores, folders
from desktop.settings import Settings
from desktop.window.application import load_fonts
from desktop.window.main_window import MainWindow
from desktop.window.theme import Theme

if TYPE_CHECKING:
    from desktop.frame import Frame, Pixels
    from desktop.live.analysis import Progress
    from desktop.sources.source import SourceInfo
    from desktop.window.room import Room
    from models.analyzer import Analyzer, AnalyzerOptions
    from models.scene import Scene

PERIOD = 1 / 30


class Clock:
    """A live source: the demo clip's first picture, with the time painted into it 30 times a second."""

    name, live = "clock", True

    def open(self) -> SourceInfo:
        """Fetch the picture."""
        from desktop.sources.naming import make_source
        from desktop.sources.source import SourceInfo

        demo = make_source("demo")
        demo.open()
        first = demo.read()
        demo.close()
        assert first is not None
        self._picture = first.pixels
        self._index, self._next = 0, time.monotonic()
        self._closed = threading.Event()
        return SourceInfo(first.size, 30.0)

    def read(self) -> Frame | None:
        """The next frame, when its time has come."""
        import barcode

        from desktop.frame import Frame

        self._next += PERIOD
        if self._closed.wait(max(0.0, self._next - time.monotonic())):
            return None
        pixels = self._picture.copy()
        now = time.perf_counter_ns()
        barcode.paint(pixels, now)
        self._index += 1
        return Frame(pixels, self._index - 1, now)

    def close(self) -> None:
        """Stop giving."""
        self._closed.set()


def equip_with(row: str) -> Room:
    """The engine room with the clock's source and with what `row` says looks."""
    from desktop.window.eyes import Eyes, loading_from
    from desktop.window.room import equip

    load = loading_from(folders.cache(), cores.set_up().budget.inference, folders.networks())

    def load_slow(options: AnalyzerOptions, device: str, progress: Progress) -> Analyzer:
        analyzer = load(options, device, progress)
        analyze = analyzer.analyze

        def slowly(pixels: Pixels, time_ns: int) -> Scene:
            time.sleep(2.0)
            return analyze(pixels, time_ns)

        analyzer.analyze = slowly  # type: ignore[method-assign] # stands for a network that is too large
        return analyzer

    def make_clock(name: str, *, loop: bool) -> Clock:
        del name, loop
        return Clock()

    room = replace(equip(), make_source=make_clock)
    return replace(room, eyes=Eyes(load_slow)) if row == "slow" else room


class Watcher:
    """Asks the window every 50 ms what it claims, from its first good picture until a line has come in."""

    def __init__(self, window: MainWindow, row: str) -> None:
        self._window = window
        self._least = {"real": 3, "slow": 1, "none": 0}[row]  # analysed frames before anything is measured
        self._claims: list[float] = []
        self._asked = threading.Event()
        self._timer = QTimer()
        self._timer.timeout.connect(self._look)
        self._timer.start(50)
        threading.Thread(target=self._wait_for_line, daemon=True).start()

    def _wait_for_line(self) -> None:
        sys.stdin.readline()
        self._asked.set()

    def _look(self) -> None:
        preview, watch = self._window.stage.preview, self._window.watch
        if watch is None or watch.session is None or preview.shown is None or preview.fit is None:
            return
        figures = watch.session.figures()
        if self._asked.is_set():
            self._timer.stop()
            self._tell({"claims": self._claims, "captured": figures.capture_fps, "analysed": figures.analysed_fps})
            self._window.close()
        elif figures.analysed >= self._least:
            if not self._claims:
                target = preview.fit.target
                corner = preview.mapToGlobal(target.topLeft())
                place = (corner.x(), corner.y(), target.width(), target.height())
                self._tell({"picture": [round(value) for value in place]})
            self._claims.append((time.perf_counter_ns() - preview.shown.frame.time) / 1e6)

    def _tell(self, what: dict[str, object]) -> None:
        print(json.dumps(what), flush=True)


def main(row: str) -> None:
    """Run until a line comes in; then print what the window claimed."""
    cores.set_up(folders.cache)
    application = QApplication(["onlooker"])
    settings = Settings(faces=row != "none", bodies=row != "none")
    theme = Theme(application, "dark", load_fonts())
    window = MainWindow(settings, theme, source="clock", equip=lambda: equip_with(row))
    window.closed.connect(application.quit)
    watcher = Watcher(window, row)
    window.show()
    QTimer.singleShot(0, window.begin)
    application.exec()
    del watcher


if __name__ == "__main__":
    main(sys.argv[1])
