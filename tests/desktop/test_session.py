"""A session shows the newest picture whatever the analysis does, and leaves no thread behind."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sized

import pytest
from fake_source import PATIENCE, FakeLooker, FakeSource, finish, number_of, until
from scenes import scene

from desktop.frame import Frame
from desktop.live.analysis import Looker, Progress
from desktop.live.session import Session
from desktop.live.showing import Pair
from models.errors import NetworkError
from models.scene import Scene


def _watch(source: FakeSource, looker: Looker | None = None, *, abandon: float = 2.0) -> Session:
    session = Session(source, look=None if looker is None else lambda _progress: looker, abandon=abandon)
    session.start()
    if looker is not None:
        until(lambda: session.figures().analysis == "running", "the looker is loaded")
    return session


def _captured(session: Session, count: int) -> None:
    until(lambda: session.figures().captured >= count, f"{count} frames are captured")


def _analysed(session: Session, count: int) -> None:
    until(lambda: session.figures().analysed >= count, f"{count} frames are analysed")


def _filled(things: Sized, count: int) -> None:
    until(lambda: len(things) >= count, f"{count} things came")


def test_every_frame_is_analysed_where_the_looker_keeps_up() -> None:
    source, looker = FakeSource(), FakeLooker(find=lambda _number: scene())
    session = _watch(source, looker)
    for number in range(5):
        source.give()
        _analysed(session, number + 1)
        shown = session.shown()
        assert shown is not None
        assert (shown.frame.index, shown.held, number_of(shown.frame.pixels)) == (number, False, number)
        assert shown.scene
    assert looker.seen == [0, 1, 2, 3, 4]
    assert session.figures().skipped == 0
    assert finish(session, source)


def test_before_anything_is_there_nothing_is_shown() -> None:
    source = FakeSource()
    session = Session(source)
    assert session.figures().state == "idle"
    session.start()
    assert session.shown() is None
    assert session.figures().age is None
    assert finish(session, source)
    assert session.figures().state == "stopped"


def test_with_a_slow_looker_the_picture_shown_is_always_the_newest() -> None:
    """The looker is stuck in frame 0; the age of the picture does not grow with that."""
    source, looker = FakeSource(times=lambda number: number * 33_000_000), FakeLooker(free=False)
    now = 0
    session = Session(source, look=lambda _progress: looker, clock=lambda: now)
    session.start()
    until(lambda: session.figures().analysis == "running", "the looker is loaded")
    for number in range(60):
        source.give()
        _captured(session, number + 1)
        now = number * 33_000_000 + 5_000_000
        shown = session.shown()
        assert shown is not None
        assert shown.frame.index == number
        assert session.figures().age == pytest.approx(0.005)
        if number == 0:
            until(lambda: looker.taken == [0], "the looker took the first frame")
    looker.allow(1)
    _analysed(session, 1)
    until(lambda: len(looker.taken) == 2, "the looker took the next frame")
    assert looker.taken == [0, 59]  # the newest, none of those between
    assert session.figures().skipped == 58
    shown = session.shown()
    assert shown is not None
    assert (shown.frame.index, shown.scene) == (59, None)  # marks two seconds old are not shown
    looker.allow(1)
    assert finish(session, source)


def test_while_the_looker_loads_frames_are_shown_and_its_progress_is_told() -> None:
    source, released = FakeSource(), threading.Event()

    def load(progress: Progress) -> Looker:
        progress("Preparing the face mesh", 0.4)
        assert released.wait(PATIENCE)
        return FakeLooker()

    session = Session(source, look=load)
    session.start()
    source.give(3)
    _captured(session, 3)
    until(lambda: session.figures().loading != "", "progress is told")
    figures = session.figures()
    assert (figures.analysis, figures.loading, figures.progress) == ("loading", "Preparing the face mesh", 0.4)
    assert figures.skipped == 0  # nobody looked, nobody skipped
    released.set()
    _analysed(session, 1)  # the newest frame at once, without waiting for another
    assert finish(session, source)


def test_a_loader_that_does_not_come_back_is_named_when_the_session_stops() -> None:
    source, released = FakeSource(), threading.Event()

    def load(_progress: Progress) -> Looker:
        assert released.wait(PATIENCE)
        return FakeLooker()

    session = Session(source, look=load)
    session.start()
    source.end()
    assert not session.stop(timeout=0.2)
    until(lambda: session.unended == ("analysis",), "only the loader is left")
    released.set()
    assert session.stop(PATIENCE)
    assert session.unended == ()


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (NetworkError("The weights of the face mesh are damaged: install Onlooker again."), "weights"),
        (None, "ZeroDivisionError"),
    ],
)
def test_a_looker_that_raises_is_told_once_and_the_picture_goes_on(error: NetworkError | None, said: str) -> None:
    source, looker = FakeSource(), FakeLooker(fails_after=2, error=error)
    session = _watch(source, looker)
    for number in range(6):
        source.give()
        _captured(session, number + 1)
        if number < 2:
            _analysed(session, number + 1)
        elif number == 2:
            until(lambda: session.figures().analysis == "failed", "the analysis failed")
    notices = session.errors
    assert [notice.about for notice in notices] == ["analysis"]
    assert said in notices[0].sentence
    newest = session.newest
    assert newest is not None
    shown = session.shown(newest.time + 600_000_000)
    assert shown is not None
    assert (shown.frame.index, shown.scene) == (5, None)
    assert finish(session, source)


def test_an_analysis_that_failed_can_be_started_again() -> None:
    source, looker = FakeSource(), FakeLooker(fails_after=0)
    session = _watch(source, looker)
    source.give()
    until(lambda: session.figures().analysis == "failed", "the analysis failed")
    other = FakeLooker()
    session.set_looker(lambda _progress: other)
    until(lambda: other.seen == [0], "the new looker sees the newest frame")
    source.give()
    until(lambda: other.seen == [0, 1], "and those after it")
    assert finish(session, source)


def test_a_looker_that_cannot_be_loaded_is_told() -> None:
    source = FakeSource()

    def load(_progress: Progress) -> Looker:
        raise NetworkError("The device cuda does not work here: choose cpu.")

    session = Session(source, look=load)
    session.start()
    until(lambda: session.figures().analysis == "failed", "it failed")
    until(lambda: len(session.errors) == 1, "it is told")
    assert session.errors[0].sentence == "The device cuda does not work here: choose cpu."
    source.give(2)
    _captured(session, 2)
    assert finish(session, source)


def test_switched_off_marks_go_and_switched_on_they_come_back() -> None:
    source, first, second = FakeSource(), FakeLooker(find=lambda _n: scene()), FakeLooker(find=lambda _n: scene())
    session = _watch(source, first)
    source.give()
    _analysed(session, 1)
    session.set_looker(None)
    assert session.figures().analysis == "off"
    shown = session.shown()
    assert shown is not None
    assert shown.scene is None
    source.give()
    _captured(session, 2)
    session.set_looker(lambda _progress: second)
    until(lambda: second.seen == [1], "the second looks at the newest")
    assert first.seen == [0]
    assert finish(session, source)


def test_the_frame_in_hand_of_a_looker_that_was_replaced_is_not_published() -> None:
    source, slow, quick = FakeSource(), FakeLooker(free=False, find=lambda _n: scene()), FakeLooker()
    session = _watch(source, slow)
    source.give()
    until(lambda: slow.taken == [0], "the slow one looks")
    session.set_looker(lambda _progress: quick)
    _analysed(session, 1)
    slow.allow()
    until(lambda: session.unended.count("analysis") == 1, "the slow one ended")
    pair = session.newest_pair
    assert pair is not None
    assert not pair.scene  # the quick one's, which finds nothing
    assert session.figures().analysed == 1
    assert finish(session, source)


def test_options_are_changed_on_the_analysis_thread_between_two_frames() -> None:
    source, looker = FakeSource(), FakeLooker()
    session = _watch(source, looker)
    changed: list[tuple[Looker, str]] = []
    session.change(lambda one: changed.append((one, threading.current_thread().name)))
    until(lambda: len(changed) == 1, "the change is made, though no frame comes")
    assert changed == [(looker, "analysis")]
    assert finish(session, source)


def test_a_picture_keeps_its_marks_and_is_looked_at_again_when_options_change() -> None:
    source, looker = FakeSource(live=False, times=lambda _number: 0), FakeLooker(find=lambda _n: scene())
    session = _watch(source, looker)
    source.give()
    source.end()
    until(lambda: session.figures().state == "ended", "the only frame was read")
    _analysed(session, 1)
    much_later = session.figures().captured * 10**18
    shown = session.shown(much_later)
    assert shown is not None
    assert shown.scene
    assert not shown.held
    session.change(lambda _looker: None)
    _analysed(session, 2)
    assert looker.seen == [0, 0]
    assert session.stop(PATIENCE)


def test_a_picture_that_was_read_before_the_looker_was_loaded_is_analysed() -> None:
    source, released, looker = FakeSource(live=False, times=lambda _number: 0), threading.Event(), FakeLooker()

    def load(_progress: Progress) -> Looker:
        assert released.wait(PATIENCE)
        return looker

    session = Session(source, look=load)
    session.start()
    source.give()
    source.end()
    until(lambda: session.figures().state == "ended", "the only frame was read")
    released.set()
    _analysed(session, 1)
    assert session.stop(PATIENCE)


def test_a_lost_source_is_told_and_the_threads_end_by_themselves() -> None:
    source, looker = FakeSource(), FakeLooker()
    session = _watch(source, looker)
    source.give(3)
    source.lose("fake:0 was unplugged.")
    until(lambda: session.figures().state == "lost", "the loss is seen")
    assert session.figures().error == "fake:0 was unplugged."
    assert [(notice.about, notice.sentence) for notice in session.errors] == [("source", "fake:0 was unplugged.")]
    until(lambda: session.unended == (), "all threads ended")
    assert session.figures().captured == 3
    assert session.stop(PATIENCE)


def test_a_source_that_cannot_be_opened_is_told() -> None:
    session = _watch(FakeSource(refuses="There is no camera 7."))
    until(lambda: session.figures().state == "lost", "it is told")
    assert session.errors[0].sentence == "There is no camera 7."
    assert session.stop(PATIENCE)


def test_a_reader_that_hangs_is_abandoned_and_its_late_frame_ignored() -> None:
    source = FakeSource()
    session = _watch(source, FakeLooker(), abandon=0.05)
    source.give(2)
    _captured(session, 2)
    source.hang()
    assert source.hanging.wait(PATIENCE)
    assert session.stop(PATIENCE)
    assert session.abandoned
    source.released.set()
    source.end()
    assert source.closed.wait(PATIENCE)  # it closes its source itself, when it comes back
    assert session.figures().captured == 2


def test_stopping_twice_or_without_a_start_does_no_harm() -> None:
    session = Session(FakeSource())
    assert session.stop(PATIENCE)
    assert session.stop(PATIENCE)
    with pytest.raises(RuntimeError):
        session.start()
    source = FakeSource()
    started = _watch(source, FakeLooker())
    source.give()
    _captured(started, 1)
    assert finish(started, source)
    assert started.stop(PATIENCE)
    assert started.figures().captured == 1


def test_consumers_get_every_frame_or_the_latest_pair() -> None:
    source, looker = FakeSource(), FakeLooker()
    session = _watch(source, looker)
    every: list[int] = []
    latest: list[Pair] = []
    closed = threading.Event()
    session.subscribe_every("ring", lambda frame: every.append(frame.index), close=closed.set)
    session.subscribe_latest("rules", latest.append)
    for number in range(4):
        source.give()
        _filled(latest, number + 1)
    assert finish(session, source)
    assert every == [0, 1, 2, 3]
    assert [pair.frame.index for pair in latest] == [0, 1, 2, 3]
    assert closed.is_set()


@pytest.mark.parametrize("kind", ["latest", "every"])
def test_a_consumer_that_raises_is_detached_and_named_and_the_others_go_on(kind: str) -> None:
    source, looker = FakeSource(), FakeLooker()
    session = _watch(source, looker)
    closed = threading.Event()
    others: list[int] = []

    def fail(_value: Pair | Frame) -> None:
        raise OSError("the lamp does not answer")

    subscribe: Callable[..., None] = session.subscribe_latest if kind == "latest" else session.subscribe_every
    subscribe("lamp", fail, close=closed.set)
    session.subscribe_every("other", lambda frame: others.append(frame.index))
    source.give()
    _analysed(session, 1)
    assert closed.wait(PATIENCE)
    source.give(3)
    _captured(session, 4)
    assert finish(session, source)
    assert others == [0, 1, 2, 3]
    assert [notice.about for notice in session.errors] == ["lamp"]
    assert "the lamp does not answer" in session.errors[0].sentence


def test_a_consumer_that_cannot_keep_up_loses_frames_and_holds_nobody_back() -> None:
    source = FakeSource()
    session = _watch(source)
    released, taken = threading.Event(), []

    def take(frame: Frame) -> None:
        taken.append(frame.index)
        assert released.wait(PATIENCE)

    session.subscribe_every("slow", take, capacity=3 * 64 * 48 * 3)
    source.give()
    until(lambda: taken == [0], "it has the first frame in hand")
    source.give(9)
    _captured(session, 10)
    assert session.figures().dropped == 6
    released.set()
    assert finish(session, source)
    assert taken == [0, 1, 2, 3]


def test_one_that_unsubscribes_gets_nothing_more() -> None:
    source = FakeSource()
    session = _watch(source)
    taken: list[int] = []
    closed = threading.Event()
    session.subscribe_every("ring", lambda frame: taken.append(frame.index), close=closed.set)
    session.unsubscribe("ring")
    assert closed.wait(PATIENCE)
    source.give(2)
    _captured(session, 2)
    assert finish(session, source)
    assert taken == []


def test_rates_are_those_of_the_last_seconds() -> None:
    source = FakeSource(times=lambda number: number * 40_000_000)
    session = Session(source, clock=lambda: 4_000_000_000)
    session.start()
    source.give(101)
    _captured(session, 101)
    assert session.figures().capture_fps == pytest.approx(25.0)
    assert session.figures(5_000_000_000).capture_fps < 20  # overdue frames count
    assert session.figures(20_000_000_000).capture_fps == 0.0
    assert session.figures(20_000_000_000).silent == pytest.approx(16.0)
    assert finish(session, source)


def test_an_empty_scene_is_a_scene() -> None:
    source, looker = FakeSource(), FakeLooker(find=lambda _number: Scene())
    session = _watch(source, looker)
    source.give()
    _analysed(session, 1)
    shown = session.shown()
    assert shown is not None
    assert shown.scene is not None
    assert finish(session, source)
