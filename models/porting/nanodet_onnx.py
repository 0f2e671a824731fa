"""Takes the weights of a NanoDet-Plus out of an ONNX file, whatever its exporter called them.

A convolution is known by all that leads to it from the picture: kinds, shapes, strides and order of every step before.
Where each convolution of our detector has exactly one in the file, both calculate the same; so nothing is guessed. Only
that pictures are B, G, R cannot be seen in a file: NanoDet's are (RangiLyu/nanodet, Apache-2.0).
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, fx, nn
from torch.nn import functional

from models.detector import ONLOOKER_M, Detector, DetectorDesign
from models.errors import NetworkError
from models.importing import onnx_file, onnx_graph
from models.importing.onnx_graph import Graph, Step
from models.importing.wire import WireError

VARIANTS = {
    "NanoDet-Plus-m": replace(ONLOOKER_M, widths=(116, 232, 464), neck=96),
    "NanoDet-Plus-m-1.5x": ONLOOKER_M,
}
"""Which published networks are of our design, by their names."""
FIRST = "backbone.stem.0.weight"
_UP = {"half_pixel", "pytorch_half_pixel"}

Place = int
"""The number of what a value is, the same for two values that are calculated alike."""


class Places:
    """Gives equal numbers to equal descriptions."""

    def __init__(self) -> None:
        self._known: dict[tuple[object, ...], Place] = {}

    def of(self, *what: object) -> Place:
        """The number of a step and what goes into it."""
        return self._known.setdefault(what, len(self._known))


def read(path: Path) -> dict[str, Tensor]:
    """Weights by our names, float32, for a detector of one of `VARIANTS` with as many classes as the file has.

    Raises NetworkError where the file is no ONNX or of another design.
    """
    try:
        data = path.read_bytes() if path.stat().st_size <= onnx_file.MOST_BYTES else b""
        onnx_file.read(data)
        graph = onnx_graph.read(data)
    except (OSError, WireError) as error:
        raise NetworkError(f"{path} cannot be read: {error}.") from error
    except NetworkError as error:
        raise NetworkError(f"{path} {error}.") from error
    places = Places()
    theirs = _theirs(graph, places)
    for design in VARIANTS.values():
        ours = _ours(design, _classes(graph, design), places)
        if len(theirs) == len(ours) and all(len(theirs.get(place, [])) == 1 for place in ours):
            return _taken(ours, theirs, graph)
    raise NetworkError(
        f"{path} is of another design than ours: a training can start from an ONNX of {' or '.join(VARIANTS)} with its "
        "batch norms folded. Other detectors can be used as they are: onlooker models add."
    )


def _classes(graph: Graph, design: DetectorDesign) -> int:
    """How many classes the file has if it is of the design: what its last convolution gives, less the sides' bins."""
    last = next((step for step in reversed(graph.steps) if step.kind == "Conv" and len(step.inputs) > 1), None)
    rows = 0 if last is None or last.inputs[1] not in graph.weights else len(graph.weights[last.inputs[1]])
    return max(rows - 4 * design.bins, 1)


def _taken(ours: dict[Place, str], theirs: dict[Place, list[Step]], graph: Graph) -> dict[str, Tensor]:
    taken = {}
    for place, name in ours.items():
        weight, bias = theirs[place][0].inputs[1:3]
        taken[f"{name}.weight"] = torch.from_numpy(graph.weights[weight].copy())
        taken[f"{name}.bias"] = torch.from_numpy(graph.weights[bias].copy())
    taken[FIRST] = taken[FIRST].flip(1)
    return taken


def _theirs(graph: Graph, places: Places) -> dict[Place, list[Step]]:
    """The convolutions of a file by their place."""
    known = {name: places.of("picture") for name in graph.inputs if name not in graph.weights}
    convolutions: dict[Place, list[Step]] = {}
    for step in graph.steps:
        inputs = [known.get(name, -1) for name in step.inputs]
        place = _step(step, inputs, graph, places)
        for number, name in enumerate(step.outputs):
            known[name] = places.of("part", number, place) if len(step.outputs) > 1 else place
        if step.kind == "Conv":
            convolutions.setdefault(place, []).append(step)
    return convolutions


