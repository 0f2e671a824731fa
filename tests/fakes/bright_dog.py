"""Stands for the networks: in bright pictures it sees a dog, a person and two cars, in dark ones nothing.

As a program it is `onlooker` with these eyes.
"""

from __future__ import annotations

import sys
from unittest.mock import patch

import numpy as np

from desktop.frame import Pixels
from models.classes import COCO
from models.scene import EMPTY, Detection, Scene


class BrightDog:
    """What `desktop.commands.annotate.load` gives, as far as a session needs it."""

    labels = COCO
    note = ""

    def analyze(self, pixels: Pixels, _time_ns: int) -> Scene:
        """What is in a picture."""
        if pixels.mean() < 100:
            return EMPTY
        height, width = pixels.shape[:2]
        box = np.array([0.4 * width, 0.4 * height, 0.6 * width, 0.9 * height], np.float32)
        seen = (("dog", 0.9), ("person", 0.8), ("car", 0.7), ("car", 0.65))
        return Scene(tuple(Detection(box, score, label, place + 1) for place, (label, score) in enumerate(seen)))


def load(_options: object, _device: object, _talk: object) -> BrightDog:
    """Stands for `desktop.commands.annotate.load`."""
    return BrightDog()


def main() -> int:
    """Run the command that the arguments name."""
    from desktop.commands import cli

    with patch("desktop.commands.watch.load", load):
        return cli.run(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
