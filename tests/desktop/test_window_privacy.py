"""The window hides faces where it is asked to, says what that is worth, and stores what it shows."""

from __future__ import annotations

from pathlib import Path

import pytest
from canary import FOUND, CanarySource, frames_of, likeness, scene_of
from fake_room import FakeRoom, events, watching, window
from fake_source import FakeSource
from PySide6.QtWidgets import QApplication, QSpinBox

from desktop.drawing.privacy import Hide
from desktop.frame import Pixels
from desktop.live.session import Session
from desktop.settings import Settings, load, save
from desktop.window.detector_deeds import demo_picture
from desktop.window.detector_dialog import DetectorDialog
from desktop.window.eyes import options_of
from desktop.window.main_window import MainWindow
from models.errors import NetworkError


@pytest.fixture
def room() -> FakeRoom:
    return FakeRoom(make=lambda: CanarySource(timed=False), find=scene_of)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(folder=str(tmp_path / "kept"))


def on_screen(opened: MainWindow) -> float:
    shown = opened.stage.preview.shown
    assert shown is not None
    return likeness(shown.frame.pixels)


def give(source: FakeSource, session: Session, count: int) -> None:
    """That many more frames, each analysed."""
    for _ in range(count):
        before = session.figures().analysed
        source.give()
        events(lambda before=before: session.figures().analysed > before, "it is analysed")  # type: ignore[misc]


def test_the_switch_hides_the_face_on_the_screen_at_once_and_shows_it_again(
    qapp: QApplication, room: FakeRoom, settings: Settings
) -> None:
    with window(qapp, room, settings) as opened:
        watching(opened, room)
        assert on_screen(opened) > 0.9
        assert opened.panel.privacy.remark == ""
        opened.actions_by_id["hide-faces"].trigger()
        assert on_screen(opened) < FOUND
        assert opened.actions_by_id["hide-faces"].isChecked()
        assert "promises nothing" in opened.panel.privacy.remark
        opened.actions_by_id["hide-faces"].trigger()
        assert on_screen(opened) > 0.9


def test_while_faces_are_hidden_the_panel_says_how_many_are_followed_and_keeps_the_wish_for_fewer(
    qapp: QApplication, room: FakeRoom, settings: Settings
) -> None:
    with window(qapp, room, settings) as opened:
        (most,) = (box for box in opened.panel.findChildren(QSpinBox) if "faces" in box.accessibleName())
        assert (most.text(), most.isEnabled()) == ("up to 4", True)
        opened.actions_by_id["hide-faces"].trigger()
        assert (most.text(), most.isEnabled()) == (f"up to {options_of(settings).max_faces}", False)
        assert "hidden" in most.toolTip()
        assert settings.max_faces == 4
        opened.actions_by_id["hide-faces"].trigger()
        assert (most.text(), most.isEnabled()) == ("up to 4", True)


def test_a_source_opened_while_faces_are_hidden_never_shows_one(
    qapp: QApplication, room: FakeRoom, settings: Settings
) -> None:
    settings.hide_faces = True
    room.loading.clear()
    with window(qapp, room, settings) as opened:
        opened.open_source("fake")
        room.newest().give()
        events(lambda: opened.stage.preview.shown is not None, "there is a picture")
        assert on_screen(opened) < FOUND
        events(lambda: opened.stage.said[0] == "Hidden whole: it was not analysed in time", "it says why")
        room.loading.set()
        shown = opened.stage.preview
        events(lambda: shown.shown is not None and shown.shown.scene is not None, "it is analysed")
        assert on_screen(opened) < FOUND


def test_a_snapshot_holds_what_is_on_the_screen(
    qapp: QApplication, room: FakeRoom, settings: Settings, tmp_path: Path
) -> None:
    with window(qapp, room, settings) as opened:
        watching(opened, room)
        opened.actions_by_id["snapshot"].trigger()
        events(lambda: not opened.errands, "the first snapshot is written")
        opened.actions_by_id["hide-faces"].trigger()
        opened.actions_by_id["snapshot"].trigger()
        events(lambda: not opened.errands, "the second snapshot is written")
        clear, hidden = sorted((tmp_path / "kept").glob("*.png"), key=lambda path: path.stat().st_mtime_ns)
        assert likeness(frames_of(hidden)[0]) < FOUND
        assert likeness(frames_of(clear)[0]) > likeness(frames_of(hidden)[0]) + 0.1


