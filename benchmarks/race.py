"""How fast a face and a body are followed, beside MediaPipe, and what each further face and person costs.

`python benchmarks/race.py --data FOLDER` decodes a clip of one person into memory and lets all contenders see the same
frames, a few at a time in turn, warm. Python and the same two cores for all; MediaPipe in a process of its own, which
does nothing while we work. Median and 10th percentile (on a machine that does other things too, the better one).
"""

from __future__ import annotations

import cores_first  # noqa: F401 - before numpy is imported

# isort: split
import argparse
import os
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
from landmark_data import frames
from landmarks import conditions
from mediapipe_environment import Peer
from numpy.typing import NDArray

from desktop import cores, folders
from models.analyzer import Analyzer, AnalyzerOptions, load_analyzer
from models.errors import OnlookerError

Pixels = NDArray[np.uint8]
Timed = tuple[list[float], float]

CLIP = "body_dumbbells.mp4"
FRAMES, BLOCK = 90, 10
"""Frames in memory, and how many of them one contender sees before it is the next one's turn."""

WARM = 2
"""Blocks at the beginning that do not count."""

PERIOD_NS = 33_000_000


@dataclass(slots=True)
class Contender:
    """One line of a table. `see`: from frame, how many -> seconds for each and processor seconds for all."""

    title: str
    see: Callable[[int, int], Timed]
    seconds: list[float] = field(default_factory=list)
    worked: list[float] = field(default_factory=list)

    def take_a_turn(self, first: int, count: int, *, counts: bool) -> None:
        """See the next frames; the times are kept when it `counts`."""
        seconds, worked = self.see(first, count)
        if counts:
            self.seconds += seconds
            self.worked.append(worked / count)

    @property
    def fast(self) -> float:
        """10th percentile, ms a frame."""
        return 1000 * float(np.percentile(self.seconds, 10))

    @property
    def middle(self) -> float:
        """Median, ms a frame."""
        return 1000 * float(np.median(self.seconds))


class Ours:
    """Our analyzer on frames in memory, and what it saw in them."""

    def __init__(self, analyzer: Analyzer, shown: Sequence[Pixels]) -> None:
        self._analyzer = analyzer
        self._shown = shown
        self._time = 0
        self.faces: list[int] = []
        self.bodies: list[int] = []

    def see(self, first: int, count: int) -> Timed:
        """Follow the next frames."""
        seconds = []
        worked = time.process_time()
        for pixels in self._shown[first : first + count]:
            start = time.perf_counter()
            scene = self._analyzer.analyze(pixels, self._time)
            seconds.append(time.perf_counter() - start)
            self._time += PERIOD_NS
            self.faces.append(len(scene.faces))
            self.bodies.append(len(scene.bodies))
        return seconds, time.process_time() - worked


def race(contenders: Sequence[Contender], rounds: int) -> None:
    """Everybody sees all frames `rounds` times, block by block in turn."""
    turn = 0
    for _ in range(rounds):
        for first in range(0, FRAMES, BLOCK):
            for contender in contenders:
                contender.take_a_turn(first, BLOCK, counts=turn >= WARM)
            turn += 1


def one_of_each(peer: Peer, shown: Sequence[Pixels], threads: int, rounds: int) -> None:
    """The race for one face and one body."""
    one = AnalyzerOptions(objects=False, max_faces=1, max_bodies=1)
    usual = load_analyzer(one, device="cpu", cache=folders.cache(), threads=threads)
    plain = load_analyzer(one, device="cpu", cache=folders.cache(), threads=threads, precision="f32")
    print(conditions(usual, peer))
    for pixels in shown:
        peer.keep(pixels)
    for name in ("pose", "pose alone"):
        peer.open_pose(name, static=False)
    for name in ("faces", "faces alone"):
        peer.open_faces(name, static=False)
    ours = Ours(usual, shown)
    contenders = [
        Contender("MediaPipe: pose, then face mesh", lambda first, count: peer.time(["pose", "faces"], first, count)),
        Contender(f"ours, {usual.precision}", ours.see),
        Contender("ours, f32", Ours(plain, shown).see),
        Contender("MediaPipe: pose alone", lambda first, count: peer.time(["pose alone"], first, count)),
        Contender("MediaPipe: face mesh alone", lambda first, count: peer.time(["faces alone"], first, count)),
    ]
    race(contenders, rounds)
    both = contenders[0]
    height, width = shown[0].shape[:2]
    print(f"\n{len(both.seconds)} frames of {width} x {height}; one face in {_share(ours.faces)}, one body in", end=" ")
    print(f"{_share(ours.bodies)} of ours.\n")
    print("| one face and one body | median, ms | 10th percentile, ms | times as fast | processor time, ms |")
    print("| --- | --- | --- | --- | --- |")
    for one_of in contenders:
        print(
            f"| {one_of.title} | {one_of.middle:.1f} | {one_of.fast:.1f} | {both.fast / one_of.fast:.2f} (median "
            f"{both.middle / one_of.middle:.2f}) | {1000 * float(np.median(one_of.worked)):.1f} |"
        )
    sys.stdout.flush()
    peer.forget()


