"""A trained network as an ONNX file: added like anybody's, it finds what the network itself finds."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch

from models.cells import BINS
from models.detector import SMALL, Detector, DetectorDesign
from models.errors import OnlookerError
from models.importing import added
from models.importing.inspecting import inspect
from models.training import exporting
from models.training.module_detector import ModuleDetector

NAMES = ("wrench", "bolt", 'nut, 10 "mm"')
PICTURE = np.random.default_rng(3).integers(0, 256, (90, 160, 3)).astype(np.uint8)


def network(design: DetectorDesign) -> Detector:
    """A small one that sees things everywhere."""
    torch.manual_seed(1)
    made = Detector(replace(design, classes=len(NAMES)))
    with torch.no_grad():
        for part in made.heads.modules():
            if isinstance(part, torch.nn.Conv2d) and part.out_channels == len(NAMES) + 4 * BINS:
                assert part.bias is not None
                part.weight.mul_(40)
                part.bias[: len(NAMES)] = 0
    return made.eval()


@pytest.mark.parametrize(
    "design",
    [DetectorDesign(stem=8, widths=(16, 16, 16), units=(2, 2, 2), neck=16, head_layers=1), SMALL],
    ids=["shuffle", "plain"],
)
@pytest.mark.parametrize("size", [(320, 320), (192, 256)])
def test_what_is_exported_is_added_and_finds_what_the_network_finds(
    tmp_path: Path, design: DetectorDesign, size: tuple[int, int]
) -> None:
    trained = network(design)
    exporting.export(trained, NAMES, tmp_path / "weights.onnx")
    recognised = inspect(tmp_path / "weights.onnx", PICTURE)
    assert (recognised.layout, recognised.recipe.free) == ("onlooker", True)
    assert (recognised.recipe.labels, recognised.classes_from) == (NAMES, "the file")
    one = added.add(tmp_path / "networks", recognised, "mine")
    detector = added.load(tmp_path / "networks", one.key, threads=1, size=320)
    assert detector is not None
    if size != detector.size:
        detector = type(detector)(one.path.read_bytes(), one.recipe, key="mine", threads=1, size=size)
    found, expected = (looking.find(PICTURE, 0.3) for looking in (detector, ModuleDetector(trained, size, NAMES)))
    assert len(expected) > 5
    assert list(found.classes) == list(expected.classes)
    np.testing.assert_allclose(found.scores, expected.scores, atol=1e-4)
    np.testing.assert_allclose(found.boxes, expected.boxes, atol=0.05)


def test_its_names_stand_in_the_file(tmp_path: Path) -> None:
    exporting.export(network(SMALL), NAMES, tmp_path / "weights.onnx")
    model = onnx.load(str(tmp_path / "weights.onnx"))
    onnx.checker.check_model(model)
    assert [entry.key for entry in model.metadata_props] == ["names"]


def test_where_it_cannot_be_written_nothing_is_left(tmp_path: Path) -> None:
    (tmp_path / "weights.onnx").mkdir()
    with pytest.raises(OnlookerError, match=r"weights\.onnx cannot be written"):
        exporting.export(network(SMALL), NAMES, tmp_path / "weights.onnx")
    assert not list(tmp_path.glob("*.part"))
