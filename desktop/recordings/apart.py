"""Calls into a driver that may never come back, made in a thread that can be left behind."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable
from queue import Empty, SimpleQueue
from typing import Any, TypeVar

T = TypeVar("T")
_Answers = SimpleQueue[tuple[Any, BaseException | None]]
_Calls = SimpleQueue[tuple[Callable[[], Any], _Answers] | None]


class Apart:
    """Makes calls one after the other in one thread of its own, which ends when nobody holds this any more.

    A native call cannot be interrupted: where one does not come back in time, the caller goes on without the thread,
    which is a daemon so that a driver that hangs does not keep the program from ending.
    """

    def __init__(self, name: str) -> None:
        self._calls: _Calls = SimpleQueue()
        threading.Thread(target=_work, args=(self._calls,), name=name, daemon=True).start()
        self._end = weakref.finalize(self, self._calls.put, None)

    def __call__(self, call: Callable[[], T], patience: float) -> T:
        """What `call` gives or raises. Raises TimeoutError after `patience` seconds: make no call any more then."""
        answers: _Answers = SimpleQueue()
        self._calls.put((call, answers))
        try:
            given, error = answers.get(timeout=patience)
        except Empty:
            raise TimeoutError("it does not answer") from None
        if error is not None:
            try:
                raise error
            finally:
                del error, self  # else it holds this frame, and this frame holds it
        answer: T = given
        return answer

    def end(self) -> None:
        """Make no call any more: the thread ends after the one in hand."""
        self._end()


def _work(calls: _Calls) -> None:
    while (wanted := calls.get()) is not None:
        call, answers = wanted
        try:
            answers.put((call(), None))
        except Exception as error:  # noqa: BLE001 - whatever it is, it is raised where it was called
            answers.put((None, error))
        del wanted, call, answers  # nothing is kept alive while it waits
