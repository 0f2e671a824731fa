"""Live recordings lose no frame unseen: frames in the file + dropped = captured, whatever the analysis does."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import av
import pytest
from fake_source import PATIENCE, FakeLooker, FakeSource, finish, until
from scenes import scene

from desktop.frame import Pixels
from desktop.live import recorders as recorders_module
from desktop.live.analysis import Looker, Progress
from desktop.live.figures import RecordingFigures
from desktop.live.recording import RecordingOptions
from desktop.live.session import Session
from desktop.recordings.recording import Recording
from desktop.recordings.sidecar_reader import End, Header, Line, read_sidecar
from models.errors import RecordingError
from models.scene import Scene

STEP = 33_000_000
FRAME_BYTES = 64 * 48 * 3


class _Gate:
    """Holds back every recording's writing while it is shut, and fails it after some frames."""

    def __init__(self) -> None:
        self.open = threading.Event()
        self.open.set()
        self.reached = threading.Event()
        self.fails_after: int | None = None


class _GatedRecording(Recording):
    """A real recording whose `write` waits for the gate: a slow disk."""

    gate = _Gate()

    def write(
        self,
        pixels: Pixels,
        time: float,
        *,
        clean: Pixels | None = None,
        scene: Scene | None,
        analysed: bool,
        interpolated: bool = False,
        index: int | None = None,
        position: float | None = None,
        moment: datetime | None = None,
    ) -> None:
        self.gate.reached.set()
        assert self.gate.open.wait(PATIENCE)
        if self.gate.fails_after is not None and self.frames >= self.gate.fails_after:
            raise RecordingError("The video cannot be written further: the disk is full. What was recorded is kept.")
        super().write(
            pixels,
            time,
            clean=clean,
            scene=scene,
            analysed=analysed,
            interpolated=interpolated,
            index=index,
            position=position,
            moment=moment,
        )


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> _Gate:
    made = _Gate()
    monkeypatch.setattr(_GatedRecording, "gate", made)
    monkeypatch.setattr(recorders_module, "Recording", _GatedRecording)
    return made


def _source(*, live: bool = True) -> FakeSource:
    return FakeSource(live=live, times=lambda number: number * STEP)


def _start(source: FakeSource, looker: Looker | None = None, *, now: int = 0) -> Session:
    """A session whose clock stands still: at 0 the recording waits for as long as it takes, late it never waits."""
    session = Session(source, look=None if looker is None else lambda _progress: looker, clock=lambda: now)
    session.start()
    if looker is not None:
        until(lambda: session.figures().analysis == "running", "the looker is loaded")
    return session


def _record(session: Session, path: Path, capacity: int = 2**28) -> None:
    session.start_recording(path, program="0.1.0", networks={"faces": "face-mesh"}, capacity=capacity)


def _captured(session: Session, count: int) -> None:
    until(lambda: session.figures().captured >= count, f"{count} frames are captured")


def _analysed(session: Session, count: int) -> None:
    until(lambda: session.figures().analysed >= count, f"{count} frames are analysed")


def _checked(figures: RecordingFigures) -> tuple[list[Line], End]:
    """The lines and the end of a finished recording, whose files must agree with its figures and with each other."""
    assert figures.state == "finished"
    assert figures.frames + figures.dropped == figures.captured
    data, video, *_ = figures.files
    entries = list(read_sidecar(data))
    lines = [entry for entry in entries if isinstance(entry, Line)]
    end = entries[-1]
    assert isinstance(end, End)
    assert (end.frames, end.dropped, end.skipped, end.late) == (
        figures.frames,
        figures.dropped,
        figures.skipped,
        figures.late,
    )
    assert len(lines) == figures.frames
    with av.open(str(video)) as container:
        times = [frame.time for frame in container.decode(video=0)]
    assert times == pytest.approx([line.time for line in lines], abs=1e-4)
    assert [line.frame for line in lines] == list(range(len(lines)))
    return lines, end


