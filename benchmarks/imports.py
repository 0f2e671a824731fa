"""Whether networks of others are as good through Onlooker as by themselves.

`python benchmarks/imports.py [--data FOLDER] [--models FOLDER] [--pictures N]` (else ONLOOKER_DATA, ONLOOKER_MODELS)
recognises the three published ONNX files, runs them as added detectors on voc-val and coco-val, and beside that reads
each as its own project does: ONNX Runtime, the project's own pictures in and boxes out, written here a second time and
with nothing of `models` but the judging. They may differ by 0.3 points of AP.
"""

from __future__ import annotations

import cores_first  # noqa: F401 - before numpy is imported

# isort: split
import argparse
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from desktop.commands.versions import machine, version
from models.cells import Things
from models.classes import COCO
from models.errors import OnlookerError
from models.importing.foreign import ForeignDetector
from models.importing.inspecting import inspect
from models.training.annotations import read
from models.training.evaluation import LOWEST, measure, pixels_of
from models.training.evaluation import look as look_at

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float32]
Found = tuple[Floats, Floats, NDArray[np.integer]]

SETS = ("voc-val", "coco-val")
MAY_DIFFER = 0.003
MOST = 100


class OwnReading:
    """One network as its own project reads it: `values` of a picture in, boxes (N, 4), scores, classes out."""

    key, labels, device, precision, note, size = "own", COCO, "cpu", "f32", "", (416, 416)

    def __init__(self, file: Path, find: Callable[[Any, Pixels], Found]) -> None:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self._session: Any = onnxruntime.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])
        self._find = find

    def find(self, pixels: Pixels, threshold: float) -> Things:
        """As `ObjectDetector.find`."""
        boxes, scores, classes = self._find(self._session, pixels)
        height, width = pixels.shape[:2]
        boxes = np.clip(boxes, 0, [width, height, width, height])
        order = np.argsort(-scores, kind="stable")
        order = order[scores[order] >= threshold][:MOST]
        return Things(boxes[order].astype(np.float32), scores[order].astype(np.float32), classes[order].astype(np.intp))


def greedy(boxes: Floats, scores: Floats, classes: NDArray[np.integer], overlap: float) -> NDArray[np.intp]:
    """What stays of boxes of one class each, one after the other, no more than MOST."""
    order = list(np.argsort(-scores, kind="stable"))
    areas = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    kept: list[int] = []
    for one in order:
        if len(kept) == MOST:
            break
        others = np.array([other for other in kept if classes[other] == classes[one]], np.intp)
        low = np.maximum(boxes[others, :2], boxes[one, :2])
        high = np.minimum(boxes[others, 2:], boxes[one, 2:])
        shared = np.prod(np.maximum(high - low, 0), axis=1)
        if not (shared / (areas[others] + areas[one] - shared) > overlap).any():
            kept.append(int(one))
    return np.array(kept, np.intp)


