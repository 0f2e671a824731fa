"""What an ONNX file says of itself, read before any library opens it: files of others may be hostile.

The messages: onnx/onnx.proto of github.com/onnx/onnx (IR version 13), of which only what is asked for here is looked
at. Weights have to lie in the file itself: a file that names another one could name any file of this machine.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from models.errors import NetworkError
from models.importing.wire import BYTES, VARINT, Budget, WireError, fields, integers, text

MOST_BYTES = 512 * 1024 * 1024
MOST_NODES = 20_000
MOST_VALUES = 256 * 1024 * 1024
"""Numbers in one tensor."""
_FIELDS = 1_500_000
_DEEPEST = 8  # graphs within graphs (loops, branches)
_LONGEST_TEXT = 200_000  # bytes of one entry of the metadata
_ENTRIES = 200

# Field numbers, by message.
_MODEL_IR, _MODEL_GRAPH, _MODEL_METADATA, _MODEL_FUNCTIONS = 1, 7, 14, 25
_GRAPH_NODE, _GRAPH_TENSOR, _GRAPH_SPARSE = 1, 5, 15
_NODE_ATTRIBUTE, _NODE_OF_FUNCTION = 5, 7
_ATTRIBUTE_TENSOR, _ATTRIBUTE_GRAPH, _ATTRIBUTE_TENSORS, _ATTRIBUTE_GRAPHS = 5, 6, 10, 11
_TENSOR_DIMS, _TENSOR_KIND, _TENSOR_RAW, _TENSOR_EXTERNAL, _TENSOR_LOCATION = 1, 2, 9, 13, 14
_BYTES_OF_KIND = {1: 4, 2: 1, 3: 1, 4: 2, 5: 2, 6: 4, 7: 8, 9: 1, 10: 2, 11: 8, 12: 4, 13: 8, 16: 2}


@dataclass(slots=True)
class OnnxFile:
    """`metadata`: what its maker noted, by name. `nodes`: how many steps it has, those of inner graphs too."""

    metadata: dict[str, str] = field(default_factory=dict)
    nodes: int = 0


def read(data: bytes) -> OnnxFile:
    """What the bytes of a file say. Raises NetworkError with the end of a sentence that begins with the file's name."""
    if not data:
        raise NetworkError("is empty: it has 0 bytes")
    try:
        return _model(memoryview(data), Budget(_FIELDS))
    except WireError as error:
        raise NetworkError(f"is no ONNX file, or it is damaged ({error})") from error


def _model(message: memoryview, budget: Budget) -> OnnxFile:
    found = OnnxFile()
    graphs: list[memoryview] = []
    version = 0
    for number, kind, value in fields(message, budget):
        if number == _MODEL_IR and kind == VARINT and isinstance(value, int):
            version = value
        elif number == _MODEL_GRAPH and isinstance(value, memoryview):
            graphs.append(value)
        elif number == _MODEL_METADATA and isinstance(value, memoryview):
            _entry(value, found.metadata, budget)
        elif number == _MODEL_FUNCTIONS and isinstance(value, memoryview):
            _walk(value, found, budget, _NODE_OF_FUNCTION)
    if len(graphs) != 1 or not 1 <= version < 1000:
        raise WireError("it holds no graph" if not graphs else "it holds no version or several graphs")
    _walk(graphs[0], found, budget, _GRAPH_NODE)
    if not found.nodes:
        raise WireError("its graph is empty")
    return found


def _entry(message: memoryview, into: dict[str, str], budget: Budget) -> None:
    pair = {number: text(value, _LONGEST_TEXT) for number, kind, value in fields(message, budget) if kind == BYTES}
    if len(into) < _ENTRIES and 1 in pair:
        into[pair[1]] = pair.get(2, "")


def _walk(graph: memoryview, found: OnnxFile, budget: Budget, node_field: int) -> None:
    """Count the nodes of a graph and of those inside it, and look at every tensor; without recursion."""
    waiting: list[tuple[memoryview, int, int]] = [(graph, 1, node_field)]
    while waiting:
        message, depth, of_node = waiting.pop()
        if depth > _DEEPEST:
            raise NetworkError("has graphs within graphs within graphs, which no detector needs")
        for number, _, value in fields(message, budget):
            if isinstance(value, int):
                continue
            if number == of_node:
                found.nodes += 1
                if found.nodes > MOST_NODES:
                    raise NetworkError(f"has more than {MOST_NODES:,} steps, which no detector needs")
                waiting += [(inner, depth + 1, _GRAPH_NODE) for inner in _node(value, budget)]
            elif of_node == _GRAPH_NODE and number == _GRAPH_TENSOR:
                _tensor(value, budget)
            elif of_node == _GRAPH_NODE and number == _GRAPH_SPARSE:
                raise NetworkError("has sparse weights, which are not read here: export it with plain ones")


def _node(message: memoryview, budget: Budget) -> list[memoryview]:
    """The graphs in a node's attributes; its tensors are looked at."""
    graphs: list[memoryview] = []
    for number, _, attribute in fields(message, budget):
        if number != _NODE_ATTRIBUTE or isinstance(attribute, int):
            continue
        for inside, _, value in fields(attribute, budget):
            if isinstance(value, int):
                continue
            if inside in (_ATTRIBUTE_TENSOR, _ATTRIBUTE_TENSORS):
                _tensor(value, budget)
            elif inside in (_ATTRIBUTE_GRAPH, _ATTRIBUTE_GRAPHS):
                graphs.append(value)
    return graphs


def _tensor(message: memoryview, budget: Budget) -> None:
    """Raises NetworkError where a tensor lies outside, is huge, or is larger than what lies there."""
    sides: list[int] = []
    kind, raw = 0, None
    for number, form, value in fields(message, budget):
        if number == _TENSOR_DIMS:
            sides += integers(value, budget)
        elif number == _TENSOR_KIND and isinstance(value, int):
            kind = value
        elif number == _TENSOR_RAW and form == BYTES and isinstance(value, memoryview):
            raw = len(value)
        elif number == _TENSOR_EXTERNAL or (number == _TENSOR_LOCATION and value == 1):
            raise NetworkError("keeps its weights in another file: export it as one file")
    count = math.prod(sides) if all(0 <= side <= MOST_VALUES for side in sides) else -1
    if not 0 <= count <= MOST_VALUES:
        raise NetworkError("has a tensor of an absurd size")
    if raw is not None and kind in _BYTES_OF_KIND and raw != count * _BYTES_OF_KIND[kind]:
        raise WireError("a tensor has another size than it says")
