"""How a network wants its pictures: order of colours, range of numbers, how they are brought to its size."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal, get_args

import cv2
import numpy as np
from numpy.typing import NDArray

from models import fitting
from models.errors import NetworkError
from models.fitting import Fit

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float32]

Colour = Literal["bgr", "rgb"]
Way = Literal["stretch", "letterbox", "corner"]
COLOURS: tuple[str, ...] = get_args(Colour)
WAYS: tuple[str, ...] = get_args(Way)
Triple = tuple[float, float, float]

_LARGEST = 1e6


@dataclass(frozen=True, slots=True)
class Look:
    """A value of the input is (pixel * `range` / 255 - `mean`) / `std`, its three colours in the order of `colour`.

    `range`: what white is before that, 1 or 255. `fit`: "stretch" gives up the ratio of the sides; "letterbox" keeps
    it, grey around the picture; "corner" likewise, the picture at the top left. `averaged`: pictures that shrink
    much are averaged over areas, as the networks' makers did it who used filters; the others took single pixels.
    `corners`: a stretched picture is sampled so that the first pixels' middles meet, not the pictures' edges, as a warp
    by two ratios does it; a network that was trained on such pictures is better on them.
    """

    colour: Colour
    range: float
    fit: Way
    mean: Triple = (0.0, 0.0, 0.0)
    std: Triple = (1.0, 1.0, 1.0)
    averaged: bool = False
    corners: bool = False

    def __post_init__(self) -> None:
        """Raises NetworkError for what makes no sense."""
        if self.colour not in COLOURS:
            raise NetworkError(f"There is no order of colours {self.colour!r}: it may be {' or '.join(COLOURS)}.")
        if self.fit not in WAYS:
            raise NetworkError(f"There is no way {self.fit!r} to fit a picture: it may be {', '.join(WAYS)}.")
        numbers = (self.range, *self.mean, *self.std)
        if len(self.mean) != 3 or len(self.std) != 3 or not all(abs(number) <= _LARGEST for number in numbers):
            raise NetworkError("Mean and std are three numbers each, of no absurd size.")
        if self.range <= 0 or min(self.std) <= 0:
            raise NetworkError("Range and std have to be above 0.")

    def changed(
        self,
        colour: str | None = None,
        range: float | None = None,  # noqa: A002 - the word of the option
        fit: str | None = None,
        mean: Triple | None = None,
        std: Triple | None = None,
    ) -> Look:
        """The look with what is not None instead. Raises NetworkError for what makes no sense."""
        wanted = {"colour": colour, "range": range, "fit": fit, "mean": mean, "std": std}
        return replace(self, **{name: value for name, value in wanted.items() if value is not None})  # type: ignore[arg-type] # checked as it is made

    def fitted(self, pixels: Pixels, size: tuple[int, int]) -> tuple[Pixels, Fit]:
        """A picture (H, W, 3) brought to the size (height, width), and how it lies there."""
        if self.fit == "stretch" and self.corners:
            height, width = size
            ratios = np.array([[width / pixels.shape[1], 0, 0], [0, height / pixels.shape[0], 0]])
            warped = np.asarray(cv2.warpAffine(pixels, ratios, (width, height), flags=cv2.INTER_LINEAR), np.uint8)
            return warped, Fit(pixels.shape[1], pixels.shape[0], width, height)
        if self.fit == "stretch":
            return fitting.stretch(pixels, *size, averaged=self.averaged)
        return fitting.letterbox(pixels, *size, centred=self.fit == "letterbox", averaged=self.averaged)

    def values(self, shown: Pixels) -> Floats:
        """(height, width, 3) BGR uint8 -> (1, 3, height, width): the network's input."""
        order = (2, 1, 0) if self.colour == "rgb" else (0, 1, 2)
        made = np.empty((1, 3, *shown.shape[:2]), np.float32)
        for place, channel in enumerate(order):
            scale = np.float32(self.range / 255 / self.std[place])
            np.multiply(shown[:, :, channel], scale, out=made[0, place])
            made[0, place] -= np.float32(self.mean[place] / self.std[place])
        return made

    @property
    def described(self) -> str:
        """For people, such as "RGB, 0 to 1, stretched"."""
        fits = {"stretch": "stretched", "letterbox": "letterbox", "corner": "letterbox at the top left"}
        about = "" if self.mean == (0.0, 0.0, 0.0) and self.std == (1.0, 1.0, 1.0) else ", less mean, by deviation"
        return f"{self.colour.upper()}, 0 to {self.range:g}{about}, {fits[self.fit]}"
