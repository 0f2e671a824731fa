"""A training run: what it learns, that it is the same each time, and what it does when something goes wrong."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from models.detector import Detector, DetectorDesign
from models.training import checkpoint
from models.training.augmentation import PLAIN, Augmentation
from models.training.batches import Batch, Plan, make
from models.training.examples import Example
from models.training.loop import Course, Trainer, TrainingError
from models.training.losses import Loss

TINY = DetectorDesign((64, 64), 8, (8, 16, 16), (1, 1, 1), 16, 0, classes=2)
CPU = torch.device("cpu")


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def squares(count: int = 6) -> list[Example]:
    """Pictures with one bright square (class 0) or one dark one (class 1) on grey."""
    random = np.random.default_rng(0)
    made = []
    for number in range(count):
        pixels = np.full((64, 64, 3), 114, np.uint8)
        x, y, side = (int(random.integers(2, 20)), int(random.integers(2, 20)), int(random.integers(24, 40)))
        pixels[y : y + side, x : x + side] = 250 if number % 2 == 0 else 5
        made.append(
            Example(
                pixels,
                np.array([[x, y, x + side, y + side]], np.float32),
                np.array([number % 2], np.intp),
                np.ones(1, np.float32),
                np.zeros(1, bool),
                np.ones(2, bool),
            )
        )
    return made


def plan(how: Augmentation = PLAIN, size: int = 6) -> Plan:
    return Plan(size, (64,), (1.0,), 0.0, how, 3)


def trainer(
    folder: Path,
    *,
    steps: int = 20,
    report: int = 1,
    rate: float = 1e-3,
    dense: float = 0.0,
    design: DetectorDesign = TINY,
    **more: Any,
) -> Trainer:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        network = Detector(design)
    course = Course(steps, rate, warm_up=3, decay=0.9, dense=dense, report=report, keep=1000)
    return Trainer(network, course, folder, {"seed": 3}, device=CPU, low_precision=False, **more)


def interrupted(run: Trainer, *, after: int) -> None:
    """Ctrl-C comes in the forward pass of the step that follows so many."""
    honest = run.loss

    def loss(batch: Batch) -> Loss:
        if run.step == after:
            raise KeyboardInterrupt
        return honest(batch)

    run.loss = loss  # type: ignore[method-assign]  # where the interrupt comes


def curve(of: Trainer) -> list[float]:
    return [row["total"] for row in of.curve]


def test_a_few_pictures_are_learned_by_heart(tmp_path: Path) -> None:
    run = trainer(tmp_path, steps=40, rate=5e-3)
    run.run(squares(), plan())
    losses = curve(run)
    assert np.mean(losses[-5:]) < 0.7 * np.mean(losses[:5])


def test_a_teachers_cells_add_to_the_loss_only_what_the_two_see_differently(tmp_path: Path) -> None:
    plain = trainer(tmp_path)
    batch = make(squares(), plan(), 0)
    same, other = Detector(TINY), Detector(TINY)
    same.load_state_dict(plain.network.state_dict())
    with torch.no_grad():
        other.get_parameter("heads.levels.0.0.bias")[:2] = 0.0  # sees something everywhere
    losses = []
    for teacher in (same, other):
        run = trainer(tmp_path, dense=1.0, teacher=teacher)
        losses.append(float(run.loss(batch).total.detach()))
    assert losses[0] == pytest.approx(float(plain.loss(batch).total.detach()), abs=1e-5)
    assert losses[1] > losses[0] + 1e-4


def test_two_runs_of_one_seed_lose_the_same_and_another_seed_does_not(tmp_path: Path) -> None:
    curves = []
    for name, seed in (("a", 3), ("b", 3), ("c", 4)):
        run = trainer(tmp_path / name)
        run.run(squares(), Plan(3, (64, 96), (0.5, 0.5), 0.3, Augmentation(mosaic=0.3, mixed=0.3), seed))
        curves.append(curve(run))
    assert curves[0] == curves[1]
    assert curves[0] != curves[2]


def test_a_run_that_was_stopped_goes_on_as_if_it_had_not_been(tmp_path: Path) -> None:
    whole = trainer(tmp_path / "whole", report=5)
    whole.run(squares(), plan(Augmentation()))
    first = trainer(tmp_path / "parts", report=5)
    interrupted(first, after=8)
    with pytest.raises(KeyboardInterrupt):
        first.run(squares(), plan(Augmentation()))
    second = trainer(tmp_path / "parts", report=5)
    assert second.resume()
    assert second.step == 8
    second.run(squares(), plan(Augmentation()))
    assert curve(second) == curve(whole)
    for name, value in whole.average.weights.items():
        assert torch.equal(value, second.average.weights[name]), name


def test_a_loss_that_is_no_number_stops_the_run_and_the_last_good_state_stays(tmp_path: Path) -> None:
    first = trainer(tmp_path, steps=4)
    first.run(squares(), plan())
    good = checkpoint.load(tmp_path / "state")
    assert good is not None
    second = trainer(tmp_path, steps=8)
    assert second.resume()
    with torch.no_grad():
        next(iter(second.network.heads.parameters())).fill_(float("nan"))
    with pytest.raises(TrainingError, match=r"no number.*last good state is kept.*lower --rate"):
        second.run(squares(), plan())
    kept = checkpoint.load(tmp_path / "state")
    assert kept is not None
    assert kept.step == good.step == 4
    assert all(torch.isfinite(value).all() for value in kept.tensors["weights"].values())


def test_the_state_of_another_network_is_refused_in_one_sentence(tmp_path: Path) -> None:
    trainer(tmp_path, steps=1).run(squares(), plan())
    other = trainer(tmp_path, design=DetectorDesign((64, 64), 8, (8, 16, 16), (1, 1, 1), 8, 0, classes=2))
    with pytest.raises(TrainingError, match="holds the state of another network: choose another folder") as refused:
        other.resume()
    assert "\n" not in str(refused.value)


def test_the_state_of_a_run_with_other_settings_is_refused_by_their_names(tmp_path: Path) -> None:
    trainer(tmp_path, steps=1).run(squares(), plan())
    with torch.random.fork_rng(devices=[]):
        other = Trainer(Detector(TINY), Course(5), tmp_path, {"seed": 4}, device=CPU, low_precision=False)
    with pytest.raises(TrainingError, match=r"other settings \(seed\)"):
        other.resume()


def test_an_interrupt_while_weights_change_keeps_the_state_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trainer(tmp_path, steps=3).run(squares(), plan())
    run = trainer(tmp_path, steps=6)
    assert run.resume()

    def ended(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(run.average, "update", ended)
    with pytest.raises(KeyboardInterrupt):
        run.run(squares(), plan())
    kept = checkpoint.load(tmp_path / "state")
    assert kept is not None
    assert kept.step == 3


def test_a_damaged_state_is_refused_and_one_cut_off_while_written_is_not_taken(tmp_path: Path) -> None:
    run = trainer(tmp_path, steps=2)
    run.run(squares(), plan())
    (tmp_path / "state.new").mkdir()
    again = trainer(tmp_path)
    assert again.resume()
    assert again.step == 2
    (tmp_path / "state" / "first.npz").write_bytes(b"PK\x03\x04 cut off")
    with pytest.raises(Exception, match="no state of a training that can be read"):
        trainer(tmp_path).resume()


def test_a_batch_that_memory_does_not_hold_names_one_that_it_would(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = trainer(tmp_path)
    honest = run.loss

    def small_memory(batch: Batch) -> Loss:
        if len(batch.pictures) > 3:
            raise RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried to allocate")
        return honest(batch)

    monkeypatch.setattr(run, "loss", small_memory)
    with pytest.raises(TrainingError, match="does not suffice for 12 pictures at once: take --batch 3"):
        run.run(squares(), plan(size=12))


def test_files_of_a_state_of_the_real_network_stay_under_16_mib(tmp_path: Path) -> None:
    tensors = Detector(DetectorDesign()).state_dict()
    parts = dict.fromkeys(checkpoint.PARTS, tensors)
    checkpoint.save(checkpoint.Checkpoint(1, {}, parts, []), tmp_path / "state")
    assert max(file.stat().st_size for file in (tmp_path / "state").iterdir()) < 16 << 20


def test_every_batch_hangs_on_the_seed_and_its_number_alone() -> None:
    examples, how = squares(), plan(Augmentation(mosaic=0.5))
    first, again = make(examples, how, 7), make(examples, how, 7)
    assert torch.equal(first.pictures, again.pictures)
    assert torch.equal(first.truth.boxes, again.truth.boxes)
    assert not torch.equal(first.pictures, make(examples, how, 8).pictures)


def test_one_pass_shows_every_picture_once() -> None:
    examples = squares(6)
    seen = [make(examples, plan(size=2), number).pictures for number in range(3)]
    shown = {picture.numpy().tobytes() for batch in seen for picture in batch}
    assert shown == {one.pixels.tobytes() for one in examples}
