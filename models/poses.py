"""The body networks: a detector and the landmarks (BlazePose, arXiv:2006.10204), with Google's weights (MediaPipe).

Pictures come as RGB floats, NCHW. Networks give their raw values; `models.decoding` makes boxes and points of them.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional

from models.layers import (
    BlazeBlock,
    Conv,
    InvertedResidual,
    NamedOutputs,
    Separable,
    channels_to_space,
    per_anchor,
    relu6,
    twice,
)

BOX_VALUES = 12  # centre x, y, width, height, then x, y of four points
BODY_POINTS = 39  # 33 joints and 6 auxiliary points


class _Trunk(nn.Module):
    """MobileNetV2's trunk with EfficientNet-B0's kernels and strides (arXiv:1905.11946); the last block only widens.

    Gives the features at strides 2, 4, 8, 16 (before they are halved) and 32.
    """

    STAGES: ClassVar = (((3, 2), (3, 1)), ((5, 2), (5, 1)), ((3, 2), (3, 1), (3, 1), (5, 1), (5, 1), (5, 1)))
    LAST: ClassVar = ((5, 2), (5, 1), (5, 1), (5, 1))  # kernel, stride of each block

    def __init__(self, widths: tuple[int, int, int, int, int]) -> None:
        """`widths`: channels at strides 4, 8, 16 (three blocks, then three more) and 32."""
        super().__init__()
        fourth, eighth, sixteenth, sixteenth_late, last = widths
        self.stem = nn.Sequential(
            Conv(3, 24, 3, 2, centred=True), nn.ReLU6(), Separable(24, 16, between=relu6, centred=True)
        )
        outputs = ((fourth,) * 2, (eighth,) * 2, (sixteenth,) * 3 + (sixteenth_late,) * 3, (last,) * 4)
        self.stages = nn.ModuleList()
        inputs, times = 16, 4  # the first block widens 4 times, all others 6 times
        for shapes, channels in zip((*self.STAGES, self.LAST), outputs, strict=True):
            stage = nn.Sequential()
            for (kernel, stride), width in zip(shapes, channels, strict=True):
                stage.append(InvertedResidual(inputs, times * inputs, width, kernel, stride))
                inputs, times = width, 6
            self.stages.append(stage)
        wide = 6 * last
        self.widened = nn.Sequential(Conv(last, wide), nn.ReLU6(), Conv(wide, wide, 3, groups=wide), nn.ReLU6())

    def forward(self, x: Tensor) -> list[Tensor]:
        """(N, 3, H, W) -> five tensors, (N, 16, H / 2, W / 2) to (N, 6 * last, H / 32, W / 32)."""
        features = [self.stem(x)]
        for stage in self.stages:
            features.append(stage(features[-1]))
        return [*features[:-1], self.widened(features[-1])]


class BodyDetector(NamedOutputs):
    """Finds people by their faces and torsos (BlazePose's detector).

    Input (N, 3, 224, 224) RGB in -1..1. Outputs for 2254 anchors, 2 a cell of the 28x28 and the 14x14 grid, 6 a cell of
    the 7x7 one: `boxes` (N, 2254, 12) centre x, y, width, height of the face's box, then x, y of the hips' centre, of a
    point on the circle around the whole body, of the shoulders' centre and of one on the circle around the upper body,
    all in pixels of the input, x and y relative to the anchor's centre; `scores` (N, 2254) logits.
    """

    OUTPUTS: ClassVar = ("boxes", "scores")
    LEVELS: ClassVar = ((24, 2), (48, 2), (288, 6))  # channels (a quarter of the features'), anchors a cell

    def __init__(self, outputs: Collection[str] | None = None) -> None:
        super().__init__(outputs)
        self.trunk = _Trunk((24, 40, 80, 112, 192))
        self.middle = _Joined(1152, 112, 192)
        self.fine = _Joined(192, 40, 96)
        self.heads = nn.ModuleList(_Head(channels, anchors) for channels, anchors in self.LEVELS)

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        """The chosen outputs, by name."""
        _, _, eighth, sixteenth, coarse = self.trunk(x)
        middle = self.middle(coarse, sixteenth)
        scores, boxes = zip(
            *(head(level) for head, level in zip(self.heads, (self.fine(middle, eighth), middle, coarse), strict=True)),
            strict=True,
        )
        found = {"boxes": per_anchor(boxes, BOX_VALUES), "scores": per_anchor(scores, 1)[..., 0]}
        return {name: found[name] for name in self.outputs}


class _Head(nn.Module):
    """Scores and boxes of one grid, from features of which four channels make four cells, halved again."""

    def __init__(self, channels: int, anchors: int) -> None:
        super().__init__()
        self.scores = Separable(channels, anchors, stride=2, centred=True)
        self.boxes = Separable(channels, anchors * BOX_VALUES, stride=2, centred=True)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """(N, 4 * channels, H, W) -> (N, anchors, H, W), (N, 12 * anchors, H, W)."""
        x = channels_to_space(x)
        return self.scores(x), self.boxes(x)


class _Joined(nn.Module):
    """One step up the pyramid: the coarse features doubled in size plus the fine ones from beside, then two blocks."""

    def __init__(self, below: int, beside: int, width: int) -> None:
        super().__init__()
        self.below = Conv(below, width)
        self.beside = Separable(beside, width, after=relu6)
        self.blocks = nn.Sequential(*(BlazeBlock(width, width, after=relu6) for _ in range(2)))

    def forward(self, below: Tensor, beside: Tensor) -> Tensor:
        """(N, below, H, W), (N, beside, 2H, 2W) -> (N, width, 2H, 2W)."""
        # The original doubles the size first; a 1x1 convolution gives the same before, at a quarter of the price.
        out: Tensor = self.blocks(functional.relu6(twice(self.below(below))) + self.beside(beside))
        return out


class BodyLandmarks(NamedOutputs):
    """The points of one body, and where in the region the person is (BlazePose's "full" landmark network).

    Input (N, 3, 256, 256) RGB in 0..1: a region around one person, upright. Outputs, all as the original gives them:
    `points` (N, 39, 5): x, y in pixels of the region, z in the same scale (0 at the hips' centre, smaller is nearer to
    the camera), visibility and presence as logits; 33 joints, then 6 auxiliary points of which the first two (hips'
    centre, a point on the circle around the body) tell the next frame's region. `presence` (N,): probability that there
    is a body, no logit. `world` (N, 39, 3): metres, origin between the hips. `heatmap` (N, 39, 64, 64): logits of where
    each point is. `mask` (N, 256, 256): logits of "this pixel is the person"; they reach a thousand, so that f32's own
    rounding moves them by up to one. Heat map and mask are branches that cost nothing unless chosen.
    """

    OUTPUTS: ClassVar = ("points", "presence", "world", "heatmap", "mask")

    def __init__(self, outputs: Collection[str] | None = None) -> None:
        super().__init__(outputs)
        self.trunk = _Trunk((24, 32, 64, 88, 144))
        self.below = _side(864)
        self.sides = nn.ModuleList(_side(channels) for channels in (88, 32, 24))
        head = [Separable(864, 288, between=relu6, after=relu6)]
        blocks = [
            BlazeBlock(288, 288, stride, between=relu6, after=relu6) for stride in (2, 1, 1, 1, 1, 2, 1, 1, 1, 1, 1)
        ]
        self.head = nn.Sequential(*head, *blocks)
        self.mask = _Mask()
        self.heatmap = Conv(48, BODY_POINTS)
        self.points = nn.Conv2d(288, 5 * BODY_POINTS, 2)
        self.world = nn.Conv2d(288, 3 * BODY_POINTS, 2)
        self.presence = nn.Conv2d(288, 1, 2)

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        """The chosen outputs, by name."""
        half, *finer, coarse = self.trunk(x)
        found = {}
        if {"points", "presence", "world"} & set(self.outputs):
            head = self.head(coarse)  # (N, 288, 2, 2)
            if "points" in self.outputs:
                found["points"] = self.points(head).reshape(-1, BODY_POINTS, 5)
            if "presence" in self.outputs:
                found["presence"] = torch.sigmoid(self.presence(head).reshape(-1))
            if "world" in self.outputs:
                found["world"] = self.world(head).reshape(-1, BODY_POINTS, 3)
        if {"heatmap", "mask"} & set(self.outputs):
            quarter = self.below(coarse)
            for side, features in zip(self.sides, reversed(finer), strict=True):
                quarter = twice(quarter) + side(features)
            if "heatmap" in self.outputs:
                found["heatmap"] = self.heatmap(quarter)
            if "mask" in self.outputs:
                found["mask"] = self.mask(quarter, half)
        return found


def _side(channels: int) -> Separable:
    return Separable(channels, 48, between=relu6, after=relu6)


class _Mask(nn.Module):
    """From the features of a quarter and a half of the size to a logit for every pixel."""

    def __init__(self) -> None:
        super().__init__()
        self.beside = Separable(16, 8, between=relu6, after=relu6)
        self.below = Separable(48, 8, between=relu6, after=relu6)
        blocks = [BlazeBlock(8, 8, between=relu6, after=relu6) for _ in range(4)]
        self.at_half, self.at_whole = nn.Sequential(*blocks[:2]), nn.Sequential(*blocks[2:])
        self.last = Conv(8, 1, 3)

    def forward(self, quarter: Tensor, half: Tensor) -> Tensor:
        """(N, 48, H / 4, W / 4), (N, 16, H / 2, W / 2) -> (N, H, W)."""
        x = self.at_half(twice(self.below(quarter)) + self.beside(half))
        out: Tensor = self.last(self.at_whole(twice(x)))[:, 0]
        return out
