"""How good our faces and bodies are, beside MediaPipe's on the same pictures in the same run.

`python benchmarks/landmarks.py --data FOLDER` prints one table for still pictures and one for clips (FOLDER: see
`landmark_data.py`; default ONLOOKER_DATA). `--pictures N` takes the first N of each set. `--half choose` are the
pictures that settings may be chosen on, `report`, the default, the others.
"""

from __future__ import annotations

import cores_first  # noqa: F401 - before numpy is imported

# isort: split
import argparse
import datetime
import os
import platform
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from landmark_data import Half, Labelled, athletes, clips, faces68, frames, nobody, one_person
from landmark_metrics import (
    agreement,
    boxes_agree,
    centre_of,
    fitted_nme,
    long_lived,
    nearest,
    pck_hits,
    switches,
)
from mediapipe_environment import Peer
from numpy.typing import NDArray

from desktop import cores, folders
from models.analyzer import Analyzer, AnalyzerOptions, load_analyzer
from models.errors import OnlookerError
from models.scene import Scene

Floats = NDArray[np.float32]

EYE_CORNERS = (33, 263)
"""Of the mesh of 468: the outer corners of the eyes."""

TORSO = (11, 24)
"""Of a body's 33: left shoulder and right hip."""

SETS = ("lsp", "faces68", "everyday", "nobody", "clips", "dance")


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the tables."""

    what: str
    ours: str
    peer: str


@dataclass(slots=True)
class Both:
    """The two that are compared, and how long our looks at still pictures took, in seconds."""

    analyzer: Analyzer
    peer: Peer
    looks: list[float]

    def look(self, picture: Labelled) -> tuple[Scene, list[Floats], list[Floats]]:
        """Our scene of a still picture, MediaPipe's faces and its body."""
        pixels = picture.pixels()
        start = time.perf_counter()
        scene = self.analyzer.look(pixels)
        self.looks.append(time.perf_counter() - start)
        return scene, self.peer.see("faces", pixels), self.peer.see("pose", pixels)


def judge_athletes(both: Both, pictures: Sequence[Labelled]) -> list[Row]:
    """People found and PCK@0.2 over all of them."""
    found, right = np.zeros(2, int), [[], []]  # type: tuple[NDArray[np.int_], list[list[NDArray[np.bool_]]]]
    for picture in pictures:
        scene, _, theirs = both.look(picture)
        for place, bodies in enumerate(([body.points for body in scene.bodies], theirs)):
            found[place] += bool(bodies)
            right[place].append(pck_hits(picture.marked, nearest(bodies, centre_of(picture.marked))))
    shares = [float(np.concatenate(hits).mean()) for hits in right]
    return [
        Row(f"lsp, {len(pictures)} athletes: found", str(found[0]), str(found[1])),
        Row("PCK@0.2 over all", f"{shares[0]:.3f}", f"{shares[1]:.3f}"),
    ]


def judge_faces(both: Both, pictures: Sequence[Labelled]) -> list[Row]:
    """Faces found and NME, its mapping fitted for each side on its own points."""
    meshes: list[list[Floats]] = [[], []]
    marked: list[list[Floats]] = [[], []]
    for picture in pictures:
        scene, theirs, _ = both.look(picture)
        middle = picture.marked.mean(axis=0)
        size = float(np.ptp(picture.marked, axis=0).max())
        for place, faces in enumerate(([face.points for face in scene.faces], theirs)):
            mesh = nearest(faces, middle)
            if mesh is not None and float(np.linalg.norm(mesh[:, :2].mean(axis=0) - middle)) < size / 2:
                meshes[place].append(mesh[:, :3])
                marked[place].append(picture.marked)
    errors = [
        f"{fitted_nme(np.stack(points), np.stack(mesh))[0]:.4f}" if mesh else "-"
        for points, mesh in zip(marked, meshes, strict=True)
    ]
    return [
        Row(f"faces68, {len(pictures)} faces: found", str(len(meshes[0])), str(len(meshes[1]))),
        Row("NME, fitted mapping, of those found", *errors),
    ]


def judge_everyday(both: Both, pictures: Sequence[Labelled]) -> list[Row]:
    """Whether the one person of an everyday picture is found, and where the box says."""
    found, placed = np.zeros(2, int), np.zeros(2, int)
    for picture in pictures:
        scene, _, theirs = both.look(picture)
        for place, bodies in enumerate(([body.points for body in scene.bodies], theirs)):
            found[place] += bool(bodies)
            placed[place] += any(boxes_agree(points, picture.marked) for points in bodies)
    return [
        Row(f"everyday, {len(pictures)} pictures of one person: somebody found", *map(str, found)),
        Row("a body where the person is (visible joints' box: IoU 0.3)", *map(str, placed)),
    ]


def judge_nobody(both: Both, pictures: Sequence[Labelled]) -> list[Row]:
    """False bodies and faces: the fewer, the better."""
    false = np.zeros((2, 2, 2), int)  # bodies or faces, pictures or things, ours or theirs
    for picture in pictures:
        scene, faces, theirs = both.look(picture)
        for kind, counts in enumerate(((len(scene.bodies), len(theirs)), (len(scene.faces), len(faces)))):
            for place, count in enumerate(counts):
                false[kind, 0, place] += count > 0
                false[kind, 1, place] += count
    return [
        Row(f"nobody, {len(pictures)} pictures: with a false body", *map(str, false[0, 0])),
        Row("false bodies in all (MediaPipe: at most one a picture)", *map(str, false[0, 1])),
        Row("pictures with a false face", *map(str, false[1, 0])),
        Row("false faces in all (MediaPipe: at most four a picture)", *map(str, false[1, 1])),
    ]


