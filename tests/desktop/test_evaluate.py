"""`onlooker evaluate` measures detectors on anybody's labelled pictures, and says in a sentence what it cannot do."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from desktop.commands import charts, cli
from desktop.sources.naming import make_source
from models.cells import Things
from models.training.annotations import read
from models.training.evaluation import measure
from models.training.trial import Times, Trial

SIDE = 96


def _labelled(folder: Path, count: int = 3) -> Path:
    """A COCO JSON set of pictures of the demo clip: a person in each, somewhere."""
    folder.mkdir()
    source = make_source("demo")
    source.open()
    images, boxes = [], []
    try:
        for number in range(1, count + 1):
            frame = source.read()
            assert frame is not None
            small = cv2.resize(frame.pixels, (SIDE, SIDE), interpolation=cv2.INTER_AREA)
            cv2.imwrite(str(folder / f"{number}.png"), small)
            images.append({"id": number, "file_name": f"{number}.png", "width": SIDE, "height": SIDE})
            boxes.append({"id": number, "image_id": number, "category_id": 1, "bbox": [20, 10, 50, 80], "iscrowd": 0})
    finally:
        source.close()
    text = {"categories": [{"id": 1, "name": "person"}], "images": images, "annotations": boxes}
    (folder / "annotations.json").write_text(json.dumps(text), encoding="utf-8")
    return folder


def _trials(folder: Path) -> list[Trial]:
    """Two sizes of one detector on one set, the larger one better and slower."""
    dataset = read(folder)
    right = [Things(one.boxes, np.full(len(one.boxes), 0.9, np.float32), one.classes) for one in dataset.pictures]
    nothing = Things(np.zeros((0, 4), np.float32), np.zeros(0, np.float32), np.zeros(0, np.intp))
    found = {416: right, 192: [*right[:-1], nothing]}
    return [
        Trial(
            data=folder.name,
            key="onlooker-m",
            size=(size, size),
            device="cpu",
            precision="f32",
            scores=measure(answers, dataset),
            whole=Times(size / 20, size / 25),
            network=None,
            notes=(),
            checked=False,
        )
        for size, answers in found.items()
    ]


def test_the_answer_names_scores_times_and_what_they_come_from(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = _labelled(tmp_path / "people")
    drawn = tmp_path / "front.png"
    words = ["evaluate", "--data", str(folder), "--size", "192", "--precision", "f32", "--json", "--device", "cpu"]
    assert cli.run([*words, "--picture", str(drawn)]) == 0
    (trial,) = json.loads(capsys.readouterr().out)["trials"]
    assert (trial["data"], trial["pictures"], trial["objects"]) == ("people", 3, 3)
    assert (trial["detector"], trial["size"], trial["precision"]) == ("onlooker-m", [192, 192], "f32")
    assert 0 <= trial["ap75"] <= trial["ap50"] <= 1
    assert [one["name"] for one in trial["classes"]] == ["person"]
    assert all(trial["milliseconds"][way]["median"] > 0 for way in ("network", "whole"))
    assert [one["threshold"] for one in trial["thresholds"]] == sorted(one["threshold"] for one in trial["thresholds"])
    assert cv2.imread(str(drawn)) is not None


def test_the_table_tells_of_each_class_and_threshold_on_request(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = _labelled(tmp_path / "people", 2)
    words = ["evaluate", "--data", str(folder), "--size", "192", "--precision", "f32", "--device", "cpu", "-q"]
    assert cli.run([*words, "--pictures", "1", "--per-class", "--thresholds"]) == 0
    said = capsys.readouterr().out
    assert "people: 1 pictures, 1 objects of 1 classes" in said
    assert "192x192" in said
    assert "FALSE BOXES A PICTURE" in said
    (person,) = (line.split() for line in said.splitlines() if line.startswith("person"))
    (usual,) = (line.split() for line in said.splitlines() if line.startswith("0.40"))
    assert "PRECISION AT 0.40" in said
    assert person[-2:] == usual[1:3]  # one class alone: its row is that of all


def test_the_picture_shows_a_row_for_each_set_and_ink_where_curves_are(tmp_path: Path) -> None:
    trials = _trials(_labelled(tmp_path / "one")) + _trials(_labelled(tmp_path / "two"))
    drawn = charts.draw(trials)
    alone = charts.draw(trials[:2])
    assert drawn.shape[2] == 3
    assert drawn.shape[0] == pytest.approx(2 * alone.shape[0], rel=0.01)
    blue = np.array([int(charts.COLOURS[0][place : place + 2], 16) for place in (5, 3, 1)])
    assert (np.abs(drawn.astype(int) - blue).max(axis=2) < 8).sum() > 500


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--data", "{missing}"], "missing"),
        (["--data", "{data}", "--detector", "nobody"], "nobody"),
        (["--data", "{data}", "--picture", "{folder}/there.png"], "--overwrite"),
        (["--data", "{data}", "--picture", "{folder}/nowhere/front.png"], "folder does not exist"),
        pytest.param(["--data", "{data}", "--size", "200"], "200"),
    ],
)
def test_what_cannot_be_done_is_one_sentence(
    words: list[str], sentence: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = _labelled(tmp_path / "people", 1)
    (tmp_path / "there.png").write_bytes(b"mine")
    places = {"missing": tmp_path / "missing", "data": data, "folder": tmp_path}
    assert cli.run(["evaluate", *(word.format(**places) for word in words)]) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert sentence in said.err
    assert len(said.err.strip().splitlines()) == 1
    assert (tmp_path / "there.png").read_bytes() == b"mine"


@pytest.mark.parametrize(
    "words", [["--all", "--detector", "onlooker-m"], ["--precision", "f16"], ["--size", "7"], ["--pictures", "0"]]
)
def test_wrong_usage_is_told_as_such(words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["evaluate", "--data", str(tmp_path), *words]) == 2
    assert capsys.readouterr().err


def test_a_picture_without_matplotlib_is_refused_before_anything_is_measured(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    words = ["evaluate", "--data", str(tmp_path / "missing"), "--picture", str(tmp_path / "front.png")]
    assert cli.run(words) == 1
    assert "pip install 'onlooker[training]'" in capsys.readouterr().err


def test_a_picture_of_another_ending_is_wrong_usage(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = _labelled(tmp_path / "people", 1)
    assert cli.run(["evaluate", "--data", str(data), "--picture", str(tmp_path / "front.bmp")]) == 2
    assert "ends in .png" in capsys.readouterr().err
