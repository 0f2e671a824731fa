"""The program with its window: from the first import of Qt to the exit status."""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import TracebackType

from PySide6.QtCore import QTimer
from PySide6.QtGui import QFontDatabase
from PySide6.QtWidgets import QApplication

import resources
from desktop.settings import Settings
from desktop.window.icons import program_icon
from desktop.window.main_window import MainWindow
from desktop.window.signals import Signals
from desktop.window.theme import Theme

logger = logging.getLogger(__name__)

_UNSEEN = 1000  # milliseconds
_OWN_FONTS = ("Inter-Regular.otf", "Inter-SemiBold.otf")


def run(source: str | None, settings: Settings, notice: str) -> int:
    """Show the window until it is closed; returns the exit status: 0, or 130 / 143 where a signal closed it.

    `source`: what is watched at once. `settings`: changed as the user changes them, and saved soon after. `notice`: a
    sentence to begin with.
    """
    application = QApplication.instance()
    if not isinstance(application, QApplication):
        application = QApplication([sys.argv[0] or "onlooker"])
    application.setApplicationName("Onlooker")
    application.setDesktopFileName("onlooker")
    application.setWindowIcon(program_icon())
    application.setQuitOnLastWindowClosed(False)  # a window that still writes is hidden, and the program goes on
    window = MainWindow(settings, Theme(application, settings.theme, load_fonts()), source=source or "", notice=notice)
    window.closed.connect(application.quit)
    asked: list[int] = []

    def end(number: int) -> None:
        asked.append(number)
        window.close()

    with Signals(end), _reported(window.report):
        window.show()
        QTimer.singleShot(_UNSEEN, window.begin)  # a window that starts minimised is not painted
        application.exec()
    window.deleteLater()
    return 128 + asked[0] if asked else 0


def load_fonts() -> str:
    """Make the shipped typeface known to Qt; returns the family for the window, "" for the system's own.

    Labels are always in the shipped one; the whole window is on Linux, where no typeface can be relied on.
    """
    for name in _OWN_FONTS:
        QFontDatabase.addApplicationFont(str(resources.path(f"fonts/{name}")))
    return "" if sys.platform in ("win32", "darwin") else "Inter"


@contextmanager
def _reported(report: Callable[[str], None]) -> Iterator[None]:
    """Within it, errors that nobody caught go into the log, and as a sentence into the window, which goes on."""

    def in_window(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        logger.critical("an error that nobody caught", exc_info=(kind, error, trace))
        report(_sentence(error))

    def in_thread(arguments: threading.ExceptHookArgs) -> None:
        if arguments.exc_value is not None:
            in_window(arguments.exc_type, arguments.exc_value, arguments.exc_traceback)

    before = sys.excepthook, threading.excepthook
    sys.excepthook, threading.excepthook = in_window, in_thread
    try:
        yield
    finally:
        sys.excepthook, threading.excepthook = before


def _sentence(error: BaseException) -> str:
    what = f"{type(error).__name__}: {error}".removesuffix(": ")
    return f"Something went wrong in the program itself ({what}). It goes on; the log has the details."
