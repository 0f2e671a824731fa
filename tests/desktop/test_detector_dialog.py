"""The window shows what a file sees before it is added, says why it is refused, and lets go when it is closed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import small_networks as small
from PySide6.QtCore import Qt
from PySide6.QtTest import QSignalSpy
from pytestqt.qtbot import QtBot

from desktop.window.detector_dialog import DetectorDialog
from models.importing import added

PICTURE = np.random.default_rng(5).integers(0, 256, (48, 64, 3)).astype(np.uint8)


@pytest.fixture
def dialog(qtbot: QtBot, tmp_path: Path) -> DetectorDialog:
    made = DetectorDialog(tmp_path / "networks", lambda: PICTURE, threads=1)
    made.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose, on=False)  # a test looks at it afterwards
    qtbot.addWidget(made)
    made.show()
    return made


def press(qtbot: QtBot, dialog: DetectorDialog) -> None:
    dialog.go.click()
    qtbot.waitUntil(lambda: not dialog.runs, timeout=60_000)


def test_boxes_are_shown_first_and_the_second_press_adds_it(
    qtbot: QtBot, dialog: DetectorDialog, tmp_path: Path
) -> None:
    spy = QSignalSpy(dialog.added)
    dialog.choose(small.save(tmp_path / "My Own.onnx", small.one(small.yolo(2))))
    dialog.lines["classes"].setText("heron, stork")
    dialog.lines["licence"].setText("MIT")
    press(qtbot, dialog)
    assert "YOLO without objectness" in dialog.said
    assert "1 found" in dialog.said
    shown = dialog.preview.shown
    assert shown is not None
    assert shown.scene is not None
    assert [one.label for one in shown.scene.objects] == ["heron"]
    assert added.listed(tmp_path / "networks") == ((), ())
    press(qtbot, dialog)
    assert [one.key for one in added.listed(tmp_path / "networks")[0]] == ["my-own"]
    assert added.listed(tmp_path / "networks")[0][0].licence == "MIT"
    assert [spy.at(0)[0], spy.count()] == ["my-own", 1]


def test_what_is_changed_after_the_trial_is_tried_again(qtbot: QtBot, dialog: DetectorDialog, tmp_path: Path) -> None:
    dialog.choose(small.save(tmp_path / "own.onnx", small.one(small.yolo(2))))
    press(qtbot, dialog)
    assert dialog.go.text() == "Add"
    dialog.choices["fit"].setCurrentIndex(1)
    assert (dialog.go.text(), dialog.said) == ("Try", "")


def test_a_refused_file_is_told_and_can_be_replaced(qtbot: QtBot, dialog: DetectorDialog, tmp_path: Path) -> None:
    assert not dialog.go.isEnabled()
    (tmp_path / "no.onnx").write_text("no network", encoding="utf-8")
    dialog.choose(tmp_path / "no.onnx")
    press(qtbot, dialog)
    assert dialog.said.startswith("no.onnx is no ONNX file")
    assert (dialog.go.text(), dialog.go.isEnabled()) == ("Try", True)


def test_closing_it_ends_the_trial_and_adds_nothing(dialog: DetectorDialog, tmp_path: Path) -> None:
    dialog.choose(small.save(tmp_path / "own.onnx", small.one(small.yolo(2))))
    dialog.go.click()
    assert dialog.runs
    dialog.reject()
    assert added.listed(tmp_path / "networks") == ((), ())
