"""What bf16 does to accuracy and to steadiness: the table of docs/precision.md.

    ONLOOKER_DATA=FOLDER python benchmarks/precision.py [--pictures 150] [--precision bf16]

Every network alone is run in the lower precision, then the detector and the landmarks of a kind together, on the same
pictures as in f32. Shift: mean distance of the points from those in f32, in distances of the outer eye corners, or from
left shoulder to right hip. Jitter: mean distance that points move from frame to frame while a still picture is watched
with a camera's noise (standard deviation 3), as a part of the same sizes, unsmoothed.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

import cv2
import numpy as np
from landmark_metrics import centre_of, fitted_nme, nearest, pck_hits
from numpy.typing import NDArray

from models.analyzer import BODY_KEYS, FACE_KEYS, Analyzer, AnalyzerOptions
from models.catalogue import Precision
from models.engine import Engine, load_engines

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float32]

FRAMES, SETTLING = 16, 4
WATCHED = 24  # pictures of each kind whose jitter is measured
FACE_SIZE, BODY_SIZE = (33, 263), (11, 24)


@dataclass
class Looked:
    """What one set of engines found: points by picture, None where nothing, and how they moved."""

    points: list[Floats | None] = field(default_factory=list)
    moves: list[float] = field(default_factory=list)


def look_at(analyzer: Analyzer, pictures: list[tuple[Pixels, Floats]], size: tuple[int, int], faces: bool) -> Looked:
    """Still pictures with the centre of who is meant in each; the first ones are also watched."""
    looked = Looked()
    for place, (pixels, centre) in enumerate(pictures):
        scene = analyzer.look(pixels)
        things = scene.faces if faces else scene.bodies
        looked.points.append(nearest([thing.points for thing in things], centre))
        if place < WATCHED:
            looked.moves += watched(analyzer, pixels, size, faces)
    return looked


def watched(analyzer: Analyzer, pixels: Pixels, size: tuple[int, int], faces: bool) -> list[float]:
    """How far points move from one noisy frame to the next, in sizes; the mean of each frame that has one thing."""
    random = np.random.default_rng(0)
    analyzer.reset()
    before: Floats | None = None
    moves = []
    for moment in range(FRAMES):
        noise = random.normal(0, 3, pixels.shape)
        frame = np.clip(pixels + noise, 0, 255).astype(np.uint8)
        scene = analyzer.analyze(frame, moment * 33_000_000)
        things = scene.faces if faces else scene.bodies
        points = things[0].points[:, :2] if len(things) == 1 else None
        if points is not None and before is not None and moment > SETTLING:
            length = float(np.linalg.norm(points[size[0]] - points[size[1]]))
            moves.append(float(np.linalg.norm(points - before, axis=1).mean()) / max(length, 1))
        before = points
    return moves


def shift(found: Looked, reference: Looked, size: tuple[int, int]) -> list[float]:
    """Mean distance of the points of each picture from the reference's, in sizes."""
    away = []
    for one, other in zip(found.points, reference.points, strict=True):
        if one is not None and other is not None:
            length = float(np.linalg.norm(other[size[0], :2] - other[size[1], :2]))
            away.append(float(np.linalg.norm(one[:, :2] - other[:, :2], axis=1).mean()) / max(length, 1))
    return away


def engines_of(keys: tuple[str, str], low: Mapping[str, Precision]) -> dict[str, Engine]:
    cache = Path(os.environ["ONLOOKER_CACHE"])
    loaded: dict[str, Engine] = {}
    for key in keys:
        loaded |= load_engines([key], device="cpu", cache=cache, threads=2, precision=low.get(key, "f32"))
    return loaded


def variants(keys: tuple[str, str], precision: Precision) -> Iterator[tuple[str, dict[str, Precision]]]:
    """f32 first, then each network alone and both in the lower precision."""
    yield "f32", {}
    for key in keys:
        yield f"{key} {precision}", {key: precision}
    yield f"both {precision}", dict.fromkeys(keys, precision)


def run(folder: Path, count: int, precision: Precision) -> None:
    """Both kinds; prints a table row for each variant."""
    print("| engines | found | PCK@0.2 / NME | shift mean | shift median | jitter mean | jitter median |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for keys, faces, size in ((FACE_KEYS, True, FACE_SIZE), (BODY_KEYS, False, BODY_SIZE)):
        if faces:
            faces68 = json.loads((folder / "faces68/points.json").read_text(encoding="utf-8"))[:count]
            truth = [np.array(entry["points"], np.float32) for entry in faces68]
            files = [folder / "faces68" / entry["file"] for entry in faces68]
            centres = [points.mean(axis=0) for points in truth]
        else:
            lsp = json.loads((folder / "lsp/joints.json").read_text(encoding="utf-8"))["pictures"][:count]
            truth = [np.array(entry["joints"], np.float32) for entry in lsp]
            files = [folder / "lsp" / entry["file"] for entry in lsp]
            centres = [np.asarray(centre_of(joints), np.float32) for joints in truth]
        pictures = [
            (cast("Pixels", cv2.imread(str(file))), centre) for file, centre in zip(files, centres, strict=True)
        ]
        reference: Looked | None = None
        for name, low in variants(keys, precision):
            analyzer = Analyzer(
                engines_of(keys, low), AnalyzerOptions(faces=faces, bodies=not faces, smooth=False, objects=False)
            )
            found = look_at(analyzer, pictures, size, faces)
            reference = reference or found
            print(row(name, found, reference, truth, size, faces), flush=True)


def row(name: str, found: Looked, reference: Looked, truth: list[Floats], size: tuple[int, int], faces: bool) -> str:
    """One row of the table."""
    seen = [place for place, points in enumerate(found.points) if points is not None]
    if faces:
        meshes = np.stack([cast("Floats", found.points[place]) for place in seen])
        accuracy = fitted_nme(np.stack([truth[place] for place in seen]), meshes)[0]
    else:
        accuracy = float(np.concatenate([pck_hits(*both) for both in zip(truth, found.points, strict=True)]).mean())
    away = shift(found, reference, size)
    figures = [np.mean(away), np.median(away), np.mean(found.moves), np.median(found.moves)]
    return f"| {name} | {len(seen)} | {accuracy:.4f} | " + " | ".join(f"{100 * one:.2f} %" for one in figures) + " |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pictures", type=int, default=150)
    parser.add_argument("--precision", choices=("bf16", "int8"), default="bf16")
    arguments = parser.parse_args()
    if "ONLOOKER_DATA" not in os.environ or "ONLOOKER_CACHE" not in os.environ:
        sys.exit("Set ONLOOKER_DATA (the folder of faces68 and lsp) and ONLOOKER_CACHE (where forms are kept).")
    run(Path(os.environ["ONLOOKER_DATA"]), arguments.pictures, arguments.precision)


if __name__ == "__main__":
    main()
