"""Detectors of objects by their keys, and ours.

A detector brings a picture to its network's size, and its boxes back into the picture. Ours are stretched, as they were
trained; networks that a user added look as they were made to.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from models import cells, fitting
from models.catalogue import DETECTOR, NETWORKS, Precision
from models.cells import Things
from models.errors import NetworkError
from models.object_detector import NOTHING, ObjectDetector, within

if TYPE_CHECKING:
    from models.engine import Engine, Size

__all__ = ["DEFAULT", "EngineDetector", "ObjectDetector", "load_detector"]

Pixels = NDArray[np.uint8]
Progress = Callable[[str, float], None]

DEFAULT = DETECTOR


class EngineDetector:
    """One of our networks as a detector: dense heads at several strides, the picture stretched."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.labels = engine.network.labels

    @property
    def engine(self) -> Engine:
        """The network that runs behind it."""
        return self._engine

    @property
    def key(self) -> str:
        """Its network's name."""
        return self._engine.network.key

    @property
    def size(self) -> tuple[int, int]:
        """(height, width) of its input."""
        return self._engine.network.input

    @property
    def device(self) -> str:
        """Where it runs."""
        return self._engine.device

    @property
    def precision(self) -> str:
        """The numbers that it calculates with."""
        return self._engine.precision

    @property
    def note(self) -> str:
        """Why another device than the wanted one is used, or ""."""
        return self._engine.note

    def find(self, pixels: Pixels, threshold: float) -> Things:
        """As `ObjectDetector.find`; nothing in a picture without pixels."""
        if not pixels.size:
            return NOTHING
        shown, fit = fitting.stretch(pixels, *self.size)
        outputs = self._engine.run(shown[None])
        found = cells.things(outputs["scores"][0], outputs["sides"][0], cells.grid(*self.size), threshold)
        return within(Things(fit.back(found.boxes), found.scores, found.classes), pixels.shape[1], pixels.shape[0])


def load_detector(
    key: str = DEFAULT,
    *,
    size: int | None = None,
    device: str = "auto",
    cache: Path,
    threads: int,
    added: Path | None = None,
    precision: Precision | None = None,
    progress: Progress | None = None,
    engine: Engine | None = None,
) -> ObjectDetector:
    """The detector of the network `key`.

    `size`: height and width that its input shall have, in pixels; None: what this machine is fast enough for
    (`models.sizes`), of a network that was added its own. `added`: the folder of networks that the user added.
    `engine`: the network at that size, where it is loaded already. The others are those of `models.engine.load_engine`.
    Raises NetworkError.
    """
    from models.engine import load_engine

    if key not in NETWORKS:
        return _added(key, added, size, device, threads)
    if engine is None:
        engine = load_engine(
            key,
            device=device,
            cache=cache,
            threads=threads,
            precision=precision,
            progress=progress,
            size=wanted_size(size),
        )
    return EngineDetector(engine)


def wanted_size(size: int | None) -> Size:
    """What `models.engine.load_engines` is asked for where somebody wants an input of this height and width."""
    return "auto" if size is None else (size, size)


def _added(key: str, folder: Path | None, size: int | None, device: str, threads: int) -> ObjectDetector:
    """The detector of a network that the user added. Raises NetworkError."""
    from models.importing import added

    asked = f"{device} was asked for, but networks that were added run on the processor." if device != "cpu" else ""
    note = "" if device == "auto" else asked
    detector = None if folder is None else added.load(folder, key, threads=threads, size=size, note=note)
    if detector is None:
        raise NetworkError(f"There is no detector {key!r}: `onlooker models` lists those there are.")
    return detector
