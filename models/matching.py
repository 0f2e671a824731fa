"""Who goes with whom, when every pair has its cost."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Places = NDArray[np.intp]


def pairs(costs: Floats) -> tuple[Places, Places]:
    """Rows and columns of (N, M) costs that go together, each at most once; inf: these two never.

    The cheapest pair first, then the cheapest of what is left, and so on; every round takes all pairs that are the
    cheapest of their row and of their column at once, which gives the same. The sum of all costs may be a little larger
    than the least (Hungarian method), but a pair that fits well is never broken to make two others fit at all; nearly
    all is settled in the first round, in microseconds, where the Hungarian method without scipy takes milliseconds.
    """
    left = np.array(costs, np.float32)
    found: list[tuple[Places, Places]] = []
    while left.size:
        column = left.argmin(axis=1)
        row = left.argmin(axis=0)
        rows = np.flatnonzero((row[column] == np.arange(len(left))) & np.isfinite(left.min(axis=1)))
        if not len(rows):
            break
        found.append((rows, column[rows]))
        left[rows, :] = np.inf
        left[:, column[rows]] = np.inf
    if not found:
        return np.zeros(0, np.intp), np.zeros(0, np.intp)
    return np.concatenate([rows for rows, _ in found]), np.concatenate([columns for _, columns in found])
