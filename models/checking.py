"""Whether an engine calculates what the original network does: one stored picture each, and what was answered.

`resources/weights/answers.npz` holds for every network a picture of its usual size ("KEY/input", RGB) and the
original's outputs for it ("KEY/output"), large ones thinned: those of Google's interpreter, written by
`models.porting.mediapipe`; for what we trained those of the torch module in f32, written by `models.training.shipping`.
"""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

import resources
from models.catalogue import Network, Precision
from models.errors import NetworkError

Floats = NDArray[np.float32]

ANSWERS = "weights/answers.npz"

# Which part of a large output is stored: every fifth anchor meets all kinds of anchors (1, 2 or 6 a cell), every
# eleventh cell meets all columns of all levels.
_KEPT: dict[str, Any] = {
    "boxes": np.s_[:, ::5],
    "heatmap": np.s_[:, :, ::4, ::4],
    "mask": np.s_[:, ::8, ::8],
}
_CELLS = np.s_[:, ::11]

TOLERANCES: dict[Precision, float] = {"f32": 1e-3, "bf16": 0.3, "int8": 0.3}
"""The largest error, as a part of an output's range, that each precision may have on the stored picture (int8 has 0.18,
the worst of some 30,000 logits of the detector of objects, with AVX-512 VNNI). It tells a
wrong form from a right one; whether a low precision is good enough is decided by accuracy on data (`catalogue.py`)."""


class Checked(Protocol):
    """The part of an engine that is needed here."""

    @property
    def network(self) -> Network: ...

    def run(self, pictures: NDArray[np.uint8]) -> Mapping[str, Floats]:
        """(N, height, width, 3) BGR -> named outputs, N first."""
        ...


def check(engine: Checked) -> float:
    """The largest error of an engine on its network's stored picture, as a part of the range of the output.

    Outputs without a stored answer are left out. Infinite where an output has another shape or is no number. Raises
    NetworkError where the answers are missing or damaged.
    """
    picture, expected = stored(engine.network)
    found = engine.run(np.ascontiguousarray(picture[None, ..., ::-1]))
    return max(
        (error(kept(engine.network, name, found[name]), values) for name, values in expected.items() if name in found),
        default=np.inf,
    )


def kept(network: Network, name: str, values: Floats) -> Floats:
    """The part of an output, N first, that is stored."""
    part: Floats = values[_CELLS if network.labels else _KEPT.get(name, ...)]
    return part


def error(found: Floats, expected: Floats) -> float:
    """The largest difference as a part of the range of `expected`; of a single number, as a part of it or of 1."""
    if found.shape != expected.shape or not np.isfinite(found).all():
        return np.inf
    spread = float(np.ptp(expected)) if expected.size > 1 else max(1.0, float(np.abs(expected).max()))
    return float(np.abs(found - expected).max()) / spread


def stored(network: Network) -> tuple[NDArray[np.uint8], dict[str, Floats]]:
    """The stored picture of a network, (height, width, 3) RGB, and the original's outputs for it, by name.

    Networks with the same weights have the same answers. Raises NetworkError where they are missing or damaged.
    """
    key = "body-landmarks" if network.key == "body-mask" else network.key
    try:
        with resources.path(ANSWERS).open("rb") as file, np.load(file) as archive:
            names = [name for name in archive.files if name.startswith(f"{key}/")]
            arrays = {name.removeprefix(f"{key}/"): archive[name] for name in names}
        return arrays.pop("input"), arrays
    except (OSError, EOFError, ValueError, KeyError, zipfile.BadZipFile, zlib.error) as problem:
        raise NetworkError(
            f"The stored answers of {network.key} ({ANSWERS}) are missing or damaged. Install Onlooker again."
        ) from problem
