"""`onlooker models add` shows a detector on a picture before it takes it; then it is listed, used and removed."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
import small_networks as small

from desktop.commands import cli


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The arguments that add a small network, shown on a small picture."""
    monkeypatch.setenv("ONLOOKER_NETWORKS", str(tmp_path / "networks"))
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    picture, pixels = tmp_path / "street.png", np.random.default_rng(5).integers(0, 256, (48, 64, 3)).astype(np.uint8)
    cv2.imwrite(str(picture), pixels)
    file = small.save(tmp_path / "own.onnx", small.one(small.yolo(2)))
    shown = tmp_path / "shown.png"
    return ["models", "add", str(file), "--picture", str(picture), "--preview", str(shown), "--classes", "heron,stork"]


def keys(capsys: pytest.CaptureFixture[str]) -> list[str]:
    capsys.readouterr()
    assert cli.run(["models", "list", "--json"]) == 0
    return [one["key"] for one in json.loads(capsys.readouterr().out)["added"]]


def test_without_a_terminal_it_is_shown_and_refused_with_the_way_to_add_it(
    own: list[str], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert cli.run(own) == 1
    said = capsys.readouterr()
    assert "YOLO without objectness (YOLOv8 style)" in said.out
    assert "heron  0.90" in said.out
    assert f"Nothing is added unseen: look at {tmp_path / 'shown.png'}" in said.err
    assert "--yes" in said.err
    before, after = (cv2.imread(str(tmp_path / name)) for name in ("street.png", "shown.png"))
    assert before is not None
    assert after is not None
    assert not np.array_equal(before, after)
    assert keys(capsys) == []


@pytest.mark.parametrize(("answer", "there"), [("n\n", []), ("y\n", ["own"])])
def test_on_a_terminal_it_asks(
    answer: str, there: list[str], own: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", Terminal(answer))
    assert cli.run(own) == (0 if there else 1)
    assert keys(capsys) == there


def test_an_added_network_is_listed_used_and_removed(
    own: list[str], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert cli.run([*own, "--yes", "--name", "birds", "--licence", "MIT"]) == 0
    assert cli.run([*own, "--yes", "--name", "birds"]) == 1
    assert "There is a network birds already" in capsys.readouterr().err
    assert cli.run(["models"]) == 0
    assert "birds  YOLO without objectness (YOLOv8 style)  64x64  2" in capsys.readouterr().out
    data = tmp_path / "seen.jsonl"
    looked = ["annotate", str(tmp_path / "street.png"), "--data", str(data), "-o", str(tmp_path / "out.png")]
    assert cli.run([*looked, "--no-faces", "--no-bodies", "--detector", "birds"]) == 0
    assert "heron" in data.read_text(encoding="utf-8")
    assert cli.run(["models", "remove", "birds"]) == 0
    assert keys(capsys) == []
    assert cli.run(["models", "remove", "birds"]) == 1
    assert cli.run([*looked, "--overwrite", "--no-faces", "--no-bodies", "--detector", "birds"]) == 1
    assert "There is no detector 'birds'" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("more", "status", "sentence"),
    [
        (["--mean", "1,2"], 2, "is not three numbers"),
        (["--size", "wide"], 2, "is no size"),
        (["--fit", "crop"], 1, "There is no way 'crop'"),
        (["--layout", "ssd"], 1, "There is no layout 'ssd'"),
        (["--name", "../x"], 1, "cannot be a network's name"),
        (["--picture", "camera:0"], 1, "camera:0 is live"),
        (["--layout", "detr"], 1, "is not of the layout detr"),
    ],
)
def test_what_makes_no_sense_is_told(
    more: list[str], status: int, sentence: str, own: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.run([*own, "--yes", *more]) == status
    assert sentence in " ".join(capsys.readouterr().err.split())
    assert keys(capsys) == []
