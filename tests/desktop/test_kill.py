"""A killed recording plays up to a second before the kill, and is repaired: the short form of benchmarks/kill.py."""

from __future__ import annotations

import random
import shutil

import pytest
from kill import Kill, run_one


@pytest.mark.parametrize(("fps", "moving", "closing"), [(30.0, True, False), (5.0, False, False), (30.0, False, True)])
def test_a_killed_recording_plays_and_is_repaired(fps: float, moving: bool, closing: bool) -> None:
    kill = Kill(fps, moving=moving, closing=closing, both=closing)
    run_one(kill, (320, 180), random.Random(fps), None, ffprobe=shutil.which("ffprobe") is not None, longest=1.5)
    assert kill.faults == []
    assert kill.behind <= 0.5  # what was recorded and does not play: the last frame, and a late one's time besides
