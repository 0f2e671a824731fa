"""`onlooker train` teaches a detector from pictures, goes on where it was stopped, and refuses in sentences."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path

import cv2
import numpy as np
import pytest

from desktop.commands import cli
from desktop.commands.train import USUAL
from models.training import checkpoint
from models.training.loop import Trainer
from models.training.run import Options

SMALL = ("--init", "none", "--steps", "3", "--batch", "2", "--side", "64", "--f32", "--threads", "1", "--keep", "2")


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """Four pictures with a bright square in each, labelled as COCO does."""
    folder = tmp_path / "pictures"
    folder.mkdir()
    images, boxes = [], []
    for number in range(1, 5):
        pixels = np.full((64, 64, 3), 114, np.uint8)
        pixels[10:40, 5 * number : 5 * number + 30] = 240
        cv2.imwrite(str(folder / f"{number}.png"), pixels)
        images.append({"id": number, "file_name": f"{number}.png", "width": 64, "height": 64})
        boxes.append({"id": number, "image_id": number, "category_id": 7, "bbox": [5 * number, 10, 30, 30]})
    text = {"categories": [{"id": 7, "name": "square"}], "images": images, "annotations": boxes}
    (folder / "annotations.json").write_text(json.dumps(text), encoding="utf-8")
    return folder


def test_own_classes_are_trained_and_the_answer_is_where_the_weights_lie(
    pictures: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "run"
    told = ["train", "--data", str(pictures), "--out", str(out), *SMALL, "--validation", str(pictures)]
    assert cli.run(told) == 0
    said = capsys.readouterr()
    assert said.out.strip() == str(out / "weights.safetensors")
    assert (out / "weights.safetensors").stat().st_size < 6_000_000
    assert f"onlooker models add {out / 'weights.onnx'}" in said.err
    assert (out / "weights.onnx").is_file()
    assert "Step 3 of 3: loss" in said.err
    assert "AP" in said.err
    assert (
        cli.run(["train", "--data", str(pictures), "--out", str(tmp_path / "on"), *SMALL[2:], "--init", str(out)]) == 0
    )


def test_the_small_design_is_trained_from_nothing_and_goes_on_from_its_own_weights(
    pictures: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    begin = ["train", "--data", str(pictures), "--design", "small", *SMALL[2:]]
    assert cli.run([*begin, "--out", str(tmp_path / "run"), "--warm-up", "1"]) == 0
    written = tmp_path / "run" / "weights.safetensors"
    assert capsys.readouterr().out.strip() == str(written)
    assert cli.run([*begin, "--out", str(tmp_path / "on"), "--init", str(written)]) == 0
    assert cli.run(["train", "--data", str(pictures), "--out", str(tmp_path / "x"), "--init", str(written)]) == 1
    assert "another network" in capsys.readouterr().err


def test_ctrl_c_keeps_the_state_and_the_same_command_goes_on(
    pictures: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    told = ["train", "--data", str(pictures), "--out", str(tmp_path / "run"), *SMALL]
    honest = Trainer.loss

    def interrupted(self: Trainer, batch: object) -> object:
        if self.step == 1:
            os.kill(os.getpid(), signal.SIGINT)
        return honest(self, batch)  # type: ignore[arg-type]  # as the loop gives it

    monkeypatch.setattr(Trainer, "loss", interrupted)
    assert cli.run(told) == 130
    assert "the same command goes on from there" in capsys.readouterr().err
    monkeypatch.undo()
    assert cli.run(told) == 0
    assert "Going on after step 1 of 3." in capsys.readouterr().err


def test_what_cannot_be_done_is_said_in_a_sentence(
    pictures: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    begin = ["train", "--out", str(tmp_path / "run"), "--data"]
    assert cli.run([*begin, str(tmp_path / "nothing.json"), *SMALL]) == 1
    assert "nothing.json is not there" in capsys.readouterr().err
    assert cli.run([*begin, str(pictures), *SMALL, "--side", "65"]) == 1
    assert "multiples of 32" in capsys.readouterr().err
    checkpoint.write({"backbone.stem.0.weight": np.zeros((3, 3), np.float32)}, tmp_path / "other.npz")
    assert cli.run([*begin, str(pictures), *SMALL[2:], "--init", str(tmp_path / "other.npz")]) == 1
    said = capsys.readouterr().err
    assert "another network" in said
    assert "Traceback" not in said
    assert cli.run([*begin, str(pictures), *SMALL, "--coco", "--classes", "dog"]) == 2
    assert cli.run([*begin, str(pictures), *SMALL, "--device", "abacus"]) == 2
    assert cli.run([*begin, str(pictures), *SMALL, "--design", "huge"]) == 2


def test_the_help_names_the_values_that_are_usual() -> None:
    usual = Options((), Path())
    assert {name: getattr(usual, name) for name in USUAL} == USUAL
