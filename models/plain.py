"""Plain 3x3 convolutions with ReLU, made for 8-bit arithmetic: what Onlooker-S is built of.

In int8 a processor does many times as much in a 3x3 convolution as in a depthwise one. For training each convolution
has branches beside it (Ding et al., "RepVGG", arXiv:2101.03697, section 3.2): a 1x1 one, and the input itself where the
shape stays, each with a batch norm. They are sums of linear maps, so one 3x3 convolution does the same (section 3.3).
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from models.layers import Conv, relu


class Branches(nn.Module):
    """What is trained in the place of one 3x3 convolution: 3x3, 1x1 and, where the shape stays, the input itself."""

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.wide = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.wide_norm = nn.BatchNorm2d(outputs)
        # The stride is taken before: with three channels that lie last in memory, the gradient of a strided 1x1
        # convolution writes outside its memory on processors (torch 2.13).
        self.skip = nn.MaxPool2d(1, stride) if stride > 1 else nn.Identity()
        self.narrow = nn.Conv2d(inputs, outputs, 1, bias=False)
        self.narrow_norm = nn.BatchNorm2d(outputs)
        self.same_norm = nn.BatchNorm2d(outputs) if inputs == outputs and stride == 1 else None

    def forward(self, x: Tensor) -> Tensor:
        """(N, inputs, H, W) -> (N, outputs, H / stride, W / stride), odd sizes rounded up."""
        out: Tensor = self.wide_norm(self.wide(x)) + self.narrow_norm(self.narrow(self.skip(x)))
        return out if self.same_norm is None else out + self.same_norm(x)

    def fold(self) -> Conv:
        """The one convolution that does the same as the branches do in evaluation mode."""
        inputs, outputs = self.wide.in_channels, self.wide.out_channels
        parts = [
            _with_norm(self.wide.weight, self.wide_norm),
            _with_norm(functional.pad(self.narrow.weight, (1, 1, 1, 1)), self.narrow_norm),
        ]
        if self.same_norm is not None:
            same = torch.zeros_like(self.wide.weight)
            same[range(outputs), range(inputs), 1, 1] = 1
            parts.append(_with_norm(same, self.same_norm))
        conv = Conv(inputs, outputs, 3, self.wide.stride[0], centred=True).to(self.wide.weight)
        with torch.no_grad():
            assert conv.bias is not None
            conv.weight.copy_(torch.stack([weight for weight, _ in parts]).sum(0))
            conv.bias.copy_(torch.stack([bias for _, bias in parts]).sum(0))
        return conv


class Plain(nn.Module):
    """One 3x3 convolution, or its branches, and ReLU."""

    def __init__(self, inputs: int, outputs: int, stride: int = 1, *, branches: bool = False) -> None:
        super().__init__()
        self.conv: Conv | Branches = (
            Branches(inputs, outputs, stride) if branches else Conv(inputs, outputs, 3, stride, centred=True)
        )
        self.after = relu(outputs)

    def forward(self, x: Tensor) -> Tensor:
        """(N, inputs, H, W) -> (N, outputs, H / stride, W / stride), odd sizes rounded up."""
        out: Tensor = self.after(self.conv(x))
        return out


def stem(channels: int, *, branches: bool) -> nn.Sequential:
    """What brings a picture to a quarter of its size: two convolutions."""
    return nn.Sequential(Plain(3, channels, 2, branches=branches), Plain(channels, channels, 2, branches=branches))


def _with_norm(weight: Tensor, norm: nn.BatchNorm2d) -> tuple[Tensor, Tensor]:
    """Weight and bias of a convolution that does what one with `weight`, then the norm does in evaluation mode."""
    assert norm.running_mean is not None
    assert norm.running_var is not None
    scale = norm.weight / torch.sqrt(norm.running_var + norm.eps)
    return weight * scale[:, None, None, None], norm.bias - norm.running_mean * scale
