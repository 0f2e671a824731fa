"""A user's own network as a detector of objects."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from models.cells import Things
from models.errors import NetworkError
from models.importing.layouts import named
from models.importing.recipe import Recipe, check_size
from models.importing.running import Running
from models.object_detector import NOTHING, within

Pixels = NDArray[np.uint8]


class ForeignDetector:
    """An `ObjectDetector` of an ONNX file and its recipe; it runs on the processor, in float32."""

    device, precision = "cpu", "f32"

    def __init__(
        self,
        data: bytes,
        recipe: Recipe,
        *,
        key: str,
        threads: int,
        size: tuple[int, int] | None = None,
        note: str = "",
    ) -> None:
        """`data`: the file's bytes, which were tried before (`inspecting`). `size`: another (height, width) than the
        recipe's, where that is free. Raises NetworkError where it cannot be used."""
        if size is not None and size != recipe.size:
            if not recipe.free:
                height, width = recipe.size
                raise NetworkError(
                    f"{key} looks at pictures of {width} x {height} pixels, not of {size[1]} x {size[0]}."
                )
            check_size(size)
            recipe = replace(recipe, size=size)
        self.key, self.note, self.recipe = key, note, recipe
        self._family = named(recipe.layout)
        try:
            self._running = Running(data, recipe.size, threads)
            self._try()
        except NetworkError as error:
            raise NetworkError(f"{key} {str(error).rstrip('.')}.") from error
        except (RuntimeError, ValueError) as error:
            said = (str(error).strip() or type(error).__name__).splitlines()[-1].strip().rstrip(".")
            raise NetworkError(f"{key} cannot be run at {recipe.size[1]} x {recipe.size[0]}: {said[:200]}.") from error

    def _try(self) -> None:
        answers = self._running.run(np.zeros((1, 3, *self.size), np.float32))
        known = len(self.labels)
        if self._family.classes_of(answers, self.size, known) is None:
            shapes = " and ".join(str(list(one.shape)) for one in answers)
            raise NetworkError(f"gives {shapes}, which is not {self._family.title} for {known} classes")

    @property
    def labels(self) -> tuple[str, ...]:
        """The names of its classes, by place."""
        return self.recipe.labels

    @property
    def size(self) -> tuple[int, int]:
        """(height, width) of its input."""
        return self.recipe.size

    def find(self, pixels: Pixels, threshold: float) -> Things:
        """As `ObjectDetector.find`; nothing in a picture without pixels. A label without a name is left out."""
        if not pixels.size:
            return NOTHING
        shown, fit = self.recipe.look.fitted(pixels, self.size)
        answers = self._running.run(self.recipe.look.values(shown))
        with np.errstate(over="ignore", invalid="ignore"):  # what others' networks give is not ours to warn of
            found = self._family.decode(answers, self.size, len(self.labels), threshold)
            named_ones = (found.classes >= 0) & (found.classes < len(self.labels))
            boxes = fit.back(found.boxes[named_ones])
        kept = Things(boxes, found.scores[named_ones], found.classes[named_ones])
        return within(kept, pixels.shape[1], pixels.shape[0])
