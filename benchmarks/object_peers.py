"""Whom our detector is measured beside: YOLOX-nano in ONNX Runtime, and the published network that ours started from.

Both files lie in the folder that ONLOOKER_MODELS names; its README says where they come from. ONNX Runtime comes with
the extra `benchmarks` and is used here alone.
"""

from __future__ import annotations

import copy
import tempfile
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models import fitting, nms, runtime
from models.catalogue import Network, Precision
from models.cells import Things
from models.classes import COCO
from models.cpu_engine import CpuEngine
from models.errors import OnlookerError
from models.object_detector import within
from models.objects import EngineDetector

Floats = NDArray[np.float32]
Pixels = NDArray[np.uint8]

YOLOX = "yolox_nano.onnx"
STRIDES = (8, 16, 32)
OVERLAP = 0.65
"""Suppression as YOLOX's own evaluation does it."""
MOST = 100


class PeerError(OnlookerError):
    """A network to compare with cannot be had."""


class YoloxNano:
    """YOLOX-nano, float32, in ONNX Runtime (Ge et al., arXiv:2107.08430; Megvii-BaseDetection/YOLOX): letterbox at the
    top left, BGR 0..255, three strides, objectness times class. An `ObjectDetector`."""

    key, labels, device, precision, note = "yolox-nano", COCO, "cpu", "f32", ""

    def __init__(self, file: Path, threads: int) -> None:
        try:
            import onnxruntime
        except ImportError as error:
            raise PeerError("ONNX Runtime is not installed: pip install 'onlooker[benchmarks]' brings it.") from error
        if not file.is_file():
            raise PeerError(f"{file} is not there: set ONLOOKER_MODELS to the folder of published networks.")
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        self._session: Any = onnxruntime.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])
        entry = self._session.get_inputs()[0]
        self._name: str = entry.name
        self.size: tuple[int, int] = (int(entry.shape[2]), int(entry.shape[3]))
        self._places, self._strides = _cells(self.size)

    def alone(self, batch: Floats) -> Floats:
        """The network alone: (1, 3, H, W) -> (M, 5 + classes)."""
        return np.asarray(self._session.run(None, {self._name: batch})[0][0], np.float32)

    def batch(self, pixels: Pixels) -> tuple[Floats, fitting.Fit]:
        """A picture as the network takes it, and how it lies there."""
        shown, fit = fitting.letterbox(pixels, *self.size, centred=False)
        return np.ascontiguousarray(shown.transpose(2, 0, 1)[None], np.float32), fit

    def find(self, pixels: Pixels, threshold: float) -> Things:
        """As `ObjectDetector.find`."""
        batch, fit = self.batch(pixels)
        found = self.alone(batch)
        scores = found[:, 4:5] * found[:, 5:]
        of, classes = np.nonzero(scores >= threshold)
        middle = (found[of, :2] + self._places[of]) * self._strides[of]
        half = np.exp(found[of, 2:4]) * self._strides[of] / 2
        boxes = np.concatenate([middle - half, middle + half], 1).astype(np.float32)
        kept = nms.suppress_by_key(boxes, scores[of, classes], classes, OVERLAP, MOST)
        answer = Things(fit.back(boxes[kept]), scores[of, classes][kept], classes[kept].astype(np.intp))
        return within(answer, pixels.shape[1], pixels.shape[0])


def _cells(size: tuple[int, int]) -> tuple[Floats, Floats]:
    """Column and row (M, 2) of each cell, and its stride (M, 1)."""
    places, strides = [], []
    for stride in STRIDES:
        rows, columns = np.mgrid[: size[0] // stride, : size[1] // stride]
        places.append(np.stack([columns.ravel(), rows.ravel()], 1))
        strides.append(np.full((rows.size, 1), stride))
    return np.concatenate(places).astype(np.float32), np.concatenate(strides).astype(np.float32)


def start(models: Path, sizes: Sequence[int], threads: int, precision: Precision = "f32") -> list[EngineDetector]:
    """The published network that ours was trained from, untouched, at each size, compiled as ours is."""
    from models.porting import nanodet

    module = nanodet.read(models / nanodet.FILE)
    detectors = []
    for size in sizes:
        network = Network(
            key="start",
            title="What our detector was trained from",
            kind="detector",
            input=(size, size),
            low=module.design.low,
            high=module.design.high,
            outputs=("scores", "sides"),
            builder="models.porting.nanodet:read",
            weights=nanodet.FILE,
            labels=COCO,
        )
        form = _form(module, network)
        engine = CpuEngine(network, form, precision=precision, threads=threads)
        detectors.append(EngineDetector(engine))
    return detectors


def _form(module: Any, network: Network) -> tuple[bytes, bytes]:
    """The module's OpenVINO form, made as `models.forms` makes ours, but of the module as it is."""
    import torch

    from models.layers import OnPictures

    ov = runtime.openvino()
    # A copy: OnPictures turns round the channels of the first convolution in place, each time.
    whole = OnPictures(copy.deepcopy(module), network.low, network.high).eval()
    example = torch.zeros((1, *network.input, 3), dtype=torch.uint8)
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")  # torch's own, that tracing is old
        trace: Any = torch.jit.trace
        traced = trace(whole, example, check_trace=False)
        model = ov.convert_model(traced, example_input=example, input=[ov.PartialShape([1, *network.input, 3])])
    for output, name in zip(model.outputs, network.outputs, strict=True):
        output.get_tensor().set_names({name})
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "start.xml"
        ov.save_model(model, str(path), compress_to_fp16=False)
        return path.read_bytes(), path.with_suffix(".bin").read_bytes()
