"""What was trained as one ONNX file that says its classes: for `onlooker models add`, and for whoever reads ONNX."""

from __future__ import annotations

import json
import os
import warnings
from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor, nn

from models.detector import Detector
from models.errors import OnlookerError

OPSET = 17


class _Outputs(nn.Module):
    """Its outputs in a tuple, as exporters want them."""

    def __init__(self, network: Detector) -> None:
        super().__init__()
        self.network = network

    def forward(self, pictures: Tensor) -> tuple[Tensor, ...]:
        """(1, 3, H, W) -> scores, sides."""
        return tuple(self.network(pictures).values())


def export(network: Detector, names: Sequence[str], path: Path) -> None:
    """Write a detector of the classes `names` as ONNX, float32, one picture of any height and width (multiples of 32).

    Input `pictures` (1, 3, H, W) RGB less the mean, by the deviation; outputs `scores` (1, M, classes) and `sides` (1,
    M, 4 * bins), logits. Its metadata hold `names`, {place: name} as JSON. Raises ImportError without the package onnx,
    OnlookerError where the file cannot be written; nothing is left of it then.
    """
    import onnx

    example = torch.zeros(1, 3, *network.design.input)
    outputs = list(network.outputs)
    part = path.with_name(path.name + ".part")
    try:
        with warnings.catch_warnings(), torch.no_grad():
            warnings.simplefilter(
                "ignore"
            )  # torch's own: that this exporter, which needs no further package, is the old
            torch.onnx.export(
                _Outputs(network.quick()).eval(),
                (example,),
                part,
                dynamo=False,
                opset_version=OPSET,
                input_names=["pictures"],
                output_names=outputs,
                dynamic_axes={"pictures": {2: "height", 3: "width"}, **{name: {1: "cells"} for name in outputs}},
            )
        model = onnx.load(part)
        entry = model.metadata_props.add()
        entry.key, entry.value = "names", json.dumps(dict(enumerate(names)))
        with part.open("wb") as file:
            file.write(model.SerializeToString())
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise OnlookerError(f"{path} cannot be written: {error.strerror or error}.") from error
