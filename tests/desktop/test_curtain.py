"""What is shown of a session, and taken of it, is hidden as it would be in a recording."""

from __future__ import annotations

import numpy as np
import pytest
from canary import FOUND, CanarySource, likeness, scene_of
from fake_source import FakeLooker, finish, until

from desktop.drawing.privacy import Hide
from desktop.live.session import Session
from desktop.live.showing import Shown

STEP = 33_000_000


@pytest.fixture
def source() -> CanarySource:
    return CanarySource()


def _session(source: CanarySource, looker: FakeLooker | None, now: list[int]) -> Session:
    session = Session(source, look=None if looker is None else lambda _progress: looker, clock=lambda: now[0])
    session.start()
    if looker is not None:
        until(lambda: session.figures().analysis == "running", "the looker is loaded")
    return session


def _next(session: Session, source: CanarySource, looker: FakeLooker | None, now: list[int]) -> Shown:
    """One more frame, as it is shown when all is done with it."""
    count = session.figures().captured
    now[0] = count * STEP
    source.give()
    until(lambda: session.figures().captured == count + 1, "the frame is captured")
    if looker is not None:
        until(lambda: session.figures().analysed == count + 1, "the frame is analysed")
    shown = session.shown()
    assert shown is not None
    return shown


def test_nothing_is_hidden_unless_asked_and_again_when_no_longer_asked(source: CanarySource) -> None:
    now, looker = [0], FakeLooker(find=scene_of)
    session = _session(source, looker, now)
    assert likeness(_next(session, source, looker, now).frame.pixels) > 0.9
    session.hide(Hide())
    assert likeness(_next(session, source, looker, now).frame.pixels) < FOUND
    session.hide(None)
    assert likeness(_next(session, source, looker, now).frame.pixels) > 0.9
    assert finish(session, source)


def test_what_is_on_the_screen_already_is_hidden_at_once(source: CanarySource) -> None:
    now, looker = [0], FakeLooker(find=scene_of)
    session = _session(source, looker, now)
    _next(session, source, looker, now)
    session.hide(Hide())
    shown = session.shown()
    assert shown is not None
    assert likeness(shown.frame.pixels) < FOUND
    assert (shown.frame.pixels[:120] == source.picture(0)[:120]).all(), "the face alone is hidden"
    assert session.shown() is shown, "the same picture is hidden once"
    assert finish(session, source)


def test_hidden_faces_are_shown_as_boxes(source: CanarySource) -> None:
    now, looker = [0], FakeLooker(find=scene_of)
    session = _session(source, looker, now)
    session.hide(Hide())
    shown = _next(session, source, looker, now)
    assert shown.scene is not None
    assert not np.isfinite(shown.scene.faces[0].points).any()
    assert finish(session, source)


@pytest.mark.parametrize("stalls", [0, 5])
def test_while_the_analysis_stalls_nothing_is_shown_after_half_a_second(source: CanarySource, stalls: int) -> None:
    now, looker = [0], FakeLooker(free=False, find=scene_of)
    session = _session(source, looker, now)
    session.hide(Hide())
    for _ in range(stalls):
        looker.allow()
    whole = 0
    for number in range(30):
        shown = _next(session, source, None, now)
        if number < stalls:
            until(lambda number=number: session.figures().analysed == number + 1, "the frame is analysed")  # type: ignore[misc]
            shown = session.shown() or shown
        assert likeness(shown.frame.pixels) < FOUND
        whole += len(np.unique(shown.frame.pixels.reshape(-1, 3), axis=0)) < 100
    assert whole >= 30 - stalls - 16
    looker.allow(100)
    assert finish(session, source)


def test_without_any_analysis_the_whole_picture_is_hidden(source: CanarySource) -> None:
    now = [0]
    session = _session(source, None, now)
    session.hide(Hide())
    for _ in range(3):
        assert likeness(_next(session, source, None, now).frame.pixels) < FOUND
    assert finish(session, source)


def test_when_the_analysis_dies_the_whole_picture_is_hidden(source: CanarySource) -> None:
    now, looker = [0], FakeLooker(find=scene_of, fails_after=3)
    session = _session(source, looker, now)
    session.hide(Hide())
    for number in range(30):
        assert likeness(_next(session, source, looker if number < 3 else None, now).frame.pixels) < FOUND
    until(lambda: session.figures().analysis == "failed", "the analysis has failed")
    assert finish(session, source)
