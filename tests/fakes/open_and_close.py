"""Opens and closes a window, again and again, in a process of its own; says what it left."""

from __future__ import annotations

import gc
import sys
import threading

from fake_room import FakeRoom, watching, window
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication
from shiboken6 import isValid


def main() -> None:
    """As often as the first argument says."""
    times = int(sys.argv[1])
    application = QApplication([])
    for _ in range(times):
        room = FakeRoom()
        with window(application, room) as opened:
            watching(opened, room)
    threads = threading.active_count() - 1
    gc.collect()
    timers = sum(1 for one in gc.get_objects() if isinstance(one, QTimer) and isValid(one) and one.isActive())
    sys.stdout.write(f"{times} windows, {threads} threads, {timers} timers\n")


if __name__ == "__main__":
    main()
