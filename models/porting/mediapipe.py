"""Makes our weights files from the wheel of MediaPipe 0.10.21 and checks every network against Google's interpreter.

    python -m models.porting.mediapipe [--wheel FILE]      (in the repository's root)

Writes resources/weights/*.safetensors, their manifest, and answers.npz: inputs and the interpreter's outputs. The
weights in the wheel are 16-bit floats (sparse ones among them), so that storing 16 bits loses nothing; another wheel or
wider weights are refused. Needs the extras `porting` and `dev`; MediaPipe itself is never installed or run. Weights and
stored outputs come out the same each time; measured errors depend a little on the processor.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import subprocess
import sys
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from ai_edge_litert.interpreter import Interpreter
from numpy.typing import NDArray
from safetensors.numpy import save
from torch import nn

from models.catalogue import NETWORKS, Network
from models.checking import ANSWERS, kept
from models.layers import NamedOutputs
from models.porting.arrays import write_arrays
from models.porting.pictures import stored_input, test_inputs
from models.porting.tflite_file import Floats, Layer, read_layers
from models.weights import MANIFEST, manifest, unfilled

WHEEL = "mediapipe-0.10.21-cp311-cp311-manylinux_2_28_x86_64.whl"
WHEEL_SHA256 = "05dc4a9e593655a79558d05d6227d31018c2537a4bd3362b51e230cf22aecfe3"
LARGEST_ERROR = 1e-3  # of an output's range over all checked inputs


@dataclass(frozen=True, slots=True)
class Original:
    """A network's file in the wheel, and what that file calls our outputs."""

    network: Network
    path: str
    outputs: dict[str, str]


ORIGINALS = (
    Original(
        NETWORKS["face-detector-short"],
        "mediapipe/modules/face_detection/face_detection_short_range.tflite",
        {"boxes": "regressors", "scores": "classificators"},
    ),
    Original(
        NETWORKS["face-detector-full"],
        "mediapipe/modules/face_detection/face_detection_full_range_sparse.tflite",
        {"boxes": "Identity", "scores": "Identity_1"},
    ),
    Original(
        NETWORKS["face-mesh"],
        "mediapipe/modules/face_landmark/face_landmark.tflite",
        {"points": "conv2d_21", "presence": "conv2d_31"},
    ),
    Original(
        NETWORKS["body-detector"],
        "mediapipe/modules/pose_detection/pose_detection.tflite",
        {"boxes": "Identity", "scores": "Identity_1"},
    ),
    Original(
        NETWORKS["body-landmarks"],
        "mediapipe/modules/pose_landmark/pose_landmark_full.tflite",
        {
            "points": "Identity",
            "presence": "Identity_1",
            "mask": "Identity_2",
            "heatmap": "Identity_3",
            "world": "Identity_4",
        },
    ),
)


def fill(module: nn.Module, layers: list[Layer]) -> None:
    """Puts the layers of a TFLite file into the parameters of our module.

    Keras numbers layers as they are made; our modules are defined in the same order. So, kind by kind, layers by their
    numbers and modules as defined pair up. Shapes are checked here, all else by the comparison of outputs.
    """
    kinds: dict[str, list[nn.Module]] = {"convolution": [], "depthwise": [], "prelu": []}
    for part in module.modules():
        if isinstance(part, nn.PReLU):
            kinds["prelu"].append(part)
        elif isinstance(part, nn.Conv2d):
            kinds["depthwise" if part.groups > 1 else "convolution"].append(part)
    for kind, parts in kinds.items():
        ordered = sorted((layer for layer in layers if layer.kind == kind), key=_order)
        for part, layer in zip(parts, ordered, strict=True):
            for parameter, values in zip(part.parameters(), layer.weights, strict=True):
                if tuple(parameter.shape) != values.shape:
                    raise ValueError(f"{layer.name} is {values.shape}, not {tuple(parameter.shape)}")
                parameter.data = torch.from_numpy(values.copy())


