"""How much what stands still flickers: label changes and appearances for each still object and minute of a clip.

`python benchmarks/flicker.py [CLIP…]` looks at clips as the program does, at its default threshold (`--score S` for
another, `--detector KEY`, `--size N`, `--every N` to look at each Nth frame only). Without clips: those of
ONLOOKER_DATA, and `--stills N` (20) of its everyday pictures, as a camera in an unquiet hand would show them: they
tremble, the light flickers, the sensor makes noise. There all that is seen stands still.

A thing that stands still has one place, whatever tracks and names come and go there: each time something appears at a
place after the first second counts, and each time its name changes while it shows. In clips a thing counts as still
only when it showed for two seconds: in a crowd that moves, what shows for a moment is part of somebody.
"""

from __future__ import annotations

import cores_first  # noqa: F401 - before numpy is imported

# isort: split
import argparse
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
from landmark_data import clips, frames, one_person
from numpy.typing import NDArray

from desktop import cores, folders
from models import boxes as geometry
from models.analyzer import Analyzer, AnalyzerOptions, load_analyzer
from models.errors import OnlookerError
from models.objects import DEFAULT
from models.scene import Detection

Floats = NDArray[np.float32]
Pixels = NDArray[np.uint8]

WARM_UP = 1.0
"""Seconds at the beginning of a clip in which things may appear."""

STANDS = 2.0
"""Seconds for which something shows at a place of a clip before it is known to stand there."""

TREMBLES, GLIMMERS, NOISE = 3.0, 0.03, 5.0
"""Of a still picture: how far it moves (pixels), how its brightness changes (share), the deviation of its noise."""

STILL_SECONDS, STILL_FPS = 10.0, 12.0

WANDERS, DRIFTS, GROWS = 0.25, 0.15, 1.25
"""A thing stands still whose middle stays within this many sizes of its usual place, whose middle moves no faster than
this in sizes per second, and whose size changes by no larger factor."""

ONE_PLACE = 0.5
"""Intersection over union from which two still things are at one place."""


@dataclass(slots=True)
class Seen:
    """One track: when it showed (s, and the place of the frame), where, and under which names."""

    times: list[float]
    frames: list[int]
    boxes: list[Floats]
    labels: list[str]

    @property
    def box(self) -> Floats:
        """(4,) its usual place."""
        return np.asarray(np.median(np.stack(self.boxes), axis=0), np.float32)

    @property
    def still(self) -> bool:
        """Whether it stands still."""
        boxes = np.stack(self.boxes)
        size = max(float(geometry.sizes(self.box)), 1.0)
        middles, sizes = geometry.centres(boxes), geometry.sizes(boxes)
        away = float(np.linalg.norm(middles - geometry.centres(self.box), axis=1).max()) / size
        drift = float(np.linalg.norm(middles[-1] - middles[0])) / size / max(self.times[-1] - self.times[0], 0.5)
        return away <= WANDERS and drift <= DRIFTS and float(sizes.max() / max(sizes.min(), 1.0)) <= GROWS


@dataclass(frozen=True, slots=True)
class Flicker:
    """`places`: still objects; `minutes`: of all of them together; `changes`: of labels; `appearances`: after the first
    second. `brief`: still places where something showed for a moment; `moving`: tracks of what moves."""

    places: int
    minutes: float
    changes: int
    appearances: int
    brief: int
    moving: int

    @property
    def rate(self) -> float:
        """Label changes and appearances for each still object and minute."""
        return (self.changes + self.appearances) / self.minutes if self.minutes else 0.0


