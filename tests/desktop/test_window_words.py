"""What the window says of figures is true, short, and never a number that is not known."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from desktop.live.figures import Figures, RecordingFigures
from desktop.window import words
from desktop.window.panel import FIGURES
from desktop.window.source_menu import title_of

RUNNING = Figures(state="running", analysis="running", size=(1280, 720), capture_fps=29.97, silent=0.01, captured=9)


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.0, "0:00"), (7.9, "0:07"), (61.0, "1:01"), (3599.9, "59:59"), (3723.0, "1:02:03")]
)
def test_times_are_read_as_on_a_clock(seconds: float, text: str) -> None:
    assert words.clock(seconds) == text


@pytest.mark.parametrize(("age", "text"), [(None, "-"), (0.0344, "34 ms"), (0.9994, "999 ms"), (2.13, "2.1 s")])
def test_an_age_has_its_unit(age: float | None, text: str) -> None:
    assert words.milliseconds(age) == text


def test_what_is_not_known_is_not_said() -> None:
    nothing = words.in_full(Figures(), None, "")
    assert set(nothing) == set(FIGURES)
    assert [nothing[key] for key in ("capture", "analysed", "age", "size", "device")] == ["-"] * 5
    assert words.in_short(Figures(), None) == ""
    assert words.in_short(RUNNING, None).endswith("-")


def test_a_file_at_its_end_has_no_rates() -> None:
    ended = Figures(state="ended", analysis="running", size=(640, 480), capture_fps=30.0, analysed_fps=30.0)
    assert words.in_full(ended, 0.1, "")["capture"] == "-"
    assert "fps" not in words.in_short(ended, 0.1)


@pytest.mark.parametrize(
    ("figures", "text", "progress"),
    [
        (Figures(state="running", analysis="loading", loading="Preparing", progress=0.4), "Preparing… 40%", 0.4),
        (Figures(state="running", analysis="loading"), "Loading the networks… 0%", 0.0),
        (Figures(state="running", analysis="failed"), "Nothing is looked for: see the message", None),
        (Figures(state="running", analysis="off"), "Nothing is looked for", None),
        (Figures(state="running", analysis="running"), "Runs on cpu", None),
        (Figures(state="ended", analysis="off"), "Runs on cpu", None),
        (Figures(state="stopped", analysis="off"), "", None),
    ],
)
def test_the_state_of_the_networks_is_said(figures: Figures, text: str, progress: float | None) -> None:
    assert words.networks(figures, "cpu") == (text, progress)


@pytest.mark.parametrize(
    ("figures", "seen", "live", "said"),
    [
        pytest.param(Figures(state="opening"), False, True, ("", "Opening Door…"), id="being opened"),
        pytest.param(Figures(state="running"), False, True, ("", "Waiting for the first picture of Door…"), id="new"),
        pytest.param(RUNNING, True, True, ("", ""), id="running: nothing lies on the picture"),
        pytest.param(
            Figures(state="running", silent=3.4), True, True, ("No new picture for 3 s", ""), id="a silent camera (T6)"
        ),
        pytest.param(
            Figures(state="running", silent=3.4, trouble="Door was unplugged."),
            True,
            True,
            ("No new picture for 3 s", "Door was unplugged."),
            id="a camera that is waited for",
        ),
        pytest.param(
            replace(RUNNING, look=1.24), True, True, ("Marks are late: a look takes 1.2 s", ""), id="a slow machine"
        ),
        pytest.param(
            replace(RUNNING, look=1.24), True, False, ("Marks are late: a look takes 1.2 s", ""), id="with a video"
        ),
        pytest.param(replace(RUNNING, look=0.49), True, True, ("", ""), id="a look that is quick enough"),
        pytest.param(replace(RUNNING, look=1.24, analysis="off"), True, True, ("", ""), id="nobody looks any more"),
        pytest.param(
            replace(RUNNING, look=1.24, capture_fps=0.5), True, True, ("", ""), id="pictures slower than looks"
        ),
        pytest.param(
            replace(RUNNING, look=1.24, silent=3.4), True, True, ("No new picture for 3 s", ""), id="silence says more"
        ),
        pytest.param(Figures(state="running", silent=3.4), True, False, ("", ""), id="a file that pauses"),
        pytest.param(Figures(state="ended", captured=90), True, False, ("At its end", ""), id="a video"),
        pytest.param(Figures(state="ended", captured=1), True, False, ("", ""), id="a picture has no end"),
        pytest.param(Figures(state="lost"), True, True, ("Lost", ""), id="unplugged"),
        pytest.param(Figures(state="lost"), False, True, ("", "Door cannot be watched"), id="never opened"),
        pytest.param(Figures(state="stopped"), True, True, ("Stopped", ""), id="stopped"),
    ],
)
def test_the_picture_says_what_it_is(figures: Figures, seen: bool, live: bool, said: tuple[str, str]) -> None:
    assert words.sign(figures, "Door", seen=seen, live=live) == said


def test_a_picture_that_is_hidden_whole_says_that_alone() -> None:
    slow = replace(RUNNING, look=1.24)
    said = words.sign(slow, "Door", seen=True, live=True, hidden=True)
    assert said == ("Hidden whole: it was not analysed in time", "")


def test_recordings_are_told_with_what_was_lost() -> None:
    path = Path("clip.mp4")
    running = RecordingFigures(path, frames=1, dropped=2, duration=61.0)
    assert words.recording(running) == "1:01   1 frame, 2 dropped"
    draining = RecordingFigures(path, state="draining", waiting=12)
    assert words.recording(draining) == "Finishing: 12 frames left"
    assert "Close again" in words.finishing(draining)
    finished = RecordingFigures(path, state="finished", frames=1800, dropped=1, duration=60.0, files=(path,))
    assert words.recorded(finished) == "Recorded 1:00, 1,800 frames; 1 frame dropped: clip.mp4"
    assert words.recorded(RecordingFigures(path, state="finished")).startswith("Nothing was recorded")


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("demo", "Demo clip"),
        ("/home/me/My clip.mp4", "My clip.mp4"),
        ("camera:0", "camera:0"),
        ("screen:1", "Screen 2"),
        ("screen:0:10,20,400,300", "Part of screen 1, 400 × 300"),  # noqa: RUF001 - that is the sign
        ("screen:0:half", "Part of screen 1"),
        ("rtsp://door/1", "rtsp://door/1"),
        ("/", "/"),
    ],
)
def test_sources_have_short_titles(name: str, title: str) -> None:
    assert title_of(name) == title
