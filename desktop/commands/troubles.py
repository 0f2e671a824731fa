"""What a command that runs for long tells of a source that was lost and comes back by itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from desktop.live.figures import Figures


class Troubles:
    """Asked now and then how the session stands, tells each loss once, by `lost`, and once by `back` that it is over.

    `name`: of the source. Without this nobody who reads a log would know why nothing was found all night.
    """

    def __init__(self, name: str, *, lost: Callable[[str], None], back: Callable[[str], None]) -> None:
        self._name, self._lost, self._back = name, lost, back
        self._told = False

    def __call__(self, figures: Figures) -> None:
        """Look at how it stands."""
        if figures.trouble and not self._told:
            self._told = True
            self._lost(figures.trouble)
        elif self._told and not figures.trouble and figures.state == "running":
            self._told = False
            self._back(f"{self._name} is there again.")
