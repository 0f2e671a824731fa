"""The curve of a training as docs/training.md has it: `python benchmarks/training_curve.py RUN [--every 200]`.

RUN: the folder that `onlooker train` or `python -m models.training` wrote. Prints Markdown: mean losses since the row
before, the learning rate, and average precision, in points, where the run was judged.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from models.errors import OnlookerError
from models.training import checkpoint

LOSSES = ("total", "quality", "overlap", "distribution")


def rows(curve: Sequence[dict[str, float]], every: int) -> list[list[str]]:
    """A row for each `every` steps, the head first. Losses are means over the steps of a row."""
    judged = [name for name in {key: None for one in curve for key in one} if name not in ("step", "rate", *LOSSES)]
    found = [["step", *LOSSES, "rate", *judged]]
    waiting: list[dict[str, float]] = []
    for number, one in enumerate(curve):
        waiting.append(one)
        if int(one["step"]) % every and number + 1 < len(curve):
            continue
        means = [f"{sum(row[name] for row in waiting) / len(waiting):.4f}" for name in LOSSES]
        scores = [f"{100 * one[name]:.1f}" if name in one else "" for name in judged]
        found.append([f"{int(one['step'])}", *means, f"{one['rate']:.1e}", *scores])
        waiting = []
    return found


def main(argv: Sequence[str]) -> int:
    """The command; 0 where the curve was printed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path)
    parser.add_argument("--every", type=int, default=200, help="steps in a row")
    told = parser.parse_args(argv)
    try:
        state = checkpoint.load(told.run / "state")
    except OnlookerError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    if state is None or not state.curve:
        sys.stderr.write(f"{told.run} holds no training that has reported anything.\n")
        return 1
    head, *rest = rows(state.curve, max(told.every, 1))
    for line in (head, ["---"] * len(head), *rest):
        print("| " + " | ".join(line) + " |")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
