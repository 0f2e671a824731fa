"""Tiny ONNX detectors of every layout: no weights worth the name, but answers of the right shapes and ranges.

Each sees one thing, THING, whatever it is shown, so that a decoder's whole way to boxes can be followed. Made with the
package `onnx`, which the program itself does without.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

Floats = NDArray[np.float32]

THING: Floats = np.array([16.0, 24.0, 48.0, 40.0], np.float32)
"""The box of the one thing that each network of an input of 64 x 64 sees, x1, y1, x2, y2."""
SIDE = 64
LOW, HIGH = 0.02, 0.9


def cells(strides: Sequence[int], side: int = SIDE) -> tuple[Floats, Floats]:
    """Column and row (M, 2) and stride (M,) of each cell."""
    places, steps = [], []
    for stride in strides:
        count = -(-side // stride)
        rows, columns = np.mgrid[:count, :count]
        places.append(np.stack([columns.ravel(), rows.ravel()], 1))
        steps.append(np.full(count * count, stride))
    return np.concatenate(places).astype(np.float32), np.concatenate(steps).astype(np.float32)


def yolox(classes: int, *, decoded: bool) -> Floats:
    """The rows (M, 5 + classes) of YOLOX; the thing's is the cell at its middle."""
    places, strides = cells((8, 16, 32))
    middle, sides = _middle(), THING[2:] - THING[:2]
    rows = np.full((len(places), 5 + classes), LOW, np.float32)
    rows[:, :2], rows[:, 2:4] = 0.5, 0.0
    if decoded:
        rows[:, :2], rows[:, 2:4] = (places + 0.5) * strides[:, None], strides[:, None]
    best = _cell(places, strides, middle)
    rows[best, :2] = middle if decoded else middle / strides[best] - places[best]
    rows[best, 2:4] = sides if decoded else np.log(sides / strides[best])
    rows[best, 4], rows[best, 5] = 1.0, HIGH
    return rows


def yolo(classes: int) -> Floats:
    """(4 + classes, M) of YOLO without objectness."""
    rows = np.delete(yolox(classes, decoded=True), 4, axis=1)
    return np.ascontiguousarray(rows.T)


def anchors(classes: int) -> Floats:
    """(3 * M, 5 + classes) of YOLO with three anchors a cell."""
    rows = yolox(classes, decoded=True)
    quiet = rows.copy()
    quiet[:, 5:] = LOW
    levels = np.cumsum([0, *(count * count for count in (8, 4, 2))])
    parts = [one[start:end] for start, end in itertools.pairwise(levels) for one in (quiet, rows, quiet)]
    return np.concatenate(parts)


def nanodet(classes: int) -> Floats:
    """(M, classes + 32) of NanoDet-Plus; all sides are told by one sharp bin, so lengths are whole strides."""
    places, strides = cells((8, 16, 32, 64))
    rows = np.full((len(places), classes + 32), LOW, np.float32)
    rows[:, classes:] = 0
    best = _cell(places, strides, _middle(), half=0.0)
    reach = np.concatenate([places[best] * 8 - THING[:2], THING[2:] - places[best] * 8]) / 8
    for side, length in enumerate(reach):
        rows[best, classes + 8 * side + round(float(length))] = 40
    rows[best, 0] = HIGH
    return rows


def end_to_end() -> Floats:
    """(N, 6) of a YOLO that has chosen, the thing first."""
    rows = np.zeros((20, 6), np.float32)
    rows[0] = [*THING, HIGH, 1]
    return rows


def _middle() -> Floats:
    return np.asarray((THING[:2] + THING[2:]) / 2, np.float32)


def _cell(places: Floats, strides: Floats, middle: Floats, half: float = 0.5) -> int:
    """The finest level's cell that is nearest to a place."""
    away = np.abs((places + half) * strides[:, None] - middle).sum(axis=1) + np.where(strides > strides.min(), 1000, 0)
    return int(away.argmin())


def save(
    path: Path,
    answers: dict[str, NDArray[Any]],
    *,
    sizes: bool = False,
    half: bool = False,
    free: bool = False,
    side: int = SIDE,
    metadata: dict[str, str] | None = None,
) -> Path:
    """An ONNX file that gives `answers` (by name, batch of 1 in front), whatever it is shown.

    The picture does take part: the mean of its values times 0 is added to each answer of floats. `sizes`: a second
    input, of the picture's width and height, times which over `side` boxes are given. `half`: fp16 in. `free`: any
    height and width.
    """
    kind = TensorProto.FLOAT16 if half else TensorProto.FLOAT
    picture = helper.make_tensor_value_info("images", kind, [1, 3, *(["h", "w"] if free else [side, side])])
    inputs, nodes, constants, outputs = [picture], [], [numpy_helper.from_array(np.array(0, np.float32), "zero")], []
    nodes.append(helper.make_node("Cast", ["images"], ["seen"], to=TensorProto.FLOAT))
    nodes.append(helper.make_node("ReduceMean", ["seen"], ["mean"], keepdims=0))
    nodes.append(helper.make_node("Mul", ["mean", "zero"], ["nothing"]))
    if sizes:
        inputs.append(helper.make_tensor_value_info("orig_target_sizes", TensorProto.INT64, [1, 2]))
        constants.append(numpy_helper.from_array(np.array([[side, side]], np.float32), "own"))
        nodes.append(helper.make_node("Cast", ["orig_target_sizes"], ["asked"], to=TensorProto.FLOAT))
        nodes.append(helper.make_node("Div", ["asked", "own"], ["ratio"]))
        nodes.append(helper.make_node("Concat", ["ratio", "ratio"], ["ratios"], axis=1))
    for name, value in answers.items():
        constants.append(numpy_helper.from_array(value, f"{name}.kept"))
        whole = value.dtype.kind != "f"
        made = f"{name}.made" if sizes and name == "boxes" else name
        if whole:
            nodes.append(helper.make_node("Identity", [f"{name}.kept"], [made]))
        else:
            nodes.append(helper.make_node("Add", [f"{name}.kept", "nothing"], [made]))
        if made != name:
            nodes.append(helper.make_node("Mul", [made, "ratios"], [name]))
        outputs.append(
            helper.make_tensor_value_info(name, TensorProto.INT64 if whole else TensorProto.FLOAT, value.shape)
        )
    graph = helper.make_graph(nodes, "small", inputs, outputs, constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    for key, text in (metadata or {}).items():
        entry = model.metadata_props.add()
        entry.key, entry.value = key, text
    onnx.save(model, str(path))
    return path


def one(rows: Floats) -> dict[str, NDArray[Any]]:
    """A single output of these rows."""
    return {"output": rows[None]}


def detr(classes: int = 3) -> dict[str, NDArray[Any]]:
    """Labels, boxes and scores, the thing first."""
    boxes = np.tile(np.array([1, 1, 9, 9], np.float32), (20, 1))
    scores, labels = np.full(20, LOW, np.float32), (np.arange(20) % classes).astype(np.int64)
    boxes[0], scores[0], labels[0] = THING, HIGH, 0
    return {"labels": labels[None], "boxes": boxes[None], "scores": scores[None]}
