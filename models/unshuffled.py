"""The trunk without its channel shuffles: the same maps, their channels in another order, in fewer copies.

A shuffle moves every channel of a map, and half of them are only carried through each unit. But which unit a channel is
for is known beforehand. So each unit's outputs are kept as they are, ordered by the unit that takes them (its last 1x1
convolution gives them in that order), and a unit joins its slices of earlier outputs (its first 1x1 convolution takes
them in that order): nothing is carried along, each channel is copied once. What is computed is the same, sums in
another order.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from models.backbone import Backbone, ShuffleUnit, maps
from models.layers import Separable

Order = Sequence[int]
"""Which of the old channels is each of the new ones."""


@dataclass(frozen=True, slots=True)
class Plan:
    """One stage's channels. Its makers: the left and the right part of the first unit, then the right one of each.

    `makers`: the order of each maker's channels. `parts`: how many of them each taker takes, by maker; takers are the
    second unit, those after it, and what comes after the stage. `takers`: the order of each taker's channels.
    """

    makers: list[list[int]]
    parts: list[list[int]]
    takers: list[list[int]]


def plan(units: int, width: int) -> Plan:
    """For a stage of so many units, `width` channels each."""
    half = width // 2
    flow = _shuffled([(0, channel) for channel in range(half)], [(1, channel) for channel in range(half)])
    taken = []
    for unit in range(1, units):
        taken.append(flow[half:])
        flow = _shuffled(flow[:half], [(unit + 1, channel) for channel in range(half)])
    taken.append(flow)
    # A taker joins its parts maker by maker, a maker's channels in the order in which the taker had them.
    parts = [[[channel for of, channel in all_of if of == maker] for all_of in taken] for maker in range(units + 1)]
    makers = [[channel for part in of for channel in part] for of in parts]
    takers = []
    for place, all_of in enumerate(taken):
        places = {made: position for position, made in enumerate(all_of)}
        joined = [(maker, channel) for maker in range(units + 1) for channel in parts[maker][place]]
        takers.append([places[made] for made in joined])
    return Plan(makers, [[len(part) for part in of] for of in parts], takers)


def _shuffled(left: list[tuple[int, int]], right: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Channel by channel from left and right: the shuffle in two groups."""
    return [made for pair in zip(left, right, strict=True) for made in pair]


class Stage(nn.Module):
    """The units of one stage, without shuffles."""

    def __init__(self, units: Sequence[ShuffleUnit], order: Order) -> None:
        """`units`: those of the stage, changed in place; `order`: that of the channels of what comes in."""
        super().__init__()
        first, *others = units
        assert isinstance(first.left, Separable)
        planned = plan(len(units), 2 * first.left.pointwise.out_channels)
        _take_depthwise(first.left, order)
        take(first.right[0], order)
        self.left, self.rights = first.left, nn.ModuleList(unit.right for unit in units)
        for unit, taker in zip(others, planned.takers[:-1], strict=True):
            take(unit.right[0], taker)
        for made, maker in zip((first.left, *(unit.right[2] for unit in units)), planned.makers, strict=True):
            assert isinstance(made, Separable)
            _give(made.pointwise, maker)
        self.parts = planned.parts
        self.order = planned.takers[-1]

    def forward(self, x: Tensor) -> Tensor:
        """(N, inputs, H, W) -> (N, outputs, H / 2, W / 2), channels in `order`."""
        made = [torch.split(self.left(x), self.parts[0], 1)]
        for place, right in enumerate(self.rights):
            if place:
                x = self._joined(made, place - 1)
            made.append(torch.split(right(x), self.parts[place + 1], 1))
        return self._joined(made, len(self.rights) - 1)

    def _joined(self, made: Sequence[Sequence[Tensor]], taker: int) -> Tensor:
        # Later makers have nothing for it.
        return torch.cat([one[taker] for one, parts in zip(made, self.parts, strict=False) if parts[taker]], 1)


class Unshuffled(nn.Module):
    """The trunk that does what a `Backbone` of shuffle units does; that one stays as it is.

    `orders`: which channel of the other's map each channel is, for each map.
    """

    def __init__(self, backbone: Backbone) -> None:
        super().__init__()
        copied = copy.deepcopy(backbone)
        self.stem = copied.stem
        self.stages = nn.ModuleList()
        self.orders: list[list[int]] = []
        order: Order = range(_inputs(copied.stages[0]))
        for units in copied.stages:
            assert isinstance(units, nn.Sequential)
            self.stages.append(stage := Stage([unit for unit in units if isinstance(unit, ShuffleUnit)], order))
            self.orders.append(stage.order)
            order = stage.order

    def forward(self, x: Tensor) -> list[Tensor]:
        """(N, 3, H, W) -> one (N, width, H / stride, W / stride) for each stage, finest first."""
        return maps(self.stem, self.stages, x)


def _inputs(units: nn.Module) -> int:
    first = next(unit for unit in units.modules() if isinstance(unit, ShuffleUnit))
    assert isinstance(first.left, Separable)
    return first.left.depthwise.in_channels


@torch.no_grad()
def take(convolution: nn.Module, order: Order) -> None:
    """Let a convolution across channels take them in another order."""
    assert isinstance(convolution, nn.Conv2d)
    convolution.weight.copy_(convolution.weight[:, list(order)].clone())


@torch.no_grad()
def _give(convolution: nn.Module, order: Order) -> None:
    assert isinstance(convolution, nn.Conv2d)
    convolution.weight.copy_(convolution.weight[list(order)].clone())
    assert convolution.bias is not None
    convolution.bias.copy_(convolution.bias[list(order)].clone())


@torch.no_grad()
def _take_depthwise(block: Separable, order: Order) -> None:
    _give(block.depthwise, order)
    take(block.pointwise, order)