def test_every_frame_is_recorded_with_its_own_scene(tmp_path: Path) -> None:
    source, looker = _source(), FakeLooker(find=lambda _number: scene())
    session = _start(source, looker)
    _record(session, tmp_path / "a.mp4")
    for number in range(8):
        source.give()
        _captured(session, number + 1)
        until(lambda: session.figures().analysed == session.figures().captured, "the frame is analysed")
    assert finish(session, source)
    lines, end = _checked(session.recordings[0])
    assert len(lines) == 8
    assert all(line.scene for line in lines)
    assert [line.time for line in lines] == pytest.approx([number * 0.033 for number in range(8)])
    assert (end.dropped, end.skipped, end.late) == (0, 0, 0)


def test_skipped_frames_are_in_the_file_and_counted(tmp_path: Path) -> None:
    source, looker = _source(), FakeLooker(free=False, find=lambda _number: scene())
    session = _start(source, looker)
    _record(session, tmp_path / "a.mp4")
    source.give()
    until(lambda: looker.taken == [0], "the looker has frame 0")
    source.give(4)
    _captured(session, 5)
    looker.allow(1)
    until(lambda: looker.taken == [0, 4], "the looker has frame 4")
    looker.allow(1)
    until(lambda: session.figures().analysed == 2, "both are analysed")
    assert finish(session, source)
    lines, end = _checked(session.recordings[0])
    assert [line.analysed for line in lines] == [True, False, False, False, True]
    assert (end.skipped, end.late) == (3, 0)
    assert session.figures().skipped == 3


def test_a_frame_is_not_waited_for_longer_than_a_second_after_its_capture(tmp_path: Path) -> None:
    """The looker holds frame 0 for ever; frames older than a second are written without it, as late."""
    source, looker = _source(), FakeLooker(free=False)
    session = _start(source, looker, now=2_000_000_000)
    _record(session, tmp_path / "a.mp4")
    source.give()
    until(lambda: looker.taken == [0], "the looker has frame 0")
    source.give(9)
    _captured(session, 10)
    session.stop_recording()
    assert session.join_recordings(PATIENCE)
    lines, end = _checked(session.recordings[0])
    assert len(lines) == 10
    assert (end.late, end.skipped) == (10, 0)
    looker.allow(100)
    assert finish(session, source)


def test_a_looker_that_hangs_makes_the_recording_late_rather_than_lossy(tmp_path: Path) -> None:
    """A conveyor that fills up is emptied without waiting: nothing is dropped for the analysis' sake."""
    source, looker = _source(), FakeLooker(free=False)
    session = _start(source, looker)
    _record(session, tmp_path / "a.mp4", capacity=6 * FRAME_BYTES)
    source.give()
    until(lambda: looker.taken == [0], "the looker has frame 0")
    for number in range(1, 30):
        source.give()
        _captured(session, number + 1)
        until(lambda: session.recordings[0].waiting <= 4, "the conveyor is emptied")
    assert session.recordings[0].dropped == 0
    looker.allow(100)
    assert finish(session, source)
    lines, _ = _checked(session.recordings[0])
    assert len(lines) == 30


def test_while_the_looker_never_loads_frames_are_recorded_without_waiting(tmp_path: Path) -> None:
    source, released = _source(), threading.Event()

    def load(_progress: Progress) -> Looker:
        assert released.wait(PATIENCE)
        return FakeLooker()

    session = Session(source, look=load, clock=lambda: 0)
    session.start()
    _record(session, tmp_path / "a.mp4")
    source.give(10)
    _captured(session, 10)
    session.stop_recording()
    assert session.join_recordings(PATIENCE)
    lines, end = _checked(session.recordings[0])
    assert len(lines) == 10
    assert (end.skipped, end.late) == (0, 0)
    released.set()
    assert finish(session, source)


