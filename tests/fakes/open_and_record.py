"""The program's own run of the window on a fake source that is recorded, until a signal ends it."""

from __future__ import annotations

import sys
import threading

from fake_room import FakeRoom
from fake_source import FakeSource
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication

from desktop.settings import Settings
from desktop.window import main_window
from desktop.window.application import run


def main() -> int:
    """Record into the folder that the first argument names; says "recording" once frames are in the file."""
    room = FakeRoom()
    main_window.equip_room = room.equip
    said = threading.Event()

    def step() -> None:
        (opened,) = (one for one in QApplication.topLevelWidgets() if isinstance(one, main_window.MainWindow))
        source: FakeSource | None = room.newest() if "fake" in room.sources else None
        if source is None or opened.watch is None:
            return
        if opened._closing:
            source.end()
        else:
            source.give()
        if opened.stage.preview.shown is not None and opened.watch.recording is None and not said.is_set():
            opened.deeds.record()
        recording = opened.watch.recording
        if recording is not None and recording.frames > 3 and not said.is_set():
            said.set()
            sys.stdout.write("recording\n")
            sys.stdout.flush()

    timer = QTimer()
    timer.timeout.connect(step)
    application = QApplication([])
    timer.start(10)
    status = run("fake", Settings(folder=sys.argv[1]), "")
    timer.stop()
    assert application is not None
    return status


if __name__ == "__main__":
    sys.exit(main())
