"""Depthwise convolutions kept in 32 bits while the rest of a network is trained in 16.

On processors, oneDNN's backward pass of depthwise convolutions in bfloat16 took up to 27 times that in float32
(docs/training.md); they are a small part of the work, and everything else gains.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from models.layers import Conv


class FloatConv(Conv):
    """`Conv`, in float32 whatever is around it."""

    def forward(self, x: Tensor) -> Tensor:
        """As `Conv.forward`."""
        with torch.autocast(x.device.type, enabled=False):
            return super().forward(x.float())


def keep_float(network: nn.Module) -> None:
    """Make a `FloatConv` of each depthwise `Conv` of the network, with the parameters that it has."""
    for module in network.modules():
        if type(module) is Conv and module.groups > 1:
            module.__class__ = FloatConv