@pytest.mark.parametrize("fails_after", [0, 3])
def test_a_looker_that_raises_takes_no_recording_with_it(tmp_path: Path, fails_after: int) -> None:
    source, looker = _source(), FakeLooker(fails_after=fails_after, find=lambda _number: scene())
    session = _start(source, looker)
    _record(session, tmp_path / "a.mp4")
    for number in range(8):
        source.give()
        _captured(session, number + 1)
        _analysed(session, min(number + 1, fails_after))
        if number == fails_after:
            until(lambda: session.figures().analysis == "failed", "the looker failed")
    assert finish(session, source)
    lines, _ = _checked(session.recordings[0])
    assert [line.analysed for line in lines] == [number < fails_after for number in range(8)]


def test_switched_off_and_on_again_the_recording_goes_on(tmp_path: Path) -> None:
    source = _source()
    session = _start(source, FakeLooker(find=lambda _number: scene()))
    _record(session, tmp_path / "a.mp4")
    source.give()
    until(lambda: session.recordings[0].frames == 1, "frame 0 is written")
    session.set_looker(None)
    source.give(3)
    until(lambda: session.recordings[0].frames == 4, "frames 1 to 3 are written")
    again = FakeLooker(find=lambda _number: scene())
    session.set_looker(lambda _progress: again)
    until(lambda: session.figures().analysis == "running", "the looker is back")
    source.give()
    until(lambda: session.recordings[0].frames == 5, "frame 4 is written")
    assert finish(session, source)
    lines, end = _checked(session.recordings[0])
    assert [line.analysed for line in lines] == [True, False, False, False, True]
    assert (end.skipped, end.late) == (0, 0)


def test_marks_are_drawn_as_the_frames_own_then_held_for_half_a_second_then_not_at_all(tmp_path: Path) -> None:
    source = FakeSource(size=(320, 240), times=lambda number: number * 200_000_000)
    session = _start(source, FakeLooker(find=lambda _number: scene()))
    _record(session, tmp_path / "a.mp4")
    source.give()
    until(lambda: session.recordings[0].frames == 1, "frame 0 is written with its own marks")
    session.set_looker(None)
    source.give(3)  # 0.2, 0.4 and 0.6 s later
    _captured(session, 4)
    assert finish(session, source)
    _checked(session.recordings[0])
    with av.open(str(tmp_path / "a.mp4")) as container:
        light = [float(frame.to_ndarray(format="gray").mean()) for frame in container.decode(video=0)]
    own, held, still_held, without = light
    assert own > held > without + 0.5
    assert still_held == pytest.approx(held, rel=0.1)
    assert without < 2.0


@pytest.mark.parametrize("lost", [True, False])
def test_a_source_that_ends_or_is_lost_closes_the_recording_whole(tmp_path: Path, lost: bool) -> None:
    source = _source()
    session = _start(source, FakeLooker())
    _record(session, tmp_path / "a.mp4")
    source.give(6)
    if lost:
        source.lose()
    else:
        source.end()
    until(lambda: session.recordings[0].state == "finished", "the file is closed without anybody asking")
    lines, _ = _checked(session.recordings[0])
    assert len(lines) == 6
    assert session.stop(PATIENCE)


def test_a_full_conveyor_drops_and_counts_and_never_holds_capture_back(tmp_path: Path, gate: _Gate) -> None:
    source = _source()
    session = _start(source)
    gate.open.clear()
    _record(session, tmp_path / "a.mp4", capacity=4 * FRAME_BYTES)
    source.give()
    assert gate.reached.wait(PATIENCE)
    source.give(19)
    _captured(session, 20)
    assert session.recordings[0].dropped == 15
    assert session.figures().dropped == 15
    gate.open.set()
    assert finish(session, source)
    lines, end = _checked(session.recordings[0])
    assert (len(lines), end.dropped) == (5, 15)
    assert [line.index for line in lines] == [None] * 5  # the first five of the session, as in the recording


