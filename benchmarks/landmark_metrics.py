"""How good landmarks are: PCK of bodies, NME of faces, object keypoint similarity. Pure functions on arrays.

Used by `benchmarks/landmarks.py`; the same functions judge our points and the peer's.
"""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from models import boxes
from models.scene import Body, Scene

Floats = NDArray[np.float32]

VISIBLE = 0.5
"""Points of a body that are at least this visible count as seen."""

SAME_PLACE = 0.15
"""Mean distance of two skeletons, in heights of a body, below which one stands where the other stood."""

LSP_LIMBS = (0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11)
"""The 12 limb joints in the order of Leeds Sports Pose (neck and head top are left out)."""

LSP_AS_BLAZEPOSE = (28, 26, 24, 23, 25, 27, 16, 14, 12, 11, 13, 15)
"""The same joints in BlazePose's order of 33."""

LSP_LEFT_SHOULDER, LSP_RIGHT_HIP = 9, 2

COCO_AS_BLAZEPOSE = (0, 2, 5, 7, 8, 11, 12, 13, 14, 15, 16, 23, 24, 25, 26, 27, 28)
"""COCO's 17 keypoints in BlazePose's order of 33."""

COCO_SIGMAS = np.array([26, 25, 25, 35, 35, 79, 79, 72, 72, 62, 62, 107, 107, 87, 87, 89, 89]) / 1000
"""How far people differ who mark each keypoint: Ronchi and Perona (ICCV 2017), as used by the COCO evaluation."""

IBUG_OUTER_EYES = (36, 45)


def nearest(bodies: list[Floats], centre: Floats) -> Floats | None:
    """Of bodies, each (K, 2 or more) points, the one whose mean is nearest to `centre` (2,); None where there is
    none.
    """
    if not bodies:
        return None
    away = [float(np.linalg.norm(points[:, :2].mean(axis=0) - centre)) for points in bodies]
    return bodies[int(np.argmin(away))]


def pck_hits(joints: Floats, found: Floats | None, share: float = 0.2) -> NDArray[np.bool_]:
    """For each annotated limb joint of one picture, whether it was found: all False where `found` is None.

    `joints`: (14, 3) x, y, visible (0 = not annotated) in LSP's order. `found`: (33, 2 or more) in BlazePose's order.
    A joint is right within `share` of the distance from left shoulder to right hip (Yang and Ramanan, PAMI 2013, as
    used on LSP). Empty where that distance is not annotated.
    """
    torso_known = joints[LSP_LEFT_SHOULDER, 2] > 0 and joints[LSP_RIGHT_HIP, 2] > 0
    torso = float(np.linalg.norm(joints[LSP_LEFT_SHOULDER, :2] - joints[LSP_RIGHT_HIP, :2]))
    limbs = joints[list(LSP_LIMBS)]
    annotated = limbs[:, 2] > 0
    if not torso_known or torso == 0:
        return np.zeros(0, bool)
    if found is None:
        return np.zeros(int(annotated.sum()), bool)
    away = np.linalg.norm(found[list(LSP_AS_BLAZEPOSE), :2] - limbs[:, :2], axis=1)
    return np.asarray((away <= share * torso)[annotated])


def centre_of(joints: Floats) -> Floats:
    """The middle (2,) of the annotated joints among (K, 3) x, y, visible."""
    return np.asarray(joints[joints[:, 2] > 0, :2].mean(axis=0))


def normalised_distances(points: Floats, meshes: Floats) -> Floats:
    """(F, 68, 2) annotated and (F, M, 2 or more) mesh points -> (68, M) mean distance over faces, in eye distances."""
    left, right = IBUG_OUTER_EYES
    eyes = np.linalg.norm(points[:, left] - points[:, right], axis=1)
    total = np.zeros((points.shape[1], meshes.shape[1]))
    for face, mesh, size in zip(points, meshes, eyes, strict=True):
        total += np.linalg.norm(face[:, None] - mesh[None, :, :2], axis=-1) / size
    return np.asarray(total / len(points), np.float32)


def fitted_nme(points: Floats, meshes: Floats) -> tuple[float, NDArray[np.intp]]:
    """Normalised mean error of the mesh, and (68,) the mesh point that fits each annotated point best on these faces.

    Lists of which mesh point is which of the 68 differ and decide the figure; the best on the set itself favours no
    list.
    """
    distances = normalised_distances(points, meshes)
    return float(distances.min(axis=1).mean()), np.argmin(distances, axis=1)


def keypoint_similarity(keypoints: Floats, area: float, found: Floats | None) -> float:
    """Object keypoint similarity 0..1 (COCO): 0 where nothing was found.

    `keypoints`: (17, 3) x, y, v (0 = not annotated). `area`: of the person, square pixels. `found`: (33, 2 or more).
    """
    annotated = keypoints[:, 2] > 0
    if found is None or not annotated.any():
        return 0.0
    squared = ((found[list(COCO_AS_BLAZEPOSE), :2] - keypoints[:, :2]) ** 2).sum(axis=1)
    nearness = np.exp(-squared / (2 * max(area, 1.0) * (2 * COCO_SIGMAS) ** 2))
    return float(nearness[annotated].mean())


def share_at(similarities: Floats, threshold: float) -> float:
    """Share of people whose similarity reaches a threshold."""
    return float((np.asarray(similarities) >= threshold).mean())


def boxes_agree(points: Floats, box: Floats, least: float = 0.3) -> bool:
    """Whether the box around a body's visible joints, (33, 4) x, y, z, visibility, overlaps `box` (4,) by an IoU of
    `least`.
    """
    visible = points[points[:, 3] >= VISIBLE]
    if len(visible) < 2:
        return False
    return float(boxes.iou(boxes.around(visible)[None], box[None])[0, 0]) >= least


def agreement(theirs: Floats, ours: list[Floats], ends: tuple[int, int]) -> float | None:
    """Mean distance between one thing's points and those of the nearest of ours, as a share of the distance of its two
    points `ends`; None where none of ours is the same thing: as near as one such distance.

    (K, 2 or more) each; where there is a fourth column, a visibility, only the points that are visible to them count.
    """
    size = max(float(np.linalg.norm(theirs[ends[0], :2] - theirs[ends[1], :2])), 1e-6)
    counted = theirs[:, 3] >= VISIBLE if theirs.shape[1] > 3 else np.ones(len(theirs), bool)
    if not ours or not counted.any():
        return None
    best = min(float(np.linalg.norm(points[:, :2] - theirs[:, :2], axis=1)[counted].mean()) for points in ours) / size
    return best if best < 1 else None


def long_lived(scenes: list[Scene], share: float = 0.25) -> int:
    """How many bodies' tracks are seen in at least `share` of the scenes."""
    lives = Counter(body.track for scene in scenes for body in scene.bodies)
    return sum(frames >= share * len(scenes) for frames in lives.values())


def switches(scenes: list[Scene]) -> int:
    """How often a body carries on where another number was one frame before."""
    changed = 0
    for before, after in pairwise(scenes):
        for body in after.bodies:
            near = [other for other in before.bodies if moved(body, other) < SAME_PLACE]
            changed += bool(near) and all(other.track != body.track for other in near)
    return changed


def moved(one: Body, other: Body) -> float:
    """Mean distance of two skeletons, in heights of the first."""
    height = max(float(one.box[3] - one.box[1]), 1.0)
    return float(np.linalg.norm(one.points[:, :2] - other.points[:, :2], axis=1).mean()) / height
