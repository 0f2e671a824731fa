"""The front of our detector, accuracy against time, as shares of YOLOX-nano 416's time in ONNX Runtime.

`python benchmarks/objects.py --data FOLDER` (the folder of `objects/` and `videos/`; default ONLOOKER_DATA) measures
onlooker-m at each size and precision, the published network that it was trained from, and YOLOX-nano, float32. Times:
all in turn, on the same picture, two threads, 10th percentile; the network alone, and the whole way from a frame of
1280 x 720: resize, network, decoding, suppression, down to the faint boxes that keep tracks alive. Accuracy: voc-val by
VOC's rules, coco-val by COCO's, in the same run; gains over the start with the interval of a paired bootstrap.
`--no-accuracy`: times alone.
"""

from __future__ import annotations

import cores_first  # noqa: F401 - before numpy is imported

# isort: split
import argparse
import os
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import cv2
import numpy as np
from landmark_data import frames
from numpy.typing import NDArray
from object_peers import YOLOX, YoloxNano, start

from desktop import cores, folders
from desktop.commands.versions import machine, version, versions
from models.catalogue import NETWORKS, Precision
from models.errors import OnlookerError
from models.object_detector import ObjectDetector
from models.object_tracks import FAINT
from models.object_watch import SCORE
from models.objects import DEFAULT, EngineDetector, load_detector
from models.training.annotations import read
from models.training.comparison import Duel, compare
from models.training.evaluation import Scores, evaluate

Pixels = NDArray[np.uint8]

SIZES = (192, 224, 256, 320, 416)
CLIP, FRAME = "people_dance_square.mp4", (1280, 720)
SETS = ("voc-val", "coco-val")
WARM = 5
"""Rounds at the beginning that do not count."""
REST = 0.02
"""Seconds before each turn: threads of the one before (ONNX Runtime's) wait for work by spinning, on our cores."""
LEAST = FAINT * SCORE
"""The score down to which the program asks for boxes."""


@dataclass(slots=True)
class Contender:
    """One line of the table. `alone`, `whole`: run the network, or go the whole way, once."""

    detector: ObjectDetector
    alone: Callable[[], object]
    whole: Callable[[], object]
    alone_seconds: list[float] = field(default_factory=list)
    whole_seconds: list[float] = field(default_factory=list)
    scores: dict[str, Scores] = field(default_factory=dict)

    def take_a_turn(self, *, counts: bool) -> None:
        """Run once each; the times are kept when it `counts`."""
        time.sleep(REST)
        for run, kept in ((self.alone, self.alone_seconds), (self.whole, self.whole_seconds)):
            begun = time.perf_counter()
            run()
            if counts:
                kept.append(time.perf_counter() - begun)

    @property
    def times(self) -> tuple[float, float]:
        """10th percentiles, ms: the network alone, the whole way."""
        alone, whole = (float(np.percentile(kept, 10)) for kept in (self.alone_seconds, self.whole_seconds))
        return 1000 * alone, 1000 * whole


def of_engine(detector: EngineDetector, frame: Pixels) -> Contender:
    """One of our detectors, or the start, which runs as ours do."""
    picture = cv2.resize(frame, detector.size[::-1], interpolation=cv2.INTER_AREA)[None].astype(np.uint8)
    return Contender(detector, lambda: detector.engine.run(picture), lambda: detector.find(frame, LEAST))


def of_yolox(detector: YoloxNano, frame: Pixels) -> Contender:
    """The peer."""
    batch, _ = detector.batch(frame)
    return Contender(detector, lambda: detector.alone(batch), lambda: detector.find(frame, LEAST))


def ours(sizes: Sequence[int], precisions: Sequence[Precision], threads: int) -> list[EngineDetector]:
    """Onlooker-M at each size and precision."""
    loaded = []
    for precision in precisions:
        for size in sizes:
            one = load_detector(
                DEFAULT, size=size, device="cpu", cache=folders.cache(), threads=threads, precision=precision
            )
            if isinstance(one, EngineDetector):
                loaded.append(one)
    return loaded


def judge(contenders: Sequence[Contender], data: Path, most: int | None) -> None:
    """The scores of all on both sets of pictures."""
    for name in SETS:
        dataset = read(data / "objects" / name)
        if most is not None:
            dataset = replace(dataset, pictures=dataset.pictures[:most])
        for one in contenders:
            print(f"{_title(one)} on {name}", file=sys.stderr)
            one.scores[name] = evaluate(one.detector, dataset)


