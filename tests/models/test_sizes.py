"""A detector's input is as large as the machine is fast enough for, or as somebody said, in sizes that it takes."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from torch_engine import TorchEngine

from models import sizes
from models.catalogue import NETWORKS
from models.detector import ONLOOKER_M
from models.engine import load_engine
from models.errors import NetworkError

FREE = replace(NETWORKS["face-detector-full"], multiple=32)


@pytest.mark.parametrize("size", [(192, 192), (192, 320), (416, 256), (32, 640)])
def test_a_network_of_free_size_takes_all_multiples(size: tuple[int, int]) -> None:
    other = FREE.at(size)
    assert other.input == size
    assert replace(other, input=FREE.input) == FREE


@pytest.mark.parametrize("size", [(300, 320), (320, 300), (0, 320), (-32, 320), (16, 32)])
def test_other_sizes_are_refused_with_those_that_it_takes(size: tuple[int, int]) -> None:
    with pytest.raises(
        NetworkError, match=rf"width and height are multiples of 32 pixels, not {size[1]} x {size[0]}\.$"
    ):
        FREE.at(size)


def test_a_network_of_one_size_takes_that_alone(tmp_path: Path) -> None:
    fixed = NETWORKS["face-mesh"]
    assert fixed.at((192, 192)) is fixed
    with pytest.raises(NetworkError, match=r"looks at pictures of 192 x 192 pixels, not of 224 x 192\.$"):
        load_engine("face-mesh", device="cpu", cache=tmp_path, threads=1, size=(192, 224))
    assert not any(tmp_path.iterdir())


@pytest.mark.parametrize("size", [(192, 256), (96, 64)])
def test_the_detector_of_objects_answers_as_torch_does_at_any_such_size(size: tuple[int, int]) -> None:
    kept = Path(os.environ["ONLOOKER_CACHE"])
    engine = load_engine("onlooker-m", device="cpu", cache=kept, threads=2, precision="f32", size=size)
    assert engine.network == NETWORKS["onlooker-m"].at(size)
    pictures = np.random.default_rng(1).integers(0, 256, (2, *size, 3), np.uint8)
    found, expected = engine.run(pictures), TorchEngine("onlooker-m").run(pictures)
    for name, values in expected.items():
        assert found[name].shape == values.shape
        assert np.abs(found[name] - values).max() <= 1e-3 * float(np.ptp(values)), name


def test_the_catalogue_scales_pixels_as_the_detectors_design_does() -> None:
    network = NETWORKS["onlooker-m"]
    assert np.allclose((network.low, network.high), (ONLOOKER_M.low, ONLOOKER_M.high), atol=1e-5)
    assert network.input == ONLOOKER_M.input


def test_the_largest_size_that_is_quick_enough_is_chosen() -> None:
    taken = {192: 2.0, 416: 2.0 * (416 / 192) ** 2}  # as time grows with pixels
    assert sizes.best(taken, 100) == 416
    assert sizes.best(taken, 2.0 * (320 / 192) ** 2 + 1e-6) == 320
    assert sizes.best(taken, 2.0 * (320 / 192) ** 2 - 1e-6) == 288
    assert sizes.best(taken, 1.0) == 192
    with pytest.raises(ValueError, match="no size"):
        sizes.best({})


def test_what_was_measured_is_kept_for_this_precision_and_these_threads(tmp_path: Path) -> None:
    assert sizes.chosen(FREE, "f32", tmp_path, 2) is None
    sizes.keep(FREE, "f32", tmp_path, 2, {192: 5.0, 416: 40.0})
    assert sizes.chosen(FREE, "f32", tmp_path, 2) == sizes.best({192: 5.0, 416: 40.0})
    assert sizes.chosen(FREE, "int8", tmp_path, 2) is None
    assert sizes.chosen(FREE, "f32", tmp_path, 1) is None


@pytest.mark.parametrize(
    "text", ["", "{}", '{"milliseconds": {}}', '{"milliseconds": {"a": 1}}', "[]", '{"milliseconds": 3}']
)
def test_a_damaged_measurement_is_made_again(text: str, tmp_path: Path) -> None:
    sizes.keep(FREE, "f32", tmp_path, 2, {192: 5.0, 416: 40.0})
    (kept,) = (tmp_path / "sizes").iterdir()
    kept.write_text(text, encoding="utf-8")
    assert sizes.chosen(FREE, "f32", tmp_path, 2) is None