def compare_clip(both: Both, clip: Path, most: int | None) -> list[Row]:
    """How far our followed points are from MediaPipe's where both see the same face or body."""
    both.analyzer.reset()
    both.peer.open_faces("faces of a clip", static=False)
    both.peer.open_pose("pose of a clip", static=False)
    seen: dict[str, list[Floats]] = {"face": [], "body": []}
    apart: dict[str, list[float]] = {"face": [], "body": []}
    ours_in = dict.fromkeys(seen, 0)
    for pixels, seconds in frames(clip, most):
        scene = both.analyzer.analyze(pixels, round(seconds * 1e9))
        theirs = {"face": both.peer.see("faces of a clip", pixels), "body": both.peer.see("pose of a clip", pixels)}
        ours = {"face": [face.points for face in scene.faces], "body": [body.points for body in scene.bodies]}
        for kind, ends in (("face", EYE_CORNERS), ("body", TORSO)):
            ours_in[kind] += bool(ours[kind])
            seen[kind] += theirs[kind]
            if theirs[kind]:
                distance = agreement(theirs[kind][0], ours[kind], ends)
                apart[kind] += [] if distance is None else [distance]
    return [
        Row(
            f"{clip.stem}, {kind}: frames with one; of both {len(apart[kind])}, mean distance"
            f" {100 * float(np.mean(apart[kind])):.2f} % of {unit}"
            if apart[kind]
            else f"{clip.stem}, {kind}: frames with one",
            str(ours_in[kind]),
            str(len(seen[kind])),
        )
        for kind, unit in (("face", "the eyes' distance"), ("body", "the torso"))
    ]


def watch_dance(analyzer: Analyzer, clip: Path, most: int | None) -> list[Row]:
    """How many dancers keep a track for a quarter of the clip, and how often numbers change hands."""
    before, analyzer.options = analyzer.options, AnalyzerOptions(faces=False, max_bodies=6)
    analyzer.reset()
    scenes = [analyzer.analyze(pixels, round(seconds * 1e9)) for pixels, seconds in frames(clip, most)]
    analyzer.options = before
    lived = long_lived(scenes)
    mean = float(np.mean([len(scene.bodies) for scene in scenes]))
    return [
        Row(f"{clip.stem}: bodies a frame, mean (at most 6 followed)", f"{mean:.1f}", "at most 1"),
        Row("people tracked for a quarter of the clip or longer", str(lived), "-"),
        Row("switches of numbers", str(switches(scenes)), "-"),
    ]


def table(title: str, rows: Sequence[Row]) -> None:
    """Print a Markdown table."""
    print(f"\n| {title} | ours | MediaPipe |\n| --- | --- | --- |")
    for row in rows:
        print(f"| {row.what} | {row.ours} | {row.peer} |")
    sys.stdout.flush()


def conditions(analyzer: Analyzer, peer: Peer) -> str:
    """What the figures hold for, in a sentence or two: date, versions, precision, threads."""
    import cv2
    import openvino

    versions = peer.versions()
    return (
        f"{datetime.datetime.now(tz=datetime.UTC):%Y-%m-%d}; {platform.machine()}, {cores.usable_cores()} cores; "
        f"Onlooker on {analyzer.device} in {analyzer.precision}, OpenVINO {openvino.__version__.split('-')[0]}, OpenCV "
        f"{cv2.__version__}, numpy {np.__version__}, Python {platform.python_version()}; mediapipe "
        f"{versions['mediapipe']}, numpy {versions['numpy']}, Python {versions['python']}. {cores.describe()}"
    )


def compare(both: Both, data: Path, half: Half, most: int | None, wanted: Sequence[str]) -> None:
    """Print the tables for the sets `wanted`."""
    both.peer.open_pose("pose", static=True)
    both.peer.open_faces("faces", static=True, most=4)
    stills: dict[str, tuple[Callable[[Both, Sequence[Labelled]], list[Row]], Callable[..., list[Labelled]]]] = {
        "lsp": (judge_athletes, athletes),
        "faces68": (judge_faces, faces68),
        "everyday": (judge_everyday, one_person),
        "nobody": (judge_nobody, nobody),
    }
    rows = [
        row for name in stills if name in wanted for row in stills[name][0](both, stills[name][1](data, half, most))
    ]
    if rows:
        seconds = np.array(both.looks)
        rows.append(Row("look at a still picture, s: median", f"{np.median(seconds):.2f}", "-"))
        table("still pictures", rows)
    found = clips(data) if {"clips", "dance"} & set(wanted) else []
    followed = [row for clip in found if "clips" in wanted for row in compare_clip(both, clip, most)]
    for clip in found:
        if "dance" in wanted and "dance" in clip.stem:
            followed += watch_dance(both.analyzer, clip, most)
    if followed:
        table("clips", followed)


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description=str(__doc__).partition("\n")[0])
    parser.add_argument("--data", type=Path, default=os.environ.get("ONLOOKER_DATA"), help="folder of the data sets")
    parser.add_argument("--pictures", type=int, metavar="N", help="at most N pictures of a set and frames of a clip")
    parser.add_argument("--half", choices=("choose", "report"), default="report")
    parser.add_argument("--only", nargs="+", choices=SETS, default=list(SETS), help="which sets")
    wishes = parser.parse_args()
    if wishes.data is None:
        parser.error("name the folder of the data sets: --data FOLDER, or set ONLOOKER_DATA")
    try:
        threads = cores.set_up(folders.cache).budget.inference
        with Peer() as peer:
            analyzer = load_analyzer(device="cpu", cache=folders.cache(), threads=threads)
            print(conditions(analyzer, peer))
            print(f"Half of the data: {wishes.half}; at most {wishes.pictures or 'all'} of each set.")
            compare(Both(analyzer, peer, []), Path(wishes.data), wishes.half, wishes.pictures, wishes.only)
    except OnlookerError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
