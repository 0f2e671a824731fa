"""The jobs that run beside the window, and what is to be done in the window when each has ended."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TypeVar

from desktop.live.errand import Errand
from models.errors import OnlookerError

logger = logging.getLogger(__name__)

Result = TypeVar("Result")


class Errands:
    """Used by the window's thread. `tell` gets the sentence of what failed."""

    def __init__(self, tell: Callable[[str], None]) -> None:
        self._tell = tell
        self._all: list[tuple[str, Callable[[], bool], Callable[[], None]]] = []

    def run(self, name: str, job: Callable[[], Result], done: Callable[[Result], None]) -> None:
        """Run `job` in a thread beside, and `done` with what it gave at the first `collect` after that."""
        errand = Errand(name, job)
        self._all.append((name, lambda: errand.done, lambda: done(errand.result())))

    def collect(self) -> None:
        """Finish what is done."""
        for one in [one for one in self._all if one[1]()]:
            self._all.remove(one)
            name, _, finish = one
            try:
                finish()
            except OnlookerError as error:
                self._tell(str(error))
            except Exception as error:  # told, the window goes on
                logger.exception("%s failed", name)
                self._tell(f"Something went wrong ({name}: {error or type(error).__name__}).")

    def runs(self, name: str) -> bool:
        """Whether a job of this name has not been finished yet."""
        return any(one[0] == name for one in self._all)

    def __bool__(self) -> bool:
        """Whether there is any that has not been finished yet."""
        return bool(self._all)
