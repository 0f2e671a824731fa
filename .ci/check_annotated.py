"""Checks what `onlooker annotate demo` wrote: as many frames as the demo has, at its times, and marks drawn on them.

    python -I .ci/check_annotated.py VIDEO [DATA]

With the data file: that the person of the demo clip is among the objects that were found.
"""

from __future__ import annotations

import json
import sys
from importlib import resources
from pathlib import Path

import av
import numpy as np


def frames(path: str) -> list[tuple[float, np.ndarray]]:
    """Time in seconds and pixels of every frame."""
    with av.open(path) as container:
        return [(float(frame.time), frame.to_ndarray(format="bgr24")) for frame in container.decode(video=0)]


def main(path: str) -> None:
    """Raises AssertionError where something is wrong."""
    with resources.as_file(resources.files("resources") / "demo.mp4") as demo:
        source = frames(str(demo))
    made = frames(path)
    assert len(made) == len(source), f"{len(made)} frames in place of {len(source)}"
    worst = max(abs(a - b - made[0][0] + source[0][0]) for (a, _), (b, _) in zip(made, source, strict=True))
    assert worst < 0.002, f"a frame is {worst * 1000:.1f} ms off"
    marked = [
        float((np.abs(a.astype(int) - b.astype(int)).max(axis=2) > 60).mean()) > 0.001
        for (_, a), (_, b) in zip(made, source, strict=True)
    ]
    assert np.mean(marked) > 0.8, f"marks are seen on {np.mean(marked):.0%} of the frames only"
    print(f"{path}: {len(made)} frames at the source's times, marks on {np.mean(marked):.0%} of them")


def check_objects(path: str) -> None:
    """Raises AssertionError where the person of the demo clip was missed in more than a tenth of its frames."""
    lines = [json.loads(line) for line in Path(path).read_text(encoding="utf-8").splitlines()]
    assert "objects" in lines[0]["networks"], f"{path} names no network for objects"
    found = ["person" in {thing["label"] for thing in line["objects"]} for line in lines if line.get("analysed")]
    assert np.mean(found) > 0.9, f"the person is found on {np.mean(found):.0%} of the frames only"
    print(f"{path}: a person on {np.mean(found):.0%} of {len(found)} frames")


if __name__ == "__main__":
    main(sys.argv[1])
    if sys.argv[2:]:
        check_objects(sys.argv[2])