def further_ones(peer: Peer, shown: Sequence[Pixels], threads: int, rounds: int) -> None:
    """What a second, third and fourth face and person cost: the clip in so many quarters of the picture."""
    print("\n| people in the picture | seen by ours: faces, bodies | ours, ms | MediaPipe's face mesh, ms (sees) |")
    print("| --- | --- | --- | --- |")
    fastest: list[float] = []
    for count in range(1, 5):
        crowd = [_quarters(pixels, count) for pixels in shown]
        for pixels in crowd:
            peer.keep(pixels)
        peer.open_faces("several", static=False, most=count)
        wanted = AnalyzerOptions(objects=False, max_faces=count, max_bodies=count)
        ours = Ours(load_analyzer(wanted, device="cpu", cache=folders.cache(), threads=threads), crowd)
        contenders = [
            Contender("ours", ours.see),
            Contender("MediaPipe", lambda first, count: peer.time(["several"], first, count)),
        ]
        race(contenders, rounds)
        mine, theirs = contenders
        fastest.append(mine.fast)
        seen = f"{np.mean(ours.faces):.1f}, {np.mean(ours.bodies):.1f}"
        by_peer = np.mean([len(peer.see("several", pixels)) for pixels in crowd[:BLOCK]])
        print(f"| {count} | {seen} | {mine.fast:.1f} | {theirs.fast:.1f} ({by_peer:.1f}) |")
        sys.stdout.flush()
        peer.forget()
    print(f"\nEach further face and person together: {(fastest[-1] - fastest[0]) / 3:.1f} ms (10th percentile).")
    print("MediaPipe's pose follows one person only.")


def _quarters(pixels: Pixels, count: int) -> Pixels:
    """A picture of the same size that shows another in `count` of its quarters, the rest grey."""
    height, width = pixels.shape[0] // 2, pixels.shape[1] // 2
    small = cv2.resize(pixels, (width, height), interpolation=cv2.INTER_AREA)
    crowd = np.full_like(pixels, 128)
    for place in range(count):
        row, column = divmod(place, 2)
        crowd[row * height : (row + 1) * height, column * width : (column + 1) * width] = small
    return crowd


def _share(counts: Sequence[int]) -> str:
    return f"{100 * float(np.mean(np.array(counts) == 1)):.0f} %"


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description=str(__doc__).partition("\n")[0])
    parser.add_argument("--data", type=Path, default=os.environ.get("ONLOOKER_DATA"), help="folder of the data sets")
    parser.add_argument("--clip", type=Path, help=f"a clip of one person (default: videos/{CLIP} of the data)")
    parser.add_argument(
        "--rounds", type=int, default=4, metavar="N", help=f"times {FRAMES} frames for each (default 4)"
    )
    wishes = parser.parse_args()
    if wishes.clip is None and wishes.data is None:
        parser.error("name a clip (--clip) or the folder of the data sets: --data FOLDER, or set ONLOOKER_DATA")
    try:
        shown = [pixels for pixels, _ in frames(wishes.clip or Path(wishes.data) / "videos" / CLIP, FRAMES)]
        if len(shown) < FRAMES:
            parser.error(f"the clip has {len(shown)} frames, {FRAMES} are needed")
        cores.apply_to_opencv()
        threads = cores.set_up(folders.cache).budget.inference
        with Peer() as peer:
            one_of_each(peer, shown, threads, wishes.rounds)
            further_ones(peer, shown, threads, max(1, wishes.rounds // 2))
    except OnlookerError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
