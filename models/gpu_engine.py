"""A network run by torch on a graphics device; the processor takes over where that fails."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.catalogue import Network, Precision
from models.cpu_engine import CpuEngine, channels_first, check_pictures
from models.devices import first_line
from models.weights import build

Floats = NDArray[np.float32]

_TRIES = 8


class GpuEngine:
    """A network on "cuda" or "mps", in f32. Used by one thread at a time.

    Other programs take the device's memory while this one runs: where it is short, half as many pictures are given at
    once; where even one is too much, or the device fails, `fallback` makes the engine of the network that goes on, and
    `note` says so.
    """

    def __init__(self, network: Network, device: str, *, fallback: Callable[[Network], CpuEngine]) -> None:
        """Raises NetworkError without good weights, RuntimeError where the device fails, ImportError without torch."""
        import torch

        from models.layers import OnPictures

        self._torch: Any = torch
        torch.backends.cudnn.allow_tf32 = False  # or f32 has ten bits on newer cards
        self.network, self.device, self.note = network, device, ""
        self.precision: Precision = "f32"
        self._fallback = fallback
        self._instead: CpuEngine | None = None
        module = OnPictures(build(network).quick(), network.low, network.high).eval().to(device)
        self._module = self._faster(module)

    def run(self, pictures: NDArray[np.uint8]) -> Mapping[str, Floats]:
        """(N, height, width, 3) BGR uint8 -> the network's outputs by name, float32, N first.

        Raises NetworkError where the device fails and the processor's engine cannot be had either.
        """
        check_pictures(self.network, pictures)
        if self._instead is None:
            try:
                return self._run(pictures)
            except self._torch.OutOfMemoryError:
                self._give_up("ran out of memory")
            except RuntimeError as error:
                self._give_up(f"failed ({first_line(error)})")
        assert self._instead is not None
        return self._instead.run(pictures)

    def resize(self, network: Network) -> None:
        """From now on it takes pictures of another size: `network` is its own at that size."""
        self.network = network

    def _run(self, pictures: NDArray[np.uint8]) -> Mapping[str, Floats]:
        try:
            found = self._forward(self._module, pictures)
        except self._torch.OutOfMemoryError:
            if len(pictures) < 2:
                raise
            self._forget()
            half = len(pictures) // 2
            first, second = self._run(pictures[:half]), self._run(pictures[half:])
            return {name: np.concatenate([first[name], second[name]]) for name in first}
        arrays = [np.asarray(values.cpu().numpy(), np.float32) for values in found]
        return {name: channels_first(values) for name, values in zip(self.network.outputs, arrays, strict=True)}

    def _forward(self, module: Any, pictures: NDArray[np.uint8]) -> Any:
        with self._torch.inference_mode():
            # Copied: torch wants to be able to write to what it is given.
            return module(self._torch.from_numpy(pictures.copy()).to(self.device))

    def _faster(self, module: Any) -> Any:
        """The module with its weights in the order of memory that is faster on this device."""
        pictures = np.zeros((1, *self.network.input, 3), np.uint8)
        taken = {}
        for order in (self._torch.contiguous_format, self._torch.channels_last):
            module = module.to(memory_format=order)
            for _ in range(2):  # the first ones compile and choose kernels
                self._forward(module, pictures)[0].cpu()
            start = time.perf_counter()
            for _ in range(_TRIES):
                self._forward(module, pictures)[0].cpu()
            taken[order] = time.perf_counter() - start
        return module.to(memory_format=min(taken, key=lambda order: taken[order]))

    def _give_up(self, why: str) -> None:
        self._forget()
        self.note = f"{self.device} {why}; the processor is used."
        self._instead = self._fallback(self.network)
        self._module = None
        self.device, self.precision = self._instead.device, self._instead.precision

    def _forget(self) -> None:
        with contextlib.suppress(RuntimeError):  # a device that failed refuses this too
            if self.device == "cuda":
                self._torch.cuda.empty_cache()
            elif self.device == "mps":
                self._torch.mps.empty_cache()
