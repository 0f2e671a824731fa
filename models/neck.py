"""The neck of the object detector: features of all sizes are mixed, from coarse to fine and back.

A path aggregation network (Liu et al., arXiv:1803.01534) of ghost blocks (Han et al., "GhostNet", arXiv:1911.11907), as
NanoDet-Plus has it: bilinear upsampling, and a fourth, coarser level. Batch norms are folded.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from models.layers import Activation, Conv, Separable, leaky_relu, linear, twice

KERNEL = 5  # of depthwise convolutions that look around


class Ghost(nn.Module):
    """Half of the channels by a 1x1 convolution, the other half from those by a cheap depthwise one, side by side."""

    def __init__(self, inputs: int, outputs: int, after: Activation) -> None:
        super().__init__()
        half = outputs // 2
        self.primary = nn.Sequential(Conv(inputs, half), after(half))
        self.cheap = nn.Sequential(Conv(half, half, 3, groups=half), after(half))

    def forward(self, x: Tensor) -> Tensor:
        """(N, inputs, H, W) -> (N, outputs, H, W)."""
        primary = self.primary(x)
        return torch.cat((primary, self.cheap(primary)), 1)


class GhostBlock(nn.Module):
    """Two ghosts, plus a shortcut through a separable convolution; nothing is cut off after the sum."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.ghosts = nn.Sequential(Ghost(inputs, outputs, leaky_relu), Ghost(outputs, outputs, linear))
        self.shortcut = Separable(inputs, outputs, kernel=KERNEL)

    def forward(self, x: Tensor) -> Tensor:
        """(N, inputs, H, W) -> (N, outputs, H, W)."""
        out: Tensor = self.ghosts(x) + self.shortcut(x)
        return out


def halved(channels: int) -> Separable:
    """A separable convolution at stride 2."""
    return Separable(channels, channels, kernel=KERNEL, stride=2, between=leaky_relu, after=leaky_relu, centred=True)


class Neck(nn.Module):
    """Maps of several widths in, one more map out, all with `channels` channels.

    `widths`: channels of the maps that come in, finest first; each is half as large as the one before, and the coarsest
    is so often doubled: height and width of the picture must be multiples of the coarsest stride that comes in.
    `after`: the activation of what reduces the maps. `join`, `halve`: what makes a block of inputs and outputs, and one
    of so many channels at stride 2.
    """

    def __init__(
        self,
        widths: tuple[int, ...],
        channels: int,
        *,
        after: Activation = leaky_relu,
        join: Callable[[int, int], nn.Module] = GhostBlock,
        halve: Callable[[int], nn.Module] = halved,
    ) -> None:
        super().__init__()
        joints = len(widths) - 1
        self.reduce = nn.ModuleList(nn.Sequential(Conv(width, channels), after(channels)) for width in widths)
        self.top_down = nn.ModuleList(join(2 * channels, channels) for _ in range(joints))
        self.down = nn.ModuleList(halve(channels) for _ in range(joints))
        self.bottom_up = nn.ModuleList(join(2 * channels, channels) for _ in range(joints))
        self.extra_in, self.extra_out = halve(channels), halve(channels)

    def forward(self, maps: list[Tensor]) -> list[Tensor]:
        """One (N, width, H, W) a stage, finest first -> one (N, channels, H, W) a level, finest first, one more."""
        sides = [reduce(side) for reduce, side in zip(self.reduce, maps, strict=True)]
        going_up = [sides[-1]]  # finest first
        for join, side in zip(self.top_down, reversed(sides[:-1]), strict=True):
            going_up.insert(0, join(torch.cat((twice(going_up[0]), side), 1)))
        levels = [going_up[0]]
        for join, down, side in zip(self.bottom_up, self.down, going_up[1:], strict=True):
            levels.append(join(torch.cat((down(levels[-1]), side), 1)))
        levels.append(self.extra_in(sides[-1]) + self.extra_out(levels[-1]))
        return levels
