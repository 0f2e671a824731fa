"""Makes a network's form for int8, and finds out what that costs in accuracy: above a point, it does not ship.

    python -m models.training.quantisation --data FOLDER [--key KEY] [--pictures 240]      (in the repository's root)

NNCF's quantisation after training (preset MIXED: activations signed only where they must be): ranges are taken from
pictures of voc-train and coco-train in `--data`, half of them at 416, half at 256, of a form whose height and width
stay free. Channels that one convolution made and that several later ones take (`models.unshuffled`) are quantised once,
before they are split: so all of a stage have one scale, and nothing is scaled again where they are joined.

The result is judged on voc-val and coco-val at 416 and at 256, beside f32 on the same pictures. Where VOC's AP at 0.5
or COCO's AP falls by a point or more, nothing is written and the exit code is 1. Else the OpenVINO files and their
entries in the manifest are put beside the weights. Needs the extra `quantisation`.
"""

from __future__ import annotations

import argparse
import hashlib
import logging
import sys
import tempfile
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models import fitting, forms, runtime, shelf, weights
from models.catalogue import DETECTOR, NETWORKS, Network, Precision
from models.cpu_engine import CpuEngine
from models.errors import OnlookerError
from models.layers import NamedOutputs
from models.objects import EngineDetector
from models.training.annotations import Dataset, read
from models.training.evaluation import evaluate, pixels_of
from models.training.shipping import enter

SIDES = (416, 256)
TRAIN = ("voc-train", "coco-train")
HELD_BACK = ("voc-val", "coco-val")
MOST_LOST = 1.0
"""Points of average precision from which on int8 does not ship."""

Form = tuple[bytes, bytes]
Points = dict[str, float]
"""Average precision in points, by "voc-val 416" and the like."""


