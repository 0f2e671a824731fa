"""A class has the same colour always, and those that are seen most are told apart by every eye."""

from __future__ import annotations

import subprocess
import sys
from itertools import combinations, pairwise

import numpy as np
import pytest
from numpy.typing import NDArray

from desktop.drawing.class_colours import CLASS_COLOURS, class_colour
from desktop.drawing.marks import text_on

FREQUENT = (
    "person",
    "chair",
    "car",
    "bottle",
    "cup",
    "book",
    "dog",
    "cat",
    "bicycle",
    "tv",
    "laptop",
    "cell phone",
)
"""What is seen most in COCO's pictures, and on a desk."""

# Viénot, Brettel and Mollon 1999: how dichromats see linear RGB.
EYES = {
    "everybody's": np.eye(3),
    "protanope": np.array([[0.11238, 0.88762, 0.0], [0.11238, 0.88762, 0.0], [0.00401, -0.00401, 1.0]]),
    "deuteranope": np.array([[0.29275, 0.70725, 0.0], [0.29275, 0.70725, 0.0], [-0.02234, 0.02234, 1.0]]),
}
_XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])  # sRGB, D65


def lab(colour: tuple[int, int, int], eyes: NDArray[np.float64]) -> NDArray[np.float64]:
    """CIELAB (L*, a*, b*) of an sRGB colour as these eyes see it."""
    values = np.array(colour) / 255.0
    linear = np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)
    ratios = _XYZ @ np.clip(eyes @ linear, 0.0, 1.0) / (0.9505, 1.0, 1.089)
    f = np.where(ratios > (6 / 29) ** 3, np.cbrt(ratios), ratios / (3 * (6 / 29) ** 2) + 4 / 29)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


@pytest.mark.parametrize("eyes", list(EYES))
def test_the_classes_that_are_seen_most_differ_for_every_eye(eyes: str) -> None:
    """A difference of 2.3 in CIELAB is just seen (Mahy and others, 1994): these are seven times as far apart."""
    colours = [class_colour(name) for name in FREQUENT]
    assert len(set(colours)) == len(FREQUENT)
    for one, other in combinations(colours, 2):
        assert np.linalg.norm(lab(one, EYES[eyes]) - lab(other, EYES[eyes])) > 17, (one, other)


@pytest.mark.parametrize("eyes", list(EYES))
def test_neighbours_among_the_colours_differ_in_lightness(eyes: str) -> None:
    for one, other in pairwise((*CLASS_COLOURS, CLASS_COLOURS[0])):
        assert abs(lab(one, EYES[eyes])[0] - lab(other, EYES[eyes])[0]) > 12, (one, other)


@pytest.mark.parametrize("colour", CLASS_COLOURS)
def test_labels_contrast_with_the_colour_of_their_class(colour: tuple[int, int, int]) -> None:
    white, black = lab((255, 255, 255), np.eye(3)), lab(text_on(colour), np.eye(3))
    assert white[0] > 99
    assert abs(lab(colour, np.eye(3))[0] - black[0]) > 35


def test_a_class_has_the_same_colour_in_every_session() -> None:
    names = [*FREQUENT, "Straßenhund", "my own part 17", ""]
    script = f"from desktop.drawing.class_colours import class_colour; print([class_colour(n) for n in {names!r}])"
    said = subprocess.run(
        [sys.executable, "-c", script],
        check=True,
        capture_output=True,
        text=True,
        env={"PYTHONHASHSEED": "1", "PYTHONUTF8": "1", "PYTHONPATH": ":".join(sys.path)},
    ).stdout
    assert said.strip() == repr([class_colour(name) for name in names])


def test_a_class_of_ones_own_has_a_colour_too() -> None:
    assert {class_colour(f"part {number}") for number in range(200)} == set(CLASS_COLOURS)
