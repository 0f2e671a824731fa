"""A session that runs for days holds no more than one that runs for a minute."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fake_source import PATIENCE, FakeLooker, FakeSource, finish, until
from numpy.typing import NDArray
from scenes import face

from desktop.live import recorders as recorders_module
from desktop.live.recording import RecordingOptions
from desktop.live.session import Session
from desktop.recordings.ring import Ring
from models.scene import Scene

STEP = 33_000_000
OPTIONS = RecordingOptions(labels=False)


def _alive(made: list[weakref.ref[Any]]) -> int:
    gc.collect()
    return sum(one() is not None for one in made)


def _finder(made: list[weakref.ref[NDArray[np.float32]]]) -> Callable[[int], Scene]:
    def find(_number: int) -> Scene:
        found = face()
        made.append(weakref.ref(found.points))
        return Scene(faces=(found,))

    return find


def test_while_a_recording_is_paused_nothing_that_is_found_is_kept_for_it(tmp_path: Path) -> None:
    made: list[weakref.ref[NDArray[np.float32]]] = []
    source, looker = FakeSource(times=lambda number: number * STEP), FakeLooker(find=_finder(made))
    session = Session(source, look=lambda _progress: looker, clock=lambda: 0)
    session.start()
    until(lambda: session.figures().analysis == "running", "the looker is loaded")
    session.start_recording(tmp_path / "a.mp4", OPTIONS, program="0.1.0")

    def give(count: int) -> None:
        for _ in range(count):
            seen = session.figures().analysed
            source.give()
            until(lambda seen=seen: session.figures().analysed > seen, "it is analysed")  # type: ignore[misc]

    give(3)
    until(lambda: session.recordings[0].frames == 3, "the first frames are written")
    session.pause_recording()
    give(60)
    alive = _alive(made)
    session.resume_recording()
    give(3)
    assert finish(session, source)
    assert session.recordings[0].frames == 6
    assert session.recordings[0].skipped == 0
    assert alive < 10


def test_recordings_that_are_over_hold_nothing_of_what_led_to_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rings: list[weakref.ref[Ring]] = []

    def ring(*args: Any, **settings: Any) -> Ring:
        made = Ring(*args, **settings)
        rings.append(weakref.ref(made))
        return made

    monkeypatch.setattr(recorders_module, "Ring", ring)
    source = FakeSource(times=lambda number: number * STEP)
    session = Session(source, clock=lambda: 0)
    session.start()
    session.arm(OPTIONS, 5.0)
    for number in range(6):
        source.give(3)
        until(lambda: (kept := session.figures().ring) is not None and kept.frames == 3, "what comes is kept")
        session.start_recording(tmp_path / f"{number}.mp4", OPTIONS, program="0.1.0", before=5.0)
        session.stop_recording()
        assert session.join_recordings(PATIENCE)
        assert [one.state for one in session.recordings] == ["finished"] * (number + 1)
    told = session.recordings
    alive = _alive(rings)
    assert finish(session, source)
    assert [(one.path.name, one.frames, one.dropped) for one in told] == [(f"{n}.mp4", 3, 0) for n in range(6)]
    assert len({one.encoder for one in told}) == 1
    assert session.recordings == told
    assert alive <= 2
