"""The dense heads of the object detector: at every cell of every level, what is there and where its box ends.

One for each level, nothing shared between them. The box is a distribution for each side (Li et al., "Generalized Focal
Loss", arXiv:2006.04388): `models.cells` makes distances of it.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor, nn

from models.layers import Conv, Separable, leaky_relu

KERNEL = 5
PRIOR = 0.01
"""The score of every class before training: most cells are empty (Lin et al., arXiv:1708.02002, section 4.1)."""


def separable(channels: int) -> Separable:
    """A layer that looks around: a separable convolution."""
    return Separable(channels, channels, kernel=KERNEL, between=leaky_relu, after=leaky_relu, centred=True)


class Heads(nn.Module):
    """`layers` layers that look around, then 1x1 to `classes` logits and 4 times `bins` logits of the box's sides.

    `layer`: what makes a layer of so many channels.
    """

    def __init__(
        self,
        levels: int,
        channels: int,
        layers: int,
        classes: int,
        bins: int,
        *,
        layer: Callable[[int], nn.Module] = separable,
    ) -> None:
        super().__init__()
        heads = ([layer(channels) for _ in range(layers)] for _ in range(levels))
        self.levels = nn.ModuleList(nn.Sequential(*head, _last(channels, classes, bins)) for head in heads)

    def forward(self, maps: list[Tensor]) -> list[Tensor]:
        """One (N, channels, H, W) a level -> one (N, classes + 4 * bins, H, W) a level."""
        return [head(features) for head, features in zip(self.levels, maps, strict=True)]


def _last(channels: int, classes: int, bins: int) -> Conv:
    last = Conv(channels, classes + 4 * bins)
    with torch.no_grad():
        assert last.bias is not None
        last.bias[:classes] = -math.log((1 - PRIOR) / PRIOR)
    return last
