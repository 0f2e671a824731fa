"""A torch module as a detector, before it has a form: for validation while it is trained, and for experiments."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from models import cells, fitting
from models.cells import Things
from models.classes import COCO
from models.detector import Detector
from models.object_detector import within

Pixels = NDArray[np.uint8]


class ModuleDetector:
    """`models.object_detector.ObjectDetector` by a module, in its own precision, where its parameters lie.

    `size`: (height, width) of the input in pixels, multiples of 32. The module is left in evaluation mode.
    """

    precision = "f32"
    note = ""

    def __init__(
        self, module: Detector, size: tuple[int, int], labels: tuple[str, ...] = COCO, *, key: str = "module"
    ) -> None:
        self._module = module.eval()
        self.size = size
        self.labels = labels
        self.key = key

    @property
    def device(self) -> str:
        """Where it runs."""
        return next(self._module.parameters()).device.type

    def find(self, pixels: Pixels, threshold: float) -> Things:
        """As `ObjectDetector.find`."""
        return self.find_all([pixels], threshold)[0]

    @torch.inference_mode()
    def find_all(self, pictures: Sequence[Pixels], threshold: float) -> list[Things]:
        """`find` for several pictures (H, W, 3) BGR of any sizes, in one pass."""
        design = self._module.design
        fitted = [fitting.stretch(pixels, *self.size) for pixels in pictures]
        device = next(self._module.parameters()).device
        batch = torch.from_numpy(np.stack([shown for shown, _ in fitted])).to(device)
        batch = batch.flip(-1).permute(0, 3, 1, 2).float().div_(255)
        low, high = (torch.tensor(values, device=device).view(3, 1, 1) for values in (design.low, design.high))
        outputs = self._module(low + batch * (high - low))
        scores, sides = (outputs[name].float().cpu().numpy() for name in ("scores", "sides"))
        grid = cells.grid(*self.size)
        answers = []
        for place, (pixels, (_, fit)) in enumerate(zip(pictures, fitted, strict=True)):
            found = cells.things(scores[place], sides[place], grid, threshold)
            back = Things(fit.back(found.boxes), found.scores, found.classes)
            answers.append(within(back, pixels.shape[1], pixels.shape[0]))
        return answers
