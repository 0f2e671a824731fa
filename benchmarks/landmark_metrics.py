"""How good landmarks are: PCK of bodies, NME of faces, object keypoint similarity. Pure functions on arrays.

Used by `benchmarks/landmarks.py`; the same functions judge our points and the peer's.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating]

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
    return total / len(points)


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
