"""Finding all things of one kind in a still picture: at several scales and ways up, each refined twice.

A detector looks at the whole picture, then at windows of it at finer scales; at bodies it looks four ways up, since
it was trained on people who stand. What it proposes must fit its window: a part is better seen from a larger one. The
landmark network looks where the detector points, then where its own points say; of several answers for one thing the
one with the most confidence stays.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from models import boxes, regions
from models.kinds import Found, Kind
from models.regions import Region

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float32]
Belonging = TypeVar("Belonging")

FINER = 0.6
"""Side of the windows of each scale, in sides of those of the scale before."""

WINDOW_OVERLAP = 0.5
"""How far neighbouring windows overlap, in their sides: a thing at one's edge is in another's middle."""

LEAST_WINDOW = 160
"""Pixels: windows smaller than this show the detectors nothing more."""

MOST_WINDOWS = 80
"""Windows at most: bounds the time for a very large picture."""

ALIKE_PLACE, ALIKE_SIZE, ALIKE_ANGLE = 0.1, 0.2, 0.4
"""Two proposed regions are one: distance in widths, difference of the widths' logarithms, and of the angles."""

FITS = 1.6
"""Side of a proposed region, in sides of its window, up to which it is taken for a whole thing."""

FAINTEST = 0.05
"""Least score of a proposal, however low the wanted one is: below it every window has hundreds."""

MOST_PROPOSALS = 300
"""Proposals that are refined in one picture, the best: bounds the time where a low score is wanted."""

UNTOLD = 0.5
"""Score of a proposal that speaks neither for nor against: a box of a person has been judged by another detector."""

MOST_PEOPLE = 24
"""Boxes of people that are tried in one picture, the surest: bounds the time where a crowd is far away."""

CROWDED = 0.6
"""Intersection over union of their boxes from which two things are one."""


def windows(width: int, height: int, turns: int = 1, scales: int | None = None) -> list[Region]:
    """Where a detector looks: the whole picture `turns` ways up, then finer and finer windows of it, all scales or
    only the first so many.
    """
    whole = regions.region_of_picture(width, height)
    looks = [whole.turned(turn * 2 * math.pi / turns) for turn in range(turns)]
    span = max(width, height) * FINER
    while span >= LEAST_WINDOW and scales != 0:
        columns, rows = _starts(width, span), _starts(height, span)
        if len(looks) + len(columns) * len(rows) > MOST_WINDOWS:
            break
        across, down = min(span, width), min(span, height)
        looks += [regions.region_of_window(x, y, across, down) for y in rows for x in columns]
        span *= FINER
        scales = None if scales is None else scales - 1
    return looks


def _starts(length: int, span: float) -> list[float]:
    """Where windows of `span` begin so that they cover `length` and overlap."""
    if length <= span:
        return [0.0]
    count = math.ceil((length - span) / (span * (1 - WINDOW_OVERLAP))) + 1
    return [float(start) for start in np.linspace(0, length - span, count)]


def find(kind: Kind, pixels: Pixels, threshold: float | None = None, people: Floats | None = None) -> list[Found]:
    """Everything of a kind in a picture, most confident first, `score` its confidence.

    `threshold`: least confidence, None = the kind's own. `people` (N, 4): boxes in which a detector of objects saw
    people, surest first; in those where nobody was found the landmark network looks too.
    """
    least = kind.landmark_threshold if threshold is None else threshold
    height, width = pixels.shape[:2]
    looks = windows(width, height, kind.turns)
    found = _judged(kind, pixels, propose(kind, pixels, looks, min(kind.still_threshold, least)))
    kept = without_doubles(kind, [one for one in found if one.score >= least])
    if people is None:
        return kept
    missed = np.array([not any(kind.within(one, box) for one in kept) for box in people], bool)
    proposed = [(UNTOLD, place) for place in kind.regions_in(people[missed][:MOST_PEOPLE]) if place.sound]
    more = [one for one in _judged(kind, pixels, proposed) if one.score >= least]
    more = [one for one in more if any(kind.within(one, box) for box in people[missed])]
    return without_doubles(kind, kept + more) if more else kept


def _judged(kind: Kind, pixels: Pixels, proposed: list[tuple[float, Region]]) -> list[Found]:
    """What the landmark network finds where it is pointed and then where that points, with its confidence as score."""
    first = kind.refine(pixels, [place for _, place in proposed])
    pointed = [((score, one), kind.next_region(one)) for (score, _), one in zip(proposed, first, strict=True)]
    pointed = _distinct([pair for pair in pointed if pair[1].sound])
    found = kind.refine(pixels, [place for _, place in pointed], weigh=True)
    return [
        replace(one, score=kind.confidence(score, before, one))
        for ((score, before), _), one in zip(pointed, found, strict=True)
    ]


def propose(kind: Kind, pixels: Pixels, looks: list[Region], threshold: float) -> list[tuple[float, Region]]:
    """What the detector sees in the windows `looks`, as scores and regions for the landmark network, best first.

    `threshold`: least score, FAINTEST at least; no more than MOST_PROPOSALS are given.
    In a window of the whole picture things may reach beyond it, in a smaller one they have to fit.
    """
    whole = max(pixels.shape[:2])
    scored = [
        (float(score), place)
        for window, candidates in zip(looks, kind.detect(pixels, looks, max(threshold, FAINTEST)), strict=True)
        for score, place in zip(candidates.scores, kind.regions_of(candidates), strict=True)
        if place.sound and (window.width >= whole or place.width <= FITS * window.width)
    ]
    return _distinct(sorted(scored, key=lambda pair: -pair[0]))


def _distinct(places: list[tuple[Belonging, Region]], most: int = MOST_PROPOSALS) -> list[tuple[Belonging, Region]]:
    """The first `most` regions, each with what belongs to it, without those that are as good as an earlier one."""
    kept: list[tuple[Belonging, Region]] = []
    for belonging, place in places:
        if len(kept) == most:
            break
        if not any(_alike(place, other) for _, other in kept):
            kept.append((belonging, place))
    return kept


def _alike(one: Region, other: Region) -> bool:
    return (
        math.hypot(one.x - other.x, one.y - other.y) < ALIKE_PLACE * other.width
        and abs(math.log(one.width / other.width)) < ALIKE_SIZE
        and abs(regions.normal_angle(one.angle - other.angle)) < ALIKE_ANGLE
    )


def without_doubles(kind: Kind, found: list[Found]) -> list[Found]:
    """The most confident of those that are of one thing, most confident first."""
    kept: list[Found] = []
    for one in sorted(found, key=lambda one: -one.score):
        around = boxes.around(one.points)[None]
        crowded = any(float(boxes.iou(around, boxes.around(other.points)[None])[0, 0]) > CROWDED for other in kept)
        if not crowded and not any(kind.same(one, other) for other in kept):
            kept.append(one)
    return kept
