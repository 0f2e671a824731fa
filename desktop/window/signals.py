"""Ctrl-C and SIGTERM while Qt sleeps: Python's own handlers only run when Python code runs."""

from __future__ import annotations

import signal
import socket
from collections.abc import Callable
from types import FrameType

from PySide6.QtCore import QObject, QSocketNotifier

SIGNALS = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))


class Signals(QObject):
    """While it is entered, `asked` is called, in the window's thread, with the number of each signal that comes.

    Python writes the number into a socket (`signal.set_wakeup_fd`), and Qt wakes when there is something to read.
    """

    def __init__(self, asked: Callable[[int], None]) -> None:
        super().__init__()
        self._asked = asked
        self._reader, self._writer = socket.socketpair()
        for end in (self._reader, self._writer):
            end.setblocking(False)
        self._notifier = QSocketNotifier(self._reader.fileno(), QSocketNotifier.Type.Read, self)
        self._notifier.activated.connect(self._read)

    def __enter__(self) -> Signals:
        self._handlers = {number: signal.getsignal(number) for number in SIGNALS}
        for number, before in self._handlers.items():
            if before is not signal.SIG_IGN:  # what is ignored stays ignored, as under nohup
                signal.signal(number, _woken)
        self._wakeup = signal.set_wakeup_fd(self._writer.fileno(), warn_on_full_buffer=False)
        return self

    def __exit__(self, *_error: object) -> None:
        signal.set_wakeup_fd(self._wakeup)
        for number, before in self._handlers.items():
            signal.signal(number, before)
        self._notifier.setEnabled(False)
        self._reader.close()
        self._writer.close()

    def _read(self) -> None:
        try:
            numbers = self._reader.recv(64)
        except BlockingIOError:
            return
        for number in numbers:
            if number in SIGNALS:
                self._asked(number)


def _woken(_number: int, _frame: FrameType | None) -> None:
    """Nothing: the number is in the socket already."""
