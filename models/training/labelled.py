"""Labelled pictures as data, whatever form they were read from."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Flags = NDArray[np.bool_]

LARGEST = 100_000
"""Sides of pictures above this, in pixels, are taken for a mistake of the file."""


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """One labelled picture.

    `file`: where it lies. `width`, `height`: in pixels, as the annotations say. `boxes`: (N, 4) x1, y1, x2, y2 in
    pixels, within the picture. `classes`: (N,) places in the dataset's names. `crowd`: (N,) a box around many.
    `difficult`: (N,) counts neither as hit nor as miss. `labelled`: (classes,) for which the absence of a box means the
    absence of a thing. `key`: its name in the dataset, unique. `difficult_missing`: it comes without the boxes that
    would be difficult. `span`: in a file that holds many pictures, the byte where this one begins and how
    many it has.
    """

    file: Path
    width: int
    height: int
    boxes: Floats
    classes: NDArray[np.intp]
    crowd: Flags
    difficult: Flags
    labelled: Flags
    key: str
    difficult_missing: bool = False
    span: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Dataset:
    """Pictures, the names of their classes, and in sentences what was left out of them and why."""

    names: tuple[str, ...]
    pictures: tuple[Picture, ...]
    notes: tuple[str, ...] = ()


@dataclass(slots=True)
class Boxes:
    """The boxes of one picture while they are read; `LeftOut` counts those that are none."""

    corners: list[tuple[float, float, float, float]]
    classes: list[int]
    crowd: list[bool]
    difficult: list[bool]

    @classmethod
    def none(cls) -> Boxes:
        """No boxes yet."""
        return cls([], [], [], [])


class LeftOut:
    """Counts what is left out of a dataset, by reason, for its notes."""

    def __init__(self) -> None:
        self._counts: dict[str, int] = {}

    def count(self, reason: str) -> None:
        """One more; `reason` reads after a number: "boxes without area"."""
        self._counts[reason] = self._counts.get(reason, 0) + 1

    def notes(self) -> tuple[str, ...]:
        """A sentence for each reason."""
        return tuple(f"Left out: {count} {reason}." for reason, count in self._counts.items())


def is_file(path: Path) -> bool:
    """Whether a file is there; a name that no file can have is none."""
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False


def picture(
    file: Path,
    size: tuple[int, int],
    found: Boxes,
    labelled: Flags,
    key: str,
    left_out: LeftOut,
    *,
    difficult_missing: bool = False,
    span: tuple[int, int] | None = None,
) -> Picture:
    """A picture of `size` (width, height) with the boxes that are any, cut at its edges."""
    width, height = size
    corners = np.array(found.corners, np.float64).reshape(-1, 4)
    finite = np.isfinite(corners).all(axis=1)
    boxes = np.clip(np.nan_to_num(corners), 0, [width, height, width, height]).astype(np.float32)
    good = finite & (boxes[:, 2] > boxes[:, 0]) & (boxes[:, 3] > boxes[:, 1])
    for _ in range(int((~good).sum())):
        left_out.count("boxes that lie outside their picture or have no area")
    return Picture(
        file,
        width,
        height,
        boxes[good],
        np.array(found.classes, np.intp)[good],
        np.array(found.crowd, bool)[good],
        np.array(found.difficult, bool)[good],
        labelled,
        key,
        difficult_missing,
        span,
    )
