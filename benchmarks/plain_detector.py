"""What Onlooker-S costs beside Onlooker-M, and what it sees: the tables of docs/training.md.

    [ONLOOKER_MODELS=FOLDER] python benchmarks/plain_detector.py [--rounds 60] [--weights FILE --data FOLDER]

Both without channel shuffles, in int8 by NNCF as `models.training.quantisation` does it, OpenVINO, two threads, 8-bit
pictures in. All take turns, one run each a round. With `--weights`, those of Onlooker-S, its ranges are those on
pictures of `--data`, and its average precision there in f32 and int8 is told for each size; without, it has weights of
chance and noise is all that it is shown, which changes scales and not the time. Onlooker-M is what ships. With
ONLOOKER_MODELS, YOLOX-nano at 416 in ONNX Runtime runs among them. Needs nncf.
"""

from __future__ import annotations

import argparse
import logging
import os
import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

import resources
from models import forms, runtime, weights
from models.catalogue import DETECTOR, NETWORKS, Network, Precision
from models.cpu_engine import CpuEngine
from models.detector import ONLOOKER_M, SMALL, Detector, DetectorDesign
from models.objects import EngineDetector
from models.training import start
from models.training.annotations import read
from models.training.evaluation import evaluate
from models.training.quantisation import HELD_BACK, Form, pictures, quantise, written

SIZES = (416, 320, 256, 192)
THREADS = 2
SETTLING = 5  # rounds that are not counted
M, S = "Onlooker-M", "Onlooker-S"
DESIGNS = {M: ONLOOKER_M, S: SMALL}
NETWORK = {M: NETWORKS[DETECTOR], S: replace(NETWORKS[DETECTOR], key="onlooker-s", title=S)}


def small(file: Path | None) -> Detector:
    """Onlooker-S with the weights of a file, or of chance."""
    torch.manual_seed(0)
    return Detector(SMALL).eval() if file is None else start.network(NETWORK[S].labels, file, "small").eval()


def shown(data: Path | None, count: int) -> Sequence[np.ndarray[Any, np.dtype[np.uint8]]]:
    """What ranges are taken from."""
    if data is not None:
        return pictures(data / "objects", count)
    noise = np.random.default_rng(0).integers(0, 256, (4, 1, 256, 256, 3), dtype=np.uint8)
    return list(noise)


def shipped_int8() -> Form:
    """The files of Onlooker-M for int8."""
    xml, binary = (resources.path(f"weights/{name}") for name in weights.quantised_names(NETWORK[M]))
    return xml.read_bytes(), binary.read_bytes()


def engine(network: Network, form: Form, precision: Precision, size: int) -> CpuEngine:
    """A form at a size."""
    return CpuEngine(network.at((size, size)), form, precision=precision, threads=THREADS)


def yolox_nano(folder: Path) -> Callable[[], object]:
    """A run of the peer in float32."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = THREADS
    session: Any = onnxruntime.InferenceSession(
        str(folder / "yolox_nano.onnx"), options, providers=["CPUExecutionProvider"]
    )
    wanted = session.get_inputs()[0]
    picture = np.random.default_rng(0).uniform(0, 255, wanted.shape).astype(np.float32)
    return lambda: session.run(None, {wanted.name: picture})


def operations(design: DetectorDesign, size: int) -> float:
    """Multiplications of a pass, in 10^9."""
    total = 0

    def count(layer: torch.nn.Module, _inputs: object, output: torch.Tensor) -> None:
        nonlocal total
        assert isinstance(layer, torch.nn.Conv2d)
        total += output[0].numel() * layer.weight[0].numel()

    detector = Detector(design).eval()
    for part in detector.modules():
        if isinstance(part, torch.nn.Conv2d):
            part.register_forward_hook(count)
    with torch.inference_mode():
        detector(torch.zeros(1, 3, size, size))
    return total / 1e9


def timed(both: Mapping[str, Form], rounds: int) -> None:
    """Print the table of times."""
    noise = {size: np.random.default_rng(0).integers(0, 256, (1, size, size, 3), dtype=np.uint8) for size in SIZES}
    runs: dict[tuple[str, int], Callable[[], object]] = {}
    for name, form in both.items():
        for size in SIZES:
            one = engine(NETWORK[name], form, "int8", size)
            runs[name, size] = lambda one=one, size=size: one.run(noise[size])  # type: ignore[misc]  # each its own
    folder = os.environ.get("ONLOOKER_MODELS")
    if folder:
        runs["YOLOX-nano f32", 416] = yolox_nano(Path(folder))
    times: dict[tuple[str, int], list[float]] = {which: [] for which in runs}
    for turn in range(SETTLING + rounds):
        for which, run in runs.items():
            begin = time.perf_counter()
            run()
            if turn >= SETTLING:
                times[which].append((time.perf_counter() - begin) * 1e3)
    tenth = {which: float(np.percentile(taken, 10)) for which, taken in times.items()}
    base = tenth.get(("YOLOX-nano f32", 416))
    print("| network, input | 10^9 multiplications | 10th percentile, ms | median, ms | share of YOLOX-nano's time |")
    print("| --- | --- | --- | --- | --- |")
    for (name, size), taken in times.items():
        share = "-" if base is None else f"{tenth[name, size] / base:.2f}"
        work = f"{operations(DESIGNS[name], size):.2f}" if name in DESIGNS else "-"
        print(f"| {name} {size} | {work} | {tenth[name, size]:.2f} | {np.median(taken):.2f} | {share} |")


def judged(both: Mapping[Precision, Form], sizes: Sequence[int], data: Path) -> None:
    """Print what Onlooker-S sees: VOC AP on voc-val, COCO AP on coco-val, in points."""
    print("| input, precision | voc-val VOC AP | coco-val AP |\n| --- | --- | --- |")
    for size in sizes:
        for precision, form in both.items():
            detector = EngineDetector(engine(NETWORK[S], form, precision, size))
            voc, coco = (evaluate(detector, read(data / "objects" / name)) for name in HELD_BACK)
            print(f"| {size} {precision} | {100 * voc.voc_ap:.1f} | {100 * coco.ap:.1f} |", flush=True)


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=60)
    parser.add_argument("--weights", type=Path, help="those of Onlooker-S: a run's weights.npz")
    parser.add_argument("--data", type=Path, help="the folder of objects/, for --weights")
    parser.add_argument("--judged", type=int, nargs="*", default=[256, 320, 416], help="sizes of the input")
    parser.add_argument("--calibration", type=int, default=240, help="pictures that ranges are taken from")
    told = parser.parse_args()
    if (told.weights is None) != (told.data is None):
        parser.error("--weights and --data belong together")
    logging.disable(logging.INFO)  # NNCF tells much
    warnings.simplefilter("ignore")  # torch's and NNCF's own, about tracing
    runtime.openvino()
    detector = small(told.weights)
    int8 = quantise(NETWORK[S], shown(told.data, told.calibration), detector)
    timed({M: shipped_int8(), S: int8}, told.rounds)
    if told.data is not None:
        full = written(forms.sliced(forms.traced(NETWORK[S], detector)))
        judged({"f32": full, "int8": int8}, told.judged, told.data)


if __name__ == "__main__":
    main()
