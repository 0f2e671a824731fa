"""Capture stamps what a source gives, paces files to their own times, and tells how it ended."""

from __future__ import annotations

import pytest
from fake_source import PATIENCE, FakeSource

from desktop.frame import Frame
from desktop.live.capture import Capture
from desktop.sources.source import SourceInfo

MS = 1_000_000


class _Clock:
    """A clock that moves when somebody waits, and by `cost` with every frame delivered."""

    def __init__(self, cost: int = 0) -> None:
        self.now = 5_000 * MS
        self.cost = cost
        self.waits: list[float] = []

    def __call__(self) -> int:
        return self.now

    def wait(self, seconds: float) -> bool:
        self.waits.append(seconds)
        self.now += round(seconds * 1e9)
        return False


class _Told:
    """What a capture has told."""

    def __init__(self, clock: _Clock) -> None:
        self.frames: list[Frame] = []
        self.infos: list[SourceInfo] = []
        self.ends: list[str] = []
        self._clock = clock

    def deliver(self, frame: Frame) -> None:
        self.frames.append(frame)
        self._clock.now += self._clock.cost


def _run(source: FakeSource, clock: _Clock) -> _Told:
    told = _Told(clock)
    capture = Capture(
        source, deliver=told.deliver, opened=told.infos.append, over=told.ends.append, clock=clock, wait=clock.wait
    )
    capture.start()
    capture.thread.join(PATIENCE)
    assert not capture.thread.is_alive()
    return told


def test_a_file_is_paced_to_its_own_times_and_frames_keep_their_place_in_it() -> None:
    source = FakeSource(live=False, times=lambda number: [0, 40, 50, 2050][number] * MS)
    source.give(4)
    source.end()
    told = _run(source, _Clock())
    assert [frame.time // MS for frame in told.frames] == [5000, 5040, 5050, 7050]
    assert [frame.position for frame in told.frames] == [0, 40 * MS, 50 * MS, 2050 * MS]
    assert [frame.index for frame in told.frames] == [0, 1, 2, 3]


def test_no_wait_lasts_longer_than_a_second() -> None:
    source = FakeSource(live=False, times=lambda number: number * 3500 * MS)
    source.give(2)
    source.end()
    clock = _Clock()
    _run(source, clock)
    assert clock.waits == [1.0, 1.0, 1.0, 0.5]


def test_a_file_that_is_late_drops_nothing_and_catches_up_without_waiting() -> None:
    source = FakeSource(live=False, times=lambda number: number * 10 * MS)
    source.give(6)
    source.end()
    clock = _Clock(cost=25 * MS)  # reading is slower than the file
    told = _run(source, clock)
    assert len(told.frames) == 6
    assert clock.waits == []
    assert [frame.time // MS for frame in told.frames] == [5000, 5025, 5050, 5075, 5100, 5125]


def test_a_live_frame_keeps_the_time_of_its_arrival_and_time_never_goes_back() -> None:
    source = FakeSource(times=lambda number: [100, 130, 120, 150][number] * MS)
    source.give(4)
    source.end()
    told = _run(source, _Clock())
    assert [frame.time // MS for frame in told.frames] == [100, 130, 130, 150]
    assert [frame.position for frame in told.frames] == [None] * 4


@pytest.mark.parametrize("sentence", ["fake:0 was unplugged.", ""])
def test_the_end_is_told_once_with_what_went_wrong(sentence: str) -> None:
    source = FakeSource()
    source.give(2)
    if sentence:
        source.lose(sentence)
    else:
        source.end()
    told = _run(source, _Clock())
    assert told.ends == [sentence]
    assert len(told.frames) == 2
    assert source.closed.is_set()


def test_a_source_that_cannot_be_opened_says_why() -> None:
    told = _run(FakeSource(refuses="There is no camera 7: try `onlooker cameras`."), _Clock())
    assert told.ends == ["There is no camera 7: try `onlooker cameras`."]
    assert told.infos == []


def test_only_the_reader_of_a_live_source_is_a_daemon() -> None:
    """A file's reader comes back; a camera's may hang in the driver for ever."""
    daemons = {}
    for live in (True, False):
        capture = Capture(FakeSource(live=live), deliver=print, opened=print, over=print, clock=lambda: 0)
        daemons[live] = capture.thread.daemon
    assert daemons == {True: True, False: False}
