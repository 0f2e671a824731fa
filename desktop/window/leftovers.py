"""What interrupted recordings left: offered when the window is up, repaired beside it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from desktop.window.shell import Shell

if TYPE_CHECKING:
    from desktop.batch.repair import Outcome
    from desktop.recordings.leftovers import Leftover

_NAMED = 3  # recordings that a sentence names; it counts the rest


class Leftovers:
    """Used by the window's thread. `show`: opens the folder of recordings."""

    def __init__(self, window: Shell, show: Callable[[], None]) -> None:
        self._window, self._show = window, show
        self._stopped = threading.Event()

    def look(self) -> None:
        """Look into the folder of recordings, and offer to repair what is there."""
        watch = self._window.watch
        if watch is None:
            return
        folder, find = watch.folder, watch.room.leftovers
        self._window.errands.run("leftovers", lambda: find(folder), self._offer)

    def stop(self) -> None:
        """The window closes: what is being repaired is left as it was, for the next time."""
        self._stopped.set()

    def _offer(self, found: Sequence[Leftover]) -> None:
        if found and not self._stopped.is_set():
            self._window.tell(offer(found), "warning", ("Repair", lambda: self._repair(found)), later=True)

    def _repair(self, found: Sequence[Leftover]) -> None:
        from desktop.batch.repair import repair_all  # in the window's thread, but imported with the room already

        self._window.tell(f"Repairing {_names(found)}…", "done")
        self._window.errands.run("repair", lambda: repair_all(found, stopped=self._stopped.is_set), self._tell)

    def _tell(self, outcome: Outcome) -> None:
        for sentence in outcome.failures:
            self._window.tell(sentence)
        if len(outcome.repaired) == 1:
            self._window.tell(outcome.repaired[0].sentence, "done", ("Show in folder", self._show))
        elif outcome.repaired:
            names = _listed([one.files[0].name for one in outcome.repaired])
            sentence = f"{len(outcome.repaired)} recordings were repaired: {names}."
            self._window.tell(sentence, "done", ("Show in folder", self._show))


def offer(found: Sequence[Leftover]) -> str:
    """The sentence that offers to repair."""
    if len(found) == 1:
        return f"The recording {_names(found)} was cut off when the program ended. What was recorded can be made whole."
    return (
        f"{len(found)} recordings were cut off when the program ended: {_names(found)}."
        " What was recorded can be made whole."
    )


def _names(found: Sequence[Leftover]) -> str:
    return _listed([one.stem.name for one in found])


def _listed(names: Sequence[str]) -> str:
    if len(names) > _NAMED:
        return f"{', '.join(names[:_NAMED])} and {len(names) - _NAMED} more"
    return " and ".join((", ".join(names[:-1]), names[-1])) if len(names) > 1 else names[0]
