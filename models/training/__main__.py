"""Trains a detector of objects; needs torch, numpy and OpenCV alone.

    python -m models.training --data FOLDER… --out FOLDER [--init WEIGHTS] [--teach] [--validation FOLDER…]

The same command goes on where it was stopped. `onlooker train` is the same with a progress bar.
"""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from models.classes import COCO
from models.errors import OnlookerError
from models.training.loop import Report
from models.training.run import Options, train
from models.training.start import DESIGNS


def main(argv: Sequence[str]) -> int:
    """The command; 0 where all was done, 1 where it could not, 130 where it was interrupted and can go on."""
    given = _parser().parse_args(argv)
    values: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in vars(given).items()
    }
    values["classes"] = COCO if values.pop("coco") else values["classes"]
    try:
        written = train(Options(**values), tell=_tell, note=_say, progress=_progress)
    except OnlookerError as error:
        _say(str(error))
        return 1
    except KeyboardInterrupt:
        _say("Interrupted: the state is kept, the same command goes on from there.")
        return 130
    _say(f"Written: {written}")
    return 0


def _parser() -> argparse.ArgumentParser:
    usual = Options((), Path())
    parser = argparse.ArgumentParser(prog="python -m models.training", description="Trains a detector of objects.")
    parser.add_argument("--data", type=Path, nargs="+", required=True, help="folders with labelled pictures")
    parser.add_argument("--repeats", type=int, nargs="+", default=(), help="how often each is seen in a pass")
    parser.add_argument("--out", type=Path, required=True, help="the folder of the run")
    parser.add_argument("--init", type=Path, help="weights to start from")
    parser.add_argument("--design", choices=tuple(DESIGNS), default=usual.design, help="what is trained")
    parser.add_argument("--teacher", type=Path, help="weights of Onlooker-M to learn from; the start unless given")
    classes = parser.add_mutually_exclusive_group()
    classes.add_argument("--classes", nargs="+", help="names to be learned; those of the data unless given")
    classes.add_argument("--coco", action="store_true", help="learn COCO's 80 classes")
    parser.add_argument("--teach", action="store_true", help="let the teacher guess what is not labelled")
    parser.add_argument("--validation", type=Path, nargs="+", default=(), help="pictures that are held back and judged")
    for name in ("judged", "steps", "batch", "warm_up", "keep", "seed", "threads"):
        parser.add_argument(f"--{name.replace('_', '-')}", type=int, default=getattr(usual, name))
    for name in ("rate", "decay", "wide", "mosaic", "mixed", "dense"):
        parser.add_argument(f"--{name}", type=float, default=getattr(usual, name))
    parser.add_argument("--sides", type=int, nargs="+", default=usual.sides, help="of the input, multiples of 32")
    parser.add_argument("--odds", type=float, nargs="+", default=usual.odds, help="of each side")
    parser.add_argument("--device", choices=("auto", "cpu", "cuda"), default=usual.device)
    parser.add_argument("--f32", dest="low_precision", action="store_false", help="no bfloat16")
    return parser


def _say(text: str) -> None:
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


def _tell(report: Report) -> None:
    losses = " ".join(f"{name} {value:.4f}" for name, value in report.losses.items())
    scores = " ".join(f"{name} {100 * value:.1f}" for name, value in report.scores.items())
    _say(f"step {report.step} {losses} rate {report.rate:.2e} {report.speed:.1f}/s left {report.left:.0f} s {scores}")


def _progress(what: str, done: int, count: int) -> None:
    if done == count or done % 500 == 0:
        _say(f"{what}: {done} of {count}")


if __name__ == "__main__":
    # A run in the background is ended by SIGTERM, and a shell lets it begin deaf to Ctrl-C: both keep its state.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    sys.exit(main(sys.argv[1:]))
