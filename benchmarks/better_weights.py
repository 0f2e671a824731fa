"""Whether new weights of our detector may ship in the place of older ones.

`python benchmarks/better_weights.py OLD NEW --data FOLDER` (the folder of `objects/`; default ONLOOKER_DATA). OLD and
NEW are safetensors of the detector, or the published file that training started from. New ones ship when they are
better by the mean over the inputs 192 to 320 on voc-val (VOC AP) and coco-val (COCO AP), beyond chance by a paired
bootstrap, and lose at most 0.3 points at 416. Both run in float32 by torch.
"""

from __future__ import annotations

import cores_first  # noqa: F401 - before numpy is imported

# isort: split
import argparse
import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Literal

import torch

from models.detector import Detector, DetectorDesign
from models.errors import NetworkError, OnlookerError
from models.porting import nanodet
from models.training.annotations import read
from models.training.comparison import Difference, Duel, compare
from models.training.evaluation import Scores, evaluate
from models.training.module_detector import ModuleDetector

SIZES = (192, 224, 256, 320)
LARGEST = 416
MAY_LOSE = 0.003
SETS: dict[str, Literal["voc", "coco"]] = {"voc-val": "voc", "coco-val": "coco"}


def weights(path: Path) -> Detector:
    """The detector of a file. Raises NetworkError where it holds none."""
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    if path.name == nanodet.FILE:
        return nanodet.read(path)
    detector = Detector(DetectorDesign())
    try:
        tensors = {name: tensor.float() for name, tensor in load_file(path).items()}
        detector.load_state_dict(tensors)
    except (OSError, SafetensorError, RuntimeError) as error:
        raise NetworkError(f"{path} holds no weights of the detector: {str(error).partition(chr(10))[0]}") from error
    return detector.eval()


def duels(old: Detector, new: Detector, sizes: Sequence[int], data: Path, most: int | None) -> dict[int, list[Duel]]:
    """Both on both sets of pictures, by input size."""
    found: dict[int, list[Duel]] = {size: [] for size in sizes}
    for name, measure in SETS.items():
        dataset = read(data / "objects" / name)
        if most is not None:
            dataset = replace(dataset, pictures=dataset.pictures[:most])
        for size in sizes:
            both: list[Scores] = []
            for which, module in (("old", old), ("new", new)):
                print(f"{which} at {size} on {name}", file=sys.stderr)
                both.append(evaluate(ModuleDetector(module, (size, size)), dataset))
            found[size].append(Duel(name, measure, *both))
    return found


def _text(difference: Difference) -> str:
    low, high = 100 * difference.low, 100 * difference.high
    return f"{100 * difference.mean:+.2f} ({low:+.2f} to {high:+.2f})"


def tell(found: dict[int, list[Duel]], draws: int) -> bool:
    """The table and the verdict; True where the new ones may ship."""
    print("| input | VOC AP 0.5: old, new | gain (95 % of draws) | COCO AP: old, new | gain (95 % of draws) |")
    print("| --- | --- | --- | --- | --- |")
    losses = []
    for size, pair in found.items():
        cells = []
        for duel in pair:
            first, second = (one.voc_ap if duel.measure == "voc" else one.ap for one in (duel.first, duel.second))
            cells += [f"{100 * first:.2f}, {100 * second:.2f}", _text(compare([duel], draws=draws))]
            if size == LARGEST:
                losses.append(first - second)
        print(f"| {size} | {' | '.join(cells)} |")
    small = [duel for size, pair in found.items() if size in SIZES for duel in pair]
    gain = compare(small, draws=draws)
    ships = gain.better and max(losses, default=0.0) <= MAY_LOSE
    print(f"\nMean gain over {SIZES[0]} to {SIZES[-1]}: {_text(gain)} points.")
    if losses:
        print(f"At {LARGEST} it loses at most {100 * max(0.0, *losses):.2f} points (0.3 are allowed).")
    print("The new ones may ship." if ships else "The old ones stay.")
    return ships


def main() -> int:
    """The command line; 0 where the new ones may ship, 3 where the old ones stay."""
    parser = argparse.ArgumentParser(description=str(__doc__).partition("\n")[0])
    parser.add_argument("old", type=Path)
    parser.add_argument("new", type=Path)
    parser.add_argument("--data", type=Path, default=os.environ.get("ONLOOKER_DATA"), help="folder of the data sets")
    parser.add_argument("--sizes", type=int, nargs="+", default=(*SIZES, LARGEST), metavar="N")
    parser.add_argument("--pictures", type=int, metavar="N", help="the first N of each set")
    parser.add_argument("--draws", type=int, default=1000, metavar="N", help="of the bootstrap (default 1000)")
    parser.add_argument("--threads", type=int, default=2, metavar="N", help="of torch (default 2)")
    wishes = parser.parse_args()
    if wishes.data is None:
        parser.error("name the folder of the data sets: --data FOLDER, or set ONLOOKER_DATA")
    torch.set_num_threads(wishes.threads)
    try:
        found = duels(weights(wishes.old), weights(wishes.new), wishes.sizes, Path(wishes.data), wishes.pictures)
    except OnlookerError as error:
        print(error, file=sys.stderr)
        return 1
    return 0 if tell(found, wishes.draws) else 3


if __name__ == "__main__":
    sys.exit(main())
