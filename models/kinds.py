"""The two kinds of things with landmarks, faces and bodies: how each is detected, cut out, refined and shown.

The rest of the analyzer (`followers.py`, `stills.py`) treats both alike through these classes. Numbers follow the
graphs in the wheel mediapipe 0.10.21 (`face_landmark_front_cpu`, `pose_landmark_cpu`) unless said otherwise.
"""

from __future__ import annotations

import math
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

VISIBLE = 0.5
"""Points of a body that are at least this visible span its box."""

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
    empty. `extent`: (4,) the box that gives its size. `known_by`: (4,) the box that it is recognised by from frame to
    frame. `axis`: (2, 2) the points that say where to look next (bodies: middle of the hips and the point that gives
    size and direction; faces: outer eye corners). `region`: where it was found. `evidence`: how clearly the clearest
    joints are seen, 0..1 (of bodies that were weighed, else 0). `mask`: logits of the person in the region, where the
    network gives them.
    """

    score: float
    points: Floats
    world: Floats
    extent: Floats
    known_by: Floats
    axis: Floats
    region: Region
    evidence: float = 0.0
    mask: Floats | None = None

    @property
    def size(self) -> float:
        return max(float(boxes.sizes(self.extent)), 1.0)

    @property
    def astray(self) -> float:
        """How far its middle is from that of the region that it was found in, in its sizes."""
        x, y = boxes.centres(self.extent)
        return math.hypot(float(x) - self.region.x, float(y) - self.region.y) / self.size


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
    """How far such a thing gets in a second when it walks, in lengths of the box that it is known by."""
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

    def refine(self, pixels: Pixels, looked_at: Sequence[Region], *, weigh: bool = False) -> list[Found]:
        """One thing for each region, however low its score; `weigh`: with its evidence, which takes time."""
        found = []
        for start in range(0, len(looked_at), BATCH):
            batch = looked_at[start : start + BATCH]
            crops = [regions.crop(pixels, region, self.landmark_size) for region in batch]
            outputs = self.landmarks.run(np.stack(crops) if len(crops) > 1 else crops[0][None])
            for place, region in enumerate(batch):
                one = {name: values[place] for name, values in outputs.items()}
                found.append(self._decode(one, region, weigh=weigh))
        return found

    @abstractmethod
    def regions_of(self, candidates: Candidates) -> list[Region]:
        """Where to cut for the landmark network, for each candidate."""

    @abstractmethod
    def next_region(self, found: Found, axis: Floats | None = None) -> Region:
        """Where to cut in the next frame; `axis`: smoothed points to take in place of its own."""

    @abstractmethod
    def confidence(self, proposal: float, first: Found, found: Found) -> float:
        """Probability that there is such a thing, 0..1: from the detector's score, what was found where the detector
        pointed, and what was found where that pointed, weighed. In a moving picture both are the first.
        """

    @abstractmethod
    def same(self, one: Found, other: Found) -> bool:
        """Whether two are of one thing in the picture."""

    def run_out(self, held: Found, newcomer: Found) -> bool:
        """Whether `held`, where the detector sees nothing, may be but an edge of `newcomer`, which ran half out of its
        region. Of kinds that never were counted twice for it: no.
        """
        del held, newcomer
        return False

    def regions_in(self, people: Floats) -> list[Region]:
        """Where to cut for the landmark network in boxes (N, 4) in which a detector of objects saw people; none where
        that does not tell."""
        del people
        return []

    def within(self, found: Found, person: Floats) -> bool:
        """Whether what was found is of the person in a box (4,)."""
        del found, person
        return False

    @abstractmethod
    def _decode(self, outputs: Mapping[str, Floats], region: Region, *, weigh: bool) -> Found: ...


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
    stands, certain = 0.035, 0.97
    """A face that stands free or half before another is found, mostly, no farther from its region's middle, in its
    sizes, and with at least this score; what was left of faces that had run out of their regions was 0.04 to 0.16 off
    or less certain (seen on cut-outs of one person, faces of 30 to 80 pixels)."""

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

    def run_out(self, held: Found, newcomer: Found) -> bool:
        # Shown half a face, the mesh says a whole one, score up to 1.0, near its region's middle: too far off to be
        # `same`. One that stands beside another or half before it is found where it was.
        moved = held.astray > self.stands or held.score < self.certain
        return moved and float(boxes.intersection(held.extent[None], newcomer.extent[None])[0, 0]) > 0

    def confidence(self, proposal: float, first: Found, found: Found) -> float:
        """All three must be sure: what is no face pleases one of them, hardly all."""
        return proposal * min(first.score, found.score)

    def _decode(self, outputs: Mapping[str, Floats], region: Region, *, weigh: bool) -> Found:
        del weigh
        points = decoding.landmarks(outputs["points"].reshape(-1, 3), region, self.landmark_size)
        score = float(decoding.sigmoid(outputs["presence"].reshape(-1))[0])
        axis = points[list(self.eye_corners), :2]
        around = boxes.around(points)
        return Found(score, points, np.empty((0, 3), np.float32), around, around, axis, region)


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
    same_head = 0.5
    """Distance of two heads' middles, in distances from head to shoulders, below which they are of one person."""
    necks, breadths = 7.0, 5.0
    """Height of a person in distances from head to shoulders, and from shoulder to shoulder, the larger counts."""
    reach_of_box = 0.54
    """How far a body reaches from its hips, in longer sides of the box of a person, whose middle the hips are: medians
    of 82 whole bodies on lsp and COCO (half "choose"), hips at (0.52, 0.51) of the box, reach 0.54."""
    of_joints, of_person = 0.6, 0.2
    """A body is that of a person in a box if this share of the box around its clear joints lies there and fills so much
    of it: joints are within an outline, and those of half a body may be all that is clear."""
    limbs = (11, 12, 13, 14, 15, 16, 23, 24, 25, 26, 27, 28)
    """Shoulders, elbows, wrists, hips, knees, ankles."""
    clearest = 16
    """So many of the 33 joints are seen clearly of half a person too."""
    of_limbs = 0.64
    """Share of the limbs in the evidence; the rest is that of the clearest joints."""
    weights = (0.37, 0.29, 20.9, -12.4)
    """Of the detector's and the landmark network's logits and of the evidence, and a constant: logistic regression on
    150 athletes, 150 everyday pictures of one person and 450 pictures without people (benchmarks/landmarks.py, half
    "choose"), the constant set for clearly fewer false bodies than MediaPipe's. A cushion has presence, but no joints.
    """

    def confidence(self, proposal: float, first: Found, found: Found) -> float:
        del first
        detector, landmarks, evidence, constant = self.weights
        seen = detector * decoding.logit(proposal) + landmarks * decoding.logit(found.score)
        return 1 / (1 + math.exp(-(seen + evidence * found.evidence + constant)))

    def regions_of(self, candidates: Candidates) -> list[Region]:
        return [regions.region_from_axis(points[0], points[1], self.scale) for points in candidates.points]

    def next_region(self, found: Found, axis: Floats | None = None) -> Region:
        base, tip = found.axis if axis is None else axis
        return regions.region_from_axis(base, tip, self.scale)

    def regions_in(self, people: Floats) -> list[Region]:
        places, reaches = boxes.centres(people), self.reach_of_box * boxes.sizes(people)
        return [
            regions.region_from_axis(place, place - np.array([0, reach], np.float32), self.scale)
            for place, reach in zip(places, reaches, strict=True)
        ]

    def within(self, found: Found, person: Floats) -> bool:
        clear = found.points[found.points[:, 3] >= VISIBLE]
        around = boxes.around(clear if len(clear) > 1 else found.points)
        shared = float(boxes.intersection(around[None], person[None])[0, 0])
        return shared > self.of_joints * float(boxes.area(around)) and shared > self.of_person * float(
            boxes.area(person)
        )

    def same(self, one: Found, other: Found) -> bool:
        size = (one.size + other.size) / 2
        apart = np.linalg.norm(one.points[:, :2] - other.points[:, :2], axis=1)
        if float(apart.mean()) < self.same_distance * size:
            return True
        # Of somebody whose legs are not seen, two guesses at the legs may lie far apart; the heads do not.
        necks = [np.linalg.norm(_head(found) - found.points[11:13, :2].mean(axis=0)) for found in (one, other)]
        return float(np.linalg.norm(_head(one) - _head(other))) < self.same_head * float(min(necks))

    def _decode(self, outputs: Mapping[str, Floats], region: Region, *, weigh: bool) -> Found:
        heat = outputs["heatmap"]
        raw = decoding.refined(outputs["points"].reshape(-1, 5), heat, self.landmark_size[0])
        evidence = 0.0
        if weigh:
            peaks = decoding.sigmoid(heat[:BODY_POINTS].max(axis=(1, 2)))
            limbs, clearest = peaks[list(self.limbs)].mean(), np.sort(peaks)[-self.clearest :].mean()
            evidence = float(self.of_limbs * limbs + (1 - self.of_limbs) * clearest)
        placed = decoding.landmarks(raw[:, :3], region, self.landmark_size)
        visibility = decoding.sigmoid(raw[:BODY_POINTS, 3:4])
        points = np.concatenate([placed[:BODY_POINTS], visibility], axis=1)
        world = decoding.world(outputs["world"].reshape(-1, 3)[:BODY_POINTS], region)
        axis = placed[BODY_POINTS : BODY_POINTS + 2, :2]
        reach = float(np.linalg.norm(axis[1] - axis[0]))
        extent = np.concatenate([axis[0] - reach, axis[0] + reach]).astype(np.float32)
        score = float(np.clip(outputs["presence"].reshape(-1)[0], 0, 1))
        return Found(score, points, world, extent, self._bust(points), axis, region, evidence, outputs.get("mask"))

    def _bust(self, points: Floats) -> Floats:
        """(4,) a box on head and shoulders, about as large as the whole body: guessed hips and legs wander, these do
        not.
        """
        head, shoulders = points[:11, :2].mean(axis=0), points[11:13, :2].mean(axis=0)
        neck = float(np.linalg.norm(head - shoulders))
        across = float(np.linalg.norm(points[11, :2] - points[12, :2]))
        half = max(self.necks * neck, self.breadths * across) / 2
        middle = (head + shoulders) / 2
        return np.concatenate([middle - half, middle + half]).astype(np.float32)


def _head(found: Found) -> Floats:
    """(2,) the middle of a body's eyes, ears, nose and mouth."""
    return np.asarray(found.points[:11, :2].mean(axis=0), np.float32)
