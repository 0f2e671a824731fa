"""A network's form compiled by OpenVINO for the processor."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models import runtime
from models.catalogue import Network, Precision

Floats = NDArray[np.float32]


class CpuEngine:
    """A network on the processor. Used by one thread at a time.

    It is compiled for exactly one picture of exactly the network's `input`, and several are run one after the other: a
    compilation for any number was slower for two and for four, stalled when it first met a number, and took up to 180
    MB more for a network.
    """

    device = "cpu"

    def __init__(
        self, network: Network, form: tuple[bytes, bytes], *, precision: Precision, threads: int, note: str = ""
    ) -> None:
        """`form`: its XML and its weights. Raises RuntimeError where OpenVINO cannot use them."""
        self.network, self.precision, self.note = network, precision, note
        ov, (xml, weights) = runtime.openvino(), form
        model = runtime.core().read_model(xml, ov.Tensor(np.frombuffer(weights, np.uint8)))
        names = tuple(output.any_name for output in model.outputs)
        if names != network.outputs:
            raise RuntimeError(f"the form gives {names}, not {network.outputs}")
        model.reshape([1, *network.input, 3])
        # Given to compile_model for this device by name: set elsewhere some have no effect, silently. The precision is
        # always said, since OpenVINO takes bf16 unasked where the processor names it; without pinning the engines'
        # threads do not all wait for the same cores.
        config = {
            "INFERENCE_PRECISION_HINT": "f32" if precision == "int8" else precision,  # int8 is in the form itself
            "INFERENCE_NUM_THREADS": threads,
            "NUM_STREAMS": 1,
            "PERFORMANCE_HINT": "LATENCY",
            "ENABLE_CPU_PINNING": False,
        }
        self._request: Any = runtime.core().compile_model(model, "CPU", config).create_infer_request()
        # The request's own memory, written to and read from in place.
        self._tensors = (
            self._request.get_input_tensor(),
            {name: self._request.get_output_tensor(place) for place, name in enumerate(names)},
        )
        self._input: NDArray[np.uint8] = self._tensors[0].data
        self._outputs: dict[str, Floats] = {name: tensor.data for name, tensor in self._tensors[1].items()}

    def run(self, pictures: NDArray[np.uint8]) -> Mapping[str, Floats]:
        """(N, height, width, 3) BGR uint8 -> the network's outputs by name, float32, N first; the arrays are the
        caller's own. Raises ValueError for another shape or type."""
        check_pictures(self.network, pictures)
        found = {name: np.empty((len(pictures), *view.shape[1:]), np.float32) for name, view in self._outputs.items()}
        for place, picture in enumerate(pictures):
            self._input[0] = picture
            self._request.infer()
            for name, values in found.items():
                values[place] = self._outputs[name][0]
        return {name: channels_first(values) for name, values in found.items()}


def check_pictures(network: Network, pictures: NDArray[np.uint8]) -> None:
    """Raises ValueError where these are not one or more pictures of the network's size."""
    height, width = network.input
    if pictures.dtype != np.uint8 or pictures.shape != (len(pictures), height, width, 3) or not len(pictures):
        wanted = f"uint8 (N, {height}, {width}, 3)"
        raise ValueError(f"{network.key} takes {wanted}, not {pictures.dtype} {pictures.shape}")


def channels_first(values: Floats) -> Floats:
    """Maps come from a form as (N, height, width, C); a view of them as (N, C, height, width)."""
    return values.transpose(0, 3, 1, 2) if values.ndim == 4 else values
