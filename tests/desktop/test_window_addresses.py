"""Addresses in the window: watched with their passwords, shown and stored without (TRAPS T29); screens in the menu."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from fake_room import FakeRoom, events, watching, window
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot
from window_keys import press

from desktop.settings import Settings, save
from desktop.sources.naming import make_source
from desktop.sources.screen import Screen
from desktop.window.main_window import MainWindow
from desktop.window.naming_dialog import NamingDialog
from desktop.window.region_drawing import RegionDrawing

TYPED = "rtsp://eve:canary@cellar/live"
SHOWN = "rtsp://***@cellar/live"


@pytest.fixture
def room() -> FakeRoom:
    return FakeRoom(screens=((Screen("screen:0", "Screen 1", (1920, 1080)),), ""))


@pytest.fixture
def opened(qapp: QApplication, room: FakeRoom) -> Iterator[MainWindow]:
    with window(qapp, room) as one:
        yield one


def dialog_of(opened: MainWindow) -> NamingDialog:
    found = [one for one in opened.findChildren(NamingDialog) if one.isVisible()]
    assert len(found) == 1
    return found[0]


def test_an_address_is_watched_as_it_was_typed_and_shown_without_its_password(
    opened: MainWindow, room: FakeRoom, tmp_path: Path
) -> None:
    watching(opened, room, name=TYPED)
    assert list(room.sources) == [TYPED]
    assert opened.title == SHOWN
    assert opened.windowTitle() == f"{SHOWN} - Onlooker"
    assert opened.settings.source == SHOWN
    assert opened.settings.recent == [SHOWN]
    texts = [action.text() + action.toolTip() for action in opened.sources.actions()]
    assert SHOWN in "".join(texts)
    save(opened.settings, tmp_path / "settings.toml")
    everything = [*texts, *opened.stage.said, repr(opened.settings), (tmp_path / "settings.toml").read_text("utf-8")]
    everything += [opened.windowTitle(), opened.accessibleName(), opened.header._source.text()]
    assert not [text for text in everything if "canary" in text]


def test_while_the_program_runs_it_is_opened_again_without_asking(opened: MainWindow, room: FakeRoom) -> None:
    watching(opened, room, name=TYPED)
    opened.open_source("fake")
    opened.sources.chosen.emit(SHOWN)
    opened.deeds.try_again()
    assert len(room.sources[TYPED]) == 3
    press(opened, "Ctrl+L")
    dialog = dialog_of(opened)
    assert dialog.line.text() == SHOWN  # the password is not put on the screen
    QTest.keyClick(dialog.line, Qt.Key.Key_Return)
    assert not dialog.isVisible()
    assert len(room.sources[TYPED]) == 4


def test_after_a_new_start_its_password_is_asked_for(qapp: QApplication) -> None:
    room = FakeRoom()
    with window(qapp, room, Settings(recent=[SHOWN], source=SHOWN)) as opened:
        assert opened.watch is not None
        opened.watch.room = replace(opened.watch.room, make_source=make_source)  # the real names
        opened.sources.chosen.emit(SHOWN)
        dialog = dialog_of(opened)
        assert "user and password, which are never stored" in dialog.refused
        assert dialog.line.text() == SHOWN
        assert dialog.line.selectedText() == "***"
        opened.watch.room = room.equip()
        QTest.keyClicks(dialog.line, "eve:canary")
        QTest.keyClick(dialog.line, Qt.Key.Key_Return)
        assert not dialog.isVisible()
        assert list(room.sources) == [TYPED]


def test_what_was_watched_lately_is_offered_while_somebody_types(qtbot: QtBot) -> None:
    dialog = NamingDialog("", [SHOWN, "camera:0"])
    qtbot.addWidget(dialog)
    completer = dialog.line.completer()
    completer.setCompletionPrefix("CELLAR")
    assert completer.currentCompletion() == SHOWN


def test_screens_are_in_the_menu_with_their_sizes(opened: MainWindow, room: FakeRoom) -> None:
    texts = {action.text(): action for action in opened.sources.actions()}
    texts["Screen 1, 1920 × 1080"].trigger()  # noqa: RUF001 - that is the sign
    assert list(room.sources) == ["screen:0"]
    assert opened.title == "Screen 1"
    opened.sources.set_screens((), "On Wayland not.")
    (none,) = [action for action in opened.sources.actions() if action.text() == "No screen can be watched"]
    assert (none.isEnabled(), none.toolTip()) == (False, "On Wayland not.")


def test_a_part_of_the_screen_is_drawn_on_its_picture(opened: MainWindow, room: FakeRoom) -> None:
    press(opened, "Shift+C")
    (message,) = opened.stage.banner.messages
    assert message.sentence == "Watch the screen first, then choose the part of it."
    assert message.action is not None
    message.action[1]()
    watching(opened, room, name="screen:0")
    press(opened, "Shift+C")
    drawing = opened.findChild(RegionDrawing)
    assert drawing is not None
    for key in (Qt.Key.Key_Space, Qt.Key.Key_Right, Qt.Key.Key_Down, Qt.Key.Key_Space):
        QTest.keyClick(drawing, key, Qt.KeyboardModifier.ShiftModifier)  # from the middle a tenth on
    QTest.keyClick(drawing, Qt.Key.Key_Return)
    assert list(room.sources)[-1] == "screen:0:960,540,192,108"
    assert opened.title == "Part of screen 1, 192 × 108"  # noqa: RUF001 - that is the sign


def drawing_on_the_whole(opened: MainWindow, room: FakeRoom) -> RegionDrawing:
    press(opened, "Shift+C")
    room.newest("screen:0").give()
    events(lambda: opened.findChild(RegionDrawing) is not None, "the whole screen is there to draw on")
    drawing = opened.findChild(RegionDrawing)
    assert drawing is not None
    return drawing


def test_another_part_is_drawn_on_the_whole_screen(opened: MainWindow, room: FakeRoom) -> None:
    watching(opened, room, name="screen:0:0,0,192,108")
    drawing = drawing_on_the_whole(opened, room)
    for key in (Qt.Key.Key_Space, Qt.Key.Key_Right, Qt.Key.Key_Down, Qt.Key.Key_Space):
        QTest.keyClick(drawing, key, Qt.KeyboardModifier.ShiftModifier)
    QTest.keyClick(drawing, Qt.Key.Key_Return)
    assert list(room.sources)[-1] == "screen:0:960,540,192,108"


def test_who_gives_up_drawing_watches_the_part_from_before(opened: MainWindow, room: FakeRoom) -> None:
    watching(opened, room, name="screen:0:0,0,192,108")
    QTest.keyClick(drawing_on_the_whole(opened, room), Qt.Key.Key_Escape)
    assert opened.name == "screen:0:0,0,192,108"
    assert len(room.sources["screen:0:0,0,192,108"]) == 2


def test_a_source_that_is_opened_instead_is_not_drawn_on(opened: MainWindow, room: FakeRoom) -> None:
    watching(opened, room, name="screen:0:0,0,192,108")
    press(opened, "Shift+C")
    watching(opened, room)
    assert opened.findChild(RegionDrawing) is None


def test_only_a_source_that_was_seen_is_among_the_recent_ones(opened: MainWindow, room: FakeRoom) -> None:
    watching(opened, room)
    opened.open_source("lost")
    room.newest("lost").end()
    events(lambda: opened.stage.said[1] != "", "it gives nothing")
    opened.open_source("other")
    assert opened.settings.recent == ["fake"]
    watching(opened, room, name="other")
    assert opened.settings.recent == ["other", "fake"]


def test_what_is_waited_for_is_said_over_the_picture(opened: MainWindow, room: FakeRoom) -> None:
    source = watching(opened, room)
    source.trouble = "No connection to rtsp://***@cellar/live (nothing came for 10 s): it is called again."
    events(lambda: opened.stage.said[1] == source.trouble, "the trouble is said")
    source.trouble = ""
    source.give()
    events(lambda: opened.stage.said[1] == "", "it is over")
