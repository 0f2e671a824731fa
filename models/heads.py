"""The dense heads of the object detector: at every cell of every level, what is there and where its box ends.

One for each level, nothing shared between them. The box is a distribution for each side (Li et al., "Generalized Focal
Loss", arXiv:2006.04388): `models.cells` makes distances of it.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from models.layers import Conv, Separable, leaky_relu

KERNEL = 5
PRIOR = 0.01
"""The score of every class before training: most cells are empty (Lin et al., arXiv:1708.02002, section 4.1)."""


class Heads(nn.Module):
    """`layers` separable convolutions, then 1x1 to `classes` logits and 4 times `bins` logits of the box's sides."""

    def __init__(self, levels: int, channels: int, layers: int, classes: int, bins: int) -> None:
        super().__init__()
        self.levels = nn.ModuleList(_head(channels, layers, classes, bins) for _ in range(levels))

    def forward(self, maps: list[Tensor]) -> list[Tensor]:
        """One (N, channels, H, W) a level -> one (N, classes + 4 * bins, H, W) a level."""
        return [head(features) for head, features in zip(self.levels, maps, strict=True)]


def _head(channels: int, layers: int, classes: int, bins: int) -> nn.Sequential:
    head = nn.Sequential(
        *(
            Separable(channels, channels, kernel=KERNEL, between=leaky_relu, after=leaky_relu, centred=True)
            for _ in range(layers)
        )
    )
    last = Conv(channels, classes + 4 * bins)
    with torch.no_grad():
        assert last.bias is not None
        last.bias[:classes] = -math.log((1 - PRIOR) / PRIOR)
    return head.append(last)
