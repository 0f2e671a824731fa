"""Which detections are right by VOC's rules: Everingham et al., "The PASCAL VOC Challenge" (IJCV 2010), section 4.2,
and the development kit of 2010 and later (VOCevaldet.m, VOCap.m), whose average precision is the area under the curve.

A detection belongs to the label of its class that it overlaps most. By half or more it is right, if it is the first one
there; a second one is wrong. One that belongs to a difficult label is neither. Two things differ from the kit: places
are continuous here, where the kit counts whole pixels (a box from 1 to 2 is two wide there), and COCO's crowd regions,
which VOC has not, ignore what lies in them by half and is on no label.
"""

from __future__ import annotations

import numpy as np

from models.training.judging import Flags, Judged, Rows, judged, pairs

OVERLAP = 0.5


def judge(all_rows: Rows) -> Judged:
    """All detections at the one overlap of VOC."""
    every = pairs(all_rows)
    crowd = all_rows.crowd[every.true]
    count = len(all_rows.keys)
    in_crowd = np.zeros(count, bool)
    in_crowd[every.found[crowd & (every.covered >= OVERLAP)]] = True
    # The label that each overlaps most, of equals the first: pairs come by rising detection, then label.
    found, true, shared = every.found[~crowd], every.true[~crowd], every.shared[~crowd]
    order = np.lexsort((-shared, found))
    firsts = order[np.flatnonzero(np.diff(found[order], prepend=-1))]
    firsts = firsts[shared[firsts] >= OVERLAP]
    owner = np.full(count, -1, np.intp)
    owner[found[firsts]] = true[firsts]
    hits = _first_on_each(owner)
    on_difficult = np.zeros(count, bool)
    on_difficult[owner >= 0] = all_rows.difficult[owner[owner >= 0]]
    ignored = on_difficult | (in_crowd & (owner < 0))
    return judged(all_rows, (hits & ~ignored)[None], ignored[None])


def _first_on_each(owner: np.ndarray[tuple[int], np.dtype[np.intp]]) -> Flags:
    """Which detections are the best on their label: those of a picture and class come best first."""
    hits = np.zeros(len(owner), bool)
    labels, places = np.unique(owner, return_index=True)
    hits[places[labels >= 0]] = True
    return hits
