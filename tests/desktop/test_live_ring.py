"""A recording that is begun when something happened holds what led to it, and its figures still add up."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import av
import pytest
from fake_source import PATIENCE, FakeLooker, FakeSource, finish, until
from scenes import scene

from desktop.frame import Frame
from desktop.live.figures import RecordingFigures
from desktop.live.recording import Recorder, RecordingOptions
from desktop.live.session import Session
from desktop.live.watermark import Watermark
from desktop.recordings.encoding import Taken
from desktop.recordings.recording import Recording
from desktop.recordings.ring import Ring
from desktop.recordings.sidecar_reader import End, Line, read_sidecar
from models.errors import RecordingError

STEP = 100_000_000
OPTIONS = RecordingOptions(labels=False)


class _Day:
    """A session whose clock is that of its frames, one each tenth of a second."""

    def __init__(self, looker: FakeLooker | None = None) -> None:
        self.source = FakeSource(times=lambda number: number * STEP)
        self.given = 0
        look = None if looker is None else lambda _progress: looker
        self.session = Session(self.source, look=look, clock=lambda: self.given * STEP)
        self.session.start()
        if looker is not None:
            until(lambda: self.session.figures().analysis == "running", "the looker is loaded")

    def give(self, count: int) -> None:
        for _ in range(count):
            self.source.give()
            self.given += 1
            until(lambda: self.session.figures().captured == self.given, "it is captured")

    def kept(self, count: int) -> None:
        def held() -> bool:
            ring = self.session.figures().ring
            return ring is not None and ring.frames >= count

        until(held, f"{count} frames are kept")

    def record(self, path: Path, before: float, options: RecordingOptions = OPTIONS) -> None:
        self.session.start_recording(path, options, program="0.1.0", before=before)

    def end(self) -> None:
        assert finish(self.session, self.source)


def _lines(figures: RecordingFigures) -> list[Line]:
    """The lines of a finished recording, which agree with its video and its figures."""
    assert figures.state == "finished"
    assert figures.frames + figures.dropped == figures.captured
    entries = list(read_sidecar(figures.files[0]))
    lines = [entry for entry in entries if isinstance(entry, Line)]
    assert isinstance(entries[-1], End)
    with av.open(str(figures.files[1])) as container:
        times = [frame.time for frame in container.decode(video=0)]
    assert times == pytest.approx([line.time for line in lines], abs=1e-4)
    assert len(lines) == figures.frames
    return lines


def _indices(figures: RecordingFigures) -> list[int]:
    return [line.frame if line.index is None else line.index for line in _lines(figures)]


def test_a_recording_begins_with_what_led_to_it(tmp_path: Path) -> None:
    day = _Day()
    day.session.arm(OPTIONS, 2.0)
    day.give(50)
    day.kept(20)
    day.record(tmp_path / "a.mp4", before=1.0)
    day.give(10)
    day.end()
    found = _indices(day.session.recordings[0])
    assert found == list(range(found[0], 60))
    assert 35 <= found[0] <= 40  # a second before frame 50, and at most half a second more


def test_what_is_kept_is_told_and_bounded(tmp_path: Path) -> None:
    day = _Day()
    assert day.session.figures().ring is None
    day.session.arm(OPTIONS, 2.0)
    day.give(100)
    day.kept(20)
    ring = day.session.figures().ring
    assert ring is not None
    assert (ring.wanted, 2.0 <= ring.seconds <= 2.6, ring.frames <= 27, ring.bytes > 0) == (2.0, True, True, True)
    day.session.disarm()
    assert day.session.figures().ring is None
    day.end()
    assert day.session.recordings == ()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("why", ["nothing before is wanted", "other options", "not armed"])
def test_else_it_begins_with_the_next_frame(tmp_path: Path, why: str) -> None:
    day = _Day()
    if why != "not armed":
        day.session.arm(OPTIONS, 2.0)
        day.give(20)
        day.kept(20)
    else:
        day.give(20)
    options = RecordingOptions(clean=True) if why == "other options" else OPTIONS
    day.record(tmp_path / "a.mp4", before=0.0 if why == "nothing before is wanted" else 1.0, options=options)
    day.give(3)
    day.end()
    assert _indices(day.session.recordings[0]) == [20, 21, 22]


def test_seconds_to_record_are_counted_from_the_moment_it_was_begun(tmp_path: Path) -> None:
    day = _Day()
    day.session.arm(OPTIONS, 1.0)
    day.give(20)
    day.kept(10)
    day.session.start_recording(tmp_path / "a.mp4", OPTIONS, program="0.1.0", before=1.0, seconds=0.5)
    day.give(10)
    until(lambda: day.session.recordings[0].state == "finished", "it ends by itself")
    day.end()
    assert _indices(day.session.recordings[0])[-5:] == [20, 21, 22, 23, 24]


def test_after_a_recording_it_is_kept_again_what_leads_to_the_next(tmp_path: Path) -> None:
    day = _Day()
    day.session.arm(OPTIONS, 1.0)
    for number in range(2):
        day.give(20)
        day.kept(10)
        day.record(tmp_path / f"{number}.mp4", before=1.0)
        day.give(5)
        day.session.stop_recording()
        assert day.session.join_recordings(PATIENCE)
    day.end()
    first, second = map(_indices, day.session.recordings)
    assert (first[-1], second[-1]) == (24, 49)
    assert 5 <= first[0] <= 10
    assert 30 <= second[0] <= 35


def test_marks_and_counts_of_what_led_to_it_are_those_of_the_moment(tmp_path: Path) -> None:
    looker = FakeLooker(free=False, find=lambda _number: scene())
    day = _Day(looker)
    day.session.arm(OPTIONS, 5.0)
    day.give(1)
    until(lambda: looker.taken == [0], "the looker has frame 0")
    day.give(3)
    looker.allow()
    until(lambda: looker.taken == [0, 3], "the looker has frame 3")
    looker.allow()
    until(lambda: looker.seen == [0, 3], "it has seen it")
    day.kept(4)
    day.record(tmp_path / "a.mp4", before=5.0)
    day.session.set_looker(None)
    day.give(2)
    day.end()
    lines = _lines(day.session.recordings[0])
    assert [line.analysed for line in lines] == [True, False, False, True, False, False]
    assert [line.interpolated for line in lines] == [False, True, True, False, False, False]
    assert day.session.recordings[0].skipped == 2


def test_a_name_that_is_taken_meanwhile_fails_and_is_told(tmp_path: Path) -> None:
    day = _Day()
    day.session.arm(OPTIONS, 1.0)
    day.give(10)
    day.kept(10)
    (tmp_path / "a.mp4").write_bytes(b"theirs")
    with pytest.raises(RecordingError, match="exists"):
        day.record(tmp_path / "a.mp4", before=1.0)
    day.record(tmp_path / "b.mp4", before=1.0)
    day.give(1)
    day.end()
    assert (tmp_path / "a.mp4").read_bytes() == b"theirs"
    assert _indices(day.session.recordings[0])[-1] == 10


def test_an_encoder_that_fails_is_told_once_and_recordings_still_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def take(_ring: Ring, *_arguments: Any, **_more: Any) -> Taken:
        raise RecordingError("No video can be made of this.")

    day = _Day()
    with monkeypatch.context() as broken:
        broken.setattr(Ring, "take", take)
        day.session.arm(OPTIONS, 1.0)
        day.give(5)
        until(lambda: len(day.session.errors) == 1, "it is told")
        day.give(5)
    assert [notice.about for notice in day.session.errors] == ["recording"]
    assert day.session.figures().ring is None
    day.record(tmp_path / "a.mp4", before=1.0)
    day.give(2)
    day.end()
    assert _indices(day.session.recordings[0]) == [10, 11]


def test_more_than_a_minute_is_refused() -> None:
    day = _Day()
    with pytest.raises(RecordingError):
        day.session.arm(OPTIONS, 61.0)
    day.end()


@pytest.mark.parametrize(("since", "first", "dropped"), [(0.0, 0, 5), (1.0, 10, 0)])
def test_what_was_dropped_counts_as_dropped_where_it_belongs_to_what_led_to_it(
    tmp_path: Path, since: float, first: int, dropped: int
) -> None:
    """The encoder stalls while frames are kept; the recording that begins with them knows what it lacks."""
    flow, reached = threading.Event(), threading.Event()

    class Slow(Ring):
        def take(self, *arguments: Any, **more: Any) -> Taken:
            reached.set()
            assert flow.wait(PATIENCE)
            return super().take(*arguments, **more)

    ring = Slow(10.0)
    recorder = Recorder(
        ring, Watermark(), OPTIONS, clock=lambda: 0, failed=lambda _sentence: None, capacity=4 * 64 * 48 * 3
    )
    recorder.start()
    frames = [_frame(number) for number in range(20)]
    recorder.offer(frames[0])
    assert reached.wait(PATIENCE)
    for frame in frames[1:10]:  # four of them find room
        recorder.offer(frame)
    flow.set()
    until(lambda: ring.frames == 5, "five frames are kept")
    for frame in frames[10:13]:
        recorder.offer(frame)
    until(lambda: ring.frames == 8, "eight frames are kept")
    file = Recording(tmp_path / "a.mp4", source="fake:0", networks={}, program="0.1.0", ring=ring, since=since)
    assert recorder.begin(file)
    for frame in frames[13:]:
        recorder.offer(frame)
        until(lambda: recorder.figures().waiting == 0, "it is taken")
    until(lambda: recorder.figures().frames == 20 - first - dropped, "all is written")
    assert recorder.figures().dropped == dropped  # told while it runs
    recorder.end()
    recorder.thread.join(PATIENCE)
    figures = recorder.figures()
    assert _indices(figures) == [*range(first, 5), *range(10, 20)]
    assert (figures.captured, figures.frames, figures.dropped) == (20 - first, 20 - first - dropped, dropped)


@pytest.mark.parametrize(("room", "dropped"), [(30, 0), (15, 5)])
def test_frames_that_still_wait_when_it_is_begun_are_kept_until_the_wanted_moment(
    tmp_path: Path, room: int, dropped: int
) -> None:
    """The machine is slow: what waits is older than what is wanted, and once made recordings begin too early."""
    ring = _Stalled()
    recorder = _keeping(ring, capacity=room * 64 * 48 * 3)
    frames = [_frame(number) for number in range(21)]
    for frame in frames[1:]:
        recorder.offer(frame)
    file = Recording(tmp_path / "a.mp4", source="fake:0", networks={}, program="0.1.0", ring=ring, since=1.2)
    assert recorder.begin(file)
    before = recorder.figures()
    ring.flow.set()
    recorder.end()
    recorder.thread.join(PATIENCE)
    assert (before.captured, before.dropped) == (0, 0)  # where it begins was not known yet
    found = _indices(recorder.figures())
    assert 7 <= found[0] <= 12  # at most half a second before
    assert found == list(range(found[0], 21 - dropped))  # the last ones found no room
    assert recorder.figures().dropped == dropped


def test_one_that_is_cut_before_the_wanted_moment_is_reached_leaves_nothing(tmp_path: Path) -> None:
    ring = _Stalled()
    recorder = _keeping(ring)
    for number in range(1, 21):
        recorder.offer(_frame(number))
    file = Recording(tmp_path / "a.mp4", source="fake:0", networks={}, program="0.1.0", ring=ring, since=1.2)
    assert recorder.begin(file)
    recorder.cut()
    ring.flow.set()
    recorder.thread.join(PATIENCE)
    figures = recorder.figures()
    assert (figures.state, figures.frames, figures.files) == ("finished", 0, ())
    assert figures.frames + figures.dropped == figures.captured
    assert list(tmp_path.iterdir()) == []


def test_what_fails_before_it_began_a_recording_lets_go_of_its_name(tmp_path: Path) -> None:
    flow, reached = threading.Event(), threading.Event()

    class Broken(Ring):
        def take(self, *_arguments: Any, **_more: Any) -> Taken:
            reached.set()
            assert flow.wait(PATIENCE)
            raise RecordingError("The encoder is gone.")

    ring = Broken(10.0)
    told: list[str] = []
    recorder = Recorder(ring, Watermark(), OPTIONS, clock=lambda: 0, failed=told.append)
    recorder.start()
    recorder.offer(_frame(0))
    assert reached.wait(PATIENCE)
    assert recorder.begin(Recording(tmp_path / "a.mp4", source="fake:0", networks={}, program="0", ring=ring))
    flow.set()
    recorder.thread.join(PATIENCE)
    assert told == ["The encoder is gone."]
    assert recorder.figures().state == "failed"
    assert list(tmp_path.iterdir()) == []


def test_a_recording_for_which_what_led_to_it_has_ended_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    day = _Day()
    day.session.arm(OPTIONS, 2.0)
    day.give(5)
    day.kept(5)
    with monkeypatch.context() as patched:
        patched.setattr(Recorder, "begin", lambda *_arguments: False)  # as where it ends at this moment
        with pytest.raises(RecordingError, match="What led to this moment is gone"):
            day.record(tmp_path / "a.mp4", before=1.0)
    assert list(tmp_path.iterdir()) == []
    day.end()


class _Stalled(Ring):
    """An encoder that is not done with its first frame before it may."""

    def __init__(self) -> None:
        super().__init__(10.0)
        self.flow, self.reached = threading.Event(), threading.Event()

    def take(self, *arguments: Any, **more: Any) -> Taken:
        self.reached.set()
        assert self.flow.wait(PATIENCE)
        return super().take(*arguments, **more)


def _keeping(ring: _Stalled, capacity: int = 2**28) -> Recorder:
    """One whose ring has frame 0 in hand: what is offered from now on waits."""
    recorder = Recorder(ring, Watermark(), OPTIONS, clock=lambda: 0, failed=lambda _sentence: None, capacity=capacity)
    recorder.start()
    recorder.offer(_frame(0))
    assert ring.reached.wait(PATIENCE)
    return recorder


def _frame(number: int) -> Frame:
    frame = FakeSource(times=lambda _number: number * STEP)
    frame.give()
    made = frame.read()
    assert made is not None
    return Frame(made.pixels, number, number * STEP)
