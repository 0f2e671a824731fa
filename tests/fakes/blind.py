"""A looker that sees nothing, for tests in which something else is of interest."""

from __future__ import annotations

from desktop.frame import Pixels
from models.scene import Scene


class Blind:
    """Finds nothing in anything."""

    def analyze(self, _pixels: Pixels, _time_ns: int) -> Scene:
        """Nothing."""
        return Scene()

    def look(self, _pixels: Pixels) -> Scene:
        """Nothing."""
        return Scene()

    def begin(self) -> None:
        """Another video."""

    def reset(self) -> None:
        """Another place."""
