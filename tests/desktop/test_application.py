"""The program around the window: what would break Qt is refused, errors that nobody caught are told."""

from __future__ import annotations

import importlib.util
import logging
import sys
import threading
from importlib.machinery import ModuleSpec
from pathlib import Path

import pytest

from desktop.settings import Settings
from desktop.window.application import _reported, load_fonts, run
from models.errors import DisplayError


@pytest.mark.skipif(sys.platform != "linux", reason="the second Qt breaks ours on Linux alone")
def test_an_opencv_with_a_qt_of_its_own_is_refused_with_the_remedy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """T20: "Could not load the Qt platform plugin xcb", from which nobody learns what to do."""
    (tmp_path / "qt").mkdir()
    spec = ModuleSpec("cv2", None, is_package=True)
    spec.submodule_search_locations = [str(tmp_path)]
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: spec)
    with pytest.raises(DisplayError, match="opencv-python-headless"):
        run(None, Settings(), "")


def test_errors_that_nobody_caught_are_logged_and_told_from_every_thread(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "excepthook", lambda *_error: None)
    monkeypatch.setattr(threading, "excepthook", lambda *_error: None)
    told: list[str] = []

    def fail() -> None:
        raise ZeroDivisionError("nothing by nothing")

    before = sys.excepthook, threading.excepthook
    with caplog.at_level(logging.CRITICAL), _reported(told.append):
        try:
            fail()
        except ZeroDivisionError as error:
            sys.excepthook(type(error), error, error.__traceback__)
        thread = threading.Thread(target=fail)
        thread.start()
        thread.join()
    assert (sys.excepthook, threading.excepthook) == before
    assert len(told) == 2
    assert all("ZeroDivisionError: nothing by nothing" in sentence for sentence in told)
    assert "Traceback" in caplog.text


def test_labels_are_painted_in_the_typeface_that_ships(qapp: object) -> None:
    from PySide6.QtGui import QFontDatabase

    assert qapp is not None
    load_fonts()
    assert {"Regular", "Semi Bold"} <= {
        style.replace("SemiBold", "Semi Bold") for style in QFontDatabase.styles("Inter")
    }
