"""The two kinds of things with landmarks, faces and bodies: how each is detected, cut out, refined and shown.

The rest of the analyzer (`followers.py`, `stills.py`) treats both alike through these classes. Numbers follow the
graphs in the wheel mediapipe 0.10.21 (`face_landmark_front_cpu`, `pose_landmark_cpu`) unless said otherwise.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from models import anchors, boxes, decoding, regions
from models.anchors import AnchorLayout
from models.decoding import Candidates
from models.regions import Region
from models.scene import BODY_POINTS

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float32]

BATCH = 8
"""Most regions given to a landmark network at once: bounds memory on pictures of crowds."""


class Runner(Protocol):
    """The part of an engine that is needed here."""

    def run(self, pictures: Pixels) -> Mapping[str, Floats]:
        """(N, height, width, 3) BGR -> named outputs, N first."""
        ...


@dataclass(slots=True, eq=False)
class Found:
    """One thing refined in one picture, coordinates in pixels of the frame.

    `score`: the landmark network's own, 0..1. `points`: as in `scene.Face` or `scene.Body`. `world`: of bodies, else
    empty. `extent`: (4,) the box it is followed by. `axis`: (2, 2) the points that say where to look next (bodies:
    middle of the hips and the point that gives size and direction; faces: outer eye corners). `region`: where it was
    found. `evidence`: how clearly the joints are seen, 0..1 (faces: 1). `mask`: logits of the person in the region,
    where the network gives them.
    """

    score: float
    points: Floats
    world: Floats
    extent: Floats
    axis: Floats
    region: Region
    evidence: float = 1.0
    mask: Floats | None = None

    @property
    def size(self) -> float:
        return max(float(boxes.sizes(self.extent)), 1.0)


class Kind(ABC):
    """One kind of thing: its detector and its landmark network.

    `detector_threshold`: least score of a proposal in a moving picture, `still_threshold`: in a still one.

    `least_cutoff`, `beta`: One-Euro smoothing of its points (Hz; Hz for each size per second).
    """

    detector_layout: AnchorLayout
    detector_threshold: float
    still_threshold: float
    landmark_size: tuple[int, int]
    landmark_threshold = 0.5
    least_cutoff: float
    beta: float
    stride: float
    """How far such a thing gets in a second when it walks, in lengths of its extent."""
    turns = 1
    """Directions in which the detector looks at a still picture: it sees what stands upright."""

    def __init__(self, detector: Runner, landmarks: Runner) -> None:
        self._detector = detector
        self.landmarks = landmarks
        self._centres = anchors.centres(self.detector_layout)

    def detect(self, pixels: Pixels, windows: Sequence[Region], threshold: float) -> list[Candidates]:
        """What the detector proposes in each window of a picture, in pixels of the frame."""
        side = self.detector_layout.size
        size = (side, side)
        proposals = []
        for start in range(0, len(windows), BATCH):
            batch = windows[start : start + BATCH]
            outputs = self._detector.run(np.stack([regions.crop(pixels, window, size, black=True) for window in batch]))
            for window, raw, scores in zip(batch, outputs["boxes"], outputs["scores"], strict=True):
                found = decoding.candidates(raw, scores.reshape(-1), self._centres, threshold)
                proposals.append(decoding.in_frame(decoding.suppressed(found), window, size))
        return proposals

    def refine(self, pixels: Pixels, looked_at: Sequence[Region]) -> list[Found]:
        """One thing for each region, however low its score."""
        found = []
        for start in range(0, len(looked_at), BATCH):
            batch = looked_at[start : start + BATCH]
            crops = np.stack([regions.crop(pixels, region, self.landmark_size) for region in batch])
            outputs = self.landmarks.run(crops)
            for place, region in enumerate(batch):
                found.append(self._decode({name: values[place] for name, values in outputs.items()}, region))
        return found

    @abstractmethod
    def regions_of(self, candidates: Candidates) -> list[Region]:
        """Where to cut for the landmark network, for each candidate."""

    @abstractmethod
    def next_region(self, found: Found, axis: Floats | None = None) -> Region:
        """Where to cut in the next frame; `axis`: smoothed points to take in place of its own."""

    def confidence(self, found: Found) -> float:
        """Probability that there is such a thing, 0..1: what decides when something new is seen."""
        return found.score

    @abstractmethod
    def same(self, one: Found, other: Found) -> bool:
        """Whether two are of one thing in the picture."""

    @abstractmethod
    def _decode(self, outputs: Mapping[str, Floats], region: Region) -> Found: ...


class FaceKind(Kind):
    """BlazeFace and the face mesh of 468 points."""

    detector_layout = anchors.FACE_FULL
    detector_threshold = 0.5
    still_threshold = 0.5
    landmark_size = (192, 192)
    least_cutoff = 0.05
    beta = 80.0
    stride = 1.5
    scale = 1.5
    eye_corners = (33, 263)

    def regions_of(self, candidates: Candidates) -> list[Region]:
        return [
            regions.region_from_box(box, points[0], points[1], self.scale)
            for box, points in zip(candidates.boxes, candidates.points, strict=True)
        ]

    def next_region(self, found: Found, axis: Floats | None = None) -> Region:
        start, end = found.axis if axis is None else axis
        return regions.region_from_box(found.extent, start, end, self.scale)

    def same(self, one: Found, other: Found) -> bool:
        return float(boxes.iou(one.extent[None], other.extent[None])[0, 0]) > 0.4

    def _decode(self, outputs: Mapping[str, Floats], region: Region) -> Found:
        points = decoding.landmarks(outputs["points"].reshape(-1, 3), region, self.landmark_size)
        score = float(decoding.sigmoid(outputs["presence"].reshape(-1))[0])
        axis = points[list(self.eye_corners), :2]
        return Found(score, points, np.empty((0, 3), np.float32), boxes.around(points), axis, region)


class BodyKind(Kind):
    """BlazePose: Bazarevsky et al., "BlazePose: On-device Real-time Body Pose Tracking" (2020)."""

    detector_layout = anchors.BODY
    detector_threshold = 0.5
    still_threshold = 0.25
    landmark_size = (256, 256)
    least_cutoff = 0.05
    beta = 80.0
    stride = 0.5
    scale = 1.25
    turns = 4
    same_distance = 0.12
    """Mean distance of two skeletons' points, in sizes of their regions, below which they are of one person."""
    limbs = (11, 12, 13, 14, 15, 16, 23, 24, 25, 26, 27, 28)
    """Shoulders, elbows, wrists, hips, knees, ankles."""
    clear = 0.9
    """The evidence of a body that is certain. A cushion has presence, but no joints: with `score` alone as the measure
    four times as many false bodies were found among as many right ones (benchmarks/landmarks.py)."""

    def confidence(self, found: Found) -> float:
        return min(found.score * found.evidence / self.clear, 1.0)

    def regions_of(self, candidates: Candidates) -> list[Region]:
        return [regions.region_from_axis(points[0], points[1], self.scale) for points in candidates.points]

    def next_region(self, found: Found, axis: Floats | None = None) -> Region:
        base, tip = found.axis if axis is None else axis
        return regions.region_from_axis(base, tip, self.scale)

    def same(self, one: Found, other: Found) -> bool:
        size = (one.size + other.size) / 2
        apart = np.linalg.norm(one.points[:, :2] - other.points[:, :2], axis=1)
        return float(apart.mean()) < self.same_distance * size

    def _decode(self, outputs: Mapping[str, Floats], region: Region) -> Found:
        raw = outputs["points"].reshape(-1, 5)
        evidence = 1.0
        if "heatmap" in outputs:
            raw = decoding.refined(raw, outputs["heatmap"], self.landmark_size[0])
            evidence = float(decoding.sigmoid(outputs["heatmap"][list(self.limbs)].max(axis=(1, 2))).mean())
        placed = decoding.landmarks(raw[:, :3], region, self.landmark_size)
        visibility = decoding.sigmoid(raw[:BODY_POINTS, 3:4])
        points = np.concatenate([placed[:BODY_POINTS], visibility], axis=1)
        world = decoding.world(outputs["world"].reshape(-1, 3)[:BODY_POINTS], region)
        axis = placed[BODY_POINTS : BODY_POINTS + 2, :2]
        reach = float(np.linalg.norm(axis[1] - axis[0]))
        extent = np.concatenate([axis[0] - reach, axis[0] + reach]).astype(np.float32)
        score = float(np.clip(outputs["presence"].reshape(-1)[0], 0, 1))
        return Found(score, points, world, extent, axis, region, evidence, outputs.get("mask"))
