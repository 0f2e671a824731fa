"""What rules find is told beside the clock while the window is not in front; the system's place for that is a fake."""

from __future__ import annotations

from pathlib import Path

import pytest
from fake_room import FakeRoom, events, watching, window
from PySide6.QtWidgets import QApplication, QDialog, QSystemTrayIcon

from desktop.recordings.rule_file import make, save
from desktop.window.ruled import FILE
from desktop.window.tray import Tray


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The messages that the system was asked to show."""
    told: list[str] = []
    monkeypatch.setattr(QSystemTrayIcon, "isSystemTrayAvailable", lambda: True)
    monkeypatch.setattr(QSystemTrayIcon, "showMessage", lambda _icon, _title, sentence, *_more: told.append(sentence))
    return told


def test_what_is_found_is_told_by_the_system_while_another_window_is_in_front(
    qapp: QApplication, shown: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ONLOOKER_CONFIG", str(tmp_path))
    rule = {"what": ["dog"], "seconds": 0, "cooldown": 0}
    save(
        tmp_path / FILE,
        [make({"name": "Dog", **rule}), make({"name": "Quiet", **rule, "notify": False, "snapshot": True})],
    )
    room = FakeRoom()
    with window(qapp, room) as opened:
        other = QDialog()
        other.show()
        other.activateWindow()
        events(lambda: not opened.isActiveWindow(), "another window is in front")
        watching(opened, room)
        events(lambda: bool(shown), "it is told")
        assert shown == ["Dog: dog, 91% sure."]
        icon = opened.findChild(QSystemTrayIcon)
        assert icon is not None
        assert icon.isVisible()
        icon.messageClicked.emit()
        events(opened.isActiveWindow, "a click brings the window to the front")
        other.close()
        opened.deeds.end_rules()
        assert not icon.isVisible()


def test_nothing_is_told_beside_the_clock_while_the_window_is_in_front(qapp: QApplication, shown: list[str]) -> None:
    with window(qapp, FakeRoom()) as opened:
        events(opened.isActiveWindow, "the window is in front")
        assert Tray(opened).tell("Dog: dog, 91% sure.")
        opened.deeds.show_rules()
        events(lambda: not opened.isActiveWindow(), "the list of rules is in front")
        assert Tray(opened).tell("Dog: dog, 91% sure.")
    assert shown == []


def test_a_system_without_such_a_place_is_no_error(qapp: QApplication, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(QSystemTrayIcon, "isSystemTrayAvailable", lambda: False)
    with window(qapp, FakeRoom()) as opened:
        opened.hide()
        assert not Tray(opened).tell("Dog: dog, 91% sure.")