def test_no_frame_waits_for_longer_than_ten_seconds_however_small_it_is(tmp_path: Path, gate: _Gate) -> None:
    """What waits is lost by a crash; small pictures did for half a minute."""
    source = FakeSource(times=lambda number: number * 500_000_000)
    session = _start(source)
    gate.open.clear()
    _record(session, tmp_path / "a.mp4")
    source.give()
    assert gate.reached.wait(PATIENCE)
    source.give(29)
    _captured(session, 30)
    assert (session.recordings[0].waiting, session.recordings[0].dropped) == (21, 8)
    gate.open.set()
    until(lambda: session.recordings[0].waiting == 0, "what waited is written")
    source.give()
    _captured(session, 31)
    assert finish(session, source)
    lines, end = _checked(session.recordings[0])
    assert [line.index if line.index is not None else line.frame for line in lines] == [*range(22), 30]
    assert end.dropped == 8


def test_stopped_it_writes_what_waits_and_says_how_much_that_is(tmp_path: Path, gate: _Gate) -> None:
    source = _source()
    session = _start(source)
    gate.open.clear()
    _record(session, tmp_path / "a.mp4")
    source.give()
    assert gate.reached.wait(PATIENCE)
    source.give(9)
    _captured(session, 10)
    session.stop_recording()
    figures = session.recordings[0]
    assert (figures.state, figures.waiting) == ("draining", 9)
    gate.open.set()
    assert session.join_recordings(PATIENCE)
    lines, _ = _checked(session.recordings[0])
    assert len(lines) == 10
    assert finish(session, source)


@pytest.mark.parametrize("how", ["recording", "session"])
def test_asked_to_stop_twice_it_ends_after_the_frame_in_hand(tmp_path: Path, gate: _Gate, how: str) -> None:
    source = _source()
    session = _start(source)
    gate.open.clear()
    _record(session, tmp_path / "a.mp4")
    source.give()
    assert gate.reached.wait(PATIENCE)
    source.give(9)
    _captured(session, 10)
    for _ in range(2):
        if how == "recording":
            session.stop_recording()
        else:
            session.request_stop()
    gate.open.set()
    assert session.join_recordings(PATIENCE)
    lines, end = _checked(session.recordings[0])
    assert (len(lines), end.dropped) == (1, 9)
    assert finish(session, source)


def test_an_encoder_that_fails_is_told_and_the_session_goes_on(tmp_path: Path, gate: _Gate) -> None:
    source, looker = _source(), FakeLooker()
    session = _start(source, looker)
    gate.fails_after = 3
    _record(session, tmp_path / "a.mp4")
    source.give(10)
    _captured(session, 10)
    until(lambda: len(session.errors) == 1, "the failure is told")
    assert [notice.about for notice in session.errors] == ["recording"]
    figures = session.recordings[0]
    assert figures.state == "failed"
    assert figures.frames == 3
    assert figures.frames + figures.dropped == figures.captured
    assert all(file.exists() and file.suffix == ".part" for file in figures.files)
    assert not (tmp_path / "a.mp4").exists()
    gate.fails_after = None
    _record(session, tmp_path / "b.mp4")
    source.give(2)
    until(lambda: session.recordings[1].frames == 2, "the next recording works")
    assert finish(session, source)
    _checked(session.recordings[1])


def test_a_recording_that_cannot_be_ended_says_what_lies_where(tmp_path: Path) -> None:
    source = _source()
    session = _start(source)
    _record(session, tmp_path / "a.mp4")
    source.give(3)
    until(lambda: session.recordings[0].frames == 3, "the frames are written")
    (tmp_path / "a.mp4").write_bytes(b"theirs")
    assert finish(session, source)
    figures = session.recordings[0]
    assert (figures.state, figures.frames, figures.dropped) == ("failed", 3, 0)
    assert figures.files == (tmp_path / "a.jsonl.part", tmp_path / "a.mp4.part")
    assert all(file.stat().st_size for file in figures.files)