def yolox(session: Any, pixels: Pixels) -> Found:
    """Megvii-BaseDetection/YOLOX: `data_augment.preproc`; `utils/boxes.postprocess`: each box's best class."""
    height, width = pixels.shape[:2]
    ratio = min(416 / height, 416 / width)
    padded = np.full((416, 416, 3), 114, np.uint8)
    inner = cv2.resize(pixels, (int(width * ratio), int(height * ratio)), interpolation=cv2.INTER_LINEAR)
    padded[: inner.shape[0], : inner.shape[1]] = inner
    rows = session.run(None, {"images": padded.transpose(2, 0, 1)[None].astype(np.float32)})[0][0]
    start = 0
    for stride in (8, 16, 32):
        side = 416 // stride
        for cell in range(side * side):
            rows[start + cell, :2] = (rows[start + cell, :2] + (cell % side, cell // side)) * stride
        rows[start : start + side * side, 2:4] = np.exp(rows[start : start + side * side, 2:4]) * stride
        start += side * side
    classes = rows[:, 5:].argmax(axis=1)
    scores = rows[:, 4] * rows[:, 5:].max(axis=1)
    boxes = np.concatenate([rows[:, :2] - rows[:, 2:4] / 2, rows[:, :2] + rows[:, 2:4] / 2], axis=1) / ratio
    good = scores >= LOWEST
    boxes, scores, classes = boxes[good], scores[good], classes[good]
    kept = greedy(boxes, scores, classes, 0.65)
    return boxes[kept], scores[kept], classes[kept]


def nanodet(session: Any, pixels: Pixels) -> Found:
    """RangiLyu/nanodet: `transform/warp.py` without its random part, `nanodet_plus_head.get_bboxes`: each class of each
    cell, 0.6."""
    height, width = pixels.shape[:2]
    scales = np.diag([416 / width, 416 / height, 1.0])
    warped = cv2.warpPerspective(pixels, scales, (416, 416), flags=cv2.INTER_LINEAR).astype(np.float32)
    values = (warped - np.array([103.53, 116.28, 123.675])) / np.array([57.375, 57.12, 58.395])
    rows = session.run(None, {"data": values.transpose(2, 0, 1)[None].astype(np.float32)})[0][0]
    boxes = np.zeros((len(rows), 4))
    start = 0
    for stride in (8, 16, 32, 64):
        side = -(-416 // stride)
        y, x = np.divmod(np.arange(side * side), side)
        bins = np.exp(rows[start : start + side * side, 80:].reshape(-1, 4, 8).astype(np.float64))
        reach = (bins * np.arange(8)).sum(axis=2) / bins.sum(axis=2) * stride
        places = np.stack([x, y], 1) * stride
        boxes[start : start + side * side] = np.concatenate([places - reach[:, :2], places + reach[:, 2:]], axis=1)
        start += side * side
    cells, classes = np.nonzero(rows[:, :80] >= LOWEST)
    scores = rows[cells, classes]
    some = np.argsort(-scores, kind="stable")[:1000]
    cells, classes, scores = cells[some], classes[some], scores[some]
    found = np.clip(boxes[cells], 0, 416) * np.array([width / 416, height / 416] * 2)
    kept = greedy(found, scores, classes, 0.6)
    return found[kept], scores[kept], classes[kept]


def deimv2(session: Any, pixels: Pixels) -> Found:
    """Intellindust-AI-Lab/DEIMv2: `tools/inference/onnx_inf.py`, Pillow's bilinear filter, no suppression."""
    from PIL import Image

    height, width = pixels.shape[:2]
    picture = Image.fromarray(pixels[:, :, ::-1].copy()).resize((416, 416), Image.Resampling.BILINEAR)
    values = np.asarray(picture, np.float32).transpose(2, 0, 1)[None] / 255
    wanted = {"images": values, "orig_target_sizes": np.array([[width, height]], np.int64)}
    labels, boxes, scores = session.run(["labels", "boxes", "scores"], wanted)
    return boxes[0], scores[0], labels[0]


READINGS: dict[str, Callable[[Any, Pixels], Found]] = {
    "yolox_nano.onnx": yolox,
    "nanodet_plus_m_416.onnx": nanodet,
    "deimv2_femto.onnx": deimv2,
}


def main(argv: Sequence[str]) -> int:
    """Print the table; 0 where every network is as good as by itself."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--data", type=Path, default=os.environ.get("ONLOOKER_DATA"))
    parser.add_argument("--models", type=Path, default=os.environ.get("ONLOOKER_MODELS"))
    parser.add_argument("--pictures", type=int, help="of each set, the first; default all")
    parser.add_argument("--network", action="append", choices=READINGS, help="only this one; several too")
    chosen = parser.parse_args(argv)
    if chosen.data is None or chosen.models is None:
        parser.error("name the folders of pictures and of networks, or set ONLOOKER_DATA and ONLOOKER_MODELS.")
    print(f"{machine()}; OpenVINO {version('openvino')}, ONNX Runtime {version('onnxruntime')}")
    print("AP in points: VOC's at 0.5 on voc-val, COCO's on coco-val; through Onlooker, by itself, difference")
    good = True
    for name in chosen.network or READINGS:
        file = Path(chosen.models) / name
        try:
            good &= compared(file, Path(chosen.data), chosen.pictures)
        except OnlookerError as error:
            print(error, file=sys.stderr)
            good = False
    return 0 if good else 1


def compared(file: Path, data: Path, most: int | None) -> bool:
    """Print the lines of one network; whether the two readings are equal enough."""
    good = True
    recognised, own = None, OwnReading(file, READINGS[file.name])
    for name in SETS:
        dataset = read(data / "objects" / name)
        dataset = replace(dataset, pictures=dataset.pictures[:most])
        if recognised is None:
            recognised = inspect(file, pixels_of(dataset.pictures[0]))
            ours = ForeignDetector(file.read_bytes(), recognised.recipe, key=file.stem, threads=1)
        values = []
        for detector in (ours, own):
            looked = look_at(detector, dataset)
            scores = measure(looked.found, looked.dataset)
            values.append(scores.voc_ap if name == "voc-val" else scores.ap)
        through, itself = (100 * value for value in values)
        good &= abs(values[0] - values[1]) <= MAY_DIFFER
        print(
            f"{file.name:26} {recognised.layout:10} {name:9} {len(dataset.pictures):4} pictures "
            f"{through:6.2f} {itself:6.2f} {through - itself:+5.2f}",
            flush=True,
        )
    return good


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
