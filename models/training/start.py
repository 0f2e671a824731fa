"""What a training starts from: weights of ours, a state of another run, published weights, or none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor

from models.classes import COCO
from models.detector import ONLOOKER_M, SMALL, Detector, DetectorDesign
from models.errors import NetworkError, OnlookerError
from models.training import checkpoint

PROBE = "backbone.stem."
"""How a name begins that all weights of ours have; what lacks it is tried as the published file."""
BRANCH = ".conv.wide.weight"
"""How a name ends that weights have as long as they have the branches that they are trained with."""

ONNX = ".onnx"

DESIGNS = {"medium": ONLOOKER_M, "small": SMALL}
"""What can be trained: Onlooker-M, and Onlooker-S, which begins with branches."""


def network(names: tuple[str, ...], init: Path | None, design: str = "medium") -> Detector:
    """A detector of the classes `names`, started from the file or the folder of a run `init`, or from nothing.

    `design`: one of `DESIGNS`. Branches are there from nothing on, or where `init` still has them. Where `init` knows
    other classes, the rows of the heads for classes that both know are taken over, the rest begin at a score of 1 %.
    Raises OnlookerError where `init` cannot be read or is of another network.
    """
    if init is None:
        plan = DESIGNS[design]
        return Detector(replace(plan, classes=len(names), branches=plan.blocks == "plain"))
    tensors = weights(init)
    labels = classes(init, tensors)
    plan = replace(_variant(DESIGNS[design], tensors), classes=len(names))
    detector = Detector(plan)
    if names == labels:
        return _filled(detector, tensors, init)
    known = _filled(Detector(replace(plan, classes=len(labels))), tensors, init)
    return _filled(detector, _other_classes(detector.state_dict(), known.state_dict(), names, labels), init)


def anew(names: tuple[str, ...], init: Path | None) -> bool:
    """Whether some of the classes begin anew while the rest of the network does not. Raises OnlookerError."""
    return init is not None and not set(names) <= set(classes(init, weights(init)))


def _variant(plan: DetectorDesign, tensors: Mapping[str, Tensor]) -> DetectorDesign:
    """The design with the size of these weights, where such a one is known, and with branches where they have them."""
    if plan.blocks == "plain":
        return replace(plan, branches=any(name.endswith(BRANCH) for name in tensors))
    from models.porting.nanodet_onnx import VARIANTS

    reduced = tensors.get("neck.reduce.2.0.weight")
    sizes = () if reduced is None else tuple(reduced.shape[:2])
    return next((one for one in VARIANTS.values() if (one.neck, one.widths[2]) == sizes), plan)


def classes(init: Path, tensors: Mapping[str, Tensor]) -> tuple[str, ...]:
    """The classes that weights know: those of the run that they lie in, else COCO's. Raises OnlookerError.

    An ONNX names none: of as many as COCO has they are COCO's, others are called by their number, as no data are.
    """
    if init.suffix.lower() == ONNX:
        count = len(next(value for name, value in reversed(list(tensors.items())) if name.startswith("heads.")))
        count -= 4 * ONLOOKER_M.bins
        return COCO if count == len(COCO) else tuple(f"class {place} of {init}" for place in range(count))
    folder = init if init.is_dir() else init.parent
    for place in (folder, folder / "state"):
        if (place / checkpoint.STATE).is_file():
            state = checkpoint.load(place)
            return COCO if state is None else tuple(state.settings.get("names", COCO))
    return COCO


def weights(path: Path) -> Mapping[str, Tensor]:
    """Weights by our names, float32: of an .npz, .safetensors or .onnx file, or the average of a run's state."""
    try:
        if path.is_dir():
            inner = path / "state" / "average.npz"
            return checkpoint.read(inner if inner.is_file() else path / "average.npz")
        if path.suffix == ".npz":
            return checkpoint.read(path)
        if path.suffix.lower() == ONNX:
            from models.porting import nanodet_onnx

            return nanodet_onnx.read(path)
        from safetensors.torch import load_file  # here: a machine that only trains need not have it

        tensors = load_file(path)
    except NetworkError:
        raise
    except ImportError as error:
        raise OnlookerError(f"To read {path}, safetensors must be installed; an .npz file needs nothing.") from error
    except Exception as error:  # safetensors' own exception, and whatever a damaged file brings up
        raise OnlookerError(f"{path} cannot be read as weights: {error}.") from error
    if any(name.startswith(PROBE) for name in tensors):
        return {name: value.float() for name, value in tensors.items()}
    from models.porting import nanodet  # here for the same reason

    return nanodet.read(path).state_dict()


def _filled(detector: Detector, tensors: Mapping[str, Tensor], init: Path) -> Detector:
    try:
        detector.load_state_dict(dict(tensors))
    except RuntimeError as error:
        raise NetworkError(f"{init} holds the weights of another network or of other classes.") from error
    return detector


def _other_classes(
    fresh: Mapping[str, Tensor], known: Mapping[str, Tensor], names: tuple[str, ...], labels: tuple[str, ...]
) -> dict[str, Tensor]:
    """Weights for `names` from those for `labels`: all but the heads' last layer, and of that what both have."""
    made = {}
    for name, value in fresh.items():
        if value.shape == known[name].shape:
            made[name] = known[name]
            continue
        rows = value.clone()
        if name.endswith("weight"):
            rows[: len(names)] = 0
        rows[len(names) :] = known[name][len(labels) :]
        for place, label in enumerate(names):
            if label in labels:
                rows[place] = known[name][labels.index(label)]
        made[name] = rows
    return made


def device(wanted: str) -> torch.device:
    """ "auto" is cuda where there is one. Raises OnlookerError where the wanted one is not there."""
    if wanted == "auto":
        wanted = "cuda" if torch.cuda.is_available() else "cpu"
    if wanted == "cuda" and not torch.cuda.is_available():
        raise OnlookerError("There is no CUDA device that torch can use here; take --device cpu.")
    return torch.device(wanted)
