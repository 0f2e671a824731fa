"""A short form of `benchmarks/recording_time.py`: stamps burnt into frames come back from the file at their times."""

from __future__ import annotations

import itertools
import shutil
from pathlib import Path

import pytest
import recording_time
from made_camera import MadeCamera, textured

PAUSES = (0.017, 0.043, 0.03, 0.021)


@pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="the ffmpeg program is not installed")
def test_every_frame_is_in_the_file_at_the_moment_of_its_capture(tmp_path: Path) -> None:
    pauses = itertools.cycle(PAUSES)
    camera = MadeCamera(textured(320, 180), 1.0, lambda: next(pauses))
    figures = recording_time.record(camera, tmp_path / "a.mp4")
    assert (figures.state, figures.frames, figures.dropped) == ("finished", len(camera.arrivals), 0)
    times, duration = recording_time.shown_at(tmp_path / "a.mp4")
    stamps = recording_time.stamps(tmp_path / "a.mp4", 320, 180, camera.arrivals[-1])
    assert len(times) == len(stamps) == figures.frames
    for time, stamp, arrival in zip(times, stamps, camera.arrivals, strict=True):
        assert stamp is not None
        assert 0 <= arrival - stamp < 100_000, "the frames are not in their order"
        assert time - times[0] == pytest.approx((stamp - camera.arrivals[0]) / 1e9, abs=0.002)
    true = (camera.arrivals[-1] - camera.arrivals[0]) / 1e9
    longest = max(later - earlier for earlier, later in itertools.pairwise(camera.arrivals)) / 1e9
    assert true < duration <= true + longest + 0.001
    assert abs(recording_time.started(tmp_path / "a.jsonl") - camera.walls[0]) < 0.5
