"""How well the detector learns a user's own classes from few pictures: the table of docs/training.md.

    ONLOOKER_DATA=FOLDER python benchmarks/few_pictures.py [--init WEIGHTS] [--classes NAME…] [--pictures 10 50 200]

Pictures of coco-train that show the classes are written out as a user would have them: COCO JSON with the classes under
names of their own, so that the heads of what is started from know nothing of them, and nothing else labelled. Then
`python -m models.training` is run on them, once for each number of pictures, with the same options; the smaller sets
are part of the larger ones. Judged on pictures of coco-val that were never learned from: all that show one of the
classes, and some that show none. What is started from is what ships unless `--init` names something else. Markdown.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

import resources
from models.classes import COCO
from models.training import evaluation, start
from models.training.annotations import read
from models.training.labelled import Dataset, Picture
from models.training.module_detector import ModuleDetector

CLASSES = ("skateboard", "surfboard", "tennis racket", "umbrella")
OWN = "own "
"""Before a class's name: what the start has never heard of."""


@dataclass(frozen=True, slots=True)
class Trial:
    """What is compared: `init` weights, `classes`, the `test` pictures, those to learn from, and the command's options
    in words."""

    init: Path
    classes: tuple[str, ...]
    test: Dataset
    pictures: tuple[Picture, ...]
    side: int
    options: tuple[str, ...]


def showing(dataset: Dataset, seed: int) -> list[Picture]:
    """The pictures that show a class, in an order in which each class in turn brings its next one."""
    random = np.random.default_rng(seed)
    mixed = [dataset.pictures[place] for place in random.permutation(len(dataset.pictures))]
    waiting = [[one for one in mixed if place in one.classes] for place in range(len(dataset.names))]
    chosen: dict[str, Picture] = {}
    while any(waiting):
        for pictures in waiting:
            while pictures and pictures[0].key in chosen:
                pictures.pop(0)
            if pictures:
                chosen[pictures[0].key] = pictures[0]
    return list(chosen.values())


def write(pictures: Sequence[Picture], names: Sequence[str], file: Path) -> Path:
    """COCO JSON of the pictures where they lie, the classes under names of their own."""
    labels = [
        {
            "id": 1000 * number + row,
            "image_id": number,
            "category_id": int(place) + 1,
            "bbox": [float(x1), float(y1), float(x2 - x1), float(y2 - y1)],
            "iscrowd": int(crowd),
        }
        for number, one in enumerate(pictures)
        for row, ((x1, y1, x2, y2), place, crowd) in enumerate(zip(one.boxes, one.classes, one.crowd, strict=True))
    ]
    images = [
        {"id": number, "file_name": str(one.file.resolve()), "width": one.width, "height": one.height}
        for number, one in enumerate(pictures)
    ]
    categories = [{"id": place + 1, "name": OWN + name} for place, name in enumerate(names)]
    file.write_text(json.dumps({"images": images, "annotations": labels, "categories": categories}), encoding="utf-8")
    return file


def judged(trial: Trial, init: Path, names: tuple[str, ...]) -> evaluation.Scores:
    """What weights score on the test pictures; a class that they do not know has rows of the heads that begin anew."""
    detector = ModuleDetector(start.network(names, init), (trial.side, trial.side), names)
    return evaluation.evaluate(detector, trial.test)


def taught(trial: Trial, count: int, folder: Path) -> evaluation.Scores:
    """What the command makes of the first so many pictures."""
    file, out = write(trial.pictures[:count], trial.classes, folder / f"own-{count}.json"), folder / f"run-{count}"
    told = ["--data", str(file), "--init", str(trial.init), "--out", str(out), *trial.options]
    subprocess.run([sys.executable, "-m", "models.training", *told], check=True)
    return judged(trial, out / "weights.npz", trial.test.names)


def row(title: str, scores: evaluation.Scores) -> str:
    """A line of the table, in points."""
    each = " | ".join(f"{100 * one.ap:.1f}" for one in scores.classes)
    return f"| {title} | {100 * scores.ap:.1f} | {100 * scores.ap50:.1f} | {each} |"


def compare(trial: Trial, counts: Sequence[int], folder: Path) -> Iterator[str]:
    """The lines of the table, each as soon as it is known."""
    yield f"`python -m models.training --data OWN.json --init WEIGHTS --out RUN {' '.join(trial.options)}`"
    shown = sum(bool(len(one.boxes)) for one in trial.test.pictures)
    yield f"{len(trial.test.pictures)} test pictures, {shown} with one of the classes; torch {torch.__version__}"
    yield ""
    yield "| taught with | AP | AP50 | " + " | ".join(trial.classes) + " |"
    yield "| --- " * (3 + len(trial.classes)) + "|"
    yield row("nothing", judged(trial, trial.init, trial.test.names))
    for count in counts:
        yield row(f"{min(count, len(trial.pictures))} pictures", taught(trial, count, folder))
    known = tuple(OWN + name if name in trial.classes else name for name in COCO)
    detector = ModuleDetector(start.network(COCO, trial.init), (trial.side, trial.side), known)
    yield row("what was started from, by its own heads", evaluation.evaluate(detector, trial.test))


def prepared(told: argparse.Namespace, folder: Path) -> Trial:
    """The trial that is told of. Raises OnlookerError."""
    objects = told.data / "objects"
    train_set, val_set = (read(objects / name, tuple(told.classes)) for name in ("coco-train", "coco-val"))
    shown = showing(val_set, told.seed)
    known = {one.key for one in shown}
    others = [one for one in val_set.pictures if one.key not in known][: told.others]
    test = read(write([*shown, *others], told.classes, folder / "test.json"))
    options = ["--steps", told.steps, "--batch", told.batch, "--rate", told.rate, "--decay", 0.98]
    options += ["--keep", told.steps, "--sides", told.side, "--odds", 1, "--seed", told.seed, "--threads", told.threads]
    pictures = tuple(showing(train_set, told.seed))
    return Trial(told.init, tuple(told.classes), test, pictures, told.side, tuple(map(str, options)))


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path(os.environ.get("ONLOOKER_DATA", "data")))
    parser.add_argument("--init", type=Path, default=resources.path("weights/onlooker_m.safetensors"))
    parser.add_argument("--classes", nargs="+", default=list(CLASSES))
    parser.add_argument("--pictures", type=int, nargs="+", default=[10, 50, 200])
    parser.add_argument("--others", type=int, default=96, help="test pictures that show none of the classes")
    parser.add_argument("--steps", type=int, default=300)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--rate", type=float, default=1e-4)
    parser.add_argument("--side", type=int, default=224)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=2)
    told = parser.parse_args()
    torch.set_num_threads(told.threads)
    with tempfile.TemporaryDirectory() as folder:
        for line in compare(prepared(told, Path(folder)), told.pictures, Path(folder)):
            print(line, flush=True)


if __name__ == "__main__":
    main()
