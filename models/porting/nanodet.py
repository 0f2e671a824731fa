"""Reads the published weights of NanoDet-Plus-m-1.5x (RangiLyu/nanodet, Apache-2.0) into our detector.

They are the start of our own training and do not ship. The file is a safetensors with batch norms folded; its names are
those of `names`. It is for BGR pictures, ours are RGB: the first convolution's channels are turned round.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.numpy import load_file

from models.detector import Detector, DetectorDesign
from models.errors import NetworkError

DESIGN = DetectorDesign()
FILE = "nanodet_plus_m_1.5x_416.safetensors"
FIRST = "backbone.stem.0.weight"

_UNIT = {"left.depthwise": "branch1_0", "left.pointwise": "branch1_2"}
_UNIT |= {"right.0": "branch2_0", "right.2.depthwise": "branch2_3", "right.2.pointwise": "branch2_5"}
_GHOST = {
    "ghosts.0.primary.0": "ghost1_primary",
    "ghosts.0.cheap.0": "ghost1_cheap",
    "ghosts.1.primary.0": "ghost2_primary",
    "ghosts.1.cheap.0": "ghost2_cheap",
    "shortcut.depthwise": "shortcut_0",
    "shortcut.pointwise": "shortcut_2",
}


def theirs(name: str) -> str:
    """What the file calls one of our parameters: "neck.down.0.depthwise.bias" is "down.0.depthwise.bias"."""
    layer, _, kind = name.rpartition(".")
    part, _, rest = layer.partition(".")
    if part == "backbone":
        if rest == "stem.0":
            return f"conv1.{kind}"
        _, stage, unit, layer = rest.split(".", 3)
        return f"stage{int(stage) + 2}.{unit}.{_UNIT[layer]}.{kind}"
    if part == "heads":
        return f"head.{rest.removeprefix('levels.')}.{kind}"
    block, _, layer = rest.partition(".")
    if block in ("top_down", "bottom_up"):
        index, _, layer = layer.partition(".")
        return f"{block}.{index}.{_GHOST[layer]}.{kind}"
    if block == "reduce":
        return f"reduce.{layer.removesuffix('.0')}.{kind}"
    return f"{rest}.{kind}"


def read(path: Path) -> Detector:
    """The detector with the weights of a file, in float32 and evaluation mode.

    Raises NetworkError where the file cannot be read, or lacks a tensor, or has one too many or of another shape.
    """
    try:
        tensors = load_file(path)
    except (OSError, SafetensorError) as error:
        raise NetworkError(f"{path} cannot be read as a safetensors file: {error}.") from error
    detector = Detector(DESIGN)
    state = {}
    for name, parameter in detector.state_dict().items():
        values = tensors.pop(theirs(name), None)
        if values is None or values.shape != tuple(parameter.shape):
            shape = "missing" if values is None else f"{values.shape}, not {tuple(parameter.shape)}"
            raise NetworkError(f"{path} holds no NanoDet-Plus-m-1.5x: {theirs(name)} is {shape}.")
        state[name] = torch.from_numpy(values.astype(np.float32))
    if tensors:
        raise NetworkError(f"{path} holds no NanoDet-Plus-m-1.5x: {', '.join(sorted(tensors))} has no place in it.")
    state[FIRST] = state[FIRST].flip(1)
    detector.load_state_dict(state)
    return detector.eval()
