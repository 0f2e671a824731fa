"""How well tracks keep to identities that were checked by hand."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models import boxes as geometry
from models.matching import pairs

Floats = NDArray[np.float32]

AGREES = 0.5
"""Intersection over union from which a track is on a person (CLEAR MOT: Bernardin and Stiefelhagen, 2008)."""


@dataclass(frozen=True, slots=True, eq=False)
class Marked:
    """Boxes (N, 4) of one frame and whose they are: names that were checked by hand, or numbers of tracks."""

    boxes: Floats
    names: Sequence[str | int]


@dataclass(frozen=True, slots=True)
class Kept:
    """`boxes`: checked ones in all; `found`: those with a track on them; `switches`: how often the track on a person is
    another than before; `tracks`: on checked people in all; `idf1`, the share of boxes that are right when each
    person has one track all the time (Ristani et al., arXiv:1609.01775)."""

    boxes: int
    found: int
    switches: int
    tracks: int
    idf1: float


def checked(path: Path) -> dict[int, Marked]:
    """The hand-checked people by frame, from a table with columns frame, person, x1, y1, x2, y2 (pixels)."""
    rows: dict[int, list[tuple[str, list[float]]]] = {}
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            box = [float(row[name]) for name in ("x1", "y1", "x2", "y2")]
            rows.setdefault(int(row["frame"]), []).append((row["person"], box))
    return {
        frame: Marked(np.array([box for _, box in found], np.float32), [name for name, _ in found])
        for frame, found in rows.items()
    }


def judge(truth: Mapping[int, Marked], seen: Mapping[int, Marked]) -> Kept:
    """How the tracks in `seen` keep to `truth`, frame after frame of the checked ones.

    Tracks on people who were not checked count for nothing, so that precision is not judged.
    """
    last: dict[str | int, str | int] = {}
    together: Counter[tuple[str | int, str | int]] = Counter()
    boxes = found = switches = 0
    for frame in sorted(truth):
        people, tracks = truth[frame], seen.get(frame, Marked(np.zeros((0, 4), np.float32), []))
        overlap = geometry.iou(people.boxes, tracks.boxes)
        known = np.array([[last.get(name) == track for track in tracks.names] for name in people.names], bool)
        costs = np.where(overlap >= AGREES, 1 - overlap - known.reshape(overlap.shape), np.inf)
        boxes += len(people.names)
        for row, column in zip(*pairs(costs.astype(np.float32)), strict=True):
            name, track = people.names[row], tracks.names[column]
            found += 1
            switches += last.get(name, track) != track
            last[name] = track
            together[name, track] += 1
    names, numbers = sorted({name for name, _ in together}, key=str), sorted({track for _, track in together}, key=str)
    counts = np.array([[together[name, track] for track in numbers] for name in names], np.float32)
    right = float(counts[pairs(np.where(counts > 0, -counts, np.inf).astype(np.float32))].sum()) if counts.size else 0.0
    return Kept(boxes, found, switches, len(numbers), 2 * right / max(boxes + found, 1))
