"""An ONNX file compiled by OpenVINO for the processor, and run picture by picture."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models import runtime
from models.errors import NetworkError
from models.importing.recipe import check_size

Floats = NDArray[np.float32]

USUAL = 640
_CHANNELS = 3
_PICTURE_TYPES = {"f32": np.float32, "f16": np.float16}
_SIZE_TYPES = {"i64": np.int64, "i32": np.int32, "f32": np.float32}


class Running:
    """A network of one picture in, and perhaps of that picture's width and height. Used by one thread at a time.

    `size`: (height, width) of its input. `free`: whether that could have been another one. `notes`: what its maker
    noted, by name.
    """

    def __init__(self, data: bytes, size: tuple[int, int] | None, threads: int) -> None:
        """`size` is taken where the file leaves it free; None: the usual one. Raises NetworkError, the end of a
        sentence that begins with the file's name, and RuntimeError where OpenVINO cannot use it."""
        model = runtime.core().read_model(data, b"")
        picture, sizes = _inputs(model)
        shape = [_length(one) for one in picture.get_partial_shape()]
        if shape[0] not in (0, 1):
            raise NetworkError(f"looks at {shape[0]} pictures at once: export it for one")
        if shape[1] not in (0, _CHANNELS):
            raise NetworkError(
                f"wants pictures of {shape[1]} channels first, not of 3 colours: export it as (1, 3, H, W)"
            )
        self.free = not (shape[2] and shape[3])
        wanted = size or (USUAL, USUAL)
        self.size = shape[2] or wanted[0], shape[3] or wanted[1]
        check_size(self.size)
        shapes = {picture: [1, _CHANNELS, *self.size]} | ({} if sizes is None else {sizes: [1, 2]})
        model.reshape(shapes)
        _check_results(model)
        config = {  # as for our own networks: `models.cpu_engine` says why
            "INFERENCE_PRECISION_HINT": "f32",
            "INFERENCE_NUM_THREADS": threads,
            "NUM_STREAMS": 1,
            "PERFORMANCE_HINT": "LATENCY",
            "ENABLE_CPU_PINNING": False,
        }
        self._type = _PICTURE_TYPES[picture.get_element_type().get_type_name()]
        names = [one.get_index() for one in model.inputs]
        place = next(index for index, one in zip(names, model.inputs, strict=True) if one == picture)
        self._request: Any = runtime.core().compile_model(model, "CPU", config).create_infer_request()
        self._input = self._request.get_input_tensor(place)
        self._count = len(model.outputs)
        if sizes is not None:
            tensor = self._request.get_input_tensor(1 - place)
            tensor.data[:] = np.array([[self.size[1], self.size[0]]], tensor.data.dtype)

    def run(self, values: Floats) -> list[NDArray[Any]]:
        """(1, 3, height, width) -> its answers; the arrays are the caller's own. Raises RuntimeError."""
        self._input.data[:] = values.astype(self._type, copy=False)
        self._request.infer()
        answers = [self._request.get_output_tensor(index).data for index in range(self._count)]
        return [one.astype(np.float32) if one.dtype.kind == "f" else one.copy() for one in answers]


_MOST_RESULTS = 64 * 1024 * 1024
"""Numbers in all answers together."""


def _length(dimension: Any) -> int:
    """A fixed side's length, 0 for a free one."""
    return int(dimension.get_length()) if dimension.is_static else 0


def _inputs(model: Any) -> tuple[Any, Any | None]:
    """The input of the picture, and the one of its width and height. Raises NetworkError where there are others."""
    pictures, sizes = [], []
    for one in model.inputs:
        kind, shape = one.get_element_type().get_type_name(), one.get_partial_shape()
        sides = [_length(side) for side in shape] if shape.rank.is_static else []
        if len(sides) == 4 and kind in _PICTURE_TYPES:
            pictures.append(one)
        elif len(sides) == 2 and sides[1] in (0, 2) and kind in _SIZE_TYPES:
            sizes.append(one)
        else:
            pictures += [one, one]  # one that nobody can fill
    if len(pictures) != 1 or len(sizes) > 1:
        wanted = ", ".join(f"{one.any_name} {one.get_partial_shape()}" for one in model.inputs) or "nothing"
        raise NetworkError(f"wants {wanted}: a detector wants a picture (1, 3, H, W), and at most its size (1, 2)")
    return pictures[0], (sizes or [None])[0]


def _check_results(model: Any) -> None:
    count = 0
    for one in model.outputs:
        shape = one.get_partial_shape()
        if shape.rank.is_static:
            count += math.prod(max(_length(side), 1) for side in shape)
    if count > _MOST_RESULTS:
        raise NetworkError("gives more numbers than any detector")
