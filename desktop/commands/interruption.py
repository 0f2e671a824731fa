"""Ctrl-C, SIGTERM and a closed terminal: the program ends, what was done so far is closed whole."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

SIGNALS = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))


class Interrupted(BaseException):
    """Somebody wants the program to end; no error, so that no `except Exception` stops it.

    `status`: the exit status that says so, 130 for Ctrl-C, 143 for SIGTERM.
    """

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.status = 128 + number


class Stop:
    """Whether the program was asked to end; calling it says so. `asked`: the signal's number, 0 for none."""

    def __init__(self) -> None:
        self.asked = 0

    def __call__(self) -> bool:
        """True once it was asked."""
        return self.asked != 0


@contextmanager
def at_once() -> Iterator[None]:
    """Within it a signal raises Interrupted wherever the program stands. Signals that are ignored stay ignored."""

    def handle(number: int, _frame: FrameType | None) -> None:
        raise Interrupted(number)

    with _handled(handle):
        yield


@contextmanager
def between_steps() -> Iterator[Stop]:
    """Within it the first signal is only noted, for a loop that asks; a second one raises Interrupted."""
    stop = Stop()

    def handle(number: int, _frame: FrameType | None) -> None:
        if stop.asked:
            raise Interrupted(number)
        stop.asked = number

    with _handled(handle):
        yield stop


@contextmanager
def _handled(handle: signal._HANDLER) -> Iterator[None]:
    before = {number: signal.getsignal(number) for number in SIGNALS}
    taken = [number for number, handler in before.items() if handler not in (signal.SIG_IGN, None)]
    try:
        for number in taken:
            signal.signal(number, handle)
        yield
    finally:
        for number in taken:
            signal.signal(number, before[number])
