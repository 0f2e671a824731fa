"""The trunk of the object detector: ShuffleNetV2 (Ma et al., arXiv:1807.11164, figure 3 c and d), NCHW.

Batch norms are folded into the convolutions before them; the activation is LeakyReLU, not the paper's ReLU.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

from models.layers import Conv, Separable, leaky_relu


class ShuffleUnit(nn.Module):
    """One unit: half of the channels through convolutions, the other half as it is; joined and shuffled in two groups.

    At stride 2, which is where the number of channels may change, both halves are made by convolutions from all of the
    input.
    """

    def __init__(self, inputs: int, outputs: int, stride: int = 1) -> None:
        super().__init__()
        if outputs % 2 or (stride == 1 and inputs != outputs):
            raise ValueError(f"a unit cannot make {outputs} channels of {inputs} at stride {stride}")
        half = outputs // 2
        self.halves = stride == 1
        self.left = nn.Identity() if self.halves else Separable(inputs, half, stride=2, after=leaky_relu, centred=True)
        self.right = nn.Sequential(
            Conv(half if self.halves else inputs, half),
            leaky_relu(half),
            Separable(half, half, stride=stride, after=leaky_relu, centred=True),
        )

    def forward(self, x: Tensor) -> Tensor:
        """(N, inputs, H, W) -> (N, outputs, H / stride, W / stride), odd sizes rounded up."""
        left, right = torch.chunk(x, 2, 1) if self.halves else (x, x)
        return functional.channel_shuffle(torch.cat((self.left(left), self.right(right)), 1), 2)


def shuffle_stem(channels: int) -> nn.Sequential:
    """What brings a picture to a quarter of its size: a convolution and a max pooling."""
    return nn.Sequential(Conv(3, channels, 3, 2, centred=True), leaky_relu(channels), nn.MaxPool2d(3, 2, 1))


class Backbone(nn.Module):
    """A picture in, three maps out, at strides 8, 16 and 32.

    `stem`: channels of the map at stride 4. `widths`: channels of the three maps. `units`: how many units make each;
    the first of a stage halves the map. `begin`, `unit`: what makes the stem, and a unit of inputs, outputs and stride.
    """

    def __init__(
        self,
        stem: int,
        widths: tuple[int, ...],
        units: tuple[int, ...],
        *,
        begin: Callable[[int], nn.Module] = shuffle_stem,
        unit: Callable[[int, int, int], nn.Module] = ShuffleUnit,
    ) -> None:
        super().__init__()
        self.stem = begin(stem)
        self.stages = nn.ModuleList()
        for (inputs, outputs), count in zip(pairwise((stem, *widths)), units, strict=True):
            first = unit(inputs, outputs, 2)
            self.stages.append(nn.Sequential(first, *(unit(outputs, outputs, 1) for _ in range(count - 1))))

    def forward(self, x: Tensor) -> list[Tensor]:
        """(N, 3, H, W) -> one (N, width, H / stride, W / stride) for each stage, finest first."""
        return maps(self.stem, self.stages, x)


def maps(stem: nn.Module, stages: Iterable[nn.Module], x: Tensor) -> list[Tensor]:
    """What each stage of a trunk makes of what the one before it made, finest first."""
    x = stem(x)
    return [x := stage(x) for stage in stages]