def _order(layer: Layer) -> tuple[int, int]:
    """Batch norms were numbered along the whole network; layers without one come after those, the named ones last."""
    if layer.number is None:
        return 2, 0
    return (0 if layer.name.startswith("batch_normalization") else 1), layer.number


class Reference:
    """The original network in Google's interpreter, in f32."""

    def __init__(self, original: Original, path: Path) -> None:
        self._names = original.outputs
        self._interpreter = Interpreter(str(path), num_threads=1)
        self._interpreter.allocate_tensors()
        self._input = self._interpreter.get_input_details()[0]["index"]
        self._outputs = {detail["name"]: detail["index"] for detail in self._interpreter.get_output_details()}

    def run(self, picture: Floats) -> dict[str, Floats]:
        """(H, W, 3) in the network's range -> outputs by our names, in the original's shapes."""
        self._interpreter.set_tensor(self._input, picture[None])
        self._interpreter.invoke()
        return {name: self._interpreter.get_tensor(self._outputs[theirs]) for name, theirs in self._names.items()}


def scaled(network: Network, picture: NDArray[np.uint8]) -> Floats:
    """A uint8 picture in the range that the network wants."""
    low, high = np.asarray(network.low), np.asarray(network.high)
    return np.asarray(picture.astype(np.float32) / 255 * (high - low) + low, np.float32)


def compare(original: Original, module: NamedOutputs, path: Path) -> dict[str, float]:
    """The largest error of each output as a share of its range. Raises ValueError where one is beyond `LARGEST_ERROR`.

    The range is that of the output for the same input; for a single number, that over all inputs.
    """
    reference = Reference(original, path)
    pairs: dict[str, list[tuple[Floats, Floats]]] = {name: [] for name in module.outputs}
    for picture in test_inputs(original.network):
        values = scaled(original.network, picture)
        found = run(module, values)
        for name, expected in reference.run(values).items():
            pairs[name].append((as_ours(name, expected, found[name].shape), found[name]))
    errors = {}
    for name, both in pairs.items():
        over_all = float(np.ptp([expected for expected, _ in both]))
        ranges = [over_all if expected.size == 1 else float(np.ptp(expected)) for expected, _ in both]
        differences = [float(np.abs(expected - got).max()) for expected, got in both]
        errors[name] = max(np.divide(differences, ranges).tolist())
        if not errors[name] <= LARGEST_ERROR:
            raise ValueError(f"{original.network.key}: {name} differs by {errors[name]:.1e} of its range")
    return errors


def run(module: NamedOutputs, picture: Floats) -> dict[str, Floats]:
    """Our module's outputs for one picture (H, W, 3) in the network's range."""
    with torch.inference_mode():
        found = module(torch.from_numpy(picture.transpose(2, 0, 1)[None].copy()))
    return {name: values.numpy() for name, values in found.items()}


def as_ours(name: str, values: Floats, shape: tuple[int, ...]) -> Floats:
    """An output of the original in our shape; only the heat map has its axes in another order."""
    return (values.transpose(0, 3, 1, 2) if name == "heatmap" else values).reshape(shape)


def golden(original: Original, module: NamedOutputs, path: Path) -> dict[str, NDArray[Any]]:
    """The stored picture as "key/input", the interpreter's outputs for it, thinned as `KEPT` says, as "key/output"."""
    picture = stored_input(original.network)
    values = scaled(original.network, picture)
    shapes = {name: out.shape for name, out in run(module, values).items()}
    arrays: dict[str, NDArray[Any]] = {f"{original.network.key}/input": picture}
    for name, out in Reference(original, path).run(values).items():
        part = kept(original.network, name, as_ours(name, out, shapes[name]))
        arrays[f"{original.network.key}/{name}"] = np.ascontiguousarray(part)
    return arrays


