"""What each cell of a network's maps sees of the picture, computed from the network's own layers.

The network is traced (torch.fx) and every step that moves things in the plane is followed: a convolution or pooling
widens what a cell sees and may skip cells, doubling a map makes cells between, joining maps joins what they see. After
a map was doubled, its cells no longer see alike: even ones reach further to the left, odd ones further to the right. So
a field has one reach for each cell of a period. Height and width are alike in all our layers; one axis is computed.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import fx, nn
from torch.nn import functional

Reach = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Field:
    """What the cells of one map see, along one axis.

    `stride`: pixels from one cell to the next. `reaches`: for the cells of one period the first and the last pixel that
    they see, counted from the cell's place, which is its index times `stride`.
    """

    stride: int
    reaches: tuple[Reach, ...]

    @property
    def size(self) -> int:
        """Pixels that the cell which sees most of them sees."""
        return max(last - first + 1 for first, last in self.reaches)

    def seen(self, cell: int) -> Reach:
        """The first and the last pixel that a cell sees; they may lie outside the picture."""
        first, last = self.reaches[cell % len(self.reaches)]
        return cell * self.stride + first, cell * self.stride + last

    def windowed(self, kernel: int, stride: int, before: int) -> Field:
        """After a convolution or pooling over `kernel` cells, each `stride`-th, with `before` cells of padding."""
        period = len(self.reaches)
        reaches = []
        for cell in range(period // math.gcd(period, stride)):
            inputs = range(cell * stride - before, cell * stride - before + kernel)
            spans = [self.seen(index) for index in inputs]
            place = cell * stride * self.stride
            reaches.append((min(first for first, _ in spans) - place, max(last for _, last in spans) - place))
        return Field(self.stride * stride, tuple(reaches))

    def doubled(self) -> Field:
        """After doubling by bilinear interpolation between the centres of cells (align_corners=False).

        Cell 2i lies between i - 1 and i, cell 2i + 1 between i and i + 1.
        """
        if self.stride % 2:
            raise ValueError(f"a map of stride {self.stride} cannot be doubled: cells would lie between pixels")
        half = self.stride // 2
        reaches = []
        for cell in range(2 * len(self.reaches)):
            left = (cell - 1) // 2
            reaches.append((self.seen(left)[0] - cell * half, self.seen(left + 1)[1] - cell * half))
        return Field(half, tuple(reaches))

    def joined(self, other: Field) -> Field:
        """After adding or concatenating another map of the same stride. Raises ValueError for another stride."""
        if self.stride != other.stride:
            raise ValueError(f"maps of strides {self.stride} and {other.stride} cannot be joined")
        period = math.lcm(len(self.reaches), len(other.reaches))
        pairs = [(self._reach(cell), other._reach(cell)) for cell in range(period)]
        return Field(self.stride, tuple((min(a[0], b[0]), max(a[1], b[1])) for a, b in pairs))

    def _reach(self, cell: int) -> Reach:
        return self.reaches[cell % len(self.reaches)]


PIXELS = Field(1, ((0, 0),))


def fields(network: nn.Module) -> list[Field]:
    """The field of each map that a network makes of a picture, in their order.

    `network`: takes a picture, gives a list of maps. Raises ValueError for a layer or function that is not known here:
    what it does to places must be said first.
    """
    graph = _Tracer().trace(network)
    known: dict[fx.Node, Any] = {}
    parts = dict(network.named_modules())
    for node in graph.nodes:
        if node.op == "placeholder":
            known[node] = PIXELS
        elif node.op == "call_module":
            known[node] = _of_layer(parts[node.target], known[node.args[0]])
        elif node.op == "call_function":
            known[node] = _of_function(node, known)
        elif node.op == "output":
            return [known[level] for level in node.args[0]]
        else:
            raise ValueError(f"{node.op} {node.target} is not known to move nothing in the plane")
    raise ValueError("the network gives nothing")


class _Tracer(fx.Tracer):
    """Takes each convolution as one step, ours too, which are written in terms of others."""

    def is_leaf_module(self, m: nn.Module, module_qualified_name: str) -> bool:
        """Whether a module is one step."""
        return isinstance(m, nn.Conv2d) or super().is_leaf_module(m, module_qualified_name)


def _of_layer(layer: nn.Module, field: Field) -> Field:
    if isinstance(layer, nn.Conv2d | nn.MaxPool2d):
        edges = getattr(layer, "edges", None)  # of our own `Conv`, where one side has more padding than the other
        before = edges[0] if edges is not None else _one(layer.padding)
        if _one(layer.dilation) != 1:
            raise ValueError("dilated layers leave holes, which a field cannot say")
        return field.windowed(_one(layer.kernel_size), _one(layer.stride), before)
    if isinstance(layer, nn.LeakyReLU | nn.ReLU | nn.ReLU6 | nn.PReLU | nn.Identity | nn.BatchNorm2d):
        return field
    raise ValueError(f"what {type(layer).__name__} does to places is not known")


def _of_function(node: fx.Node, known: dict[fx.Node, Any]) -> Any:
    function, first = node.target, node.args[0]
    if function is torch.cat:
        joined, *others = [known[part] for part in _nodes(first)]
        for other in others:
            joined = joined.joined(other)
        return joined
    if function is operator.add:
        return known[_node(first)].joined(known[_node(node.args[1])])
    if function is torch.chunk:
        return [known[_node(first)]] * int(str(node.args[1]))
    if function is operator.getitem:
        return known[_node(first)][node.args[1]]
    if function is functional.channel_shuffle:
        return known[_node(first)]
    if function is functional.interpolate and node.kwargs["scale_factor"] == 2 and node.kwargs["mode"] == "bilinear":
        return known[_node(first)].doubled()
    raise ValueError(f"what {function} does to places is not known")


def _node(argument: Any) -> fx.Node:
    if not isinstance(argument, fx.Node):
        raise TypeError(f"{argument} is no map")
    return argument


def _nodes(arguments: Any) -> Sequence[fx.Node]:
    return [_node(argument) for argument in arguments]


def _one(value: Any) -> int:
    """The number for both axes. Raises ValueError where they differ."""
    numbers = {value} if isinstance(value, int) else set(value)
    if len(numbers) != 1:
        raise ValueError(f"height and width are not treated alike: {value}")
    return int(numbers.pop())
