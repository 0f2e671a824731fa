"""Which detections are right by COCO's rules: Lin et al., "Microsoft COCO: Common Objects in Context" (arXiv:1405.0312)
and cocodataset.org/#detection-eval.

A detection takes the label that it overlaps most and that no better one has taken, at each of ten overlaps from 0.5 to
0.95. What lies in a crowd region is neither right nor wrong, and a region takes any number; VOC's difficult labels are
treated as such regions, since COCO has no other kind that does not count. At most 100 detections of a class in a
picture are looked at. Tests hold it equal to pycocotools.
"""

from __future__ import annotations

import numpy as np

from models.training.judging import Flags, Judged, Pairs, Places, Rows, judged, pairs

OVERLAPS = np.linspace(0.5, 0.95, 10)
RECALLS = np.linspace(0, 1, 101)
MOST = 100
"""Detections of one class in one picture that are looked at, the best."""


def judge(all_rows: Rows) -> Judged:
    """All detections at each of `OVERLAPS`."""
    kept = _rank(all_rows.keys) < MOST
    all_rows = Rows(
        all_rows.boxes[kept],
        all_rows.scores[kept],
        all_rows.keys[kept],
        all_rows.true_boxes,
        all_rows.true_keys,
        all_rows.crowd,
        all_rows.difficult,
        all_rows.pictures,
        all_rows.classes,
    )
    hits, ignored = _taken(all_rows, _near(all_rows, pairs(all_rows)))
    return judged(all_rows, hits, ignored)


def _rank(keys: Places) -> Places:
    """(N,) rising keys -> how many of the same key stand before each."""
    return np.asarray(np.arange(len(keys)) - np.searchsorted(keys, keys, side="left"), np.intp)


def _near(all_rows: Rows, every: Pairs) -> Pairs:
    """The pairs that overlap by half or more, with COCO's overlap: for a region the part of the detection in it."""
    overlap = np.where(all_rows.ignored[every.true], every.covered, every.shared)
    near = overlap >= OVERLAPS[0]
    return Pairs(every.found[near], every.true[near], overlap[near], every.covered[near])


def _taken(all_rows: Rows, near: Pairs) -> tuple[Flags, Flags]:
    """(overlaps, D) right, (overlaps, D) neither right nor wrong.

    The first detections of all pictures and classes choose at once, then the second ones, and so on: those that overlap
    nothing have no turn.
    """
    count, free = len(all_rows.keys), np.ones((len(OVERLAPS), len(all_rows.true_keys)), bool)
    hits, ignored = np.zeros((len(OVERLAPS), count), bool), np.zeros((len(OVERLAPS), count), bool)
    choosers, of = np.unique(near.found, return_inverse=True)
    turns = _rank(all_rows.keys[choosers])[of]
    by_turn = np.argsort(turns, kind="stable")
    for members in np.split(by_turn, np.flatnonzero(np.diff(turns[by_turn])) + 1):
        found, true = near.found[members], near.true[members]
        region = all_rows.ignored[true]
        open_to = (near.shared[members] >= OVERLAPS[:, None]) & (free[:, true] | region)
        # A label that counts comes before any region, however large the overlap; of equals the last one is taken.
        worth = np.where(open_to, near.shared[members] + 2.0 * ~region, -1.0)
        starts = np.flatnonzero(np.diff(found, prepend=-1))
        if not len(starts):
            break
        lengths = np.diff(starts, append=len(found))
        best = np.repeat(np.maximum.reduceat(worth, starts, axis=1), lengths, axis=1)
        choice = np.where((worth == best) & open_to, np.arange(len(found)), -1)
        chosen = np.maximum.reduceat(choice, starts, axis=1)
        overlap, place = np.nonzero(chosen >= 0)
        pair = chosen[overlap, place]
        right = ~region[pair]
        free[overlap[right], true[pair[right]]] = False
        hits[overlap[right], found[pair[right]]] = True
        ignored[overlap[~right], found[pair[~right]]] = True
    return hits, ignored
