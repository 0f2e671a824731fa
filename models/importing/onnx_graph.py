"""The steps and the weights of an ONNX file, for whoever wants to take a known design's weights out of it.

Read after `onnx_file.read` found the file sound. Messages and field numbers: onnx/onnx.proto of github.com/onnx/onnx.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.importing.wire import BYTES, Budget, fields, integers, text

_MODEL_GRAPH = 7
_GRAPH_NODE, _GRAPH_TENSOR, _GRAPH_INPUT = 1, 5, 11
_NODE_INPUT, _NODE_OUTPUT, _NODE_KIND, _NODE_ATTRIBUTE = 1, 2, 4, 5
_NAME, _FLOAT, _INTEGER, _TEXT, _TENSOR, _INTEGERS = 1, 2, 3, 4, 5, 8  # of an attribute
_TENSOR_DIMS, _TENSOR_KIND, _TENSOR_FLOATS, _TENSOR_NAME, _TENSOR_RAW = 1, 2, 4, 8, 9
_KINDS: dict[int, np.dtype[Any]] = {1: np.dtype("<f4"), 7: np.dtype("<i8"), 10: np.dtype("<f2")}
_FIELDS = 1_500_000
_LONGEST_NAME = 2000

Floats = NDArray[np.float32]
Attribute = float | int | str | tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Step:
    """A node: its `kind` ("Conv"), the names of what goes in and comes out, and its attributes by name."""

    kind: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attributes: dict[str, Attribute]


@dataclass(slots=True)
class Graph:
    """`steps` in the order in which they are done; `weights`: constant tensors by name; `inputs`: names."""

    steps: list[Step] = field(default_factory=list)
    weights: dict[str, Floats] = field(default_factory=dict)
    inputs: list[str] = field(default_factory=list)


def read(data: bytes) -> Graph:
    """The outermost graph of a file. Raises WireError where it is damaged."""
    budget = Budget(_FIELDS)
    graph = Graph()
    for number, _, message in fields(memoryview(data), budget):
        if number == _MODEL_GRAPH and isinstance(message, memoryview):
            _graph(message, graph, budget)
    return graph


def _graph(message: memoryview, into: Graph, budget: Budget) -> None:
    for number, _, value in fields(message, budget):
        if isinstance(value, int):
            continue
        if number == _GRAPH_NODE:
            step, constant = _step(value, budget)
            into.steps.append(step)
            if constant is not None and step.outputs:
                into.weights[step.outputs[0]] = constant
        elif number == _GRAPH_TENSOR:
            name, tensor = _tensor(value, budget)
            if tensor is not None:
                into.weights[name] = tensor
        elif number == _GRAPH_INPUT:
            into.inputs += [text(one, _LONGEST_NAME) for what, _, one in fields(value, budget) if what == _NAME]


def _step(message: memoryview, budget: Budget) -> tuple[Step, Floats | None]:
    kind, constant = "", None
    inputs: list[str] = []
    outputs: list[str] = []
    attributes: dict[str, Attribute] = {}
    for number, _, value in fields(message, budget):
        if number == _NODE_INPUT:
            inputs.append(text(value, _LONGEST_NAME))
        elif number == _NODE_OUTPUT:
            outputs.append(text(value, _LONGEST_NAME))
        elif number == _NODE_KIND:
            kind = text(value, _LONGEST_NAME)
        elif number == _NODE_ATTRIBUTE and isinstance(value, memoryview):
            tensor = _attribute(value, attributes, budget)
            constant = tensor if tensor is not None else constant
    return Step(kind, tuple(inputs), tuple(outputs), attributes), constant


def _attribute(message: memoryview, into: dict[str, Attribute], budget: Budget) -> Floats | None:
    """Put an attribute's value under its name; a tensor is given instead."""
    name, tensor = "", None
    found: Attribute | None = None
    several: list[int] = []
    for number, kind, value in fields(message, budget):
        if number == _NAME:
            name = text(value, _LONGEST_NAME)
        elif number == _FLOAT and isinstance(value, memoryview) and len(value) == 4:
            found = float(np.frombuffer(value, "<f4")[0])
        elif number == _INTEGER and isinstance(value, int):
            found = value
        elif number == _TEXT and kind == BYTES:
            found = text(value, _LONGEST_NAME)
        elif number == _INTEGERS:
            several += integers(value, budget)
        elif number == _TENSOR and isinstance(value, memoryview):
            tensor = _tensor(value, budget)[1]
    if several:
        found = tuple(several)
    if found is not None:
        into[name] = found
    return tensor


def _tensor(message: memoryview, budget: Budget) -> tuple[str, Floats | None]:
    """A tensor's name and numbers; None where those are of no kind that is read, or not as many as it says."""
    name, kind = "", 0
    sides: list[int] = []
    raw, floats = memoryview(b""), memoryview(b"")
    for number, form, value in fields(message, budget):
        if number == _TENSOR_DIMS:
            sides += integers(value, budget)
        elif number == _TENSOR_KIND and isinstance(value, int):
            kind = value
        elif number == _TENSOR_NAME:
            name = text(value, _LONGEST_NAME)
        elif number == _TENSOR_RAW and isinstance(value, memoryview):
            raw = value
        elif number == _TENSOR_FLOATS and form == BYTES and isinstance(value, memoryview):
            floats = value
    layout = _KINDS.get(kind)
    if len(floats) and kind == 1:
        raw = floats
    if layout is None or len(raw) != math.prod(sides) * layout.itemsize:
        return name, None
    return name, np.frombuffer(raw, layout).reshape(sides).astype(np.float32)