def _step(step: Step, inputs: list[Place], graph: Graph, places: Places) -> Place:
    told = step.attributes
    first = inputs[0] if inputs else -1
    if step.kind == "Conv" and len(step.inputs) == 3 and {*step.inputs[1:]} <= graph.weights.keys():
        shape = graph.weights[step.inputs[1]].shape
        around = told.get("pads", (0,) * 4), told.get("dilations", (1, 1)), told.get("auto_pad", "NOTSET")
        if around[1:] == ((1, 1), "NOTSET"):
            return places.of("convolution", shape, told.get("strides", (1, 1)), told.get("group", 1), around[0], first)
    elif step.kind == "LeakyRelu":
        return places.of("leaky", round(float(str(told.get("alpha", 0.01))), 4), first)
    elif step.kind == "MaxPool":
        return places.of("most", told.get("kernel_shape"), told.get("strides"), told.get("pads"), first)
    elif step.kind == "Concat" and told.get("axis") in (1, None):
        return places.of("joined", *inputs)
    elif step.kind == "Add":
        return places.of("sum", *sorted(inputs))
    elif step.kind == "Split":
        return places.of("halves", first)
    elif step.kind == "Slice":
        begins = told.get("starts") or tuple(graph.weights.get(step.inputs[1], ())) if len(step.inputs) > 1 else ()
        return places.of("part", 0 if begins == (0,) else 1, places.of("halves", first))
    elif step.kind == "Resize" and told.get("mode") == "linear":
        if told.get("coordinate_transformation_mode", "half_pixel") in _UP:
            return places.of("twice", first)
    elif step.kind in ("Reshape", "Transpose", "Identity"):
        return first  # a shuffle is made of these; nothing else between two convolutions is
    return places.of("unknown", step.outputs)


class _Tracer(fx.Tracer):
    """Follows a detector down to its convolutions, activations and poolings."""

    def is_leaf_module(self, m: nn.Module, module_qualified_name: str) -> bool:
        """As fx asks."""
        del module_qualified_name
        return isinstance(m, nn.Conv2d | nn.LeakyReLU | nn.MaxPool2d)


def _ours(design: DetectorDesign, classes: int, places: Places) -> dict[Place, str]:
    """The names of our convolutions by their place."""
    with torch.device("meta"):
        detector = Detector(replace(design, classes=classes))
    parts = dict(detector.named_modules())
    known: dict[fx.Node, Place] = {}
    found: dict[Place, str] = {}
    for node in _Tracer().trace(detector).nodes:
        if node.op == "placeholder":
            known[node] = places.of("picture")
        elif node.op == "call_module":
            known[node] = _module(parts[str(node.target)], known[node.args[0]], places)
            if isinstance(parts[str(node.target)], nn.Conv2d):
                found[known[node]] = str(node.target)
        elif node.op == "call_function" and node.target in _FUNCTIONS:
            known[node] = _FUNCTIONS[node.target](node, known, places)
    return found


def _module(module: nn.Module, place: Place, places: Places) -> Place:
    if isinstance(module, nn.Conv2d):
        around = (*module.padding, *module.padding)
        return places.of("convolution", tuple(module.weight.shape), module.stride, module.groups, around, place)
    if isinstance(module, nn.LeakyReLU):
        return places.of("leaky", round(module.negative_slope, 4), place)
    assert isinstance(module, nn.MaxPool2d)
    kernel, stride, pad = (int(str(one)) for one in (module.kernel_size, module.stride, module.padding))
    return places.of("most", (kernel,) * 2, (stride,) * 2, (pad,) * 4, place)


def _joined(node: fx.Node, known: dict[fx.Node, Place], places: Places) -> Place:
    parts: Any = node.args[0]
    return places.of("joined", *(known.get(one, -1) for one in parts))


def _part(node: fx.Node, known: dict[fx.Node, Place], places: Places) -> Place:
    of, which = node.args
    return places.of("part", which if isinstance(which, int) else str(which), known.get(_node(of), -1))


def _of(kind: str) -> Callable[[fx.Node, dict[fx.Node, Place], Places], Place]:
    def place(node: fx.Node, known: dict[fx.Node, Place], places: Places) -> Place:
        return places.of(kind, *sorted(known.get(one, -1) for one in node.args if isinstance(one, fx.Node)))

    return place


def _node(of: Any) -> fx.Node:
    assert isinstance(of, fx.Node)
    return of


def _same(node: fx.Node, known: dict[fx.Node, Place], places: Places) -> Place:
    del places
    return known.get(_node(node.args[0]), -1)


_FUNCTIONS: dict[Any, Callable[[fx.Node, dict[fx.Node, Place], Places], Place]] = {
    torch.cat: _joined,
    torch.chunk: _of("halves"),
    operator.getitem: _part,
    operator.add: _of("sum"),
    functional.interpolate: _of("twice"),
    functional.channel_shuffle: _same,
}