def test_each_recording_of_a_session_begins_at_its_own_first_frame(tmp_path: Path) -> None:
    source = _source()
    session = _start(source)
    for name, first in (("a", 0), ("b", 5)):
        _record(session, tmp_path / f"{name}.mp4")
        source.give(4)
        _captured(session, first + 4)
        session.stop_recording()
        assert session.join_recordings(PATIENCE)
        source.give()
        _captured(session, first + 5)
    assert finish(session, source)
    for number, figures in enumerate(session.recordings):
        lines, _ = _checked(figures)
        assert [line.time for line in lines] == pytest.approx([0.0, 0.033, 0.066, 0.099])
        assert [line.frame if line.index is None else line.index for line in lines] == [
            5 * number + step for step in range(4)
        ]


def test_a_recording_of_so_many_seconds_ends_by_itself_at_the_frame(tmp_path: Path) -> None:
    source = _source()
    session = _start(source)
    session.start_recording(tmp_path / "a.mp4", program="0.1.0", seconds=0.33)
    source.give(20)
    until(lambda: session.recordings[0].state == "finished", "it ends though nobody asked")
    lines, _ = _checked(session.recordings[0])
    assert [line.time for line in lines] == pytest.approx([number * 0.033 for number in range(10)], abs=1e-4)
    assert finish(session, source)
    assert session.recordings[0].captured == 10


def test_a_recording_of_so_many_seconds_ends_though_its_source_has_fallen_silent(tmp_path: Path) -> None:
    now = 0
    source = _source()
    session = Session(source, clock=lambda: now)
    session.start()
    session.start_recording(tmp_path / "a.mp4", program="0.1.0", seconds=2.0)
    source.give(3)
    until(lambda: session.recordings[0].frames == 3, "the first frames are written")
    now = 2 * 10**9
    until(lambda: session.recordings[0].state == "finished", "the two seconds are over", 10.0)
    assert finish(session, source)
    _checked(session.recordings[0])


def test_the_media_time_of_a_file_is_kept(tmp_path: Path) -> None:
    source = FakeSource(live=False, times=lambda number: number * 1_000_000)
    session = Session(source)
    session.start()
    _record(session, tmp_path / "a.mp4")
    source.give(3)
    source.end()
    until(lambda: session.recordings[0].state == "finished", "the file has ended")
    lines, _ = _checked(session.recordings[0])
    assert [line.position for line in lines] == [0.0, 0.001, 0.002]
    assert session.stop(PATIENCE)


def test_what_cannot_be_recorded_is_refused_at_once(tmp_path: Path) -> None:
    source = _source()
    idle = Session(source)
    with pytest.raises(RecordingError, match="Nothing is being watched"):
        _record(idle, tmp_path / "a.mp4")
    session = _start(source)
    (tmp_path / "there.mp4").write_bytes(b"precious")
    with pytest.raises(RecordingError):
        _record(session, tmp_path / "there.mp4")
    assert (tmp_path / "there.mp4").read_bytes() == b"precious"
    _record(session, tmp_path / "a.mp4")
    with pytest.raises(RecordingError, match="runs already"):
        _record(session, tmp_path / "b.mp4")
    assert finish(session, source)
    assert session.recordings[0].files == ()  # no frame came: no file
    assert [path.name for path in tmp_path.iterdir()] == ["there.mp4"]


