"""The fixed grid of places from which a detector of the SSD family measures its boxes.

After MediaPipe's SsdAnchorsCalculator with `fixed_anchor_size`: every anchor is as large as the picture, so only its
centre counts. Layers of the same stride share one grid; each layer gives a cell two anchors (its own scale and the
one interpolated to the next), or one where the interpolated is switched off.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class AnchorLayout:
    """`size`: the input's side in pixels. `strides`: one for each layer. `per_layer`: anchors of a layer in each
    cell.
    """

    size: int
    strides: tuple[int, ...]
    per_layer: int = 2


# From the graphs in the wheel mediapipe 0.10.21: face_detection_short_range, face_detection_full_range, pose_detection.
FACE_SHORT = AnchorLayout(128, (8, 16, 16, 16))
FACE_FULL = AnchorLayout(192, (4,), per_layer=1)
BODY = AnchorLayout(224, (8, 16, 32, 32, 32))


def centres(layout: AnchorLayout) -> Floats:
    """(A, 2) x, y of the anchors' centres in pixels of the input: layer by layer, row by row, cell by cell."""
    grids = []
    for stride in dict.fromkeys(layout.strides):
        count = layout.strides.count(stride) * layout.per_layer
        cells = -(-layout.size // stride)
        middles = (np.arange(cells, dtype=np.float32) + 0.5) * (layout.size / cells)
        rows, columns = np.meshgrid(middles, middles, indexing="ij")
        grids.append(np.repeat(np.stack([columns, rows], -1).reshape(-1, 2), count, axis=0))
    return np.concatenate(grids).astype(np.float32)
