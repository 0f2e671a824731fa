"""What a detector is taught with: what is not labelled is not taught, starts of other classes, processors that die."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from models.cells import grid
from models.classes import COCO
from models.detector import Detector, DetectorDesign
from models.errors import OnlookerError
from models.training import checkpoint, examples, half_precision, start
from models.training.annotations import read
from models.training.assignment import assign
from models.training.batches import batch
from models.training.examples import Example
from models.training.losses import detector_loss, distribution_focal, giou, quality_focal

GRID = grid(64, 64)
PLACES, STRIDES = torch.tensor(GRID.places), torch.tensor(GRID.strides)
pytestmark = pytest.mark.usefixtures("same_numbers_each_time")


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """Three pictures, labelled for the first of two classes alone."""
    folder = tmp_path / "pictures"
    folder.mkdir()
    for number in range(3):
        cv2.imwrite(str(folder / f"{number}.png"), np.full((64, 64, 3), 80 * number, np.uint8))
    text = {
        "info": {"exhaustive_classes": ["cat"]},
        "categories": [{"id": 1, "name": "cat"}, {"id": 2, "name": "dog"}],
        "images": [{"id": one, "file_name": f"{one}.png", "width": 64, "height": 64} for one in range(3)],
        "annotations": [
            {"id": one, "image_id": one, "category_id": 1, "bbox": [8, 8, 40, 40], "iscrowd": 0} for one in range(3)
        ],
    }
    (folder / "annotations.json").write_text(json.dumps(text), encoding="utf-8")
    return folder


def example(boxes: list[list[float]], *, ignored: bool = False, weight: float = 1.0, labelled: bool = True) -> Example:
    count = len(boxes)
    return Example(
        np.zeros((64, 64, 3), np.uint8),
        np.array(boxes, np.float32).reshape(-1, 4),
        np.zeros(count, np.intp),
        np.full(count, weight, np.float32),
        np.full(count, ignored),
        np.array([labelled, True]),
    )


def outputs() -> tuple[torch.Tensor, torch.Tensor]:
    cells = len(GRID)
    return torch.randn(1, cells, 2, requires_grad=True), torch.randn(1, cells, 32, requires_grad=True)


def taught(one: Example) -> tuple[torch.Tensor, torch.Tensor]:
    """The gradients of scores and sides."""
    scores, sides = outputs()
    detector_loss(scores, sides, PLACES, STRIDES, batch([one]).truth).total.backward()  # type: ignore[no-untyped-call]  # torch's
    assert scores.grad is not None
    assert sides.grad is not None
    return scores.grad[0], sides.grad[0]


def inside(box: list[float]) -> torch.Tensor:
    return (torch.tensor(box[:2]) < PLACES).all(1) & (torch.tensor(box[2:]) > PLACES).all(1)


def test_losses_are_least_where_everything_is_right() -> None:
    targets = torch.tensor([0.0, 0.4, 0.9])
    assert quality_focal(torch.logit(targets.clamp(1e-6)), targets).max() < 1e-6
    box = torch.tensor([[3.0, 4.0, 20.0, 30.0]])
    assert giou(box, box).item() == pytest.approx(0, abs=1e-6)
    assert giou(box, box + 100).item() > 1
    sure = torch.full((1, 4, 8), -20.0)
    sure[..., 3] = 20
    assert distribution_focal(sure, torch.full((1, 4), 3.0)).item() == pytest.approx(0, abs=1e-5)
    assert distribution_focal(sure, torch.full((1, 4), 5.0)).item() > 1


def test_gradients_of_all_three_losses_are_those_of_differences() -> None:
    scores, targets = torch.randn(6, dtype=torch.float64, requires_grad=True), torch.rand(6, dtype=torch.float64)
    assert torch.autograd.gradcheck(quality_focal, (scores, targets))
    corner = torch.rand(3, 2, dtype=torch.float64) * 10
    boxes = torch.cat([corner, corner + 5], 1).requires_grad_()
    assert torch.autograd.gradcheck(giou, (boxes, (boxes + 1.3).detach()))
    sides = torch.randn(2, 4, 8, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(distribution_focal, (sides, torch.rand(2, 4, dtype=torch.float64) * 6))


def test_only_cells_within_a_box_find_it_and_each_finds_one() -> None:
    box, other = [8.0, 8.0, 44.0, 44.0], [20.0, 20.0, 60.0, 60.0]
    scores, _ = outputs()
    found = torch.cat([PLACES - 16, PLACES + 16], 1)[None]
    assigned = assign(scores, found, PLACES, batch([example([box, other])]).truth)
    for place, one in enumerate((box, other)):
        chosen = assigned.positive[0] & (assigned.which[0] == place)
        assert 1 <= int(chosen.sum()) <= 13
        assert inside(one)[chosen].all()


def test_within_ignored_boxes_their_class_is_not_taught() -> None:
    box = [8.0, 8.0, 56.0, 56.0]
    scores, sides = taught(example([box], ignored=True))
    assert (scores[inside(box), 0] == 0).all()
    assert (scores[~inside(box), 0] != 0).all()
    assert (scores[:, 1] != 0).all()
    assert (sides == 0).all()


def test_a_guess_teaches_what_is_there_but_not_where_it_ends() -> None:
    scores, sides = taught(example([[8, 8, 56, 56]], weight=0.6, labelled=False))
    assert (sides == 0).all()
    assert (scores != 0).all()
    assert (taught(example([[8, 8, 56, 56]]))[1] != 0).any()


def test_a_picture_without_things_and_one_of_boxes_of_no_use_can_be_learned_from() -> None:
    for one in (example([]), example([[10, 10, 10.2, 10.2]])):
        scores, sides = taught(one)
        assert torch.isfinite(scores).all()
        assert torch.isfinite(sides).all()


def test_classes_that_nobody_labelled_and_no_teacher_looked_for_are_not_taught(pictures: Path) -> None:
    loaded, unreadable = examples.load(read(pictures))
    assert unreadable == []
    scores, _ = taught(loaded[0])
    middle = (PLACES > 0).all(1) & (PLACES < 64).all(1)
    assert (scores[middle, 1] == 0).all()
    assert (scores[middle, 0] != 0).all()


def test_a_folder_that_vanishes_while_it_is_read_is_named(pictures: Path) -> None:
    dataset = read(pictures)

    def gone(done: int, _count: int) -> None:
        if done == 1:
            pictures.rename(pictures.with_name("elsewhere"))

    with pytest.raises(OnlookerError, match=r"pictures is gone: 1 of 3 pictures were read") as told:
        examples.load(dataset, progress=gone)
    assert "\n" not in str(told.value)


def test_classes_that_start_and_data_share_are_taken_over_and_the_rest_begins_anew(tmp_path: Path) -> None:
    known = Detector(DetectorDesign())
    file = tmp_path / "weights.npz"
    checkpoint.write({name: value.numpy() for name, value in known.state_dict().items()}, file)
    made = start.network(("zebra", "gnome"), file).state_dict()
    heads = [name for name, value in made.items() if value.shape != known.state_dict()[name].shape]
    assert heads
    for name in heads:
        before, rows = known.state_dict()[name], made[name]
        assert torch.equal(rows[0], before[COCO.index("zebra")])
        assert torch.equal(rows[2:], before[80:])
        if name.endswith("weight"):
            assert (rows[1] == 0).all()
    rest = set(made) - set(heads)
    assert all(torch.equal(made[name], known.state_dict()[name]) for name in rest)


def test_a_processor_that_dies_of_16_bits_is_trained_in_32(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(half_precision, "TRIED", [sys.executable, "-c", "import os, signal; os.kill(os.getpid(), 4)"])
    assert not half_precision.helps()
    monkeypatch.setattr(half_precision, "TRIED", [sys.executable, "-c", "print(0.3)"])
    assert not half_precision.helps()
    monkeypatch.setattr(half_precision, "TRIED", [sys.executable, "-c", "print(1.7)"])
    assert half_precision.helps()