@pytest.mark.parametrize("seed", range(12))
def test_whatever_happens_in_whatever_order_every_captured_frame_is_accounted_for(
    tmp_path: Path, gate: _Gate, seed: int
) -> None:
    """A random day: frames come, the disk stalls, lookers fail and are switched, recordings start, pause and stop."""
    chance = random.Random(seed)
    source = _source()
    session = _start(source, FakeLooker(find=lambda _number: scene()), now=chance.choice([0, 10**12]))
    captured = 0

    def give() -> None:
        nonlocal captured
        count = chance.randint(1, 6)
        source.give(count)
        captured += count
        _captured(session, captured)

    def record() -> None:
        path = tmp_path / f"{captured}-{chance.random()}.mp4"
        _try_to_record(session, path, chance.randint(1, 12) * FRAME_BYTES, chance.random())

    deeds: list[Callable[[], object]] = [
        *(give, give, give, record, session.stop_recording, session.pause_recording, session.resume_recording),
        gate.open.clear,
        gate.open.set,
        lambda: session.set_looker(None),
        lambda: session.set_looker(lambda _progress: FakeLooker(find=lambda _number: scene())),
        lambda: session.set_looker(lambda _progress: FakeLooker(fails_after=1)),
        lambda: session.arm(RecordingOptions(clean=chance.random() < 0.3), chance.uniform(0.1, 1.0)),
        session.disarm,
    ]
    for _ in range(45):
        chance.choice(deeds)()
    session.request_stop()
    if chance.random() < 0.3:
        session.request_stop()
    gate.open.set()
    source.end()
    assert session.join(PATIENCE)
    assert session.figures().captured == captured
    for figures in session.recordings:
        assert figures.frames + figures.dropped == figures.captured
        if figures.frames:
            _checked(figures)


def _try_to_record(session: Session, path: Path, capacity: int, before: float) -> None:
    try:
        session.start_recording(path, program="0.1.0", capacity=capacity, before=before)
    except RecordingError as error:
        assert "runs already" in str(error)  # noqa: PT017 - the only refusal there is here


def test_the_first_moment_of_a_recording_is_told_in_its_header(tmp_path: Path) -> None:
    source = _source()
    session = _start(source)
    _record(session, tmp_path / "a.mp4")
    source.give(1)
    _captured(session, 1)
    assert finish(session, source)
    header = next(iter(read_sidecar(tmp_path / "a.jsonl")))
    assert not isinstance(header, Line | End)
    networks: Mapping[str, str] = header.networks
    assert (header.source, header.size, networks) == ("fake:0", (64, 48), {"faces": "face-mesh"})
    assert datetime.fromisoformat(header.start).tzinfo is not None


def test_it_is_the_moment_of_the_first_frames_capture_however_late_that_is_written(tmp_path: Path) -> None:
    """The frame was captured five seconds before the recording came to it."""
    source = FakeSource(times=lambda number: number * STEP)
    session = _start(source, now=5_000_000_000)
    before = datetime.now(UTC)
    _record(session, tmp_path / "a.mp4")
    source.give(1)
    _captured(session, 1)
    assert finish(session, source)
    header = next(iter(read_sidecar(tmp_path / "a.jsonl")))
    assert isinstance(header, Header)
    start = datetime.fromisoformat(header.start) + timedelta(seconds=5)
    assert before - timedelta(milliseconds=1) <= start <= datetime.now(UTC)


def test_what_an_encoder_could_not_is_told_and_the_recording_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Recording, "notes", ("The encoder gave up: libx264 goes on.",))
    source = _source()
    session = _start(source)
    _record(session, tmp_path / "a.mp4")
    source.give(3)
    _captured(session, 3)
    assert finish(session, source)
    _checked(session.recordings[0])
    assert [notice.sentence for notice in session.errors] == ["The encoder gave up: libx264 goes on."]
    assert session.recordings[0].encoder.startswith("libx264")


def test_each_thing_that_could_not_be_is_told_once_whatever_part_of_the_recording_tells_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The microphone is lost, then the encoder gives up, whose sentences come before the microphone's."""
    lost, gave_up = "The microphone was lost.", "The encoder gave up."
    monkeypatch.setattr(Recording, "notes", property(lambda file: (lost,) if file.frames < 2 else (gave_up, lost)))
    source = _source()
    session = _start(source)
    _record(session, tmp_path / "a.mp4")
    source.give(4)
    _captured(session, 4)
    assert finish(session, source)
    assert [notice.sentence for notice in session.errors] == [lost, gave_up]