def flicker(scenes: Sequence[tuple[float, Sequence[Detection]]], *, all_stand: bool = False) -> Flicker:
    """How much the objects in the scenes of a clip flicker, each with its time in seconds; `all_stand`: nothing moves,
    whatever its boxes do."""
    tracks: dict[int, Seen] = {}
    for place, (time, objects) in enumerate(scenes):
        for one in objects:
            seen = tracks.setdefault(one.track, Seen([], [], [], []))
            seen.times.append(time)
            seen.frames.append(place)
            seen.boxes.append(one.box)
            seen.labels.append(one.label)
    still = [track for track in tracks.values() if all_stand or track.still]
    places: list[list[Seen]] = []
    for track in still:
        there = next((known for known in places if _agree(track.box, known[0].box)), None)
        if there is None:
            places.append([track])
        else:
            there.append(track)
    times = [time for time, _ in scenes]
    step = float(np.median(np.diff(times))) if len(times) > 1 else 0.0
    lasting = [place for place in places if all_stand or sum(len(track.times) for track in place) * step >= STANDS]
    counted = [track for place in lasting for track in place]
    appearances = sum(
        track.times[place] - times[0] > WARM_UP and (place == 0 or track.frames[place] - track.frames[place - 1] > 1)
        for track in counted
        for place in range(len(track.times))
    )
    changes = sum(before != after for track in counted for before, after in pairwise(track.labels))
    minutes = len(lasting) * (times[-1] - times[0]) / 60 if times else 0.0
    return Flicker(len(lasting), minutes, changes, appearances, len(places) - len(lasting), len(tracks) - len(still))


def _agree(one: Floats, other: Floats) -> bool:
    return float(geometry.iou(one[None], other[None])[0, 0]) >= ONE_PLACE


def trembling(picture: Pixels, seed: int) -> Iterator[tuple[Pixels, float]]:
    """A still picture as frames of an unquiet camera, with their times in seconds."""
    random = np.random.default_rng(seed)
    at = np.zeros(2)
    for place in range(round(STILL_SECONDS * STILL_FPS)):
        at = np.clip(at + random.normal(0, TREMBLES / 3, 2), -TREMBLES, TREMBLES)
        way = np.array([[1, 0, at[0]], [0, 1, at[1]]])
        moved = cv2.warpAffine(picture, way, picture.shape[1::-1], borderMode=cv2.BORDER_REFLECT).astype(np.float32)
        moved *= 1 + random.normal(0, GLIMMERS)
        moved += random.normal(0, NOISE, moved.shape)
        yield np.clip(moved, 0, 255).astype(np.uint8), place / STILL_FPS


def total(parts: Sequence[Flicker]) -> Flicker:
    """Several clips together."""
    return Flicker(*(sum(getattr(part, name) for part in parts) for name in Flicker.__slots__))


def report(name: str, found: Flicker) -> None:
    """Print a line."""
    print(
        f"{name}: {found.places}, {found.changes}, {found.appearances}, {found.rate:.2f};"
        f" {found.brief} brief, {found.moving} moving"
    )


def watch(
    analyzer: Analyzer, moving: Iterable[tuple[Pixels, float]], every: int
) -> list[tuple[float, Sequence[Detection]]]:
    """What the analyzer sees in each `every`th frame of a session, with the times."""
    analyzer.begin()
    looked_at = (pair for place, pair in enumerate(moving) if place % every == 0)
    return [(time, analyzer.analyze(pixels, round(time * 1e9)).objects) for pixels, time in looked_at]


def main() -> int:
    """Print a line for each clip, and one for the still pictures."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("clips", nargs="*", type=Path)
    parser.add_argument("--score", type=float)
    parser.add_argument("--detector", default=DEFAULT)
    parser.add_argument("--size", type=int)
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--stills", type=int, default=20)
    wanted = parser.parse_args()
    data = os.environ.get("ONLOOKER_DATA")
    if not wanted.clips and not data:
        parser.error("name a clip, or the folder of the data sets in ONLOOKER_DATA.")
    options = AnalyzerOptions(
        faces=False, bodies=False, object_score=wanted.score, detector=wanted.detector, input_size=wanted.size
    )
    try:
        threads = cores.set_up(folders.cache).budget.inference
        analyzer = load_analyzer(options, device="cpu", cache=folders.cache(), threads=threads)
        print(f"{wanted.detector}, input {analyzer.input_size}, {analyzer.precision}")
        print("clip: still objects, label changes, appearances, both for each still object and minute; the others")
        for clip in wanted.clips or clips(Path(data or "")):
            report(clip.stem, flicker(watch(analyzer, frames(clip), wanted.every)))
        if not wanted.clips and wanted.stills:
            pictures = one_person(Path(data or ""), "report", wanted.stills)
            parts = [
                flicker(watch(analyzer, trembling(picture.pixels(), seed), wanted.every), all_stand=True)
                for seed, picture in enumerate(pictures)
            ]
            report(f"{len(pictures)} still pictures", total(parts))
    except OnlookerError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
