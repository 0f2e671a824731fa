"""A live recording draws what lies between two scenes on the frames that were skipped, and says so."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest
from fake_source import PATIENCE, FakeLooker, FakeSource, finish, until

from desktop.live.recording import RecordingOptions
from desktop.live.session import Session
from desktop.recordings.sidecar_reader import Line, read_sidecar
from models.scene import Detection, Scene

STEP = 33_000_000
SIZE = (320, 240)


class _Clock:
    """Stands still until it is set."""

    now = 0

    def __call__(self) -> int:
        return self.now


def _box_at(number: int) -> Scene:
    """One thing, which moves 20 pixels to the right from frame to frame."""
    left = 20.0 + 20.0 * number
    return Scene((Detection(np.array([left, 100.0, left + 30.0, 140.0], np.float32), 0.9, "dog", 1),))


class _Scenario:
    """A session that records while the looker looks only when it is told to."""

    def __init__(self, path: Path, step: int = STEP, options: RecordingOptions | None = None) -> None:
        self.clock = _Clock()
        self.source = FakeSource(size=SIZE, times=lambda number: number * step)
        self.looker = FakeLooker(free=False, find=_box_at)
        self.session = Session(self.source, look=lambda _progress: self.looker, clock=self.clock)
        self.session.start()
        until(lambda: self.session.figures().analysis == "running", "the looker is loaded")
        self.session.start_recording(path, options, program="0.1.0")
        self.given = 0

    def give(self, count: int = 1) -> None:
        self.source.give(count)
        self.given += count
        until(lambda: self.session.figures().captured == self.given, "the frames are captured")

    def look(self, number: int) -> None:
        """The looker has frame `number` in hand, and finishes with it."""
        until(lambda: self.looker.taken[-1:] == [number], f"the looker has frame {number}")
        self.looker.allow()
        until(lambda: self.looker.seen[-1:] == [number], f"frame {number} is analysed")

    def end(self) -> list[Line]:
        self.session.stop_recording()
        assert self.session.join_recordings(PATIENCE)
        self.looker.allow(1000)
        assert finish(self.session, self.source)
        (figures,) = self.session.recordings
        assert figures.state == "finished"
        assert figures.frames + figures.dropped == figures.captured
        lines = [entry for entry in read_sidecar(figures.files[0]) if isinstance(entry, Line)]
        assert len(lines) == figures.frames
        return lines


def _first(day: _Scenario) -> None:
    """Frame 0 is in the looker's hand, so that it is known which frame it takes next."""
    day.give()
    until(lambda: day.looker.taken == [0], "the looker has frame 0")


def _lefts(path: Path) -> list[float]:
    """Where the brightest column of each frame's left half of a box lies."""
    with av.open(str(path)) as container:
        rows = [frame.to_ndarray(format="gray")[105:135].mean(axis=0) for frame in container.decode(video=0)]
    return [float(np.flatnonzero(row > 0.5 * row.max())[0]) for row in rows]


def test_skipped_frames_get_what_lies_between_the_scenes_before_and_after(tmp_path: Path) -> None:
    day = _Scenario(tmp_path / "a.mp4", options=RecordingOptions(labels=False))
    _first(day)
    day.give(4)
    day.look(0)
    day.look(4)
    lines = day.end()
    assert [line.analysed for line in lines] == [True, False, False, False, True]
    assert [line.interpolated for line in lines] == [False, True, True, True, False]
    assert _lefts(tmp_path / "a.mp4") == pytest.approx([20.0, 40.0, 60.0, 80.0, 100.0], abs=3.0)


def test_not_wanted_they_are_held_as_before(tmp_path: Path) -> None:
    day = _Scenario(tmp_path / "a.mp4", options=RecordingOptions(labels=False, interpolate=False))
    _first(day)
    day.give(4)
    day.look(0)
    day.look(4)
    assert not any(line.interpolated for line in day.end())
    assert _lefts(tmp_path / "a.mp4") == pytest.approx([20.0, 20.0, 20.0, 20.0, 100.0], abs=3.0)


def test_scenes_more_than_half_a_second_apart_say_nothing_of_what_is_between(tmp_path: Path) -> None:
    day = _Scenario(tmp_path / "a.mp4", step=200_000_000)
    _first(day)
    day.give(3)
    day.look(0)
    day.look(3)
    lines = day.end()
    assert [line.analysed for line in lines] == [True, False, False, True]
    assert not any(line.interpolated for line in lines)


def test_frames_after_the_last_scene_are_written_and_not_interpolated(tmp_path: Path) -> None:
    day = _Scenario(tmp_path / "a.mp4")
    _first(day)
    day.give(2)
    day.look(0)
    until(lambda: day.looker.taken == [0, 2], "the looker has frame 2, which waits for it, and so does frame 1")
    assert day.session.recordings[0].frames <= 1
    day.clock.now = 10**12
    lines = day.end()
    assert [(line.analysed, line.interpolated) for line in lines] == [(True, False), (False, False), (False, False)]
    assert day.session.recordings[0].late == 1


def test_a_looker_that_hangs_keeps_no_frame_from_the_file_that_waits_for_its_scene(tmp_path: Path) -> None:
    day = _Scenario(tmp_path / "a.mp4")
    _first(day)
    day.give(2)
    day.look(0)
    until(lambda: day.looker.taken == [0, 2], "the looker has frame 2")
    day.clock.now = 2 * 10**9
    until(lambda: day.session.recordings[0].frames == 3, "all three are in the file without anything more coming")
    assert len(day.end()) == 3


def test_tracks_of_another_looker_are_not_joined_with_those_before(tmp_path: Path) -> None:
    day = _Scenario(tmp_path / "a.mp4")
    _first(day)
    day.look(0)
    until(lambda: day.session.recordings[0].frames == 1, "frame 0 is written")
    again = FakeLooker(free=False, find=_box_at)
    day.session.set_looker(lambda _progress: again)
    until(lambda: day.session.figures().analysis == "running", "the next looker is loaded")
    day.looker = again
    until(lambda: again.taken == [0], "it has the newest frame in hand")
    day.give(4)
    day.look(0)
    day.look(4)
    lines = day.end()
    assert [line.analysed for line in lines] == [True, False, False, False, True]
    assert not any(line.interpolated for line in lines)


def test_pictures_of_another_size_in_between_part_the_scenes(tmp_path: Path) -> None:
    day = _Scenario(tmp_path / "a.mp4")
    _first(day)
    day.give()
    day.source.size = (160, 120)
    day.give()
    day.source.size = SIZE
    day.give(2)
    day.look(0)
    day.look(4)
    lines = day.end()
    assert [line.analysed for line in lines] == [True, False, False, False, True]
    assert not any(line.interpolated for line in lines)
