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

    One picture is the fast path: it is compiled for exactly one. Several at once go through a second compilation for
    any number, made when it is first needed.
    """

    device = "cpu"

    def __init__(
        self, network: Network, form: tuple[bytes, bytes], *, precision: Precision, threads: int, note: str = ""
    ) -> None:
        """`form`: its XML and its weights. Raises RuntimeError where OpenVINO cannot use them."""
        self.network, self.precision, self.note = network, precision, note
        # Given to compile_model for this device by name: set elsewhere some have no effect, silently. The precision is
        # always said, since OpenVINO takes bf16 unasked where the processor names it; without pinning the engines'
        # threads do not all wait for the same cores.
        self._config = {
            "INFERENCE_PRECISION_HINT": precision,
            "INFERENCE_NUM_THREADS": threads,
            "NUM_STREAMS": 1,
            "PERFORMANCE_HINT": "LATENCY",
            "ENABLE_CPU_PINNING": False,
        }
        self._form = form
        model = self._read()
        model.reshape([1, *network.input, 3])
        self._one = self._compile(model)
        self._many: Any = None

    def run(self, pictures: NDArray[np.uint8]) -> Mapping[str, Floats]:
        """(N, height, width, 3) BGR uint8 -> the network's outputs by name, float32, N first; the arrays are the
        caller's own. Raises ValueError for another shape or type."""
        check_pictures(self.network, pictures)
        if len(pictures) == 1:
            request = self._one
        else:
            if self._many is None:
                self._many = self._compile(self._read())
            request = self._many
        shared = np.require(pictures, requirements=["C", "W"])  # OpenVINO refuses what it could not write to
        request.set_input_tensor(runtime.openvino().Tensor(shared, shared_memory=True))
        request.infer()
        return {
            name: channels_first(request.get_output_tensor(place).data.copy())
            for place, name in enumerate(self.network.outputs)
        }

    def _read(self) -> Any:
        ov = runtime.openvino()
        xml, weights = self._form
        model = runtime.core().read_model(xml, ov.Tensor(np.frombuffer(weights, np.uint8)))
        names = tuple(output.any_name for output in model.outputs)
        if names != self.network.outputs:
            raise RuntimeError(f"the form gives {names}, not {self.network.outputs}")
        return model

    def _compile(self, model: Any) -> Any:
        return runtime.core().compile_model(model, "CPU", self._config).create_infer_request()


def check_pictures(network: Network, pictures: NDArray[np.uint8]) -> None:
    """Raises ValueError where these are not one or more pictures of the network's size."""
    height, width = network.input
    if pictures.dtype != np.uint8 or pictures.shape != (len(pictures), height, width, 3) or not len(pictures):
        wanted = f"uint8 (N, {height}, {width}, 3)"
        raise ValueError(f"{network.key} takes {wanted}, not {pictures.dtype} {pictures.shape}")


def channels_first(values: Floats) -> Floats:
    """Maps come from a form as (N, height, width, C); a view of them as (N, C, height, width)."""
    return values.transpose(0, 3, 1, 2) if values.ndim == 4 else values
