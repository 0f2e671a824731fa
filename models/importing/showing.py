"""What a network saw while it was tried, as a scene that can be drawn."""

from __future__ import annotations

from models.importing.inspecting import Recognised
from models.scene import Detection, Scene


def scene(recognised: Recognised, least: float) -> Scene:
    """The things of the trial's picture with a score of `least` or more, best first."""
    found, labels = recognised.found, recognised.recipe.labels
    return Scene(
        objects=tuple(
            Detection(box, float(score), labels[int(place)])
            for box, score, place in zip(found.boxes, found.scores, found.classes, strict=True)
            if score >= least
        )
    )
