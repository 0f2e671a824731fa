"""The program around the window: errors that nobody caught are told, the typeface is known."""

from __future__ import annotations

import logging
import sys
import threading

import pytest

from desktop.window.application import _reported, load_fonts


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
