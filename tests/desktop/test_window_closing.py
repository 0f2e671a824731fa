"""A window that is closed loses nothing that was recorded, and leaves nothing running (TRAPS T2, T19)."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import av
import psutil
import pytest
from fake_room import FakeRoom, events, watching, window
from fake_source import PATIENCE, FakeSource, until
from PySide6.QtWidgets import QApplication
from window_keys import press

from desktop.settings import Settings, load

FAKES = Path(__file__).resolve().parents[1] / "fakes"


def frames_in(path: Path) -> int:
    with av.open(path) as container:
        return sum(1 for _ in container.decode(video=0))


def videos_in(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.mp4"))


def test_a_recording_is_started_shown_and_ended_by_its_key(qapp: QApplication, tmp_path: Path) -> None:
    room = FakeRoom()
    with window(qapp, room, Settings(folder=str(tmp_path / "videos"))) as opened:
        source = watching(opened, room)
        press(opened, "R")
        assert opened.actions_by_id["record"].isChecked()
        source.give(5)
        events(lambda: "5 frames, 0 dropped" in opened.stage.said[2], "its figures are on the picture")
        press(opened, "R")
        events(lambda: bool(opened.stage.banner.messages), "its end is told")
        message = opened.stage.banner.messages[0]
        assert message.sentence.startswith("Recorded 0:0")
        assert "5 frames" in message.sentence
        assert message.action is not None
        assert not opened.actions_by_id["record"].isChecked()
        assert opened.stage.said[2] == ""
        (video,) = videos_in(tmp_path / "videos")
        assert frames_in(video) == 5
        assert video.with_suffix(".jsonl").exists()


def test_two_recordings_of_the_same_second_have_two_names(qapp: QApplication, tmp_path: Path) -> None:
    room = FakeRoom()
    with window(qapp, room, Settings(folder=str(tmp_path))) as opened:
        source = watching(opened, room)
        for number in range(2):
            press(opened, "R")
            source.give(2)
            events(lambda: "2 frames" in opened.stage.said[2], "two frames are recorded")
            press(opened, "R")
            # A file that has its name is still synced: until that is over the key ends this recording.
            over = f"{number + 1} recordings are over"
            session = opened.watch.session if opened.watch is not None else None
            assert session is not None
            events(lambda of=session: all(one.state == "finished" for one in of.recordings), over)  # type: ignore[misc]
            opened.refresh()
        assert len(videos_in(tmp_path)) == 2


def test_closing_in_the_middle_of_a_recording_finishes_it_whole(qapp: QApplication, tmp_path: Path) -> None:
    room = FakeRoom()
    with window(qapp, room, Settings(folder=str(tmp_path))) as opened:
        source = watching(opened, room)
        press(opened, "R")
        source.give(8)
        session = opened.watch.session if opened.watch is not None else None
        assert session is not None
        events(lambda: session.figures().captured == 9, "all are captured")
        opened.close()
        source.end()  # its native call comes back
        events(lambda: not session.unended, "everything is written")
    (video,) = videos_in(tmp_path)
    assert frames_in(video) == 8
    assert not list(tmp_path.glob("*.part"))


def test_while_a_recording_is_written_a_closed_window_says_so_and_a_second_close_ends_it(
    qapp: QApplication, tmp_path: Path
) -> None:
    """The analysis hangs in the first frame: the recording waits for it, until the second close cuts it."""
    room = FakeRoom()
    with window(qapp, room, Settings(folder=str(tmp_path))) as opened:
        source = watching(opened, room)
        room.free = False
        press(opened, "R")
        source.give(4)
        session = opened.watch.session if opened.watch is not None else None
        assert session is not None
        events(lambda: session.figures().captured == 5, "all are captured")
        opened.close()
        assert opened.isVisible()
        assert opened.stage.said[1].startswith("Finishing the recording: ")
        assert "Close again to end it now." in opened.stage.said[1]
        opened.close()
        recording = session.figures().recording
        assert recording is not None
        room.let_go()
        events(lambda: not session.unended, "all has ended")
        recording = session.figures().recording
        assert recording is not None
        assert recording.frames + recording.dropped == recording.captured == 4


def test_the_window_is_gone_at_once_where_nothing_is_recorded(qapp: QApplication) -> None:
    room = FakeRoom()
    with window(qapp, room) as opened:
        watching(opened, room)
        opened.close()
        assert not opened.isVisible()


def test_a_window_closed_while_networks_load_gives_that_up(qapp: QApplication) -> None:
    room = FakeRoom()
    room.loading.clear()
    with window(qapp, room) as opened:
        opened.open_source("fake")
        events(lambda: opened.header.progress is not None, "loading has begun")
        room.newest().end()
        opened.close()
        events(lambda: opened.watch is not None and not opened.watch.unended, "it was given up")
        assert room.loaded == []


def test_what_was_chosen_is_there_again_at_the_next_start(
    qapp: QApplication, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ONLOOKER_CONFIG", str(tmp_path))
    room = FakeRoom()
    with window(qapp, room) as opened:
        press(opened, "P")
        press(opened, "M")
        watching(opened, room)
    kept, notice = load()
    assert (kept.mirror, kept.source, kept.recent, notice) == (True, "fake", ["fake"], "")
    with window(qapp, FakeRoom(), kept) as opened:
        assert opened.panel.isHidden()
        assert opened.stage.preview.mirror
        assert opened.name == "fake"


def test_while_the_window_is_blocked_memory_stays_flat(qapp: QApplication) -> None:
    """T2: five seconds at 60 frames a second are captured while nothing is painted; frames do not queue anywhere."""
    room = FakeRoom(make=lambda: FakeSource(size=(640, 480)))
    with window(qapp, room) as opened:
        source = watching(opened, room, 30)
        session = opened.watch.session if opened.watch is not None else None
        assert session is not None
        before = psutil.Process().memory_info().rss
        source.give(300)  # 276 MB
        until(lambda: session.figures().captured == 330, "all are captured, no event handled")
        grown = psutil.Process().memory_info().rss - before
        assert grown < 60e6
        events(lambda: opened.stage.preview.ages[-1][0] == 329, "the newest is painted next")
        assert opened.stage.preview.painted < 300


def _child(script: str, *arguments: str) -> subprocess.Popen[str]:
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
    environment["PYTHONPATH"] = os.pathsep.join([str(FAKES), *sys.path])
    return subprocess.Popen(
        [sys.executable, str(FAKES / script), *arguments],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_fifty_windows_leave_no_thread_no_timer_and_exit_status_0() -> None:
    child = _child("open_and_close.py", "50")
    output, errors = child.communicate(timeout=110)
    assert (child.returncode, output.strip().splitlines()[-1]) == (0, "50 windows, 0 threads, 0 timers"), errors
    assert "QThread" not in errors
    assert "Traceback" not in errors


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals")
@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_signals_close_the_window_as_a_click_does(tmp_path: Path, number: signal.Signals, status: int) -> None:
    child = _child("open_and_record.py", str(tmp_path))
    assert child.stdout is not None
    assert child.stdout.readline().strip() == "recording"
    child.send_signal(number)
    output, errors = child.communicate(timeout=PATIENCE)
    assert child.returncode == status, errors
    (video,) = videos_in(tmp_path)
    assert frames_in(video) > 0
    assert not list(tmp_path.glob("*.part"))
    assert "Traceback" not in errors
    assert output == ""