def pictures(data: Path, count: int, seed: int = 0) -> list[NDArray[np.uint8]]:
    """`count` pictures to calibrate with, (1, side, side, 3) BGR uint8. Raises OnlookerError where some are missing."""
    random = np.random.default_rng(seed)
    found: list[NDArray[np.uint8]] = []
    for name in TRAIN:
        listed = read(data / name).pictures
        for place in random.permutation(len(listed))[: count // len(TRAIN)]:
            pixels = pixels_of(listed[place])
            if pixels is not None:
                side = SIDES[len(found) % len(SIDES)]
                found.append(fitting.stretch(pixels, side, side)[0][None])
    if not found:
        raise OnlookerError(f"None of the pictures in {data} can be read.")
    return found


def quantise(network: Network, shown: Sequence[NDArray[np.uint8]], module: NamedOutputs | None = None) -> Form:
    """The network's form for int8, its ranges being those on the pictures `shown`; `module` as in `forms.traced`."""
    runtime.openvino()  # first: it keeps the telemetry out, which NNCF would load
    import nncf

    nncf.set_log_level(logging.ERROR)
    traced = forms.traced(network, module)
    model: Any = nncf.quantize(
        traced,
        nncf.Dataset(list(shown)),
        preset=nncf.QuantizationPreset.MIXED,
        subset_size=len(shown),
        fast_bias_correction=False,  # layer by layer on pictures: slower, and here the difference to pass or to fail
        ignored_scope=nncf.IgnoredScope(names=last_convolutions(traced), validate=False),
    )
    return written(forms.sliced(model))


def last_convolutions(model: Any) -> list[str]:
    """The names of the convolutions after which there is none: they give the answer itself, and take little time."""
    convolutions = {node.get_friendly_name(): node for node in model.get_ops() if node.get_type_name() == "Convolution"}
    followed = set()
    for name, node in convolutions.items():
        waiting = [target.get_node() for output in node.outputs() for target in output.get_target_inputs()]
        seen = set()
        while waiting:
            reached = waiting.pop()
            if reached.get_type_name() in ("Convolution", "GroupConvolution"):
                followed.add(name)
                break
            if reached.get_friendly_name() not in seen:
                seen.add(reached.get_friendly_name())
                waiting += [target.get_node() for output in reached.outputs() for target in output.get_target_inputs()]
    return sorted(set(convolutions) - followed)


def judge(network: Network, form: Form, precision: Precision, data: Path, *, every: int = 1) -> Points:
    """What a form is worth on the pictures that were held back, `every` n-th of them."""
    points: Points = {}
    for name in HELD_BACK:
        dataset = read(data / name)
        if every > 1:
            dataset = Dataset(dataset.names, dataset.pictures[::every], dataset.notes)
        for side in SIDES:
            engine = CpuEngine(network.at((side, side)), form, precision=precision, threads=2)
            scores = evaluate(EngineDetector(engine), dataset)
            points[f"{name} {side}"] = round(100 * (scores.voc_ap if name.startswith("voc") else scores.ap), 2)
    return points


def good_enough(full: Points, quantised: Points) -> bool:
    """Whether less than a point is lost everywhere."""
    return all(full[name] - quantised[name] < MOST_LOST for name in full)


def ship(network: Network, form: Form, facts: dict[str, Any], folder: Path) -> None:
    """Write the form's files and their entries into `folder`, which has the network's weights. Raises OSError."""
    source = weights.manifest(folder)[network.weights]
    entries = []
    for name, content in zip(weights.quantised_names(network), form, strict=True):
        (folder / name).write_bytes(content)
        entries.append(
            {
                "file": name,
                "sha256": hashlib.sha256(content).hexdigest(),
                "bytes": len(content),
                "licence": network.licence,
                "made_from": source["sha256"],
                **facts,
            }
        )
    enter(entries, folder)


def written(model: Any) -> Form:
    """An OpenVINO model's XML and weights."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "form.xml"
        runtime.openvino().save_model(model, str(path), compress_to_fp16=False)
        return path.read_bytes(), path.with_suffix(".bin").read_bytes()


def main(argv: Sequence[str]) -> int:
    """The command; 0 where the form was good enough and written."""
    parser = argparse.ArgumentParser(prog="python -m models.training.quantisation", description="Makes forms for int8.")
    parser.add_argument(
        "--data", type=Path, required=True, help="the folder of voc-train, coco-train, voc-val, coco-val"
    )
    parser.add_argument("--key", choices=NETWORKS, default=DETECTOR)
    parser.add_argument("--pictures", type=int, default=240, help="to calibrate with")
    parser.add_argument("--every", type=int, default=1, help="judge by every n-th picture only: quicker, for trials")
    arguments = parser.parse_args(argv)
    folder = Path.cwd() / "resources" / "weights"
    if not (folder / weights.MANIFEST).exists():
        parser.error("run this in the repository's root: it writes resources/weights")
    warnings.simplefilter("ignore")  # torch's and NNCF's own, about tracing
    network = NETWORKS[arguments.key]
    try:
        full = judge(network, written(forms.convert(network)), "f32", arguments.data, every=arguments.every)
        form = quantise(network, pictures(arguments.data, arguments.pictures))
        low = judge(network, form, "int8", arguments.data, every=arguments.every)
        for name, points in full.items():
            sys.stdout.write(f"{name}: f32 {points:.2f}, int8 {low[name]:.2f}\n")
        if not good_enough(full, low):
            sys.stderr.write(f"int8 loses {MOST_LOST:g} point or more: it is not shipped.\n")
            return 1
        facts = {
            "made_by": f"NNCF {shelf.version('nncf')}, after training, preset MIXED, OpenVINO "
            f"{shelf.version('openvino')}",
            "data": f"{arguments.pictures} pictures of {' and '.join(TRAIN)}, at {SIDES[0]} and {SIDES[1]}",
            "points": {"every": arguments.every, "f32": full, "int8": low},
        }
        ship(network, form, facts, folder)
    except (OSError, OnlookerError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
