"""A student that is told what its teacher sees comes to see the same."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch
from torch import Tensor

from models.detector import Detector, DetectorDesign, folded
from models.training.dense import dense_loss

STUDENT = DetectorDesign(
    stem=8, widths=(8, 8, 8), units=(1, 1, 1), neck=8, head_layers=1, classes=3, bins=4, blocks="plain", branches=True
)
TEACHER = DetectorDesign(stem=4, widths=(4, 6, 8), units=(1, 1, 1), neck=4, head_layers=0, classes=3, bins=4)


@pytest.fixture(autouse=True)
def same_weights_each_time() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # tensors this small are not worth waking others for
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        yield
    torch.set_num_threads(threads)


def outputs(*, empty: bool = False) -> dict[str, Tensor]:
    return {"scores": torch.full((2, 9, 3), -9.0) if empty else torch.randn(2, 9, 3), "sides": torch.randn(2, 9, 16)}


def test_who_sees_the_same_has_nothing_to_learn() -> None:
    teacher = outputs()
    loss = dense_loss(teacher, teacher)
    assert float(loss.scores) == pytest.approx(0, abs=1e-6)
    assert float(loss.sides) == pytest.approx(0, abs=1e-6)
    other = dense_loss(outputs(), teacher)
    assert min(float(other.scores), float(other.sides)) > 0.01


def test_where_the_teacher_sees_nothing_boxes_do_not_matter_but_seeing_something_does() -> None:
    loss = dense_loss(outputs(), outputs(empty=True))
    assert float(loss.sides) < 0.01
    assert float(loss.scores) > 1


def test_a_picture_with_many_things_counts_as_much_as_one_with_few() -> None:
    student, teacher = outputs(), outputs()
    twice = [{name: torch.cat((value, value)) for name, value in one.items()} for one in (student, teacher)]
    once, doubled = dense_loss(student, teacher), dense_loss(twice[0], twice[1])
    assert torch.allclose(once.scores, doubled.scores)
    assert torch.allclose(once.sides, doubled.sides)


def test_free_logits_become_those_of_the_teacher() -> None:
    teacher = outputs()
    student = {name: torch.zeros_like(value, requires_grad=True) for name, value in teacher.items()}
    steps = torch.optim.Adam(student.values(), 0.1)
    for _ in range(200):
        steps.zero_grad()
        torch.autograd.backward(dense_loss(student, teacher).total())
        steps.step()
    assert torch.allclose(student["scores"].sigmoid(), teacher["scores"].sigmoid(), atol=0.05)
    shape = (2, 9, 4, 4)
    given, wanted = (one["sides"].view(shape).softmax(-1) for one in (student, teacher))
    assert torch.allclose(given, wanted, atol=0.05)


def test_a_plain_student_learns_from_another_design_without_labels_and_keeps_it_when_folded() -> None:
    teacher, student = Detector(TEACHER).eval(), Detector(STUDENT).train()
    pictures = torch.randn(2, 3, 64, 64)
    with torch.no_grad():
        wanted = {name: value * 4 for name, value in teacher(pictures).items()}  # a teacher that is sure of something
        wanted["scores"] += 6
    steps = torch.optim.AdamW(student.parameters(), 3e-3)
    losses = []
    for _ in range(20):
        steps.zero_grad()
        loss = dense_loss(student(pictures), wanted).total()
        torch.autograd.backward(loss)
        steps.step()
        losses.append(float(loss.detach()))
    assert losses[-1] < losses[0] / 2
    plain = folded(student.eval())
    with torch.inference_mode():
        before, after = (dense_loss(one(pictures), wanted).total() for one in (student, plain))
    assert torch.allclose(before, after, rtol=1e-3)


def test_other_cells_or_classes_are_refused() -> None:
    teacher = outputs()
    with pytest.raises(ValueError, match="must give scores alike"):
        dense_loss(teacher | {"scores": torch.zeros(2, 9, 4)}, teacher)
    with pytest.raises(ValueError, match="must give sides alike"):
        dense_loss(teacher | {"sides": torch.zeros(2, 9, 32)}, teacher)
