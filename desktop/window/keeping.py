"""Keeps the settings: written soon after a change, so that a kill costs no choice, and when the window closes."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from desktop.settings import Settings, save
from desktop.window.errands import Errands
from models.errors import SettingsError

logger = logging.getLogger(__name__)

_QUIET = 5
"""Ticks without a further change after which one is written: a slider that is drawn is written once."""


class Keeping:
    """Used by the window's thread; the file is written beside it, by one errand at a time, so that the last one stays.

    `geometry`: where the window stands, as the settings have it. It is written with any change and at the end, but is
    none by itself; whether the panel is open, its first word, is one.
    """

    def __init__(self, settings: Settings, errands: Errands, geometry: Callable[[], str]) -> None:
        self._settings, self._errands, self._geometry = settings, errands, geometry
        self._seen = self._kept = self._state()
        self._quiet = 0
        self._again = False
        self._told = ""

    def tick(self) -> None:
        """Write what has changed, once it changes no longer."""
        state = self._state()
        self._quiet = self._quiet + 1 if state == self._seen else 0
        self._seen = state
        if state != self._kept and self._quiet >= _QUIET:
            self.write()

    def write(self) -> None:
        """Write all that holds now; where something is being written, after that."""
        if self._errands.runs("settings"):
            self._again = True
            return
        self._again = False
        self._kept = self._state()
        self._settings.geometry = self._geometry()
        copy = self._settings.model_copy(deep=True)
        self._errands.run("settings", lambda: _problem(copy), self._written)

    def _written(self, problem: str) -> None:
        if problem and problem != self._told:
            logger.warning("%s", problem)
        self._told = problem
        if self._again:
            self.write()

    def _state(self) -> tuple[dict[str, Any], str]:
        return self._settings.model_dump(exclude={"geometry"}), self._geometry().partition(" ")[0]


def _problem(settings: Settings) -> str:
    """In a thread beside: write them; why that cannot be, "" where it could."""
    try:
        save(settings)
    except SettingsError as error:
        return str(error)
    return ""
