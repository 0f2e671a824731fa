"""What is chosen is on the disk soon after, so that a kill costs no choice; and it is written once."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from fake_room import FakeRoom, events, window
from fake_source import PATIENCE
from PySide6.QtWidgets import QApplication
from window_keys import press

from desktop.settings import NAME, Settings, load
from desktop.settings import save as write
from desktop.window import keeping
from desktop.window.main_window import MainWindow
from models.errors import SettingsError


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file of settings; what has changed is written at the second look that finds no further change."""
    monkeypatch.setenv("ONLOOKER_CONFIG", str(tmp_path))
    monkeypatch.setattr(keeping, "_QUIET", 2)
    return tmp_path / NAME


@pytest.fixture
def opened(qapp: QApplication, config: Path) -> Iterator[MainWindow]:
    assert not config.exists()
    with window(qapp, FakeRoom()) as made:
        yield made


def look(opened: MainWindow, times: int) -> None:
    for _ in range(times):
        opened._keeping.tick()


def test_what_was_chosen_is_written_while_the_window_is_open(opened: MainWindow, config: Path) -> None:
    press(opened, "M")
    events(config.exists, "it is written")
    kept, notice = load(config)
    assert (kept.mirror, notice) == (True, "")
    assert kept.geometry.startswith("open ")
    press(opened, "P")
    events(lambda: load(config)[0].geometry.startswith("closed "), "that the panel is closed is written too")


def test_nothing_is_written_before_something_was_chosen(opened: MainWindow, config: Path) -> None:
    opened.resize(900, 600)
    look(opened, 10)
    assert not opened.errands
    assert not config.exists()


def test_a_panel_that_gives_way_to_the_picture_alone_is_kept_open(opened: MainWindow) -> None:
    opened.deeds.switch_controls()
    assert opened.panel.isHidden()
    look(opened, 4)
    assert not opened.errands
    assert opened._geometry().startswith("open ")


def test_a_slider_that_is_drawn_is_written_when_it_stands_still(opened: MainWindow) -> None:
    opened._ticks.stop()  # the test looks instead
    for percent in range(10, 60):
        opened.settings.score = percent / 100
        look(opened, 2)
        assert not opened.errands
    look(opened, 2)
    assert opened.errands.runs("settings")
    opened._ticks.start()


def test_a_window_that_closes_while_settings_are_written_writes_the_last_ones_last_and_once(
    opened: MainWindow, config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_on, written = threading.Event(), []

    def slowly(settings: Settings) -> None:
        assert go_on.wait(PATIENCE)
        write(settings)
        written.append(settings.mirror)

    monkeypatch.setattr(keeping, "save", slowly)
    press(opened, "M")
    events(lambda: opened.errands.runs("settings"), "it is being written")
    press(opened, "M")
    for _ in range(3):
        opened.close()
    go_on.set()
    events(lambda: opened._ended, "the window has ended")
    assert written == [True, False]
    assert not load(config)[0].mirror


def test_settings_that_cannot_be_written_are_logged_once(
    opened: MainWindow, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(_settings: Settings) -> None:
        raise SettingsError("The settings cannot be saved in here: no space.")

    monkeypatch.setattr(keeping, "save", fail)
    for _ in range(2):
        press(opened, "M")
        look(opened, 3)
        events(lambda: not opened.errands, "it was tried")
    opened.close()
    events(lambda: opened._ended, "the window has ended")
    assert [record.message for record in caplog.records if record.name == keeping.__name__] == [
        "The settings cannot be saved in here: no space."
    ]
    assert opened.stage.banner.messages == ()
