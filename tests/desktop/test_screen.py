"""The screen: whole or a part, at its rate, and never black where it may not be watched (TRAPS T9)."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from itertools import pairwise

import cv2
import mss
import numpy as np
import pytest
from fake_source import PATIENCE, until
from screens import painted, xvfb

from desktop.frame import Pixels
from desktop.live.session import Session
from desktop.sources import screen as module
from desktop.sources.naming import make_source
from desktop.sources.screen import Screen, ScreenSource, list_screens, part_of
from models.errors import SourceError

RED = (0, 0, 255)
WHITE = (255, 255, 255)


@pytest.fixture(scope="module")
def display() -> Iterator[str]:
    """A screen of 320x240, its left half red, its right half white."""
    with xvfb() as name, painted(name, "#ff0000"):
        yield name


@pytest.fixture
def here(display: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """That screen is this program's."""
    on(monkeypatch, display)


def on(monkeypatch: pytest.MonkeyPatch, display: str) -> None:
    monkeypatch.setenv("DISPLAY", display)
    monkeypatch.setenv("XDG_SESSION_TYPE", "x11")
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)


def refusal(name: str) -> str:
    with pytest.raises(SourceError) as error:
        make_source(name).open()
    assert "\n" not in str(error.value)
    return str(error.value)


def look(name: str) -> Pixels:
    """One picture."""
    source = make_source(name)
    source.open()
    frame = source.read()
    source.close()
    assert frame is not None
    return frame.pixels


@pytest.mark.usefixtures("here")
def test_what_is_on_the_screen_is_given() -> None:
    source = make_source("screen:0")
    info = source.open()
    frame = source.read()
    source.close()
    assert source.live
    assert (info.size, info.fps, info.asked) == ((320, 240), 15.0, "Asked for 15 pictures a second.")
    assert frame is not None
    assert frame.size == (320, 240)
    assert tuple(frame.pixels[120, 80]) == RED
    assert tuple(frame.pixels[120, 240]) == WHITE


@pytest.mark.parametrize(
    ("region", "size", "left"),
    [
        ("150,10,40,30", (40, 30), RED),
        ("160,0,160,240", (160, 240), WHITE),
        ("-10,-10,50,50", (40, 40), RED),
        ("300,200,999,999", (20, 40), WHITE),
        ("0,0,1,1", (1, 1), RED),
    ],
)
@pytest.mark.usefixtures("here")
def test_a_part_of_the_screen_is_cut_to_what_there_is(
    region: str, size: tuple[int, int], left: tuple[int, int, int]
) -> None:
    source = make_source(f"screen:0:{region}")
    info = source.open()
    frame = source.read()
    source.close()
    assert frame is not None
    assert info.size == frame.size == size
    assert tuple(frame.pixels[0, 0]) == left


@pytest.mark.usefixtures("here")
def test_pictures_come_at_the_rate_that_was_asked_for_and_none_is_made_up_for() -> None:
    now = [0]
    source = ScreenSource("screen:0", fps=4.0, clock=lambda: now[0])
    source.open()
    first = source.read()
    now[0] += 1_700_000_000  # the reader was busy
    late, waited = source.read(), None
    now[0] += 250_000_000  # the time of the next has come
    waited = source.read()
    source.close()
    times = [frame.time / 1e9 for frame in (first, late, waited) if frame is not None]
    assert times == [0.0, 1.7, 1.95]


@pytest.mark.usefixtures("here")
def test_a_reader_waits_until_it_is_time() -> None:
    source = ScreenSource("screen:0", fps=10.0)
    source.open()
    frames = [frame for frame in (source.read() for _ in range(6)) if frame is not None]
    source.close()
    assert [frame.index for frame in frames] == list(range(6))
    assert all(before.time < after.time for before, after in pairwise(frames))
    assert frames[-1].time - frames[0].time >= 400_000_000  # the first alone may have been late


@pytest.mark.usefixtures("here")
def test_screens_are_listed_with_what_opens_them() -> None:
    assert list_screens() == [Screen("screen:0", "Screen 1", (320, 240))]


@pytest.mark.parametrize(
    ("name", "corners", "part"),
    [
        ("screen:0", [(0.25, 0.5), (0.75, 0.9)], "screen:0:80,120,160,96"),
        ("screen:1", [(0.75, 0.9), (0.25, 0.5), (0.5, 0.0)], "screen:1:80,0,160,216"),
        ("screen:0:100,40,50,20", [(0.0, 0.0), (0.5, 1.0)], "screen:0:100,40,25,20"),
        ("screen:0:-50,-50,100,100", [(0.5, 0.5), (1.0, 1.0)], "screen:0:25,25,25,25"),
        ("screen:0:300,0,100,100", [(0.0, 0.0), (1.0, 1.0)], "screen:0:300,0,20,100"),
        ("screen:0:0,0,2,2", [(0.1, 0.1), (0.2, 0.2)], "screen:0:0,0,1,1"),
    ],
)
def test_what_is_drawn_on_a_screen_or_a_part_of_it_is_named_as_a_part(
    name: str, corners: list[tuple[float, float]], part: str
) -> None:
    assert part_of(name, (320, 240), corners) == part


