"""A recording ends whole before its disk is full, and says so where the disk was full all the same."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np
import pytest
from fake_source import PATIENCE, FakeSource, finish, until

from desktop.frame import Frame
from desktop.live import guard as guard_module
from desktop.live.guard import Guard
from desktop.live.recording import RecordingOptions
from desktop.live.session import Session
from desktop.recordings.guards import GIGABYTE, Limits, Room, amount, free_bytes, lasting, refuse_full, room, span
from desktop.recordings.options import VideoOptions
from desktop.recordings.sidecar_reader import End, Line, read_sidecar
from models.errors import RecordingError

STEP = 33_000_000
MEGABYTE = 10**6
NEVER = Limits(0, 0)


class _Noise(FakeSource):
    """Frames that no encoder can make small."""

    chance = np.random.default_rng(1)

    def read(self) -> Frame | None:
        frame = super().read()
        if frame is None:
            return None
        return Frame(self.chance.integers(0, 256, frame.pixels.shape, np.uint8), frame.index, frame.time)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 6 MB."""
    if not sys.platform.startswith("linux"):
        pytest.skip("a small disk is made by Linux's tmpfs")
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=6m", "tmpfs", str(folder)], capture_output=True)
    if mounted.returncode:
        pytest.skip(f"nothing may be mounted here: {mounted.stderr.decode(errors='replace').strip()}")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def _session(source: FakeSource) -> Session:
    session = Session(source, clock=lambda: 0)
    session.start()
    return session


def _options(limits: Limits) -> RecordingOptions:
    return RecordingOptions(VideoOptions(quality=10, encoder="libx264"), limits=limits)


def _fill(session: Session, source: FakeSource, done: str) -> None:
    """Give frames until the recording is in the state `done`."""
    for given in range(1, 500):
        source.give()
        until(lambda given=given: session.figures().captured == given, "it is captured")  # type: ignore[misc] # mypy knows no such lambda
        until(lambda: not session.recordings[0].waiting or session.recordings[0].state != "running", "it is written")
        if session.recordings[0].state != "running":
            break
    until(lambda: session.recordings[0].state == done, f"the recording has {done}")


def _frames(path: Path) -> int:
    """How many frames another player shows of a file; where it is not installed, the same library as ours."""
    if shutil.which("ffprobe") is None:
        with av.open(str(path)) as container:
            return sum(1 for _ in container.decode(video=0))
    asked = ["-count_frames", "-select_streams", "v:0", "-show_entries", "stream=nb_read_frames", "-of", "json"]
    told = subprocess.run(["ffprobe", "-v", "error", *asked, str(path)], capture_output=True, check=True)
    return int(json.loads(told.stdout)["streams"][0]["nb_read_frames"])


def test_a_recording_is_warned_of_and_then_stopped_whole_before_the_disk_is_full(
    small_disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guard_module, "EVERY", 0.01)
    source = _Noise(size=(640, 480), times=lambda number: number * STEP)
    session = _session(source)
    limits = Limits(warn=8 * MEGABYTE, stop=3 * MEGABYTE)
    session.start_recording(small_disk / "a.mp4", _options(limits), program="0.1.0")
    _fill(session, source, "finished")
    figures = session.recordings[0]
    assert figures.frames + figures.dropped == figures.captured
    assert figures.full
    assert figures.free is not None
    assert 0 < figures.free < 3 * MEGABYTE
    assert sorted(path.name for path in small_disk.iterdir()) == ["a.jsonl", "a.mp4"]
    assert _frames(small_disk / "a.mp4") == figures.frames
    end = list(read_sidecar(small_disk / "a.jsonl"))[-1]
    assert isinstance(end, End)
    assert end.frames == figures.frames
    warning, stop = [notice.sentence for notice in session.errors]
    assert "the recording stops at 3 MB" in warning
    assert stop.endswith("the recording is ended, and its files are being closed.")  # told before they are whole
    source.give()
    until(lambda: session.figures().captured > figures.captured, "the session goes on")
    assert finish(session, source)


def test_a_disk_that_is_full_ends_the_recording_which_plays_and_the_session_goes_on(small_disk: Path) -> None:
    source = _Noise(size=(640, 480), times=lambda number: number * STEP)
    session = _session(source)
    session.start_recording(small_disk / "a.mp4", _options(NEVER), program="0.1.0")
    _fill(session, source, "failed")
    figures = session.recordings[0]
    assert figures.frames + figures.dropped == figures.captured
    assert "the disk is full" in figures.error
    until(lambda: bool(session.errors), "it is told")
    assert [notice.sentence for notice in session.errors] == [figures.error]
    assert sorted(path.name for path in small_disk.iterdir()) == ["a.jsonl.part", "a.mp4.part"]
    whole = _frames(small_disk / "a.mp4.part")
    assert figures.frames - 16 <= whole <= figures.frames + 1  # a fragment of half a second may be missing
    source.give()
    until(lambda: session.figures().captured > figures.captured, "the session goes on")
    assert finish(session, source)


def test_a_recording_is_not_begun_where_it_would_be_stopped_at_once(tmp_path: Path) -> None:
    source = FakeSource(times=lambda number: number * STEP)
    session = _session(source)
    with pytest.raises(RecordingError, match=r"Only .* are free on the disk of .* choose another folder"):
        session.start_recording(tmp_path / "a.mp4", _options(Limits(0, 1 << 62)), program="0.1.0")
    assert list(tmp_path.iterdir()) == []
    assert session.recordings == ()
    assert finish(session, source)


