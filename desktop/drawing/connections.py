"""Which points of a face and which joints of a body are joined by a line.

The lists are those of MediaPipe 0.10.21 (Apache-2.0; `face_mesh_connections.py`, `pose_connections.py`), and were
compared with them: 124 edges make a face's contours, 35 a skeleton. They are written as chains, from point to point.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

Edges = NDArray[np.intp]


def edges_of(*chains: str) -> Edges:
    pairs: list[tuple[int, int]] = []
    for chain in chains:
        points = [int(point) for point in chain.split()]
        pairs += pairwise(points)
    edges = np.array(pairs, np.intp)
    edges.setflags(write=False)
    return edges


LIPS = edges_of(
    "61 146 91 181 84 17 314 405 321 375 291",
    "61 185 40 39 37 0 267 269 270 409 291",
    "78 95 88 178 87 14 317 402 318 324 308",
    "78 191 80 81 82 13 312 311 310 415 308",
)
EYES = edges_of(
    "263 249 390 373 374 380 381 382 362",
    "263 466 388 387 386 385 384 398 362",
    "33 7 163 144 145 153 154 155 133",
    "33 246 161 160 159 158 157 173 133",
)
BROWS = edges_of("276 283 282 295 285", "300 293 334 296 336", "46 53 52 65 55", "70 63 105 66 107")
OVAL = edges_of(
    "10 338 297 332 284 251 389 356 454 323 361 288 397 365 379 378 400 377 152"
    " 148 176 149 150 136 172 58 132 93 234 127 162 21 54 103 67 109 10"
)
FACE = np.concatenate([LIPS, EYES, BROWS, OVAL])

# Joints of BlazePose: 0-10 face, 11-16 shoulders to wrists, 17-22 hands, 23-28 hips to ankles, 29-32 feet. Odd joints
# from 7 on and 1-3, 9 are on the person's own left.
HEAD_LEFT, HEAD_RIGHT, HEAD_CENTRE = edges_of("0 1 2 3 7"), edges_of("0 4 5 6 8"), edges_of("9 10")
BODY_LEFT = edges_of("11 13 15 17 19 15 21", "23 25 27 29 31 27")
BODY_RIGHT = edges_of("12 14 16 18 20 16 22", "24 26 28 30 32 28")
BODY_CENTRE = edges_of("11 12 24 23 11")
BODY = np.concatenate([HEAD_LEFT, HEAD_RIGHT, HEAD_CENTRE, BODY_LEFT, BODY_RIGHT, BODY_CENTRE])
HEAD_JOINTS = np.arange(11)
LEFT_JOINTS = np.array([1, 2, 3, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31], np.intp)
RIGHT_JOINTS = np.array([4, 5, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30, 32], np.intp)
