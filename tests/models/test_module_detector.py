"""A module is a detector before it has a form."""

from __future__ import annotations

import numpy as np
import torch

from models.detector import Detector, DetectorDesign
from models.training.module_detector import ModuleDetector

SMALL = DetectorDesign((64, 64), 8, (16, 32, 64), (1, 1, 1), 32, 1, classes=2)


def _detector(size: tuple[int, int] = (64, 96)) -> ModuleDetector:
    torch.manual_seed(0)
    return ModuleDetector(Detector(SMALL), size, ("cat", "dog"))


def test_pictures_of_several_sizes_are_looked_at_in_one_pass_as_one_by_one() -> None:
    detector = _detector()
    random = np.random.default_rng(0)
    pictures = [random.integers(0, 256, (height, width, 3), np.uint8) for height, width in ((50, 80), (120, 90))]
    together = detector.find_all(pictures, 0.001)
    for pixels, found in zip(pictures, together, strict=True):
        alone = detector.find(pixels, 0.001)
        assert len(alone) == len(found) > 0
        np.testing.assert_allclose(alone.scores, found.scores, atol=1e-5)
        assert (found.boxes >= 0).all()
        assert (found.boxes <= [pixels.shape[1], pixels.shape[0]] * 2).all()


def test_the_network_is_given_red_first_and_its_own_range() -> None:
    detector, seen = _detector(), []
    module = detector._module
    module.register_forward_pre_hook(lambda _module, inputs: seen.append(inputs[0].clone()))
    blue = np.zeros((64, 96, 3), np.uint8)
    blue[..., 0] = 255
    detector.find(blue, 0.5)
    expected = [SMALL.low[0], SMALL.low[1], SMALL.high[2]]
    np.testing.assert_allclose(seen[0][0].mean(dim=(1, 2)), expected, rtol=1e-5)


def test_it_says_where_and_how_it_runs_and_leaves_training_mode() -> None:
    detector = _detector()
    assert (detector.device, detector.precision, detector.size) == ("cpu", "f32", (64, 96))
    assert not detector._module.training