def test_what_is_to_be_done_depends_on_what_is_left() -> None:
    limits = Limits()
    assert [room(free * GIGABYTE // 2, limits) for free in (1, 2, 9, 10)] == [
        Room.FULL,
        Room.LOW,
        Room.LOW,
        Room.PLENTY,
    ]
    assert room(0, NEVER) is Room.PLENTY
    assert room(None, limits) is Room.PLENTY


def test_a_disk_that_says_nothing_stops_nothing(tmp_path: Path) -> None:
    assert free_bytes(tmp_path / "not there") is None
    refuse_full(tmp_path / "not there", Limits(stop=1 << 62))


def test_limits_below_nothing_are_refused() -> None:
    with pytest.raises(RecordingError, match="less than nothing"):
        Limits(warn=-1)


@pytest.mark.parametrize(
    ("count", "words"), [(4_240_000_000, "4.2 GB"), (512_400_000, "512 MB"), (0, "0 MB"), (420_000, "0.4 MB")]
)
def test_amounts_are_told_in_words_for_people(count: int, words: str) -> None:
    assert amount(count) == words


def test_how_long_the_disk_lasts_is_told_by_what_was_written_so_far() -> None:
    limits = Limits(stop=GIGABYTE)
    assert lasting(3 * GIGABYTE, limits, 10 * MEGABYTE, 20.0) == 4000.0
    assert lasting(GIGABYTE // 2, limits, 10 * MEGABYTE, 20.0) == 0.0
    assert lasting(None, limits, 10 * MEGABYTE, 20.0) is None
    assert lasting(3 * GIGABYTE, limits, 0, 20.0) is None


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "0 seconds"), (119, "119 seconds"), (130, "2 minutes"), (7300, "2 hours"), (1e6, "12 days")],
)
def test_spans_are_told_in_words_for_people(seconds: float, words: str) -> None:
    assert span(seconds) == words


def test_a_guard_says_how_long_its_disk_lasts_once_that_can_be_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guard_module, "EVERY", 0.01)
    monkeypatch.setattr(guard_module, "_TOLD", 0.0)
    (tmp_path / "a.mp4.part").write_bytes(bytes(1000))
    over, told = threading.Event(), list[str]()
    guard = Guard(
        tmp_path,
        Limits(warn=1000 * GIGABYTE, stop=GIGABYTE),
        [tmp_path / "a.mp4.part", tmp_path / "not there"],
        over=over,
        stop=over.set,
        tell=told.append,
        ask=lambda _folder: 2 * GIGABYTE,
    )
    guard.start()
    until(lambda: bool(told), "it warns")
    over.set()
    guard.thread.join(PATIENCE)
    assert guard.left is not None
    assert "the recording stops at 1.0 GB, in about" in told[0]
    assert len(told) == 1


def test_a_pause_is_a_gap_in_one_file_with_true_times(tmp_path: Path) -> None:
    source = FakeSource(times=lambda number: number * STEP)
    session = _session(source)
    session.start_recording(tmp_path / "a.mp4", program="0.1.0")
    given = 0

    def give(count: int) -> None:
        nonlocal given
        source.give(count)
        given += count
        until(lambda: session.figures().captured == given, "the frames are captured")

    give(3)
    session.pause_recording()
    paused = session.recordings[0].paused
    give(30)
    session.resume_recording()
    resumed = session.recordings[0].paused
    give(3)
    assert (paused, resumed) == (True, False)
    assert finish(session, source)
    figures = session.recordings[0]
    assert (figures.state, figures.frames, figures.captured, figures.dropped) == ("finished", 6, 6, 0)
    lines = [entry for entry in read_sidecar(tmp_path / "a.jsonl") if isinstance(entry, Line)]
    assert [line.time for line in lines] == pytest.approx(
        [0.033 * number for number in (0, 1, 2, 33, 34, 35)], abs=1e-4
    )
    assert _frames(tmp_path / "a.mp4") == 6


def test_a_recording_stopped_while_it_is_paused_is_whole(tmp_path: Path) -> None:
    source = FakeSource(times=lambda number: number * STEP)
    session = _session(source)
    session.start_recording(tmp_path / "a.mp4", program="0.1.0")
    source.give(3)
    until(lambda: session.recordings[0].frames == 3, "three frames are written")
    session.pause_recording()
    assert finish(session, source)
    assert session.recordings[0].state == "finished"
    assert _frames(tmp_path / "a.mp4") == 3
    assert session.join_recordings(PATIENCE)


def test_a_source_that_was_away_and_comes_back_in_another_size_is_one_valid_file(tmp_path: Path) -> None:
    """It reconnected in the middle of the recording: what a stream does whose camera was restarted."""
    away = 90_000_000_000
    source = FakeSource(size=(320, 240), times=lambda number: number * STEP + (away if number >= 5 else 0))
    session = _session(source)
    session.start_recording(tmp_path / "a.mp4", program="0.1.0")
    source.give(5)
    until(lambda: session.recordings[0].frames == 5, "the first frames are written")
    source.size = (640, 360)
    source.give(5)
    until(lambda: session.recordings[0].frames == 10, "the others are written")
    assert finish(session, source)
    lines = [entry for entry in read_sidecar(tmp_path / "a.jsonl") if isinstance(entry, Line)]
    expected = [0.033 * number + (90.0 if number >= 5 else 0.0) for number in range(10)]
    assert [line.time for line in lines] == pytest.approx(expected, abs=1e-4)
    assert _frames(tmp_path / "a.mp4") == 10
    with av.open(str(tmp_path / "a.mp4")) as container:
        stream = container.streams.video[0]
        assert (stream.width, stream.height) == (320, 240)
        assert container.duration is not None
        assert container.duration / av.time_base == pytest.approx(90.33, abs=0.01)
