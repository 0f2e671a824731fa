"""What the plain design of Onlooker-S would cost beside Onlooker-M, both untrained: the table of docs/training.md.

    [ONLOOKER_MODELS=FOLDER] python benchmarks/plain_detector.py [--rounds 60]

Both designs with random weights, without channel shuffles, in int8 by NNCF (MIXED; noise is all that it is shown, which
changes scales and not the time), fixed sizes, OpenVINO, two threads, 8-bit pictures in. All take turns, one run each a
round. With ONLOOKER_MODELS, YOLOX-nano at 416 in ONNX Runtime runs among them. Needs nncf.
"""

from __future__ import annotations

import argparse
import logging
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch

from models.detector import ONLOOKER_M, SMALL, Detector, DetectorDesign
from models.layers import OnPictures
from models.runtime import core, openvino

SIZES = (416, 320, 256, 192)
THREADS = 2
SETTLING = 5  # rounds that are not counted
DESIGNS = {"Onlooker-M": ONLOOKER_M, "Onlooker-S": SMALL}


def compiled(design: DetectorDesign, size: int) -> Callable[[], object]:
    """A run of the design in int8 on a noisy picture."""
    import nncf

    torch.manual_seed(0)
    network = OnPictures(Detector(design).eval().quick(), -2.0, 2.0).eval()
    shape = (1, size, size, 3)
    form = openvino().convert_model(network, example_input=torch.zeros(shape, dtype=torch.uint8), input=[list(shape)])
    noise = np.random.default_rng(0).integers(0, 256, (4, *shape), dtype=np.uint8)
    form = nncf.quantize(form, nncf.Dataset(list(noise)), preset=nncf.QuantizationPreset.MIXED, subset_size=len(noise))
    settings = {"INFERENCE_NUM_THREADS": THREADS, "NUM_STREAMS": 1, "INFERENCE_PRECISION_HINT": "f32"}
    request = core().compile_model(form, "CPU", settings).create_infer_request()
    return lambda: request.infer([noise[0]])


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


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=60)
    rounds = parser.parse_args().rounds
    logging.disable(logging.INFO)  # NNCF tells much
    runs = {(name, size): compiled(design, size) for name, design in DESIGNS.items() for size in SIZES}
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


if __name__ == "__main__":
    main()
