"""What every source keeps, whatever it is: the promises of `Source` and `Frame`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
import pytest
from clips import numbered, write_clip
from fake_camera import FakeCamera, plug
from loopback_server import File, LoopbackServer, serving
from motion_jpeg import NetworkCamera
from screens import painted, xvfb

from desktop.frame import Frame
from desktop.sources.camera import CameraSource
from desktop.sources.naming import is_live, make_source
from desktop.sources.source import Source

KINDS = ["camera", "video", "looped video", "picture", "folder", "looped folder", "demo"]
KINDS += ["stream", "file behind http", "looped file behind http", "screen", "part of the screen"]
MAKES = Callable[[], Source]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LoopbackServer]:
    """Has a network camera at /video, and a file at /clip.mp4."""
    clip = tmp_path_factory.mktemp("clip") / "clip.mp4"
    write_clip(clip, numbered(7), [0.0, 0.02, 0.03, 0.06, 0.07, 0.09, 0.1], options={"movflags": "faststart"})
    with serving({"/video": NetworkCamera(steady=True), "/clip.mp4": File(clip.read_bytes())}) as running:
        yield running


@pytest.fixture(scope="module")
def display() -> Iterator[str]:
    """A screen with something on it."""
    with xvfb() as name, painted(name, "#ff0000"):
        yield name


@pytest.fixture(params=KINDS)
def make(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    server: LoopbackServer,
) -> MAKES:
    """Makes the source under test, as often as it is called."""
    kind: str = request.param
    loop = kind.startswith("looped")
    if kind == "camera":
        camera = FakeCamera(size=(160, 90))
        plug(monkeypatch, camera)
        return lambda: CameraSource("0", clock=camera.clock, pause=camera.clock.pause)
    if kind == "stream":
        name = server.url("/video")
    elif kind.endswith("http"):
        name = server.url("/clip.mp4")
    elif kind.endswith("screen"):
        monkeypatch.setenv("DISPLAY", request.getfixturevalue("display"))
        monkeypatch.setenv("XDG_SESSION_TYPE", "x11")
        monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
        name = "screen:0" if kind == "screen" else "screen:0:10,20,31,17"
    elif kind.endswith("video"):
        name = str(write_clip(tmp_path / "clip.mp4", numbered(7), [0.0, 0.1, 0.15, 0.4, 0.5, 0.6, 1.0]))
    elif kind == "picture":
        name = str(tmp_path / "picture.png")
        cv2.imwrite(name, numbered(1)[0])
    elif kind.endswith("folder"):
        for number, picture in enumerate(numbered(4)):
            cv2.imwrite(str(tmp_path / f"{number}.png"), picture)
        name = str(tmp_path)
    else:
        name = "demo"
    return lambda: make_source(name, loop=loop, fps=60.0)


def read(source: Source, most: int = 20) -> list[Frame]:
    """Its frames to the end, or as many as `most`."""
    frames: list[Frame] = []
    while len(frames) < most and (frame := source.read()) is not None:
        frames.append(frame)
    return frames


@pytest.fixture
def source(make: MAKES) -> Source:
    return make()


def test_it_says_what_it_is_called_and_whether_it_is_live_before_it_is_open(source: Source) -> None:
    assert source.name
    assert source.live == is_live(source.name)
    source.close()


def test_what_it_says_when_opened_is_what_its_frames_are(source: Source) -> None:
    info = source.open()
    frames = read(source)
    source.close()
    assert info.size == frames[0].size
    assert info.fps is None or 0 < info.fps < 1000
    assert info.frames is None or info.frames > 0
    assert not info.asked or info.got
    assert bool(info.got) == source.live


def test_frames_are_whole_of_their_own_and_read_only(source: Source) -> None:
    source.open()
    frames = read(source)
    copies = [frame.pixels.copy() for frame in frames]
    read(source)
    source.close()
    for frame, copy in zip(frames, copies, strict=True):
        assert frame.pixels.dtype == np.uint8
        assert frame.pixels.ndim == 3
        assert frame.pixels.shape[2] == 3
        assert frame.pixels.flags.c_contiguous
        assert not frame.pixels.flags.writeable
        assert (frame.pixels == copy).all()


def test_indices_count_from_zero_and_times_never_go_back(source: Source) -> None:
    source.open()
    frames = read(source)
    source.close()
    assert [frame.index for frame in frames] == list(range(len(frames)))
    assert all(before.time <= after.time for before, after in pairwise(frames))
    if not source.live:
        assert frames[0].time == 0


def test_after_the_end_and_after_closing_there_is_nothing_more(source: Source) -> None:
    source.open()
    for _ in range(40 if source.live else 400):
        if source.read() is None:
            assert source.read() is None
            break
    source.close()
    assert source.read() is None


def test_it_can_be_closed_at_any_time_and_opened_again(source: Source) -> None:
    source.close()
    source.open()
    first = source.read()
    source.close()
    source.close()
    source.open()
    again = source.read()
    source.close()
    assert first is not None
    assert again is not None
    assert again.index == 0
    assert again.size == first.size


def test_two_of_one_name_do_not_disturb_each_other(make: MAKES) -> None:
    one, other = make(), make()
    one.open()
    other.open()
    first = read(one, 1)
    assert first[0].size == read(other, 1)[0].size
    one.close()
    other.read()
    other.close()
