"""What objects take beside the network, for each frame: resizing, decoding with suppression, tracks, the scene.

`python benchmarks/object_path.py [--frames N]` looks at the clips of ONLOOKER_DATA and prints milliseconds of each
step, the median and the 10th percentile (on a machine that does other things too, the better one).
"""

from __future__ import annotations

import cores_first  # noqa: F401 - before numpy is imported

# isort: split
import argparse
import os
import sys
from pathlib import Path
from time import perf_counter

import numpy as np
from landmark_data import clips, frames
from numpy.typing import NDArray

from desktop import cores, folders
from models import cells, fitting
from models.cells import Things
from models.engine import Engine, load_engine
from models.errors import OnlookerError
from models.object_detector import within
from models.object_tracks import FAINT
from models.object_watch import SCORE, ObjectWatch
from models.objects import DEFAULT, EngineDetector, wanted_size

STEPS = ("resize", "network", "decode", "follow", "scene")


def look(engine: Engine, clip: Path, most: int) -> dict[str, NDArray[np.float64]]:
    """Milliseconds of each step, for each of the first `most` frames of a clip."""
    seeing = ObjectWatch(EngineDetector(engine))
    height, width = engine.network.input
    moments = []
    for pixels, time in frames(clip, most):
        marks = [perf_counter()]
        shown, fit = fitting.stretch(pixels, height, width)
        marks.append(perf_counter())
        outputs = engine.run(shown[None])
        marks.append(perf_counter())
        found = cells.things(outputs["scores"][0], outputs["sides"][0], cells.grid(height, width), FAINT * SCORE)
        found = within(Things(fit.back(found.boxes), found.scores, found.classes), fit.width, fit.height)
        marks.append(perf_counter())
        seen = seeing.follow(found, time)
        marks.append(perf_counter())
        seeing.wanted(seen)
        marks.append(perf_counter())
        moments.append(marks)
    return dict(zip(STEPS, np.diff(np.array(moments), axis=1).T * 1000, strict=True))


def main() -> int:
    """Print a line for each clip."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--frames", type=int, default=150)
    parser.add_argument("--detector", default=DEFAULT)
    parser.add_argument("--size", type=int)
    wanted = parser.parse_args()
    if not os.environ.get("ONLOOKER_DATA"):
        parser.error("name the folder of the data sets in ONLOOKER_DATA.")
    try:
        threads = cores.set_up(folders.cache).budget.inference
        engine = load_engine(
            wanted.detector, device="cpu", cache=folders.cache(), threads=threads, size=wanted_size(wanted.size)
        )
        print(f"{wanted.detector}, input {engine.network.input}, {engine.precision}; ms: median / 10th percentile")
        for clip in clips(Path(os.environ["ONLOOKER_DATA"])):
            taken = look(engine, clip, wanted.frames)
            taken["beside the network"] = np.sum([taken[step] for step in STEPS if step != "network"], axis=0)
            figures = (f"{step} {np.median(one):.2f} / {np.quantile(one, 0.1):.2f}" for step, one in taken.items())
            print(f"{clip.stem}: {', '.join(figures)}")
    except OnlookerError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
