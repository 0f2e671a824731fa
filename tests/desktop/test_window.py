"""Everything that can be done in the window can be done by the keyboard, and does what it says."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import cv2
import pytest
from fake_room import FakeCamera, FakeRoom, events, watching, window
from fake_source import FakeSource
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QAction, QDragEnterEvent, QDropEvent, QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog, QFileDialog, QLabel, QWidget
from window_keys import press

from desktop.settings import Settings
from desktop.sources.source import SourceInfo
from desktop.window.about import About, licences
from desktop.window.actions import GROUPS, actions_of, commands_of
from desktop.window.buttons import ToolButton
from desktop.window.main_window import MainWindow
from desktop.window.naming_dialog import NamingDialog
from desktop.window.panel import DEVICES
from desktop.window.shortcuts import Shortcuts
from models.errors import NetworkError, SourceError


@pytest.fixture
def room() -> FakeRoom:
    return FakeRoom()


@pytest.fixture
def opened(qapp: QApplication, room: FakeRoom) -> Iterator[MainWindow]:
    with window(qapp, room) as one:
        yield one


class Recorder:
    """Does nothing but remember what it was asked to do."""

    def __init__(self) -> None:
        self.done: list[str] = []

    def __getattr__(self, name: str) -> object:
        return lambda: self.done.append(name)


def test_every_shortcut_of_every_command_calls_its_handler(qapp: QApplication) -> None:
    recorder, widget = Recorder(), QWidget()
    commands = commands_of(recorder)  # type: ignore[arg-type] # anything can be asked of it
    actions_of(commands, widget)
    widget.show()
    widget.activateWindow()
    events(widget.isActiveWindow, "the window is active")
    for command in commands:
        assert command.shortcuts, command.id
        for keys in command.shortcuts:
            recorder.done.clear()
            press(widget, keys)
            command.handler()
            assert len(recorder.done) == 2, f"{command.id} by {keys}"
            assert recorder.done[0] == recorder.done[1]
    widget.close()
    assert qapp is not None


def test_no_two_commands_share_a_key_and_each_stands_in_a_group(opened: MainWindow) -> None:
    keys = [key for command in opened.commands for key in command.shortcuts]
    assert len(keys) == len(set(keys))
    assert {command.group for command in opened.commands} == set(GROUPS)
    assert len({command.id for command in opened.commands}) == len(opened.commands)


def test_menus_tooltips_and_the_overview_show_every_command(opened: MainWindow) -> None:
    press(opened, "F1")
    overview = opened.findChild(Shortcuts)
    assert overview is not None
    texts = {label.text() for label in overview.findChildren(QLabel)}
    in_menu = {action.objectName() for branch in _branches(opened) for action in branch}
    for command in opened.commands:
        action = opened.actions_by_id[command.id]
        first = QKeySequence(command.shortcuts[0]).toString(QKeySequence.SequenceFormat.NativeText)
        assert first in action.toolTip()
        assert command.title.removesuffix("…") in texts
        assert first in texts
        assert command.id in in_menu or command.id == "menu"
    overview.reject()


def _branches(opened: MainWindow) -> list[list[QAction]]:
    top = opened.menu_of_all.actions()
    return [top, *(action.menu().actions() for action in top if action.menu() is not None)]  # type: ignore[attr-defined]


def test_the_empty_window_invites_and_says_that_no_camera_is_attached(opened: MainWindow) -> None:
    assert opened.stage.preview.isHidden()
    assert not opened.stage.welcome.isHidden()
    assert "No camera is attached" in opened.stage.welcome.cameras_text
    assert [button.text().strip() for button in opened.stage.welcome.buttons] == ["Play the demo", "Open a file…"]
    assert not opened.actions_by_id["record"].isEnabled()
    assert not opened.actions_by_id["snapshot"].isEnabled()


def test_cameras_are_offered_by_name(qapp: QApplication) -> None:
    room = FakeRoom(cameras=(FakeCamera("Desk & door", "camera:Desk & door"),))
    with window(qapp, room) as opened:
        entries = [action.text() for action in opened.sources.actions()]
        assert entries[0] == "Desk && door"
        opened.stage.welcome.buttons[0].click()
        assert list(room.sources) == ["camera:Desk & door"]
        assert "Desk & door" in opened.windowTitle()


def test_cameras_that_cannot_be_listed_are_said_with_the_reason(qapp: QApplication) -> None:
    with window(qapp, FakeRoom(cameras_fail=SourceError("The cameras may not be listed."))) as opened:
        assert opened.stage.welcome.cameras_text == "The cameras may not be listed."


def test_a_picture_is_shown_with_its_marks_and_figures(opened: MainWindow, room: FakeRoom) -> None:
    source = watching(opened, room, 3)
    shown = opened.stage.preview.shown
    assert shown is not None
    events(lambda: opened.panel.figures["device"] == "cpu, f32", "the figures are shown")
    assert "64" in opened.panel.figures["size"]
    assert opened.header.state == "Runs on cpu, f32"
    assert opened.actions_by_id["record"].isEnabled()
    assert opened.actions_by_id["start-stop"].text() == "Stop"
    source.give(2)
    events(lambda: opened.stage.preview.ages[-1][0] == 4, "newer frames are painted")
    indices = [index for index, _ in opened.stage.preview.ages]
    assert indices == sorted(set(indices))
    assert all(age > 0 for _, age in opened.stage.preview.ages)


def test_space_stops_and_starts_again(opened: MainWindow, room: FakeRoom) -> None:
    source = watching(opened, room)
    press(opened, "Space")
    source.end()
    events(source.closed.is_set, "the source is closed")
    assert opened.actions_by_id["start-stop"].text() == "Start"
    assert opened.stage.preview.shown is not None  # the last picture stays
    assert opened.stage.said[0] == "Stopped"
    press(opened, "Space")
    events(lambda: len(room.sources["fake"]) == 2, "the same source is opened again")


def test_the_same_camera_is_opened_only_when_the_one_before_has_let_go(opened: MainWindow, room: FakeRoom) -> None:
    """Its native call is still in progress: a second opening of the same device would fail."""
    first = watching(opened, room)
    opened.open_source("fake")
    second = room.newest()
    assert second is not first
    assert opened.stage.said[1].startswith("Opening")
    assert not second.opened.is_set()
    first.end()
    events(second.opened.is_set, "the second is opened")
    assert first.closed.is_set()


def test_a_file_dropped_onto_the_window_is_opened(opened: MainWindow, room: FakeRoom, tmp_path: Path) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(tmp_path / "clip.mp4"))])
    copy, left, none = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    enter = QDragEnterEvent(QPoint(10, 10), copy, data, left, none)
    QApplication.sendEvent(opened, enter)
    assert enter.isAccepted()
    QApplication.sendEvent(opened, QDropEvent(QPointF(10, 10), copy, data, left, none))
    assert [Path(name) for name in room.sources] == [tmp_path / "clip.mp4"]
    assert "clip.mp4" in opened.windowTitle()
    (made,) = room.sources.values()
    made[-1].give()
    events(lambda: bool(opened.settings.recent), "it is remembered")
    assert Path(opened.settings.recent[0]) == tmp_path / "clip.mp4"


def test_what_cannot_be_opened_by_name_says_why_and_stays_to_be_corrected(opened: MainWindow, room: FakeRoom) -> None:
    press(opened, "Ctrl+L")
    dialog = opened.findChild(NamingDialog)
    assert dialog is not None
    dialog.line.setText("nothing.mp4")
    QTest.keyClick(dialog.line, Qt.Key.Key_Return)
    assert dialog.isVisible()
    assert dialog.refused == "There is no file nothing.mp4."
    dialog.line.setText("fake")
    QTest.keyClick(dialog.line, Qt.Key.Key_Return)
    assert not dialog.isVisible()
    assert list(room.sources) == ["fake"]


def test_a_password_in_a_name_is_not_remembered(opened: MainWindow, room: FakeRoom) -> None:
    opened.open_source("rtsp://me:secret@door/stream")
    assert list(room.sources) == ["rtsp://me:secret@door/stream"]
    assert "secret" not in repr(opened.settings)


def test_files_and_folders_are_asked_for(opened: MainWindow, room: FakeRoom, tmp_path: Path) -> None:
    for keys, mode in (("Ctrl+O", QFileDialog.FileMode.ExistingFile), ("Ctrl+Shift+O", QFileDialog.FileMode.Directory)):
        press(opened, keys)
        dialog = opened.findChildren(QFileDialog)[-1]
        assert dialog.fileMode() == mode
        dialog.fileSelected.emit(str(tmp_path))
        dialog.reject()
    assert len(room.sources[str(tmp_path)]) == 2


def test_faces_and_bodies_are_switched_between_two_frames(opened: MainWindow, room: FakeRoom) -> None:
    source = watching(opened, room)
    analyzer = room.loaded[0][0]
    press(opened, "F")
    source.give()
    events(lambda: analyzer.looked[-1][0] == 1, "the next frame is looked at")
    assert not analyzer.looked[-1][1].faces
    assert not opened.settings.faces
    assert not opened.actions_by_id["faces"].isChecked()
    press(opened, "O")
    press(opened, "B")  # nothing is looked for any more
    events(lambda: opened.header.state == "Nothing is looked for", "the networks rest")
    press(opened, "F")
    source.give()
    events(lambda: analyzer.looked[-1][0] == 2, "looking goes on with the networks that are loaded")
    assert len(room.loaded) == 1
    assert analyzer.looked[-1][1].faces


def test_a_kind_whose_networks_are_missing_is_loaded_with_progress(qapp: QApplication, room: FakeRoom) -> None:
    with window(qapp, room, Settings(bodies=False)) as opened:
        watching(opened, room)
        room.loading.clear()
        press(opened, "B")
        events(lambda: opened.header.progress == pytest.approx(0.4), "progress is shown")
        assert "Preparing the face mesh" in opened.header.state
        room.loading.set()
        events(lambda: opened.header.progress is None, "it is loaded")
        assert room.loaded[-1][0].options.bodies


def test_the_score_threshold_moves_by_keys_and_by_the_slider(opened: MainWindow, room: FakeRoom) -> None:
    source = watching(opened, room)
    analyzer = room.loaded[0][0]
    for keys, score in (("Ctrl+Up", 0.5), ("Ctrl+Up", 0.55), ("Ctrl+Down", 0.5), ("Ctrl+0", None), ("Ctrl+Down", 0.5)):
        press(opened, keys)
        assert opened.settings.score == score
    opened.panel._score.setValue(80)
    source.give()
    events(lambda: analyzer.looked[-1][0] == 1, "the next frame is looked at")
    assert (analyzer.looked[-1][1].face_score, analyzer.looked[-1][1].body_score) == (0.8, 0.8)


def test_another_device_is_loaded_and_what_is_used_instead_is_said(opened: MainWindow, room: FakeRoom) -> None:
    watching(opened, room)
    press(opened, "Ctrl+D")
    press(opened, "Ctrl+D")
    device = list(DEVICES)[2]
    assert opened.settings.device == device
    events(lambda: room.loaded[-1][1] == device, "the networks are loaded for it")
    events(lambda: "cannot be used" in opened.panel._note.text(), "the reason is shown")
    assert "cannot be used" in opened.stage.banner.messages[0].sentence
    press(opened, "Ctrl+D")
    assert opened.settings.device == "auto"


def test_the_mode_that_was_asked_of_a_camera_and_the_one_it_gave_are_shown(opened: MainWindow, room: FakeRoom) -> None:
    info = SourceInfo((64, 48), 30.0, asked="Asked for 1280x720.", got="Got 640x480.")
    room.make = lambda: FakeSource(info=info)
    watching(opened, room)
    events(lambda: opened.panel._mode.text() == "Asked for 1280x720. Got 640x480.", "both are shown")


def test_a_picture_is_looked_at_again_when_options_change(qapp: QApplication) -> None:
    room = FakeRoom(make=lambda: FakeSource(live=False, times=lambda _number: 0))
    with window(qapp, room) as opened:
        opened.open_source("fake")
        room.newest().give()
        room.newest().end()
        events(lambda: bool(room.loaded) and len(room.loaded[0][0].looked) == 1, "the picture was looked at")
        events(lambda: opened.stage.preview.shown is not None and bool(opened.stage.preview.shown.scene), "marks")
        press(opened, "F")
        events(lambda: len(room.loaded[0][0].looked) == 2, "it is looked at again")

        def without_faces() -> bool:
            shown = opened.stage.preview.shown
            return shown is not None and shown.scene is not None and not shown.scene.faces

        events(without_faces, "the faces are gone from the screen")


def test_files_start_over_as_the_settings_say(opened: MainWindow, room: FakeRoom) -> None:
    opened.open_source("fake")
    press(opened, "Shift+L")
    room.newest().end()
    opened.open_source("fake")
    assert room.loops == [True, False]


def test_errors_are_told_once_stack_and_go_when_dismissed(opened: MainWindow, room: FakeRoom) -> None:
    source = watching(opened, room)
    source.lose("fake:0 was unplugged.")
    events(lambda: bool(opened.stage.banner.messages), "the error is told")
    assert opened.stage.banner.messages[0].sentence == "fake:0 was unplugged."
    assert opened.stage.said[0] == "Lost"
    opened.open_source("nowhere.mp4")
    opened.open_source("nowhere.mp4")
    assert [message.sentence for message in opened.stage.banner.messages] == [
        "There is no file nowhere.mp4.",
        "fake:0 was unplugged.",
    ]
    assert opened.stage.banner.cards[0].sentence == "There is no file nowhere.mp4. (2 times)"
    press(opened, "Esc")
    press(opened, "Esc")
    assert opened.stage.banner.messages == ()
    assert opened.stage.banner.isHidden()


def test_a_lost_source_is_opened_again_by_its_message(opened: MainWindow, room: FakeRoom) -> None:
    watching(opened, room).lose()
    events(lambda: bool(opened.stage.banner.messages), "the loss is told")
    action = opened.stage.banner.messages[0].action
    assert action is not None
    action[1]()
    events(lambda: len(room.sources["fake"]) == 2, "it is opened again")


def test_a_file_at_its_end_is_played_again_by_the_start_key(opened: MainWindow, room: FakeRoom) -> None:
    watching(opened, room, 3).end()
    events(lambda: opened.actions_by_id["start-stop"].text() == "Start", "it is at its end")
    assert opened.stage.said[0] == "At its end"
    assert opened.stage.preview.shown is not None
    press(opened, "Space")
    events(lambda: len(room.sources["fake"]) == 2, "it is opened again")


def test_an_analysis_that_fails_is_told_and_the_picture_goes_on(qapp: QApplication) -> None:
    room = FakeRoom(fails=NetworkError("The face mesh is damaged: install Onlooker again."))
    with window(qapp, room) as opened:
        source = watching(opened, room)
        events(lambda: bool(opened.stage.banner.messages), "the failure is told")
        assert "damaged" in opened.stage.banner.messages[0].sentence
        source.give(2)
        events(lambda: opened.stage.preview.shown is not None and opened.stage.preview.shown.frame.index == 2, "on")
        assert opened.header.state.startswith("Nothing is looked for")


def test_errors_of_threads_are_told_in_the_window(opened: MainWindow) -> None:
    opened.report("Something went wrong.")
    events(lambda: bool(opened.stage.banner.messages), "it is told")


def test_a_notice_to_begin_with_is_shown(qapp: QApplication, room: FakeRoom) -> None:
    with window(qapp, room, notice="The settings are damaged.") as opened:
        assert opened.stage.banner.messages[0].sentence == "The settings are damaged."


def test_a_source_named_on_the_command_line_is_watched_at_once(qapp: QApplication, room: FakeRoom) -> None:
    with window(qapp, room, source="fake") as opened:
        events(lambda: "fake" in room.sources, "it is opened")
        assert opened.name == "fake"


def test_a_snapshot_is_the_picture_with_its_marks_and_never_takes_a_name_twice(
    opened: MainWindow, room: FakeRoom, tmp_path: Path
) -> None:
    opened.settings.folder = str(tmp_path / "pictures")
    watching(opened, room)
    events(lambda: bool(opened.stage.preview.shown and opened.stage.preview.shown.scene), "marks are shown")
    for _ in range(3):
        press(opened, "S")
    events(lambda: len(list((tmp_path / "pictures").glob("*.png"))) == 3 and not opened.errands, "three are written")
    picture = cv2.imread(str(next((tmp_path / "pictures").glob("*.png"))))
    assert picture is not None
    assert picture.shape == (48, 64, 3)
    assert picture.any()  # the frame itself is black
    assert str(tmp_path / "pictures") in opened.stage.banner.messages[0].sentence


def test_a_snapshot_that_cannot_be_written_says_so(opened: MainWindow, room: FakeRoom, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    opened.settings.folder = str(tmp_path / "file")
    watching(opened, room)
    press(opened, "S")
    events(lambda: bool(opened.stage.banner.messages), "it is told")
    assert "cannot be made" in opened.stage.banner.messages[0].sentence


def test_the_view_is_switched_by_keys(opened: MainWindow, room: FakeRoom) -> None:
    watching(opened, room)
    press(opened, "P")
    assert opened.panel.isHidden()
    press(opened, "P")
    press(opened, "M")
    assert opened.stage.preview.mirror
    press(opened, "L")
    assert not opened.stage.preview.labels
    press(opened, "H")
    assert (opened.header.isHidden(), opened.bar.isHidden(), opened.panel.isHidden()) == (True, True, True)
    press(opened, "Esc")
    assert (opened.header.isHidden(), opened.bar.isHidden(), opened.panel.isHidden()) == (False, False, False)
    press(opened, "F11")
    assert opened.isFullScreen()
    press(opened, "Esc")
    assert not opened.isFullScreen()


def test_the_theme_is_switched_by_a_key_and_kept(opened: MainWindow) -> None:
    chosen = []
    for _ in range(3):
        press(opened, "T")
        chosen.append((opened.settings.theme, opened.theme.colours.dark))
    assert [name for name, _ in chosen] == ["light", "dark", "system"]
    assert [dark for _, dark in chosen[:2]] == [False, True]


def test_space_belongs_to_a_button_that_has_the_focus(opened: MainWindow, room: FakeRoom) -> None:
    watching(opened, room)
    button = next(one for one in opened.bar.findChildren(ToolButton) if one.defaultAction().objectName() == "faces")
    button.setFocus(Qt.FocusReason.TabFocusReason)
    QTest.keyClick(button, Qt.Key.Key_Space)
    assert not opened.settings.faces
    assert opened.actions_by_id["start-stop"].text() == "Stop"


def test_everything_that_can_have_the_focus_has_a_name(opened: MainWindow, room: FakeRoom) -> None:
    watching(opened, room)
    nameless, seen = [], set()
    widget: QWidget | None = opened.stage
    while widget is not None and widget not in seen:
        seen.add(widget)
        widget = widget.nextInFocusChain()
        if widget is None or not widget.isVisible() or not widget.focusPolicy() & Qt.FocusPolicy.TabFocus:
            continue
        if not (widget.accessibleName() or getattr(widget, "text", str)()):
            nameless.append(widget)
    assert nameless == []
    assert len(seen) > 15


@pytest.mark.parametrize("panel", [True, False])
def test_nothing_is_cut_off_in_a_small_window(opened: MainWindow, room: FakeRoom, panel: bool) -> None:
    watching(opened, room)
    opened.show_panel(panel)
    opened.resize(800, 500)
    events(lambda: opened.width() == 800, "it is small")
    for bar in (opened.header, opened.bar):
        for child in bar.findChildren(ToolButton):
            place = child.mapTo(opened, QPoint(0, 0))
            assert place.x() >= 0
            assert place.x() + child.width() <= opened.width()
            assert child.width() >= child.minimumSizeHint().width() or child.width() >= 40
    assert opened.minimumSizeHint().width() <= 800
    assert opened.minimumSizeHint().height() <= 500
    page = opened.panel.findChild(QWidget, "panelPage")
    assert page is not None
    assert page.minimumSizeHint().width() <= opened.panel.width()  # it scrolls down, never sideways


def test_about_tells_version_and_licences(opened: MainWindow) -> None:
    press(opened, "Shift+F1")
    about = opened.findChild(About)
    assert about is not None
    text = licences()
    for word in (
        "Apache-2.0",
        "GPL-3.0-or-later",
        "PyAV",
        "x264",
        "OpenVINO",
        "SIL Open Font License",
        "body_landmarks",
    ):
        assert word in text
    about.reject()


def test_dialogs_do_not_stop_the_picture(opened: MainWindow, room: FakeRoom) -> None:
    source = watching(opened, room)
    press(opened, "F1")
    assert opened.findChild(QDialog) is not None
    source.give()
    events(lambda: opened.stage.preview.ages[-1][0] == 1, "the next frame is painted")
    for dialog in opened.findChildren(QDialog):
        dialog.reject()
