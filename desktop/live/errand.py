"""One job in a thread of its own, for what would make a window wait: looking for cameras, writing a picture."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

Result = TypeVar("Result")


class Errand(Generic[Result]):
    """Runs `job` once, from now on. Whoever started it asks on a timer whether it is `done`."""

    def __init__(self, name: str, job: Callable[[], Result]) -> None:
        self._job = job
        self._result: Result | None = None
        self._error: Exception | None = None
        self._done = threading.Event()
        self.thread = threading.Thread(target=self._run, name=name)
        self.thread.start()

    @property
    def done(self) -> bool:
        """It has ended, one way or the other."""
        return self._done.is_set()

    def result(self) -> Result:
        """What the job gave; raises what it raised. Only when done."""
        if not self.done:
            raise RuntimeError(f"{self.thread.name} is not done")
        if self._error is not None:
            raise self._error
        return self._result  # type: ignore[return-value] # None only where the job gave None

    def _run(self) -> None:
        try:
            self._result = self._job()
        except Exception as error:  # noqa: BLE001 - handed to whoever asks for the result
            self._error = error
        finally:
            self._done.set()
