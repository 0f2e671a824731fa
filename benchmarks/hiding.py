"""What does hiding cost, and how much of faces that people marked does it hide?

    python benchmarks/hiding.py [--pictures 200] [--data FOLDER]

The cost is the processor's time of one thread for a picture of 1280x720, the middle of 200. For the share, each picture
of HELEN and AFW on which no setting was chosen is looked at as a single picture, by our networks; its one marked face
is the box around its 68 points (brows to chin), and counts as hidden where 99 of 100 of its pixels are. Nothing here
says what a person, or a network made for it, recognises in what is hidden.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import time
from pathlib import Path

import cv2
import numpy as np
from landmark_data import Labelled, faces68

from desktop import folders
from desktop.drawing.mosaic import Box, How
from desktop.drawing.privacy import Hide, Privacy
from models.analyzer import Analyzer, AnalyzerOptions, load_analyzer
from models.scene import FACE_POINTS, Face, Scene

SIZE = (1280, 720)
HOWS: tuple[How, ...] = ("pixelate", "blur", "fill")
ENOUGH = 0.99
KINDS = {
    "faces": AnalyzerOptions(objects=False, bodies=False),
    "faces, bodies": AnalyzerOptions(objects=False),
    "faces, bodies, objects": AnalyzerOptions(),
}


def cost() -> None:
    """Print what a frame costs."""
    print("| in a picture of 1280x720 | " + " | ".join(HOWS) + " |\n| --- |" + " --- |" * len(HOWS))
    for title, count, side in (("1 face, 150 pixels", 1, 150), ("1 face, 400 pixels", 1, 400), ("8 faces", 8, 150)):
        figures = [_milliseconds(how, count, side, 2.015) for how in HOWS]
        print(f"| {title} | " + " | ".join(f"{one:.2f} ms" for one in figures) + " |")
    figures = [_milliseconds(how, 1, 150, 9.0) for how in HOWS]
    print("| the whole picture | " + " | ".join(f"{one:.2f} ms" for one in figures) + " |\n")


def _milliseconds(how: How, faces: int, side: int, moment: float) -> float:
    pixels = np.random.default_rng(0).integers(0, 256, (SIZE[1], SIZE[0], 3), np.uint8)
    privacy = Privacy(Hide(how=how))
    for number in range(90):  # three seconds of looks
        boxes = [(100 + 120 * place + number, 80) for place in range(faces)]
        scene = Scene(faces=tuple(_face(x, y, side, place + 1) for place, (x, y) in enumerate(boxes)))
        privacy.saw(number / 30, scene, SIZE)
    times = []
    for _ in range(200):
        began = time.thread_time()
        privacy.hidden(pixels, moment)
        times.append(time.thread_time() - began)
    return 1e3 * statistics.median(times)


def _face(x: float, y: float, side: float, track: int) -> Face:
    points = np.zeros((FACE_POINTS, 3), np.float32)
    return Face(np.array([x, y, x + side, y + side], np.float32), 0.9, points, track)


def coverage(pictures: list[Labelled]) -> None:
    """Print how many of the marked faces are hidden."""
    print(f"| looked for | hidden of {len(pictures)} faces | half of it or more | less |\n| --- | --- | --- | --- |")
    for title, options in KINDS.items():
        analyzer = load_analyzer(options, cache=folders.cache(), threads=1)
        shares = [_share(analyzer, one) for one in pictures]
        whole = sum(share >= ENOUGH for share in shares)
        half = sum(0.5 <= share < ENOUGH for share in shares)
        parts = " | ".join(f"{count / len(shares):.1%}" for count in (whole, half, len(shares) - whole - half))
        print(f"| {title} | {parts} |", flush=True)


def _share(analyzer: Analyzer, labelled: Labelled) -> float:
    """The share of a marked face's pixels that are hidden, 0..1."""
    pixels = labelled.pixels()
    height, width = pixels.shape[:2]
    privacy = Privacy(Hide())
    privacy.saw(0.0, analyzer.look(pixels))
    (x1, y1), (x2, y2) = labelled.marked.min(0).tolist(), labelled.marked.max(0).tolist()
    hidden = np.zeros((height, width), bool)
    for box in privacy.boxes(0.0, (width, height)) or [(0.0, 0.0, float(width), float(height))]:
        hidden[_slices(box)] = True
    face = hidden[_slices((x1, y1, x2, y2))]
    return float(face.mean()) if face.size else 1.0


def _slices(box: Box) -> tuple[slice, slice]:
    x1, y1, x2, y2 = (max(round(value), 0) for value in box)
    return np.s_[y1:y2, x1:x2]


def main() -> int:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pictures", type=int, default=200)
    parser.add_argument("--data", type=Path, default=Path(os.environ.get("ONLOOKER_DATA", "../shared/data")))
    arguments = parser.parse_args()
    cv2.setNumThreads(1)
    cost()
    coverage(faces68(arguments.data, "report", arguments.pictures))
    return 0


if __name__ == "__main__":
    sys.exit(main())