def test_a_recording_holds_what_is_on_the_screen_and_goes_on_in_another_file_when_that_changes(
    qapp: QApplication, room: FakeRoom, settings: Settings
) -> None:
    settings.video = "clean"
    with window(qapp, room, settings) as opened:
        source = watching(opened, room)
        opened.actions_by_id["record"].trigger()
        watch = opened.watch
        assert watch is not None
        session = watch.session
        assert session is not None
        give(source, session, 5)
        opened.actions_by_id["hide-faces"].trigger()
        assert watch.recording is not None
        give(source, session, 5)
        opened.actions_by_id["record"].trigger()
        events(lambda: watch.recording is None and watch.draining is None, "both are written")
        first, second = (recording.path for recording in session.recordings)
        assert len(frames_of(first)) == len(frames_of(second)) == 5
        assert min(map(likeness, frames_of(first))) > 0.9
        assert max(map(likeness, frames_of(second))) < FOUND


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"hide_faces": True, "faces": False}, "Faces are not looked for"),
        ({"hidden_classes": ["dog"], "objects": False}, "Objects are not looked for"),
        ({"hidden_classes": ["dog"], "classes": ["cat"]}, "Not looked for: dog"),
        ({"hidden_classes": ["dog"], "classes": ["cat", "dog"]}, "promises nothing"),
    ],
)
def test_the_panel_says_why_the_whole_picture_is_hidden(
    qapp: QApplication, room: FakeRoom, change: dict[str, object], sentence: str
) -> None:
    with window(qapp, room, Settings(**change)) as opened:  # type: ignore[arg-type]  # by their names
        assert sentence in opened.panel.privacy.remark


def test_classes_to_hide_are_chosen_from_those_that_the_network_knows(
    qapp: QApplication, room: FakeRoom, settings: Settings
) -> None:
    with window(qapp, room, settings) as opened:
        watching(opened, room)
        menu = opened.panel.privacy.classes
        events(lambda: bool(menu.actions()), "the classes are listed")
        assert [action.text() for action in menu.actions()][:2] == ["person", "airplane"]
        menu.actions()[0].trigger()
        assert settings.hidden_classes == ["person"]
        watch = opened.watch
        assert watch is not None
        assert watch.hide == Hide(faces=False, labels=frozenset({"person"}))
        assert watch.recording_options.hide == watch.hide
        menu.actions()[0].trigger()
        assert settings.hidden_classes == []
        assert watch.hide is None


def test_what_is_hidden_is_remembered(tmp_path: Path) -> None:
    kept = Settings(hide_faces=True, hidden_classes=["dog", "person"], hide_how="fill")
    save(kept, tmp_path / "settings.toml")
    assert load(tmp_path / "settings.toml") == (kept, "")


def test_what_is_to_be_hidden_is_looked_for_as_well_as_can_be() -> None:
    plain = Settings(score=0.9, max_faces=2, class_scores={"dog": 0.8, "cat": 0.2})
    assert options_of(plain).max_faces == 2
    hiding = plain.model_copy(update={"hide_faces": True, "hidden_classes": ["dog", "cat", "person"]})
    options = options_of(hiding)
    assert (options.max_faces, options.face_score, options.body_score) == (32, 0.5, 0.9)
    assert options.class_scores == {"dog": 0.4, "cat": 0.2, "person": 0.4}


@pytest.mark.parametrize("looks", [True, False])
def test_a_detector_is_tried_on_what_is_on_the_screen_with_faces_hidden_or_on_the_demo_where_all_is(
    qapp: QApplication, room: FakeRoom, settings: Settings, monkeypatch: pytest.MonkeyPatch, *, looks: bool
) -> None:
    tried: list[Pixels] = []

    def inspect(_path: Path, pixels: Pixels, *_: object, **__: object) -> None:
        tried.append(pixels)
        raise NetworkError("It is none.")

    monkeypatch.setattr("models.importing.inspecting.inspect", inspect)
    if not looks:
        settings.hide_faces = True
        room.loading.clear()
    with window(qapp, room, settings) as opened:
        if looks:
            watching(opened, room)
        else:
            opened.open_source("fake")
            room.newest().give()
            events(lambda: opened.stage.preview.shown is not None, "there is a picture")
        opened.deeds.add_detector()
        if looks:
            opened.actions_by_id["hide-faces"].trigger()  # while the dialog is open
        shown = opened.stage.preview.shown
        assert shown is not None
        assert shown.hidden == (not looks)
        dialog = opened.findChild(DetectorDialog)
        assert isinstance(dialog, DetectorDialog)
        dialog.choose(Path("eye.onnx"))
        dialog.go.click()
        events(lambda: dialog.said == "It is none.", "it was tried")
        dialog.reject()
        room.loading.set()
    (pixels,) = tried
    assert likeness(pixels) < FOUND
    assert (pixels.shape == demo_picture().shape) == (not looks)
