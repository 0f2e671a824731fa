"""Chooses how much of a training is taken over: its weights mixed with those that it was started from.

    python -m models.training.mixing START TRAINED --out MIXED.npz --shares 0.5 0.75 1 --validation FOLDER…

Half of each keeps what both know (docs/training.md). Of several shares the one with the best mean of COCO's and VOC's
average precision over the inputs `--sides` is written; with one share nothing is judged.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from models.classes import COCO
from models.detector import Detector, DetectorDesign
from models.errors import OnlookerError
from models.training import checkpoint, evaluation, start
from models.training.annotations import read
from models.training.average import mixed
from models.training.labelled import Dataset
from models.training.module_detector import ModuleDetector


def judge(weights: Mapping[str, Tensor], sides: Sequence[int], held_back: Mapping[str, Dataset]) -> dict[str, float]:
    """The mean over `sides` of the detector's average precision on each dataset: "voc-val AP", "voc-val VOC AP"."""
    detector = Detector(DetectorDesign())
    detector.load_state_dict(dict(weights))
    sums: dict[str, list[float]] = {}
    for called, dataset in held_back.items():
        for side in sides:
            found = evaluation.evaluate(ModuleDetector(detector, (side, side)), dataset)
            sums.setdefault(f"{called} AP", []).append(found.ap)
            sums.setdefault(f"{called} VOC AP", []).append(found.voc_ap)
    return {name: float(np.mean(values)) for name, values in sums.items()}


def choose(
    begun: Mapping[str, Tensor],
    trained: Mapping[str, Tensor],
    shares: Sequence[float],
    sides: Sequence[int],
    held_back: Mapping[str, Dataset],
) -> float:
    """The share of `trained` that is best on the pictures held back; tells the figures of each on stderr."""
    best, chosen = -1.0, shares[0]
    for share in shares:
        scores = judge(mixed(begun, trained, share), sides, held_back)
        told = ", ".join(f"{name} {100 * value:.2f}" for name, value in scores.items())
        sys.stderr.write(f"share {share:g}: {told}\n")
        mean = float(np.mean(list(scores.values())))
        if mean > best:
            best, chosen = mean, share
    return chosen


def write(told: argparse.Namespace) -> float:
    """Write the mixture that is told of; gives its share. Raises OnlookerError, OSError."""
    begun, trained = start.weights(told.start), start.weights(told.trained)
    if {name: value.shape for name, value in begun.items()} != {name: value.shape for name, value in trained.items()}:
        raise OnlookerError(f"{told.start} and {told.trained} hold different networks: they cannot be mixed.")
    share = float(told.shares[0])
    if len(told.shares) > 1:
        if not told.validation:
            raise OnlookerError("To choose among shares, name pictures that were held back: --validation FOLDER.")
        sets = {path.stem: read(path, COCO) for path in told.validation}
        sets = {called: replace(one, pictures=one.pictures[: told.pictures]) for called, one in sets.items()}
        share = choose(begun, trained, told.shares, told.sides, sets)
    checkpoint.write({name: value.numpy() for name, value in mixed(begun, trained, share).items()}, told.out)
    return share


def main(argv: Sequence[str]) -> int:
    """The command; 0 where the mixture was written."""
    parser = argparse.ArgumentParser(prog="python -m models.training.mixing", description="Mixes two sets of weights.")
    parser.add_argument("start", type=Path, help="what the training was started from")
    parser.add_argument("trained", type=Path, help="the folder of a run's state, or its weights.npz")
    parser.add_argument("--out", type=Path, required=True, help="an .npz file")
    parser.add_argument("--shares", type=float, nargs="+", default=[0.5], help="of the trained weights, 0..1")
    parser.add_argument("--sides", type=int, nargs="+", default=[224, 320])
    parser.add_argument("--validation", type=Path, nargs="+", default=[])
    parser.add_argument("--pictures", type=int, help="the first so many of each")
    parser.add_argument("--threads", type=int, default=2)
    told = parser.parse_args(argv)
    torch.set_num_threads(told.threads)
    try:
        share = write(told)
    except (OSError, OnlookerError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stderr.write(f"{told.out}: {share:g} of the trained weights\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
