"""Where labels go: inside the picture, and not over one another."""

from __future__ import annotations

from collections.abc import Sequence

Plate = tuple[float, float, float, float]
"""x, y (upper left), width, height."""


def place(plates: Sequence[Plate], size: tuple[int, int]) -> list[tuple[float, float]]:
    """The upper left corners of `plates` after each was moved into the picture and off those before it.

    A plate that would cover an earlier one goes below it, or above it where there is no room below; where there is none
    either it stays. `size`: width and height of the picture.
    """
    width, height = size
    placed: list[Plate] = []
    for x, y, w, h in plates:
        x, y = min(max(x, 0.0), max(width - w, 0.0)), min(max(y, 0.0), max(height - h, 0.0))
        tries = [(x, y)]
        for other in placed:
            tries += [(x, other[1] + other[3]), (x, other[1] - h)]
        fitting = [
            (abs(ty - y), tx, ty)
            for tx, ty in tries
            if 0.0 <= ty <= max(height - h, 0.0) and not any(_overlap((tx, ty, w, h), other) for other in placed)
        ]
        _, x, y = min(fitting, default=(0.0, x, y))
        placed.append((x, y, w, h))
    return [(x, y) for x, y, _, _ in placed]


def _overlap(a: Plate, b: Plate) -> bool:
    return a[0] < b[0] + b[2] and b[0] < a[0] + a[2] and a[1] < b[1] + b[3] and b[1] < a[1] + a[3]
