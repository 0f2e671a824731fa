"""Onlooker-S is trained from nothing by a teacher of another design: branches while it learns, none in what is kept."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from models import child
from models.classes import COCO
from models.detector import SMALL, Detector, DetectorDesign
from models.errors import OnlookerError
from models.training import checkpoint, schedule, start
from models.training.augmentation import Augmentation
from models.training.batches import Plan, make
from models.training.examples import Example
from models.training.loop import Course, Trainer
from models.training.run import Options, train

TINY = DetectorDesign((64, 64), 8, (8, 16, 16), (1, 1, 1), 16, 1, classes=2, blocks="plain", branches=True)
PLAN = Plan(4, (64,), (1.0,), 0.0, Augmentation(), 3)
pytestmark = pytest.mark.usefixtures("same_numbers_each_time")


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """Four pictures with a bright square, labelled for the first of two classes alone."""
    folder = tmp_path / "pictures"
    folder.mkdir()
    for number in range(4):
        pixels = np.full((64, 64, 3), 60, np.uint8)
        pixels[8:48, 8:48] = 200 + 10 * number
        cv2.imwrite(str(folder / f"{number}.png"), pixels)
    text = {
        "info": {"exhaustive_classes": ["cat"]},
        "categories": [{"id": 1, "name": "cat"}, {"id": 2, "name": "dog"}],
        "images": [{"id": one, "file_name": f"{one}.png", "width": 64, "height": 64} for one in range(4)],
        "annotations": [
            {"id": one, "image_id": one, "category_id": 1, "bbox": [8, 8, 40, 40], "iscrowd": 0} for one in range(4)
        ],
    }
    (folder / "annotations.json").write_text(json.dumps(text), encoding="utf-8")
    return folder


def shown() -> list[Example]:
    random = np.random.default_rng(1)
    return [
        Example(
            random.integers(0, 255, (64, 64, 3)).astype(np.uint8),
            np.array([[8, 8, 48, 48]], np.float32),
            np.array([number % 2], np.intp),
            np.ones(1, np.float32),
            np.zeros(1, bool),
            np.ones(2, bool),
        )
        for number in range(4)
    ]


def trainer(folder: Path, steps: int) -> Trainer:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        network = Detector(TINY)
    course = Course(steps, 2e-3, 3, 0.9, report=1, keep=3)
    return Trainer(network, course, folder, {"seed": 3}, device=torch.device("cpu"), low_precision=False)


def test_what_norms_have_seen_is_kept_with_the_weights_and_a_run_goes_on_exactly(tmp_path: Path) -> None:
    whole = trainer(tmp_path / "whole", 6)
    whole.run(shown(), PLAN)
    first = trainer(tmp_path / "parts", 6)
    for _ in range(3):
        first.learn(make(shown(), PLAN, first.step))
    first.keep()
    second = trainer(tmp_path / "parts", 6)
    assert second.resume()
    second.run(shown(), PLAN)
    assert [row["total"] for row in second.curve] == [row["total"] for row in whole.curve[3:]]
    assert any("running_var" in name for name in whole.average.weights)
    for name, value in whole.average.weights.items():
        assert torch.equal(value, second.average.weights[name]), name


def test_the_average_has_no_branches_and_sees_what_averaged_weights_and_norms_see(tmp_path: Path) -> None:
    run = trainer(tmp_path, 4)
    run.run(shown(), PLAN)
    with_branches = Detector(TINY)
    with_branches.load_state_dict(run.average.weights)
    kept = run.averaged()
    assert not kept.design.branches
    x = torch.rand(2, 3, 64, 96)
    with torch.inference_mode():
        wanted, given = with_branches.eval()(x), kept(x)
    for name, value in wanted.items():
        torch.testing.assert_close(given[name], value, rtol=1e-4, atol=1e-4)


def test_tensors_learn_at_one_rate_where_norms_are_and_by_their_size_where_those_are_folded() -> None:
    normed = Detector(TINY)
    parts = schedule.groups(normed)
    assert {group["part"] for group in parts} == {1.0}
    drawn = [group["weight_decay"] > 0 for group in parts]
    assert drawn == [one.dim() == 4 for one in normed.parameters()]
    plain = Detector(replace(TINY, branches=False))
    parts = schedule.groups(plain)
    assert {group["weight_decay"] for group in parts} == {0.0}
    assert [group["part"] for group in parts] == [schedule.tensor_rate(one) for one in plain.parameters()]


def test_heads_that_begin_anew_learn_faster_than_the_trunk_that_is_there(tmp_path: Path) -> None:
    plain = Detector(replace(TINY, branches=False))
    usual, faster = schedule.groups(plain), schedule.groups(plain, 20.0)
    names = [name for name, _ in plain.named_parameters()]
    quick = {name for name, a, b in zip(names, usual, faster, strict=True) if b["part"] == 20 * a["part"]}
    assert quick == {f"heads.levels.{level}.1.{kind}" for level in range(4) for kind in ("weight", "bias")}
    assert all(b == a or name in quick for name, a, b in zip(names, usual, faster, strict=True))
    file = tmp_path / "weights.npz"
    checkpoint.write({name: value.numpy() for name, value in start.network(COCO, None).state_dict().items()}, file)
    assert start.anew(("dog", "zebra", "gnome"), file)
    assert not start.anew(("dog", "zebra"), file)
    assert not start.anew(("gnome",), None)


def test_another_design_is_taught_from_labels_guesses_and_cells_and_written_folded(
    pictures: Path, tmp_path: Path
) -> None:
    teacher = start.network(("cat", "dog"), None)
    file = tmp_path / "teacher" / "weights.npz"
    file.parent.mkdir()
    checkpoint.write({name: value.numpy() for name, value in teacher.state_dict().items()}, file)
    parts = dict.fromkeys(checkpoint.PARTS, teacher.state_dict())
    state = checkpoint.Checkpoint(1, {"names": ["cat", "dog"]}, parts, [])
    checkpoint.save(state, tmp_path / "teacher" / "state")
    options = Options(
        (pictures,),
        tmp_path / "run",
        design="small",
        teacher=file,
        teach=True,
        dense=1.0,
        steps=2,
        batch=2,
        rate=1e-3,
        sides=(64,),
        odds=(1.0,),
        wide=0.0,
        threads=1,
        low_precision=False,
    )
    written = train(options, tell=lambda _: None, note=lambda _: None)
    assert (tmp_path / "run" / "guesses-0.npz").is_file()
    weights = checkpoint.read(written)
    assert not any("norm" in name for name in weights)
    Detector(replace(SMALL, classes=2)).load_state_dict(weights)
    on = start.network(("cat", "dog"), written, "small")
    assert not on.design.branches
    with_branches = start.network(("cat", "dog"), tmp_path / "run", "small")
    assert with_branches.design.branches


@pytest.mark.skipif(os.name != "posix", reason="signals")
def test_a_run_in_the_background_that_a_shell_made_deaf_to_ctrl_c_keeps_its_state(
    pictures: Path, tmp_path: Path
) -> None:
    told = ["--data", str(pictures), "--out", str(tmp_path / "run"), "--design", "small", "--steps", "400"]
    told += ["--batch", "2", "--sides", "64", "--odds", "1", "--f32", "--threads", "1"]
    deaf = (
        "import os, signal, sys; signal.signal(signal.SIGINT, signal.SIG_IGN); os.execv(sys.executable, sys.argv[1:])"
    )
    command = [sys.executable, "-P", "-m", "models.training", *told]
    with subprocess.Popen(
        [sys.executable, "-S", "-c", deaf, *command], env=child.environment(), stderr=subprocess.PIPE, text=True
    ) as run:
        assert run.stderr is not None
        said = next(line for line in run.stderr if line.startswith("step "))
        run.send_signal(signal.SIGINT)
        rest = run.stderr.read()
    assert run.returncode == 130
    assert "the same command goes on from there" in rest
    state = checkpoint.load(tmp_path / "run" / "state")
    assert state is not None
    assert state.step >= int(said.split()[1])


def test_what_makes_no_training_of_a_design_is_said_in_a_sentence(pictures: Path, tmp_path: Path) -> None:
    small = Options((pictures,), tmp_path / "run", design="small", dense=1.0)
    refused = {
        "give --teacher": small,
        "no design tiny": replace(small, design="tiny", dense=0.0),
        "at least 2 pictures": replace(small, batch=1, dense=0.0),
    }
    for sentence, options in refused.items():
        with pytest.raises(OnlookerError, match=sentence):
            train(options, tell=lambda _: None, note=lambda _: None)
    medium = tmp_path / "medium.npz"
    tensors = start.network(("cat",), None).state_dict()
    checkpoint.write({name: value.numpy() for name, value in tensors.items()}, medium)
    with pytest.raises(OnlookerError, match="another network"):
        start.network(("cat", "dog"), medium, "small")