def test_a_screen_that_changes_is_seen_changing(monkeypatch: pytest.MonkeyPatch) -> None:
    with xvfb() as name:
        on(monkeypatch, name)
        source = ScreenSource("screen:0", fps=60.0)
        with painted(name, "#00ff00"):
            source.open()
        with painted(name, "#0000ff"):
            frame = None
            for _ in range(100):
                frame = source.read()
                if frame is not None and tuple(frame.pixels[120, 80]) == (255, 0, 0):
                    break
        assert frame is not None
        assert tuple(frame.pixels[120, 80]) == (255, 0, 0)
        source.close()


@pytest.mark.parametrize("source", ["screen:0", "screen:0:10,10,50,50"])
def test_a_black_screen_is_no_success(monkeypatch: pytest.MonkeyPatch, source: str) -> None:
    with xvfb() as name:
        on(monkeypatch, name)
        assert refusal(source).startswith("There is nothing but black on any screen: ")


def test_a_black_part_of_a_screen_that_shows_something_is_watched(monkeypatch: pytest.MonkeyPatch) -> None:
    with xvfb() as name:
        on(monkeypatch, name)
        with painted(name, "#000000"), mss.MSS(display=name) as shots:
            right = {"left": 240, "top": 120, "width": 1, "height": 1}
            until(lambda: shots.grab(right).pixel(0, 0) == WHITE, "its right half is white")
            assert not look("screen:0:10,20,60,40").any()


def test_a_black_screen_beside_one_that_shows_something_is_watched(monkeypatch: pytest.MonkeyPatch) -> None:
    """With screens that are made up: Xvfb has one."""
    shades = {0: 0, 4: 9}  # of a screen, by its left edge

    class Shots:
        monitors: tuple[dict[str, int], ...] = (
            {},
            *({"left": left, "top": 0, "width": 4, "height": 3} for left in shades),
        )

        def grab(self, area: dict[str, int]) -> np.ndarray:
            return np.full((area["height"], area["width"], 4), shades[area["left"]], np.uint8)

        def close(self) -> None:
            return

    monkeypatch.setattr(module, "connect", Shots)
    assert not look("screen:0").any()
    shades[4] = 0
    assert refusal("screen:0").startswith("There is nothing but black on any screen: ")


def test_a_screen_that_goes_away_is_told_to_the_session(monkeypatch: pytest.MonkeyPatch) -> None:
    with xvfb() as name:
        on(monkeypatch, name)
        with painted(name, "#00ff00"):
            session = Session(ScreenSource("screen:0", fps=60.0))
            session.start()
            until(lambda: session.figures().captured > 2, "the screen was watched")
    until(lambda: session.figures().state == "lost", "the session noticed")
    assert session.stop(PATIENCE)
    assert "The screen cannot be watched: " in session.errors[0].sentence


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("screen:1", "There is no screen 2 (screen:1): there is screen 1 (screen:0)."),
        ("screen:0:320,0,10,10", "screen:0:320,0,10,10 lies outside of screen 1, which has 320x240."),
        ("screen:0:-20,0,20,10", "screen:0:-20,0,20,10 lies outside of screen 1, which has 320x240."),
    ],
)
def test_what_is_not_there_is_answered_with_what_is(name: str, sentence: str) -> None:
    assert refusal(name) == sentence


@pytest.mark.parametrize(
    "name",
    ["screen:", "screen:x", "screen:-1", "screen:0:", "screen:0:1,2,3", "screen:0:1,2,3,4,5", "screen:0:a,b,c,d"],
)
def test_what_names_no_screen_is_answered_with_the_form(name: str) -> None:
    with pytest.raises(SourceError, match=r"write screen:0, or screen:0:X,Y,WIDTH,HEIGHT"):
        make_source(name)
    with pytest.raises(SourceError, match="is empty"):
        make_source("screen:0:1,2,0,4")


@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="other systems have neither X11 nor Wayland")
def test_where_the_screen_cannot_be_watched_that_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISPLAY", ":0")
    for variable, value in (("XDG_SESSION_TYPE", "wayland"), ("WAYLAND_DISPLAY", "wayland-0")):
        with monkeypatch.context() as environ:
            environ.delenv("XDG_SESSION_TYPE", raising=False)
            environ.setenv(variable, value)
            assert "on Wayland: log in to an X11 (Xorg) session" in refusal("screen:0")
    for name, sentence in (("", "DISPLAY is not set"), (":98765", "The screen cannot be watched: ")):
        on(monkeypatch, name)
        assert sentence in refusal("screen:0")
        with pytest.raises(SourceError):
            list_screens()


def test_closing_wakes_a_reader(monkeypatch: pytest.MonkeyPatch) -> None:
    """With a screen that is made up: what counts is the waiting."""

    class Shots:
        monitors: tuple[dict[str, int], ...] = ({}, {"left": 0, "top": 0, "width": 4, "height": 3})

        def grab(self, _area: object) -> np.ndarray:
            return cv2.cvtColor(np.full((3, 4, 3), 9, np.uint8), cv2.COLOR_BGR2BGRA)

        def close(self) -> None:
            return

    monkeypatch.setattr(module, "connect", Shots)
    source = ScreenSource("screen:0", fps=1.0, clock=lambda: 0)
    source.open()
    assert source.read() is not None
    source._closed.set()
    assert source.read() is None
    source.close()