def port(original: Original, folder: Path, weights: Path) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """Writes one weights file; gives its entry in the manifest and its golden outputs."""
    path = folder / original.path
    layers = read_layers(path)
    if not all(layer.halves for layer in layers):
        raise ValueError(f"{original.path} holds weights of more than 16 bits")
    module = module_of(original.network)
    fill(module, layers)
    state = module.state_dict()
    data = save({name: tensor.numpy().astype(np.float16) for name, tensor in sorted(state.items())})
    (weights / original.network.weights).write_bytes(data)
    entry = {
        "file": original.network.weights,
        "sha256": hashlib.sha256(data).hexdigest(),
        "bytes": len(data),
        "parameters": sum(tensor.numel() for tensor in state.values()),
        "licence": original.network.licence,
        "origin": {"wheel": WHEEL, "wheel_sha256": WHEEL_SHA256, "path": original.path},
        "checked_against": {
            "what": "the original file in Google's TFLite interpreter (ai-edge-litert), f32",
            "inputs": len(list(test_inputs(original.network))),
            "largest_errors_of_range": {
                name: float(f"{error:.0e}") for name, error in compare(original, module, path).items()
            },
        },
    }
    return entry, golden(original, module, path)


def module_of(network: Network) -> NamedOutputs:
    """The network's module with all outputs that it can give, without weights."""
    return unfilled(network).eval()


def port_all(wheel: Path, weights: Path) -> list[dict[str, Any]]:
    """Writes all weights, the manifest and the golden data into `weights`; gives the manifest's entries.

    Raises ValueError where the wheel is another one, or a network's outputs differ from the original's.
    """
    if hashlib.sha256(wheel.read_bytes()).hexdigest() != WHEEL_SHA256:
        raise ValueError(f"{wheel} is not the wheel {WHEEL}")
    weights.mkdir(parents=True, exist_ok=True)
    entries: list[dict[str, Any]] = []
    arrays: dict[str, NDArray[Any]] = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(folder, [original.path for original in ORIGINALS])
        for original in ORIGINALS:
            entry, outputs = port(original, folder, weights)
            entries.append(entry)
            arrays |= outputs
    others, answers = _of_others(weights)
    (weights / MANIFEST).write_text(json.dumps({"version": 1, "files": entries + others}, indent=2) + "\n", "utf-8")
    write_arrays(weights / Path(ANSWERS).name, arrays | answers)
    return entries


def _of_others(weights: Path) -> tuple[list[Any], dict[str, NDArray[Any]]]:
    """The manifest's entries and the answers that are there already and come from elsewhere: of what we trained."""
    if not (weights / MANIFEST).exists():
        return [], {}
    ported = {original.network.weights for original in ORIGINALS}
    keys = {original.network.key for original in ORIGINALS}
    entries = [entry for file, entry in manifest(weights).items() if file not in ported]
    with np.load(weights / Path(ANSWERS).name) as archive:
        return entries, {name: archive[name] for name in archive.files if name.partition("/")[0] not in keys}


def download(folder: Path) -> Path:
    """Fetches the wheel from PyPI with pip, without its dependencies."""
    platform = ["--only-binary=:all:", "--python-version=3.11", "--platform=manylinux_2_28_x86_64"]
    command = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", *platform, "-d", str(folder)]
    subprocess.run([*command, "mediapipe==0.10.21"], check=True)
    return folder / WHEEL


def main() -> None:
    """Runs the whole port; one line a network on stdout."""
    parser = argparse.ArgumentParser(prog="python -m models.porting.mediapipe", description=__doc__)
    parser.add_argument("--wheel", type=Path, help="the wheel, where it is at hand; else it is downloaded")
    wheel = parser.parse_args().wheel
    root = Path.cwd()
    if not (root / "pyproject.toml").exists():
        parser.error("run this in the repository's root: it writes resources/weights")
    with tempfile.TemporaryDirectory() as name:
        wheel = wheel or download(Path(name))
        for entry in port_all(wheel, root / "resources" / "weights"):
            errors = entry["checked_against"]["largest_errors_of_range"]
            sys.stdout.write(f"{entry['file']}: {entry['parameters']} parameters, largest errors of range {errors}\n")


if __name__ == "__main__":
    main()
