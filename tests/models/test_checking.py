"""An engine is compared with what the original interpreter answered: right ones pass, wrong ones are caught."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from torch_engine import TorchEngine

import resources
from models import checking
from models.catalogue import NETWORKS
from models.errors import NetworkError

Floats = NDArray[np.float32]

_WHOLE = resources.path(checking.ANSWERS).read_bytes()
HALF = _WHOLE[: len(_WHOLE) // 2]


class Changed:
    """The face mesh with something done to its points."""

    def __init__(self, real: TorchEngine, points: Floats | None = None, shift: float = 0.0) -> None:
        self.network, self._real, self._points, self._shift = real.network, real, points, shift

    def run(self, pictures: NDArray[np.uint8]) -> Mapping[str, Floats]:
        found = dict(self._real.run(pictures))
        found["points"] = found["points"] + np.float32(self._shift) if self._points is None else self._points
        return found


@pytest.mark.parametrize("key", NETWORKS)
def test_torchs_answers_are_the_original_interpreters(key: str) -> None:
    assert checking.check(TorchEngine(key)) <= checking.TOLERANCES["f32"]


def test_an_error_counts_as_a_part_of_the_outputs_range(engines: dict[str, TorchEngine]) -> None:
    spread = float(np.ptp(checking.stored(NETWORKS["face-mesh"])[1]["points"]))
    assert checking.check(Changed(engines["face-mesh"], shift=0.05 * spread)) == pytest.approx(0.05, rel=1e-3)


@pytest.mark.parametrize(
    "points",
    [np.full((1, 468, 3), np.nan, np.float32), np.zeros((1, 5, 3), np.float32), np.zeros((1, 468, 2), np.float32)],
    ids=["not numbers", "too few points", "two numbers a point"],
)
def test_outputs_that_are_no_answer_are_infinitely_wrong(engines: dict[str, TorchEngine], points: Floats) -> None:
    assert checking.check(Changed(engines["face-mesh"], points)) == np.inf


def test_an_engine_without_any_known_output_is_not_taken_for_a_right_one(engines: dict[str, TorchEngine]) -> None:
    class Silent(Changed):
        def run(self, pictures: NDArray[np.uint8]) -> Mapping[str, Floats]:
            del pictures
            return {}

    assert checking.check(Silent(engines["face-mesh"])) == np.inf


def test_the_network_with_the_mask_has_the_answers_of_the_one_without(engines: dict[str, TorchEngine]) -> None:
    picture, answers = checking.stored(NETWORKS["body-mask"])
    assert picture.shape == (256, 256, 3)
    assert set(answers) == set(engines["body-mask"].network.outputs)


def test_single_numbers_near_nothing_are_measured_against_one() -> None:
    nothing, little = np.zeros(1, np.float32), np.full(1, 1e-4, np.float32)
    assert checking.error(little, nothing) == pytest.approx(1e-4)


@pytest.mark.parametrize("content", [None, b"", b"PK no archive", HALF], ids=["missing", "empty", "damaged", "cut"])
def test_answers_that_cannot_be_read_are_one_sentence(
    content: bytes | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "answers.npz"
    if content is not None:
        path.write_bytes(content)
    monkeypatch.setattr("resources.path", lambda _name: path)
    with pytest.raises(NetworkError, match=r"^The stored answers of face-mesh .* are missing or damaged\. Install"):
        checking.stored(NETWORKS["face-mesh"])
