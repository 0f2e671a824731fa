"""Finding all things of one kind in a still picture: at several scales, each refined until its own points agree."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from models import regions
from models.kinds import Found, Kind
from models.regions import Region

Pixels = NDArray[np.uint8]

TILE_OVERLAP = 0.5
"""How far neighbouring windows of the second look overlap, in their sides: a thing at one's edge is in another's
middle.
"""

MOST_WINDOWS = 40
"""Windows of the second look at most; larger pictures get larger windows."""


def windows(width: int, height: int, side: int) -> list[Region]:
    """The whole picture, then, where it is much larger than the detector's input `side`, windows at a finer scale."""
    whole = [regions.region_of_picture(width, height)]
    span = 2.0 * side
    while True:
        span = min(span, float(max(width, height)))
        columns, rows = _starts(width, span), _starts(height, span)
        if len(columns) * len(rows) <= MOST_WINDOWS:
            break
        span *= 1.25
    if len(columns) * len(rows) == 1:
        return whole
    return whole + [regions.region_of_window(x, y, min(span, width), min(span, height)) for y in rows for x in columns]


def _starts(length: int, span: float) -> list[float]:
    """Where windows of `span` begin so that they cover `length` and overlap."""
    if length <= span:
        return [0.0]
    count = int(np.ceil((length - span) / (span * (1 - TILE_OVERLAP)))) + 1
    return [float(start) for start in np.linspace(0, length - span, count)]


def find(kind: Kind, pixels: Pixels, threshold: float | None = None) -> list[Found]:
    """Everything of a kind in a picture, best score first. `threshold`: least score, None = the kind's own."""
    least = kind.landmark_threshold if threshold is None else threshold
    height, width = pixels.shape[:2]
    proposals = kind.detect(
        pixels, windows(width, height, kind.detector_layout.size), min(kind.detector_threshold, least)
    )
    places = [place for candidates in proposals for place in kind.regions_of(candidates) if place.sound]
    first = [one for one in kind.refine(pixels, places) if one.score >= least]
    return without_doubles(kind, first)


def without_doubles(kind: Kind, found: list[Found]) -> list[Found]:
    """The best-scored of those that are of one thing, best first."""
    kept: list[Found] = []
    for one in sorted(found, key=lambda one: -one.score):
        if not any(kind.same(one, other) for other in kept):
            kept.append(one)
    return kept
