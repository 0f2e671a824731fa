"""The blocks that the networks are built of, NCHW throughout.

They follow BlazeFace (arXiv:1907.05047) and MobileNetV2 (arXiv:1801.04381), with batch norms already folded into the
convolutions, and keep TensorFlow's conventions where those differ from torch's: padding, and the order of channels when
channels become space.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import TYPE_CHECKING, ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional

if TYPE_CHECKING:
    from models.catalogue import Level

Activation = Callable[[int], nn.Module]
"""Makes the activation that follows a layer of so many channels."""


def relu(_channels: int) -> nn.Module:
    """max(x, 0)."""
    return nn.ReLU()


def relu6(_channels: int) -> nn.Module:
    """x kept within 0..6."""
    return nn.ReLU6()


def prelu(channels: int) -> nn.Module:
    """x where positive, else x times a slope learned for each channel."""
    return nn.PReLU(channels)


def leaky_relu(_channels: int) -> nn.Module:
    """x where positive, else a tenth of it."""
    return nn.LeakyReLU(0.1)


def linear(_channels: int) -> nn.Module:
    """x as it is."""
    return nn.Identity()


class NamedOutputs(nn.Module):
    """A network that gives a dict of named tensors, those that were asked for; branches that nothing needs are not run.

    `OUTPUTS`: the names it can give. `outputs`: those it does give, in that order; all of them unless chosen.
    Raises ValueError when a chosen name is none of `OUTPUTS`, or nothing is chosen.
    """

    OUTPUTS: ClassVar[tuple[str, ...]] = ()

    def __init__(self, outputs: Collection[str] | None = None) -> None:
        super().__init__()
        chosen = self.OUTPUTS if outputs is None else outputs
        unknown = set(chosen) - set(self.OUTPUTS)
        if unknown or not chosen:
            raise ValueError(f"{type(self).__name__} gives {self.OUTPUTS}, not {sorted(unknown) or 'nothing'}")
        self.outputs = tuple(name for name in self.OUTPUTS if name in chosen)

    def quick(self) -> NamedOutputs:
        """A network that gives the same and runs faster, to make forms of: itself, unless a class knows better."""
        return self


class OnPictures(nn.Module):
    """A network that takes pictures as programs have them: (N, H, W, 3) BGR uint8; what engines are made of.

    `low`, `high`: what 0 and 255 become, in all channels or in R, G and B. Gives the network's outputs as a tuple, in
    the order of its `outputs`; maps (N, C, H, W) come as (N, H, W, C), as they lie in memory: a change of order would
    cost more than a layer.
    """

    low: Tensor
    scale: Tensor

    def __init__(self, network: NamedOutputs, low: Level, high: Level) -> None:
        super().__init__()
        self.network = network
        # B, G, R, or one number. Not put into the first convolution: what it pads with is 0 after this, not before.
        least, most = (torch.tensor(level, dtype=torch.float32).reshape(-1).flip(0) for level in (low, high))
        self.register_buffer("low", least, persistent=False)
        self.register_buffer("scale", (most - least) / 255, persistent=False)
        first = next(part for part in network.modules() if isinstance(part, nn.Conv2d))
        with torch.no_grad():
            first.weight.copy_(first.weight.flip(1))  # RGB to BGR, once instead of for every picture

    def forward(self, pictures: Tensor) -> tuple[Tensor, ...]:
        """(N, H, W, 3) uint8 -> the outputs."""
        # Scaled before it is turned: so OpenVINO keeps the pixels where they lie.
        found = self.network((pictures.float() * self.scale + self.low).permute(0, 3, 1, 2))
        return tuple(value.permute(0, 2, 3, 1) if value.dim() == 4 else value for value in found.values())


class Conv(nn.Conv2d):
    """A convolution that keeps the size, or divides it by the stride (which must divide height and width).

    Padding is TensorFlow's SAME: kernel - stride in all, the odd one to the right and below. `centred` pads kernel // 2
    on every side instead, as networks do that pad by a layer of their own; it differs at stride 2 only.
    """

    def __init__(
        self, inputs: int, outputs: int, kernel: int = 1, stride: int = 1, *, groups: int = 1, centred: bool = False
    ) -> None:
        around = 2 * (kernel // 2) if centred else kernel - stride
        super().__init__(inputs, outputs, kernel, stride, around // 2, groups=groups)
        self.odd = around % 2
        if self.odd:
            self.padding = (0, 0)
            self.edges = (around // 2, around // 2 + 1) * 2

    def forward(self, x: Tensor) -> Tensor:
        """(N, inputs, H, W) -> (N, outputs, H / stride, W / stride)."""
        return super().forward(functional.pad(x, self.edges) if self.odd else x)


class Separable(nn.Module):
    """A depthwise convolution, then a 1x1 one across channels, each with its activation."""

    def __init__(
        self,
        inputs: int,
        outputs: int,
        *,
        kernel: int = 3,
        stride: int = 1,
        between: Activation = linear,
        after: Activation = linear,
        centred: bool = False,
    ) -> None:
        super().__init__()
        self.depthwise = Conv(inputs, inputs, kernel, stride, groups=inputs, centred=centred)
        self.between = between(inputs)
        self.pointwise = Conv(inputs, outputs)
        self.after = after(outputs)

    def forward(self, x: Tensor) -> Tensor:
        """(N, inputs, H, W) -> (N, outputs, H / stride, W / stride)."""
        out: Tensor = self.after(self.pointwise(self.between(self.depthwise(x))))
        return out


class BlazeBlock(nn.Module):
    """BlazeFace's block: a separable convolution beside a shortcut, added, then the activation.

    The shortcut is the input itself, halved by max pooling at stride 2, with channels of zeros appended where the
    output has more.
    """

    def __init__(
        self, inputs: int, outputs: int, stride: int = 1, *, after: Activation = relu, between: Activation = linear
    ) -> None:
        super().__init__()
        self.convolutions = Separable(inputs, outputs, stride=stride, between=between)
        self.halved = nn.MaxPool2d(2) if stride == 2 else nn.Identity()
        self.more_channels = outputs - inputs
        self.after = after(outputs)

    def forward(self, x: Tensor) -> Tensor:
        """(N, inputs, H, W) -> (N, outputs, H / stride, W / stride)."""
        shortcut = self.halved(x)
        if self.more_channels:
            shortcut = functional.pad(shortcut, (0, 0, 0, 0, 0, self.more_channels))
        out: Tensor = self.after(shortcut + self.convolutions(x))
        return out


class DoubleBlazeBlock(nn.Module):
    """BlazeFace's double block: two separable convolutions through few channels, and a shortcut at stride 1."""

    def __init__(self, inputs: int, narrow: int, outputs: int, stride: int = 1) -> None:
        super().__init__()
        self.squeeze = Separable(inputs, narrow, stride=stride, after=relu, centred=True)
        self.expand = Separable(narrow, outputs)
        self.shortcut = stride == 1

    def forward(self, x: Tensor) -> Tensor:
        """(N, inputs, H, W) -> (N, outputs, H / stride, W / stride)."""
        out = self.expand(self.squeeze(x))
        return functional.relu(x + out if self.shortcut else out)