def _title(one: Contender) -> str:
    detector = one.detector
    return f"{detector.key} {detector.size[0]} {detector.precision}"


def tell_times(contenders: Sequence[Contender]) -> None:
    """The table of times and scores; the first one is the measure of the others."""
    alone, whole = contenders[0].times
    print("\n| network, input, precision | VOC AP 0.5 | COCO AP | network alone | the whole way |")
    print("| --- | --- | --- | --- | --- |")
    for one in contenders:
        points = [f"{100 * value:.1f}" for value in _points(one)] or ["-", "-"]
        mine = one.times
        print(
            f"| {_title(one)} | {' | '.join(points)} | {mine[0] / alone:.2f} ({mine[0]:.1f} ms) | "
            f"{mine[1] / whole:.2f} ({mine[1]:.1f} ms) |"
        )


def _points(one: Contender) -> list[float]:
    return [one.scores[SETS[0]].voc_ap, one.scores[SETS[1]].ap] if one.scores else []


def tell_gains(contenders: Sequence[Contender], draws: int) -> None:
    """What training gained at each size, and whether chance could have."""
    starts = {one.detector.size: one for one in contenders if one.detector.key == "start"}
    print("\n| gain over the start, points (95 % of draws) | VOC AP 0.5 | COCO AP |")
    print("| --- | --- | --- |")
    for one in contenders:
        before = starts.get(one.detector.size)
        if one.detector.key == "start" or before is None or one.detector.key == "yolox-nano":
            continue
        voc = compare([Duel(SETS[0], "voc", before.scores[SETS[0]], one.scores[SETS[0]])], draws=draws)
        coco = compare([Duel(SETS[1], "coco", before.scores[SETS[1]], one.scores[SETS[1]])], draws=draws)
        cells = [f"{100 * each.mean:+.1f} ({100 * each.low:+.1f} to {100 * each.high:+.1f})" for each in (voc, coco)]
        print(f"| {_title(one)} | {' | '.join(cells)} |")


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description=str(__doc__).partition("\n")[0])
    parser.add_argument("--data", type=Path, default=os.environ.get("ONLOOKER_DATA"), help="folder of the data sets")
    parser.add_argument("--models", type=Path, default=os.environ.get("ONLOOKER_MODELS"), help="published networks")
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES, metavar="N")
    parser.add_argument("--precisions", nargs="+", choices=("f32", "bf16", "int8"), help="default: what ours may use")
    parser.add_argument("--rounds", type=int, default=60, metavar="N", help="runs of each (default 60)")
    parser.add_argument("--threads", type=int, default=2, metavar="N")
    parser.add_argument("--no-accuracy", action="store_true", help="times alone")
    parser.add_argument("--pictures", type=int, metavar="N", help="the first N of each set")
    parser.add_argument("--draws", type=int, default=1000, metavar="N", help="of the bootstrap (default 1000)")
    wishes = parser.parse_args()
    if wishes.data is None or wishes.models is None:
        parser.error("name the folders: --data and --models, or set ONLOOKER_DATA and ONLOOKER_MODELS")
    try:
        cores.apply_to_opencv()
        shown = next(frames(Path(wishes.data) / "videos" / CLIP, 1))[0]
        frame = np.asarray(cv2.resize(shown, FRAME, interpolation=cv2.INTER_LINEAR), np.uint8)
        precisions = wishes.precisions or NETWORKS[DEFAULT].precisions
        contenders = [of_yolox(YoloxNano(Path(wishes.models) / YOLOX, wishes.threads), frame)]
        for detector in (
            *start(Path(wishes.models), wishes.sizes, wishes.threads),
            *ours(wishes.sizes, precisions, wishes.threads),
        ):
            contenders.append(of_engine(detector, frame))
        for turn in range(wishes.rounds + WARM):
            for one in contenders:
                one.take_a_turn(counts=turn >= WARM)
        if not wishes.no_accuracy:
            judge(contenders, Path(wishes.data), wishes.pictures)
    except OnlookerError as error:
        print(error, file=sys.stderr)
        return 1
    print(f"{machine()}; {wishes.threads} threads; {wishes.rounds} rounds")
    libraries = versions() | {"onnxruntime": version("onnxruntime")}
    print(", ".join(f"{name} {text}" for name, text in libraries.items() if text))
    tell_times(contenders)
    if not wishes.no_accuracy:
        tell_gains(contenders, wishes.draws)
    return 0


if __name__ == "__main__":
    sys.exit(main())
