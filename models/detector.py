"""The object detector: one pass over a picture of any size gives boxes and classes at every location.

The design is NanoDet-Plus's (RangiLyu/nanodet, Apache-2.0): ShuffleNetV2, a ghost path aggregation network, and dense
heads that foretell distributions. How large each part is, and whether it is built of these or of plain convolutions, is
data. `models.cells` makes boxes of what comes out.
"""

from __future__ import annotations

import copy
from collections.abc import Collection
from dataclasses import dataclass, replace
from functools import partial
from typing import ClassVar, Literal

from torch import Tensor, nn

from models import plain
from models.backbone import Backbone
from models.cells import BINS, STRIDES
from models.heads import Heads
from models.layers import NamedOutputs, per_anchor, relu
from models.neck import Neck
from models.unshuffled import Unshuffled, take

MULTIPLE = 32
"""Height and width of the input are multiples of this; the coarsest level rounds up."""


@dataclass(frozen=True, slots=True)
class DetectorDesign:
    """One variant of the detector.

    `input`: the usual (height, width) in pixels; others work too. `stem`, `widths`, `units`: channels of the map at
    stride 4, channels of the trunk's maps at strides 8, 16 and 32, and units that make each. `neck`: channels of
    neck and heads. `head_layers`: layers of each head. `classes`: how many. `bins`: places of the
    distribution of a side, 0 .. bins - 1 strides away. `mean`, `deviation`: of the pixels, R, G, B in 0..255; the
    network wants (pixel - mean) / deviation. `blocks`: of what it is built: shuffle units, ghosts and separable
    convolutions, or plain 3x3 convolutions everywhere. `branches`: whether plain ones have the branches that they are
    trained with (`folded` makes one without). Raises ValueError for sizes that make no network.
    """

    input: tuple[int, int] = (416, 416)
    stem: int = 24
    widths: tuple[int, int, int] = (176, 352, 704)
    units: tuple[int, int, int] = (4, 8, 4)
    neck: int = 128
    head_layers: int = 2
    classes: int = 80
    bins: int = BINS
    mean: tuple[float, float, float] = (123.675, 116.28, 103.53)
    deviation: tuple[float, float, float] = (58.395, 57.12, 57.375)
    blocks: Literal["shuffle", "plain"] = "shuffle"
    branches: bool = False

    def __post_init__(self) -> None:
        if any(side <= 0 or side % MULTIPLE for side in self.input):
            raise ValueError(f"height and width of the input must be multiples of {MULTIPLE}, not {self.input}")
        if any(channels <= 0 or channels % 2 for channels in (*self.widths, self.neck)):
            raise ValueError(f"channels are shared in halves: {self.widths}, {self.neck} must be even")
        if min(self.stem, *self.units, self.classes) < 1 or self.head_layers < 0 or self.bins < 2:
            raise ValueError("a detector has a stem, units in each stage, at least one class and two bins")
        if min(self.deviation) <= 0:
            raise ValueError(f"the deviation of pixels must be positive, not {self.deviation}")
        if self.branches and self.blocks != "plain":
            raise ValueError("branches must be those of plain blocks")

    @property
    def low(self) -> tuple[float, float, float]:
        """What 0 becomes in R, G, B."""
        return self._scaled(0)

    @property
    def high(self) -> tuple[float, float, float]:
        """What 255 becomes in R, G, B."""
        return self._scaled(255)

    def _scaled(self, pixel: float) -> tuple[float, float, float]:
        red, green, blue = (
            (pixel - mean) / deviation for mean, deviation in zip(self.mean, self.deviation, strict=True)
        )
        return red, green, blue


class Detector(NamedOutputs):
    """The detector of a design.

    Input (N, 3, H, W) RGB as the design scales it, H and W multiples of 32. Outputs for M cells, those of stride 8
    first, row by row (`models.cells.grid` says where each is): `scores` (N, M, classes) logits, `sides` (N, M, 4 *
    bins) logits of how far the box's left, top, right and bottom are from the cell's place, in strides.
    """

    OUTPUTS: ClassVar = ("scores", "sides")

    def __init__(self, design: DetectorDesign, outputs: Collection[str] | None = None) -> None:
        super().__init__(outputs)
        self.design = design
        trunk, heads = (design.stem, design.widths, design.units), (design.head_layers, design.classes, design.bins)
        self.backbone: Backbone | Unshuffled
        if design.blocks == "plain":
            block = partial(plain.Plain, branches=design.branches)
            self.backbone = Backbone(*trunk, begin=partial(plain.stem, branches=design.branches), unit=block)
            self.neck = Neck(design.widths, design.neck, after=relu, join=block, halve=lambda of: block(of, of, 2))
            self.heads = Heads(len(STRIDES), design.neck, *heads, layer=lambda of: block(of, of))
        else:
            self.backbone = Backbone(*trunk)
            self.neck = Neck(design.widths, design.neck)
            self.heads = Heads(len(STRIDES), design.neck, *heads)

    def levels(self, x: Tensor) -> list[Tensor]:
        """(N, 3, H, W) -> one (N, classes + 4 * bins, H / stride, W / stride) for each of `STRIDES`, rounded up."""
        maps: list[Tensor] = self.heads(self.neck(self.backbone(x)))
        return maps

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        """The chosen outputs, by name."""
        levels = self.levels(x)
        classes, sides = self.design.classes, 4 * self.design.bins
        found = {}
        if "scores" in self.outputs:
            found["scores"] = per_anchor([level[:, :classes] for level in levels], classes)
        if "sides" in self.outputs:
            found["sides"] = per_anchor([level[:, classes:] for level in levels], sides)
        return found

    def quick(self) -> Detector:
        """The same without channel shuffles (`models.unshuffled`), another network in evaluation mode."""
        if self.design.blocks != "shuffle" or not isinstance(self.backbone, Backbone):
            return self
        quick = copy.deepcopy(self).eval()
        trunk = Unshuffled(self.backbone)
        for reduce, order in zip(quick.neck.reduce, trunk.orders, strict=True):
            assert isinstance(reduce, nn.Sequential)
            take(reduce[0], order)
        quick.backbone = trunk
        return quick


ONLOOKER_M = DetectorDesign()
"""The default detector: the design of NanoDet-Plus-m-1.5x."""


def onlooker_m(outputs: Collection[str] | None = None) -> Detector:
    """Onlooker-M without weights: what its entry in the catalogue names. Outputs are those of `Detector`."""
    return Detector(ONLOOKER_M, outputs)


SMALL = DetectorDesign(stem=24, widths=(48, 96, 128), units=(3, 3, 2), neck=48, head_layers=1, blocks="plain")
"""Onlooker-S, an experiment (docs/training.md): no weights of it ship."""


def folded(detector: Detector) -> Detector:
    """The detector that does the same without branches, in evaluation mode.

    Raises ValueError where it has none.
    """
    if not detector.design.branches:
        raise ValueError("this detector has no branches to fold")
    plain_one = Detector(replace(detector.design, branches=False), detector.outputs)
    state = detector.state_dict()
    for name, part in detector.named_modules():
        if isinstance(part, plain.Branches):
            state = {key: value for key, value in state.items() if not key.startswith(f"{name}.")}
            state |= {f"{name}.{key}": value for key, value in part.fold().state_dict().items()}
    plain_one.to(next(iter(state.values())))
    plain_one.load_state_dict(state)
    return plain_one.eval()