class InvertedResidual(nn.Module):
    """MobileNetV2's block: 1x1 to `wide` channels, depthwise, 1x1 back, and a shortcut where the shape stays."""

    def __init__(self, inputs: int, wide: int, outputs: int, kernel: int, stride: int) -> None:
        super().__init__()
        self.expand = nn.Sequential(Conv(inputs, wide), nn.ReLU6())
        self.project = Separable(wide, outputs, kernel=kernel, stride=stride, between=relu6, centred=True)
        self.shortcut = stride == 1 and inputs == outputs

    def forward(self, x: Tensor) -> Tensor:
        """(N, inputs, H, W) -> (N, outputs, H / stride, W / stride)."""
        out: Tensor = self.project(self.expand(x))
        return x + out if self.shortcut else out


def twice(x: Tensor) -> Tensor:
    """(N, C, H, W) -> (N, C, 2H, 2W), bilinear between the centres of pixels."""
    return functional.interpolate(x, scale_factor=2.0, mode="bilinear", align_corners=False)


def channels_to_space(x: Tensor) -> Tensor:
    """(N, 4C, H, W) -> (N, C, 2H, 2W) in TensorFlow's order: channel (2 * row + column) * C + c goes to (row, column).

    torch's pixel_shuffle has c outermost.
    """
    count, channels, height, width = x.shape
    blocks = x.reshape(count, 2, 2, channels // 4, height, width)
    return blocks.permute(0, 3, 4, 1, 5, 2).reshape(count, channels // 4, 2 * height, 2 * width)


def anchors_first(x: Tensor, values: int) -> Tensor:
    """(N, A * values, H, W) -> (N, H * W * A, values): a row for each anchor, row by row over the picture."""
    return x.permute(0, 2, 3, 1).reshape(x.shape[0], -1, values)


def per_anchor(levels: Collection[Tensor], values: int) -> Tensor:
    """The rows of `anchors_first` of each level, one level after the other."""
    return torch.cat([anchors_first(level, values) for level in levels], 1)
