"""What the networks' raw numbers mean: boxes and points of detectors, points of landmark networks. Pure numpy.

Numbers and formulas follow the graphs in the wheel mediapipe 0.10.21 (`face_detection_*`, `face_landmark_front_cpu`,
`pose_landmark_cpu`): TensorsToDetectionsCalculator, TensorsToLandmarksCalculator, RefineLandmarksFromHeatmapCalculator,
LandmarkProjectionCalculator, WorldLandmarkProjectionCalculator.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models import boxes, nms, regions
from models.regions import Region

Floats = NDArray[np.float32]

LOGIT_LIMIT = 80.0
"""Logits are held within this before the sigmoid, so that float32 does not overflow (MediaPipe: 100)."""

OVERLAP = 0.3
"""Boxes that overlap more than this are of one thing (`min_suppression_threshold`)."""

HEATMAP_KERNEL = 7
HEATMAP_CONFIDENCE = 0.5


@dataclass(frozen=True, slots=True, eq=False)
class Candidates:
    """What a detector proposes: `boxes` (N, 4), `points` (N, K, 2), `scores` (N,) in 0..1, best first."""

    boxes: Floats
    points: Floats
    scores: Floats

    def __len__(self) -> int:
        return len(self.scores)

    def take(self, indices: NDArray[np.intp] | NDArray[np.bool_]) -> Candidates:
        """Some of them, by index or mask."""
        return Candidates(self.boxes[indices], self.points[indices], self.scores[indices])


def sigmoid(values: Floats) -> Floats:
    """1 / (1 + exp(-x)), element by element, without overflow."""
    held = np.minimum(np.maximum(-values, -LOGIT_LIMIT), LOGIT_LIMIT)
    return np.asarray(1 / (1 + np.exp(held)), np.float32)


def logit(probability: float) -> float:
    """The inverse of the sigmoid, held within what probabilities of 0.001 and 0.999 give."""
    held = min(max(probability, 1e-3), 1 - 1e-3)
    return math.log(held / (1 - held))


def candidates(raw: Floats, logits: Floats, centres: Floats, threshold: float) -> Candidates:
    """Boxes of one picture in pixels of the detector's input, before suppression.

    `raw`: (A, 4 + 2K) x, y, width, height and K points x, y, all in pixels, relative to the anchor (a box as large as
    the input, so that the scale of the offsets is 1 pixel). `logits`: (A,). `centres`: (A, 2). Only scores of
    `threshold` or more.
    """
    held = min(max(threshold, 1e-12), 1 - 1e-12)
    least = math.log(held / (1 - held))
    chosen = np.flatnonzero(logits >= least)
    raw, middles = raw[chosen], centres[chosen]
    places = raw.reshape(len(chosen), raw.shape[1] // 2, 2)
    middle, half = places[:, 0] + middles, places[:, 1] / 2
    boxes = np.concatenate([middle - half, middle + half], axis=1)
    return Candidates(boxes, places[:, 2:] + middles[:, None], sigmoid(logits[chosen]))


def suppressed(found: Candidates) -> Candidates:
    """One candidate for each thing, the weighted mean of those that overlap."""
    return Candidates(*nms.suppress_weighted(found.boxes, found.points, found.scores, OVERLAP))


def in_frame(found: Candidates, region: Region, size: tuple[int, int]) -> Candidates:
    """Candidates of a crop, in pixels of the frame; of a turned one the boxes are those around the turned boxes."""
    corners = regions.project(found.boxes[:, [0, 1, 2, 1, 2, 3, 0, 3]].reshape(-1, 4, 2), region, size)
    return Candidates(boxes.around(corners), regions.project(found.points, region, size), found.scores)


def landmarks(points: Floats, region: Region, size: tuple[int, int]) -> Floats:
    """(K, 3) of a crop, pixels of the crop -> (K, 3) in the frame; z takes the scale of x."""
    placed = np.empty_like(points)
    placed[:, :2] = regions.project(points[:, :2], region, size)
    placed[:, 2] = points[:, 2] * (region.width / size[0])
    return placed


def world(points: Floats, region: Region) -> Floats:
    """(K, 3) metres as the turned crop shows them -> turned back into the frame's directions."""
    cosine, sine = math.cos(region.angle), math.sin(region.angle)
    turned = points.copy()
    turned[:, 0] = cosine * points[:, 0] - sine * points[:, 1]
    turned[:, 1] = sine * points[:, 0] + cosine * points[:, 1]
    return turned


def refined(points: Floats, heatmap: Floats, size: int) -> Floats:
    """Points (K, 2 or more; pixels of an input of side `size`) moved to the middle of their heat within 7 x 7 cells.

    `heatmap`: (K, height, width) logits. A point stays where it lies outside the map, or no cell near it reaches 0.5.
    """
    count, height, width = heatmap.shape
    reach = HEATMAP_KERNEL // 2
    scale = np.array([width / size, height / size], np.float32)
    cells = np.trunc(points[:, :2] * scale).astype(np.intp)
    inside = ((cells >= 0) & (cells < [width, height])).all(axis=1)
    columns, rows = (cells[:, None] + np.arange(-reach, reach + 1)[:, None]).transpose(2, 0, 1)  # (K, 7) each
    held_columns = np.minimum(np.maximum(columns, 0), width - 1)
    held_rows = np.minimum(np.maximum(rows, 0), height - 1)
    real = (rows == held_rows)[:, :, None] & (columns == held_columns)[:, None, :]
    logits = heatmap[np.arange(count)[:, None, None], held_rows[:, :, None], held_columns[:, None, :]]
    heat = sigmoid(logits) * real  # (K, 7, 7)
    across, down = heat.sum(axis=1), heat.sum(axis=2)
    total = across.sum(axis=1)
    moved = inside & (heat.max(axis=(1, 2)) >= HEATMAP_CONFIDENCE)
    sums = np.stack([(across * columns).sum(axis=1), (down * rows).sum(axis=1)], axis=1)
    better = points.copy()
    better[moved, :2] = sums[moved] / total[moved, None] / scale
    return better
