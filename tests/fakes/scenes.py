"""Scenes made of numbers, for tests that need one without a network: not a fake of any part."""

from __future__ import annotations

import numpy as np

from models.scene import Body, Detection, Face, Scene


def face(x: float = 100.0, y: float = 80.0, side: float = 90.0, *, track: int = 1, score: float = 0.987) -> Face:
    """A face whose points lie on a spiral within its box."""
    turns = np.linspace(0.0, 40.0, 468)
    radius = np.linspace(0.0, side / 2, 468)
    points = np.stack([x + side / 2 + radius * np.cos(turns), y + side / 2 + radius * np.sin(turns), radius / 3], 1)
    return Face(np.array([x, y, x + side, y + side], np.float32), score, points.astype(np.float32), track)


def body(x: float = 60.0, y: float = 60.0, *, track: int = 2, visibility: float = 0.9) -> Body:
    """A body whose joints lie on a grid, 20 pixels apart, all of the same visibility."""
    numbers = np.arange(33)
    points = np.stack([x + 20.0 * (numbers % 6), y + 20.0 * (numbers // 6), numbers - 16.0, 0.0 * numbers], 1)
    points[:, 3] = visibility
    box = np.array([x, y, x + 100.0, y + 100.0], np.float32)
    world = np.stack([numbers / 33, numbers / 66, -numbers / 99], 1)
    return Body(box, 0.912, points.astype(np.float32), world.astype(np.float32), track)


def thing(label: str = "dog", *, track: int = 3) -> Detection:
    """An object in a box."""
    return Detection(np.array([10.25, 20.0, 110.0, 90.5], np.float32), 0.9137, label, track)


def scene() -> Scene:
    """An object, a face and a body."""
    return Scene((thing(),), (face(),), (body(),))
