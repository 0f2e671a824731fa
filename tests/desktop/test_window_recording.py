"""Recordings as the user of the window wants them: with marks or without, how good, how large, and paused."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import av
import pytest
from fake_room import FakeRoom, events, watching, window
from fake_source import FakeSource
from PySide6.QtWidgets import QApplication
from window_keys import press

from desktop.settings import Settings
from desktop.window.main_window import MainWindow
from desktop.window.recording_panel import HEIGHTS, QUALITIES, VIDEOS


@pytest.fixture
def room() -> FakeRoom:
    return FakeRoom(make=lambda: FakeSource(size=(160, 120)))


@pytest.fixture
def opened(qapp: QApplication, room: FakeRoom, tmp_path: Path) -> Iterator[MainWindow]:
    with window(qapp, room, Settings(folder=str(tmp_path))) as one:
        watching(one, room)
        yield one


def record(opened: MainWindow, room: FakeRoom, frames: int = 5) -> None:
    """Record so many frames by the keyboard."""
    watch = opened.watch
    assert watch is not None
    press(opened, "R")
    events(lambda: watch.recording is not None, "the recording takes frames")
    for _ in range(frames):
        room.newest().give()
    events(lambda: watch.recording is not None and watch.recording.captured == frames, "all are captured")
    press(opened, "R")
    events(lambda: told(opened), "it is said what was recorded")


def told(opened: MainWindow) -> bool:
    """It was said that something was recorded."""
    return any(message.sentence.startswith("Recorded") for message in opened.stage.banner.messages)


def paused(opened: MainWindow) -> bool:
    """The recording leaves frames out."""
    recording = None if opened.watch is None else opened.watch.recording
    assert recording is not None
    return recording.paused


def size_of(video: Path) -> tuple[int, int]:
    """Width and height."""
    with av.open(str(video)) as container:
        return container.streams.video[0].width, container.streams.video[0].height


@pytest.mark.parametrize(("video", "names"), [("annotated", 1), ("clean", 1), ("both", 2)])
def test_the_panel_chooses_what_a_recording_stores(
    opened: MainWindow, room: FakeRoom, tmp_path: Path, video: str, names: int
) -> None:
    opened.panel.recording.video_wanted.emit(video)
    assert opened.settings.video == video
    record(opened, room)
    videos = sorted(tmp_path.glob("*.mp4"))
    assert len(videos) == names
    assert len(list(tmp_path.glob("*.jsonl"))) == 1
    assert [one.name.endswith(".clean.mp4") for one in videos] == [True, False][-names:]


def test_the_panel_shows_what_holds_though_it_was_written_by_hand(opened: MainWindow) -> None:
    recording = opened.panel.recording
    recording.set_settings(Settings(video="both", quality=33, height=333, encoder="h264_qsv", before=7))
    shown = [box.currentData() for box in (recording._video, recording._quality, recording._height, recording._encoder)]
    assert shown == ["both", 33, 333, "h264_qsv"]
    assert recording._before.value() == 7
    recording.set_settings(Settings())
    assert recording._quality.currentText() == QUALITIES[21]
    assert recording._height.currentText() == HEIGHTS[0]
    assert recording._video.currentText() == VIDEOS["annotated"]


def test_a_height_makes_larger_pictures_smaller(opened: MainWindow, room: FakeRoom, tmp_path: Path) -> None:
    opened.panel.recording.height_wanted.emit(64)
    record(opened, room)
    assert size_of(next(tmp_path.glob("*.mp4"))) == (86, 64)


def test_a_recording_is_paused_by_a_key_and_goes_on(opened: MainWindow, room: FakeRoom) -> None:
    watch = opened.watch
    assert watch is not None
    assert not opened.actions_by_id["pause"].isEnabled()
    press(opened, "R")
    events(lambda: watch.recording is not None, "the recording takes frames")
    room.newest().give()
    events(lambda: watch.recording is not None and watch.recording.captured == 1, "one is captured")
    press(opened, "Shift+R")
    assert paused(opened)
    assert opened.actions_by_id["pause"].isChecked()
    assert opened.actions_by_id["pause"].text() == "Go on recording"
    assert opened.stage.said[2].startswith("Paused")
    press(opened, "Shift+R")
    assert not paused(opened)
    room.newest().give()
    events(lambda: watch.recording is not None and watch.recording.captured == 2, "frames are taken again")


def test_the_panel_says_where_recordings_go_and_how_much_room_is_there(
    opened: MainWindow, room: FakeRoom, tmp_path: Path
) -> None:
    opened.refresh()
    assert opened.panel.recording.state.text() == f"Into {tmp_path}"
    press(opened, "R")
    room.newest().give()
    events(lambda: opened.panel.recording.state.text().endswith(" free"), "the room is said")


def test_the_panel_says_what_is_kept_from_before_and_the_recording_begins_with_it(
    opened: MainWindow, room: FakeRoom
) -> None:
    watch = opened.watch
    assert watch is not None
    opened.panel.recording.before_wanted.emit(5)
    events(lambda: "In memory: 0.0 s" in opened.panel.recording.state.text(), "it is armed")
    room.newest().give(3)
    session = watch.session
    assert session is not None
    events(lambda: (ring := session.figures().ring) is not None and ring.frames == 3, "three are kept")
    press(opened, "R")
    events(lambda: watch.recording is not None and watch.recording.frames == 3, "the recording begins with it")


def test_the_panel_chooses_the_encoder(opened: MainWindow) -> None:
    opened.panel.recording.encoder_wanted.emit("libx264")
    assert opened.watch is not None
    assert opened.watch.recording_options.video.encoder == "libx264"
