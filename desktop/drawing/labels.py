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
        lowest = max(height - h, 0.0)
        x, y = min(max(x, 0.0), max(width - w, 0.0)), min(max(y, 0.0), lowest)
        beside = [other for other in placed if x < other[0] + other[2] and other[0] < x + w]
        tries = [y, *(edge for other in beside for edge in (other[1] + other[3], other[1] - h))]
        nearest = sorted((abs(edge - y), edge) for edge in tries if 0.0 <= edge <= lowest)
        free = (edge for _, edge in nearest if not any(edge < o[1] + o[3] and o[1] < edge + h for o in beside))
        placed.append((x, next(free, y), w, h))
    return [(x, y) for x, y, _, _ in placed]
