"""Reads the layers of a TFLite file: weights as float32 arrays, fp16 widened, sparse ones made dense."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import tflite
from numpy.typing import NDArray

Floats = NDArray[np.float32]

_KINDS = {
    tflite.BuiltinOperator.CONV_2D: "convolution",
    tflite.BuiltinOperator.DEPTHWISE_CONV_2D: "depthwise",
    tflite.BuiltinOperator.PRELU: "prelu",
}
_ELEMENTS = {tflite.TensorType.FLOAT32: np.float32, tflite.TensorType.FLOAT16: np.float16}
_INDICES = {
    tflite.SparseIndexVector.Int32Vector: tflite.Int32Vector,
    tflite.SparseIndexVector.Uint16Vector: tflite.Uint16Vector,
    tflite.SparseIndexVector.Uint8Vector: tflite.Uint8Vector,
}


@dataclass(frozen=True, slots=True, eq=False)
class Layer:
    """One layer that has weights. `kind`: "convolution", "depthwise" or "prelu". `name`: its own name in the file.

    `number`: which one it was, among those of its kind and family, when its authors made the network; None for layers
    that they named otherwise. `weights`: in torch's order, (kernel (outputs, inputs / groups, height, width), bias
    (outputs,)), or (slopes (channels,),). `halves`: whether every weight is stored in 16 bits.
    """

    kind: str
    name: str
    number: int | None
    weights: tuple[Floats, ...]
    halves: bool


def read_layers(path: Path) -> list[Layer]:
    """The layers with weights of a TFLite file's only graph, in the order in which they run."""
    model = tflite.Model.GetRootAsModel(path.read_bytes(), 0)
    graph = model.Subgraphs(0)
    sources = _sources_of_constants(model, graph)
    layers = []
    for index in range(graph.OperatorsLength()):
        operator = graph.Operators(index)
        kind = _KINDS.get(_code(model, operator))
        if kind is None:
            continue
        constants = [sources.get(i, i) for i in operator.InputsAsNumpy()[1:].tolist()]
        raw = [_constant(model, graph.Tensors(i)) for i in constants]
        name, number = _own_name(graph.Tensors(operator.Outputs(0)).Name().decode())
        weights = tuple(_in_torch_order(kind, array).astype(np.float32) for array in raw)
        layers.append(Layer(kind, name, number, weights, all(array.dtype == np.float16 for array in raw)))
    return layers


def _code(model: Any, operator: Any) -> int:
    code = model.OperatorCodes(operator.OpcodeIndex())
    return int(max(code.BuiltinCode(), code.DeprecatedBuiltinCode()))


def _sources_of_constants(model: Any, graph: Any) -> dict[int, int]:
    """For each tensor that only widens or densifies a stored one: the number of the stored one."""
    passing = {tflite.BuiltinOperator.DEQUANTIZE, tflite.BuiltinOperator.DENSIFY}
    sources: dict[int, int] = {}
    for index in range(graph.OperatorsLength()):
        operator = graph.Operators(index)
        if _code(model, operator) in passing:
            stored = int(operator.Inputs(0))
            sources[int(operator.Outputs(0))] = sources.get(stored, stored)
    return sources


def _constant(model: Any, tensor: Any) -> NDArray[Any]:
    values = model.Buffers(tensor.Buffer()).DataAsNumpy().view(_ELEMENTS[tensor.Type()])
    shape = tuple(tensor.ShapeAsNumpy().tolist())
    sparsity = tensor.Sparsity()
    return values.reshape(shape) if sparsity is None else _densified(values, shape, sparsity)


def _densified(values: NDArray[Any], shape: tuple[int, ...], sparsity: Any) -> NDArray[Any]:
    """The whole array of a sparse one: TFLite's format (schema.fbs, SparsityParameters) is a tree, a level a dimension.

    A dense level gives every node all children; a CSR level names each node's children. Levels beyond the rank count
    within a block of the dimension that the block map names.
    """
    order = sparsity.TraversalOrderAsNumpy().tolist()
    block_map = sparsity.BlockMapAsNumpy().tolist() if sparsity.BlockMapLength() else []
    places: list[NDArray[np.int64]] = []  # for each level so far, every node's index within it
    nodes = 1
    sizes = {}
    for level, dimension in enumerate(order):
        data = sparsity.DimMetadata(level)
        if data.Format() == tflite.DimensionType.DENSE:
            sizes[dimension] = data.DenseSize()
            counts = np.full(nodes, data.DenseSize())
            here = np.tile(np.arange(data.DenseSize()), nodes)
        else:
            counts = np.diff(_indices(data.ArraySegmentsType(), data.ArraySegments()))
            here = _indices(data.ArrayIndicesType(), data.ArrayIndices())
        places = [np.repeat(place, counts) for place in places] + [here]
        nodes = len(here)
    at: dict[int, NDArray[np.int64]] = dict(zip(order, places, strict=True))
    for block, dimension in enumerate(block_map, start=len(shape)):
        at[dimension] = at[dimension] * sizes[block] + at[block]
    whole = np.zeros(shape, values.dtype)
    whole[tuple(at[dimension] for dimension in range(len(shape)))] = values
    return whole


def _indices(kind: int, table: Any) -> NDArray[np.int64]:
    vector = _INDICES[kind]()
    vector.Init(table.Bytes, table.Pos)
    return np.asarray(vector.ValuesAsNumpy(), np.int64)


def _in_torch_order(kind: str, array: NDArray[Any]) -> NDArray[Any]:
    if array.ndim == 4:  # TFLite: (outputs, height, width, inputs), depthwise (1, height, width, channels)
        return array.transpose((3, 0, 1, 2) if kind == "depthwise" else (0, 3, 1, 2))
    return array.reshape(-1)


def _own_name(output: str) -> tuple[str, int | None]:
    """A layer's name, and its number as Keras counts: "conv2d" is 0, "conv2d_7" 7.

    The converter joins the names of all it folded together, "re_lu_4/Relu6;batch_normalization_6/..;..": the first that
    is no activation is the layer's own, later ones are of layers that share a constant with it.
    """
    names = [part.removeprefix("model_1/model/").split("/")[0] for part in output.split(";")]
    name = next((name for name in names if not re.fullmatch(r"(re_lu|activation)(_\d+)?", name)), names[0])
    counted = re.fullmatch(r"(conv2d|depthwise_conv2d|p_re_lu|batch_normalization)(?:_(\d+))?", name)
    return name, int(counted[2] or 0) if counted else None
