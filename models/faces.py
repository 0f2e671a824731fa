"""The face networks: two detectors and the mesh, written from their papers, with Google's weights (MediaPipe).

Pictures come as RGB floats, NCHW. Networks give their raw values; `models.decoding` makes boxes and points of them.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import ClassVar

from torch import Tensor, nn

from models.layers import (
    BlazeBlock,
    Conv,
    DoubleBlazeBlock,
    NamedOutputs,
    anchors_first,
    channels_to_space,
    per_anchor,
    prelu,
    twice,
)

BOX_VALUES = 16  # centre x, y, width, height, then x, y of six points: eyes, nose tip, mouth, ear tragions
FACE_POINTS = 468


class FaceDetectorShort(NamedOutputs):
    """BlazeFace for faces within about two metres (arXiv:1907.05047).

    Input (N, 3, 128, 128) RGB in -1..1. Outputs for 896 anchors, 2 a cell of the 16x16 grid, then 6 a cell of the 8x8
    one: `boxes` (N, 896, 16) centre x, y, width, height, then x, y of right eye, left eye, nose tip, mouth, right and
    left ear tragion (the person's right), all in pixels of the input, x and y relative to the anchor's centre;
    `scores` (N, 896) logits.
    """

    OUTPUTS: ClassVar = ("boxes", "scores")
    FINE: ClassVar = ((24, 1), (28, 1), (32, 2), (36, 1), (42, 1), (48, 2), (56, 1), (64, 1), (72, 1), (80, 1), (88, 1))
    COARSE: ClassVar = ((96, 2), (96, 1), (96, 1), (96, 1), (96, 1))  # channels, stride

    def __init__(self, outputs: Collection[str] | None = None) -> None:
        super().__init__(outputs)
        self.stem = nn.Sequential(Conv(3, 24, 5, 2), nn.ReLU())
        self.fine = _blaze_blocks(24, self.FINE)
        self.coarse = _blaze_blocks(88, self.COARSE)
        self.fine_scores, self.coarse_scores = Conv(88, 2), Conv(96, 6)
        self.fine_boxes, self.coarse_boxes = Conv(88, 2 * BOX_VALUES), Conv(96, 6 * BOX_VALUES)

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        """The chosen outputs, by name."""
        fine = self.fine(self.stem(x))
        coarse = self.coarse(fine)
        found = {}
        if "boxes" in self.outputs:
            found["boxes"] = per_anchor((self.fine_boxes(fine), self.coarse_boxes(coarse)), BOX_VALUES)
        if "scores" in self.outputs:
            found["scores"] = per_anchor((self.fine_scores(fine), self.coarse_scores(coarse)), 1)[..., 0]
        return found


def _blaze_blocks(inputs: int, blocks: Collection[tuple[int, int]]) -> nn.Sequential:
    made = nn.Sequential()
    for outputs, stride in blocks:
        made.append(BlazeBlock(inputs, outputs, stride))
        inputs = outputs
    return made


class FaceDetectorFull(NamedOutputs):
    """BlazeFace for faces within about five metres: a pyramid of features that ends in one fine grid.

    Input (N, 3, 192, 192) RGB in -1..1. Outputs for 2304 anchors, one a cell of the 48x48 grid: `boxes`
    (N, 2304, 16) as `FaceDetectorShort` gives them, `scores` (N, 2304) logits.
    """

    OUTPUTS: ClassVar = ("boxes", "scores")
    DOWN: ClassVar = (
        (64, 16, 2),
        (128, 32, 2),
        (192, 48, 2),
        (384, 96, 3),
    )  # channels, narrow ones, blocks after the first
    UP: ClassVar = ((384, 192, 96, 2), (96, 128, 64, 2), (64, 64, 48, 1))  # from below, from beside, channels, blocks

    def __init__(self, outputs: Collection[str] | None = None) -> None:
        super().__init__(outputs)
        self.stem = nn.Sequential(
            Conv(3, 32, 3, 2, centred=True), nn.ReLU(), DoubleBlazeBlock(32, 8, 32), DoubleBlazeBlock(32, 8, 32)
        )
        self.down = nn.ModuleList()
        inputs = 32
        for width, narrow, more in self.DOWN:
            first = DoubleBlazeBlock(inputs, narrow, width, 2)
            self.down.append(nn.Sequential(first, *(DoubleBlazeBlock(width, narrow, width) for _ in range(more))))
            inputs = width
        self.up = nn.ModuleList(_Joined(*sizes) for sizes in self.UP)
        self.score = nn.Sequential(Conv(48, 4), Conv(4, 4, 3, 2, groups=4, centred=True))
        self.box = nn.Sequential(Conv(48, 64), Conv(64, 64, 3, 2, groups=64, centred=True))

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        """The chosen outputs, by name."""
        x = self.stem(x)
        sides = []
        for stage in self.down:
            x = stage(x)
            sides.append(x)
        for stage, side in zip(self.up, reversed(sides[:-1]), strict=True):
            x = stage(x, side)
        found = {}
        if "boxes" in self.outputs:
            found["boxes"] = anchors_first(channels_to_space(self.box(x)), BOX_VALUES)
        if "scores" in self.outputs:
            found["scores"] = anchors_first(channels_to_space(self.score(x)), 1)[..., 0]
        return found


class _Joined(nn.Module):
    """One step up the pyramid: the coarse features doubled in size plus the fine ones from beside, then blocks."""

    def __init__(self, below: int, beside: int, width: int, blocks: int) -> None:
        super().__init__()
        self.below = nn.Sequential(Conv(below, width), nn.ReLU())
        self.beside = nn.Sequential(Conv(beside, width), nn.ReLU())
        self.blocks = nn.Sequential(*(DoubleBlazeBlock(width, width // 2, width) for _ in range(blocks)))

    def forward(self, below: Tensor, beside: Tensor) -> Tensor:
        """(N, below, H, W), (N, beside, 2H, 2W) -> (N, width, 2H, 2W)."""
        out: Tensor = self.blocks(self.beside(beside) + twice(self.below(below)))
        return out


class FaceMesh(NamedOutputs):
    """The points of a face's surface (arXiv:1907.06724), in the order of MediaPipe's canonical face.

    Input (N, 3, 192, 192) RGB in 0..1: an upright region around the face. Outputs: `points` (N, 468, 3) x, y in pixels
    of the region and z in the same scale, smaller is nearer to the camera; `presence` (N,) logit of "there is a face in
    the region".
    """

    OUTPUTS: ClassVar = ("points", "presence")
    STAGES: ClassVar = ((16, 1, 2), (32, 2, 3), (64, 2, 3), (128, 2, 3), (128, 2, 3))  # channels, first stride, blocks

    def __init__(self, outputs: Collection[str] | None = None) -> None:
        super().__init__(outputs)
        self.trunk = nn.Sequential(Conv(3, 16, 3, 2), prelu(16))
        inputs = 16
        for width, stride, blocks in self.STAGES:
            for index in range(blocks):
                self.trunk.append(BlazeBlock(inputs, width, 1 if index else stride, after=prelu))
                inputs = width
        self.points = _mesh_head(3, 3 * FACE_POINTS)
        self.presence = _mesh_head(1, 1)

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        """The chosen outputs, by name."""
        x = self.trunk(x)
        found = {}
        if "points" in self.outputs:
            found["points"] = self.points(x).reshape(-1, FACE_POINTS, 3)
        if "presence" in self.outputs:
            found["presence"] = self.presence(x).reshape(-1)
        return found


def _mesh_head(blocks: int, outputs: int) -> nn.Sequential:
    """Blocks that halve 6x6 to 3x3, fewer channels, and one convolution over all of the 3x3 cells."""
    return nn.Sequential(
        *(BlazeBlock(128, 128, 1 if index else 2, after=prelu) for index in range(blocks)),
        Conv(128, 32),
        prelu(32),
        BlazeBlock(32, 32, after=prelu),
        Conv(32, outputs, 3, 3),
    )
