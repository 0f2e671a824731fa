"""A browser plays what is recorded: whole, at its times, in its colours."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from blind import Blind
from chromium import Played, Player, is_there
from colour_bars import PURE, bars
from cut_off import cut_off
from fake_encoders import faking
from talkies import clicks, write_talkie

from desktop.batch.annotate import Annotator
from desktop.batch.plan import plan
from desktop.recordings import encoders
from desktop.recordings.encoders import Choice, Chooser
from desktop.recordings.leftovers import find_leftovers
from desktop.recordings.recording import Recording
from desktop.recordings.repair import repair
from desktop.recordings.ring import Ring
from desktop.recordings.video_writer import VideoWriter

COLOURS = [(0, 0, 200), (0, 180, 0), (210, 60, 0)]
"""BGR, one a second."""

TIMES = [second + part for second in range(3) for part in (0.0, 0.05, 0.21, 0.5, 0.62)]
"""Seconds, at an uneven rate."""

FAST = 3.0
"""Times as fast as life, where that is as good."""

pytestmark = pytest.mark.skipif(not is_there(), reason="the browser Chromium is not installed")


@pytest.fixture(scope="module")
def player() -> Iterator[Player]:
    with Player() as one:
        yield one


def seen_whole(played: Played, duration: float, colours: list[tuple[int, int, int]], *, within: int = 4) -> None:
    """It was played to its end, its time went on all the while, and its pictures were of these colours, BGR."""
    assert played.error == ""
    assert abs(played.duration - duration) < 0.02
    assert abs(played.ended - played.duration) < 0.05
    shown = [time for _, time in played.clock]
    assert shown == sorted(shown)
    assert shown[0] < shown[-1] <= played.ended
    assert 0 <= played.dropped < played.frames
    assert len(played.seen) == len(colours)
    for pixels, colour in zip(played.seen, colours, strict=True):
        assert max(far(pixel, colour) for pixel in pixels) <= within, pixels


def far(pixel: tuple[int, int, int], colour: tuple[int, int, int]) -> int:
    """Levels by which a pixel, RGB, differs from a colour, BGR."""
    return int(np.abs(np.array(pixel) - colour[::-1]).max())


def coloured(path: Path, size: tuple[int, int] = (320, 240), *, clean: bool = False) -> Recording:
    """A recording at an uneven rate that is not closed yet; marks would be white, the clean video has none."""
    recording = Recording(path, source="test", networks={}, program="0", clean=clean)
    for time in TIMES:
        plain = np.full((size[1], size[0], 3), COLOURS[int(time)], np.uint8)
        drawn = np.full_like(plain, 250) if clean else plain
        recording.write(drawn, 100 + time, clean=plain if clean else None, scene=None, analysed=False)
    return recording


@pytest.mark.parametrize("size", [(320, 240), (321, 241)])
def test_chromium_plays_a_recording_whole_at_its_times_and_in_its_colours(
    tmp_path: Path, player: Player, size: tuple[int, int]
) -> None:
    recording = coloured(tmp_path / "a.mp4", size)
    recording.close()
    played = player.play(tmp_path / "a.mp4", [0.55, 1.3, 2.55], rate=1.0 if size == (320, 240) else FAST)
    assert played.size == tuple(side + side % 2 for side in size)
    seen_whole(played, recording.duration, COLOURS)


def test_chromium_plays_the_clean_video_beside_the_annotated_one(tmp_path: Path, player: Player) -> None:
    recording = coloured(tmp_path / "a.mp4", clean=True)
    recording.close()
    seen_whole(player.play(tmp_path / "a.clean.mp4", [0.55, 1.3, 2.55], rate=FAST), recording.duration, COLOURS)
    annotated = player.play(tmp_path / "a.mp4", [0.55, 1.3, 2.55], rate=FAST)
    seen_whole(annotated, recording.duration, [(250, 250, 250)] * 3)


def test_chromium_plays_a_recording_that_is_growing_still(tmp_path: Path, player: Player) -> None:
    recording = coloured(tmp_path / "a.mp4")
    shutil.copy(tmp_path / "a.mp4.part", tmp_path / "growing.mp4")
    recording.close()
    # The frame at 2.5 s is the last that is in the file: the one at 2.62 s is written when the next one comes.
    played = player.play(tmp_path / "growing.mp4", [0.55, 1.3, 2.1], rate=FAST)
    seen_whole(played, 2.62, COLOURS)
    assert played.last <= 2.51


def test_chromium_plays_what_a_kill_left_and_the_same_when_it_is_repaired(tmp_path: Path, player: Player) -> None:
    video = cut_off(tmp_path, 100)  # greys that grow with their number, 30 a second
    left = player.play(tmp_path / "walk.mp4.part", [0.5, 1.5], rate=FAST)
    for leftover in find_leftovers(tmp_path):
        repair(leftover)
    whole = player.play(video, [0.5, 1.5], rate=FAST)
    for played in (left, whole):
        seen_whole(played, 3.3, [(55, 55, 55), (85, 85, 85)])
    assert left.seen == whole.seen


def test_chromium_plays_annotated_video_with_its_sound(tmp_path: Path, player: Player) -> None:
    times = [number / 25 for number in range(50)]
    write_talkie(tmp_path / "in.mp4", times, [], [("aac", clicks([0.5, 1.0], 2.0, 48000), 0.0)])
    Annotator(Blind(), networks={}, program="0").run(plan([str(tmp_path / "in.mp4")], str(tmp_path / "out.mp4"), None))
    played = player.play(tmp_path / "out.mp4", sound=True)
    assert played.error == ""
    assert abs(played.duration - 2.0) < 0.05
    assert abs(played.ended - played.duration) < 0.05
    assert played.heard > 1000


@pytest.mark.parametrize("size", [(320, 240), (1920, 1080)])
def test_pure_colours_are_within_four_levels_in_chromium(tmp_path: Path, player: Player, size: tuple[int, int]) -> None:
    picture = bars(*size)
    writer = VideoWriter(tmp_path / "video.mp4", size)
    for number in range(3):
        writer.write(picture, number / 10)
    writer.close()
    played = player.play(tmp_path / "video.mp4", [0.15])
    assert played.size == size
    (pixels,) = played.seen
    assert max(far(pixel, colour) for pixel, colour in zip(pixels, PURE, strict=True)) <= 4, pixels


def test_chromium_plays_what_led_to_an_event_and_on_over_an_encoder_that_gave_up(
    tmp_path: Path, player: Player, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(encoders, "create", faking("fails at the fifth frame"))
    ring = Ring(5.0, chooser=Chooser(lambda _names: Choice("h264_nvenc")))
    recording = Recording(tmp_path / "video.mp4", source="test", networks={}, program="0", ring=ring, since=0.0)
    for number in range(15):
        take = ring.take if number < 8 else recording.write
        picture = np.full((240, 320, 3), COLOURS[number // 5], np.uint8)
        take(picture, number / 5, scene=None, analysed=False)
    recording.close()
    assert "gave up" in recording.notes[0]
    played = player.play(tmp_path / "video.mp4", [0.5, 0.9, 1.5, 2.5], rate=FAST)
    seen_whole(played, 3.0, [COLOURS[0], *COLOURS], within=6)
