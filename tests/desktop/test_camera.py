"""Cameras: found by name, asked well, read as they come, and noticed when they are gone (TRAPS T1 to T6)."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from fake_camera import MJPG, PATIENCE, FakeCamera, FakeClock, plug
from fake_source import until

from desktop.frame import Frame
from desktop.live.session import Session
from desktop.sources import camera as camera_module
from desktop.sources.camera import CameraSource
from desktop.sources.cameras import Camera, find_camera, list_cameras, may_be_opened
from models.errors import SourceError

MS = 1_000_000
SMALL = (160, 90)


def source_of(camera: FakeCamera, which: str = "0", **wishes: object) -> CameraSource:
    size, fps = wishes.get("size"), wishes.get("fps")
    assert size is None or isinstance(size, tuple)
    assert fps is None or isinstance(fps, float)
    return CameraSource(which, size=size, fps=fps, clock=camera.clock, pause=camera.clock.pause)


def frames_of(source: CameraSource, count: int) -> list[Frame]:
    frames = [source.read() for _ in range(count)]
    return [frame for frame in frames if frame is not None]


class Patience:
    """Waits as `FakeClock.pause`; before a lost camera is opened again it writes down the trouble, and gives up after
    `attempts`. `then`: what happens before the first attempt."""

    def __init__(self, camera: FakeCamera, attempts: int = 1, then: Callable[[], None] = lambda: None) -> None:
        self.camera, self.attempts, self.then = camera, attempts, then
        self.source: CameraSource | None = None
        self.troubles: list[str] = []
        self.pauses: list[float] = []

    def __call__(self, seconds: float) -> bool:
        if seconds >= 1.0:
            assert self.source is not None
            self.troubles.append(self.source.trouble)
            self.pauses.append(seconds)
            if len(self.pauses) == 1:
                self.then()
            if len(self.pauses) > self.attempts:
                return True
        return self.camera.clock.pause(seconds)


def impatient(camera: FakeCamera, which: str = "0", **how: object) -> tuple[CameraSource, Patience]:
    """A source of the camera that gives up opening it again after some attempts, by default at once."""
    patience = Patience(camera, **({"attempts": 0} | how))  # type: ignore[arg-type] # as the test names them
    patience.source = CameraSource(which, clock=camera.clock, pause=patience)
    return patience.source, patience


def loss(source: CameraSource, patience: Patience, most: int = 1000) -> str:
    """What is said when it is lost, within so many frames."""
    for _ in range(most):
        if source.read() is None:
            return patience.troubles[0]
    raise AssertionError("never: it was lost")


# Which camera (T3)


def test_cameras_are_listed_in_one_order_whatever_the_system_says(monkeypatch: pytest.MonkeyPatch) -> None:
    plug(
        monkeypatch,
        FakeCamera(4, "Twin", "/port/b"),
        FakeCamera(0, "Laptop", "/port/z"),
        FakeCamera(2, "Twin", "/port/c"),
        FakeCamera(6, "7", "/port/d"),
    )
    assert [(one.index, one.source) for one in list_cameras()] == [
        (0, "camera:Laptop"),
        (2, "camera:Twin#2"),  # twins are told apart by their ports, which stay
        (4, "camera:Twin"),
        (6, "camera:/port/d"),  # a name that is a number would be taken for an index
    ]


@pytest.mark.parametrize(
    ("which", "index"),
    [
        ("0", 0),
        ("2", 2),
        (" 2 ", 2),
        ("Laptop: HD #1", 0),
        ("laptop: hd #1", 0),
        ("Twin", 4),
        ("Twin#1", 4),
        ("Twin#2", 2),
        ("twin#2", 2),
        ("/port/c", 2),
    ],
)
def test_a_camera_is_found_by_index_name_twin_and_path(monkeypatch: pytest.MonkeyPatch, which: str, index: int) -> None:
    plug(
        monkeypatch,
        FakeCamera(4, "Twin", "/port/b"),
        FakeCamera(0, "Laptop: HD #1", "/port/z"),
        FakeCamera(2, "Twin", "/port/c"),
    )
    assert find_camera(which).index == index


def test_every_listed_camera_is_found_by_the_string_that_is_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    plug(
        monkeypatch,
        *(
            FakeCamera(index, name, f"/port/{index}")
            for index, name in enumerate(["A", "A", "A#2", "a", "3", "", "B "])
        ),
    )
    cameras = list_cameras()
    assert len({one.source for one in cameras}) == len(cameras)
    for one in cameras:
        assert find_camera(one.source.removeprefix("camera:")) == one


@pytest.mark.parametrize("which", ["7", "Nobody", "Twin#3", "", "/dev/nothing"])
def test_a_camera_that_is_not_there_is_answered_with_those_that_are_and_none_is_opened(
    monkeypatch: pytest.MonkeyPatch, which: str
) -> None:
    opened = plug(monkeypatch, FakeCamera(0, "Laptop"), FakeCamera(2, "Twin", "/port/c"))
    with pytest.raises(SourceError, match=r"There is no camera.*camera:Laptop \(0\), camera:Twin \(2\)\.$"):
        CameraSource(which).open()
    assert opened == []


def test_where_no_camera_is_connected_that_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    plug(monkeypatch)
    with pytest.raises(SourceError, match="no camera is connected"):
        CameraSource("0").open()
    assert list_cameras() == []


def test_one_device_of_two_backends_is_listed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    plug(monkeypatch, FakeCamera(0, "USB", r"\\?\usb#vid_1&mi_00#7&0#{65e8773d}\global"))
    monkeypatch.setattr("desktop.sources.cameras.backends", lambda: (cv2.CAP_DSHOW, cv2.CAP_MSMF))
    assert [(one.index, one.backend) for one in list_cameras()] == [(0, cv2.CAP_DSHOW)]


@pytest.mark.skipif(sys.platform != "linux", reason="ports have links on Linux alone")
def test_on_linux_a_camera_is_known_by_its_port_and_found_by_its_device(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "pci-0-usb-2").symlink_to("/dev/null")
    monkeypatch.setattr("desktop.sources.cameras._BY_PORT", tmp_path)
    plug(monkeypatch, FakeCamera(0, "Twin", "/dev/zero"), FakeCamera(2, "Twin", "/dev/null"))
    assert [one.path for one in list_cameras()] == ["/dev/zero", str(tmp_path / "pci-0-usb-2")]
    for which in ("/dev/null", str(tmp_path / "pci-0-usb-2")):
        assert find_camera(which).index == 2


def test_a_camera_whose_device_may_not_be_used_is_not_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    camera = Camera(0, "Laptop", "/port/a", cv2.CAP_V4L2)
    monkeypatch.setattr(Path, "exists", lambda _path: True)
    monkeypatch.setattr(os, "access", lambda path, _mode: path != "/dev/video0")
    assert not may_be_opened(camera)
    assert may_be_opened(replace(camera, index=1))
    assert may_be_opened(replace(camera, backend=cv2.CAP_DSHOW))


def test_a_camera_that_may_not_be_opened_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    camera = FakeCamera()
    opened = plug(monkeypatch, camera)
    monkeypatch.setattr(camera_module, "may_be_opened", lambda _camera: False)
    with pytest.raises(SourceError, match="group video"):
        source_of(camera).open()
    assert opened == []


# Opening (T4, T5)


def test_motion_jpeg_is_asked_for_first_then_size_then_rate_all_with_opening(monkeypatch: pytest.MonkeyPatch) -> None:
    camera = FakeCamera(size=(1920, 1080))
    opened = plug(monkeypatch, camera)
    source = source_of(camera, size=(1920, 1080), fps=25.0)
    info = source.open()
    source.close()
    assert opened == [0]
    assert camera.requests[:4] == [
        (cv2.CAP_PROP_FOURCC, MJPG),
        (cv2.CAP_PROP_FRAME_WIDTH, 1920),
        (cv2.CAP_PROP_FRAME_HEIGHT, 1080),
        (cv2.CAP_PROP_FPS, 25),
    ]
    assert (info.size, info.fps) == ((1920, 1080), 25.0)
    assert info.asked == "Asked for 1920x1080 at 25 frames a second as MJPG."
    assert info.got == "Got 1920x1080 at 25 frames a second as MJPG."


def test_a_backend_that_takes_no_wishes_with_opening_is_asked_after_it_in_the_same_order(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    camera = FakeCamera(takes_parameters=False)
    plug(monkeypatch, camera)
    source = source_of(camera)
    info = source.open()
    source.close()
    settings = [setting for setting, _ in camera.requests if setting != cv2.CAP_PROP_BUFFERSIZE]
    order = [cv2.CAP_PROP_FOURCC, cv2.CAP_PROP_FRAME_WIDTH, cv2.CAP_PROP_FRAME_HEIGHT, cv2.CAP_PROP_FPS]
    assert settings[-4:] == order
    assert info.got == "Got 1280x720 at 30 frames a second as MJPG."
    assert camera.releases == camera.openings == 2


def test_a_camera_that_says_yes_and_does_nothing_is_told_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    camera = FakeCamera(stubborn=True)
    plug(monkeypatch, camera)
    source = source_of(camera)
    info = source.open()
    frame = source.read()
    source.close()
    assert frame is not None
    assert info.size == frame.size == (640, 480)
    assert info.asked == "Asked for 1280x720 at 30 frames a second as MJPG."
    assert info.got == "Got 640x480 at 30 frames a second as YUYV."


def test_a_camera_that_opens_slowly_and_begins_black_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    camera = FakeCamera(opening=40.0, black=3)
    plug(monkeypatch, camera)
    source = source_of(camera)
    assert source.open().size == (1280, 720)
    frames = frames_of(source, 5)
    source.close()
    assert [frame.index for frame in frames] == [0, 1, 2, 3, 4]
    assert [bool(frame.pixels.any()) for frame in frames] == [False, False, False, True, True]


def test_a_camera_that_does_not_open_is_let_go_with_a_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    camera = FakeCamera(opens=False)
    plug(monkeypatch, camera)
    with pytest.raises(SourceError, match=r"Fake Camera cannot be opened: close other programs that use it.*\.$"):
        source_of(camera).open()
    assert camera.releases == camera.openings


def test_a_camera_that_opens_and_gives_nothing_is_given_up_after_ten_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    camera = FakeCamera(then={0: "unplugged"})
    plug(monkeypatch, camera)
    before = camera.clock()
    with pytest.raises(SourceError, match="gives no picture: close other programs"):
        source_of(camera).open()
    assert 10e9 <= camera.clock() - before < 11e9
    assert camera.releases == camera.openings


def test_opencv_is_told_before_it_loads() -> None:
    program = (
        "import os, sys\n"
        "import desktop.cores\n"
        "desktop.cores.set_up()\n"
        "assert 'cv2' not in sys.modules\n"
        "print(os.environ['OPENCV_VIDEOIO_MSMF_ENABLE_HW_TRANSFORMS'], os.environ['OPENCV_VIDEOIO_V4L_SELECT_TIMEOUT'])"
    )
    environment = {name: value for name, value in os.environ.items() if not name.startswith("OPENCV_")}
    environment["ONLOOKER_TRYING"] = "1"  # nothing is tried
    said = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True, timeout=PATIENCE, check=True
    )
    assert said.stdout.split() == ["0", "2"]


# Reading (T1, T6)


def test_frames_are_stamped_when_they_arrive_however_unevenly(monkeypatch: pytest.MonkeyPatch) -> None:
    camera = FakeCamera(size=SMALL)
    plug(monkeypatch, camera)
    source = source_of(camera)
    source.open()
    arrivals = []
    frames = [source.read()]
    for _ in range(100):
        frames.append(source.read())
        arrivals.append(camera.clock())
    source.close()
    assert [frame.time for frame in frames[1:] if frame is not None] == arrivals
    intervals = np.diff(arrivals) / MS
    assert 17 <= intervals.min() < 25
    assert 35 < intervals.max() <= 43


def test_what_a_camera_has_buffered_is_read_away_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    camera = FakeCamera(size=SMALL, buffered=4)
    plug(monkeypatch, camera)
    source = source_of(camera)
    source.open()
    camera.clock.advance(2_000_000_000)  # nobody read
    frames = frames_of(source, 12)
    source.close()
    intervals = np.diff([frame.time for frame in frames]) / MS
    assert (intervals[1:4] < 1).all()  # the buffered ones
    assert (intervals[6:] >= 17).all()  # from then on as they are made
    assert (cv2.CAP_PROP_BUFFERSIZE, 1) in camera.requests


def test_an_unplugged_camera_is_lost_after_two_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    camera = FakeCamera(size=SMALL, then={5: "unplugged"})
    plug(monkeypatch, camera)
    source, patience = impatient(camera)
    source.open()
    last = frames_of(source, 5)[-1]
    camera.listed = False
    assert loss(source, patience) == "Fake Camera was unplugged: it is opened again once it is plugged in."
    assert 2.0 <= (camera.clock() - last.time) / 1e9 < 2.5
    assert camera.releases == 1
    source.close()
    assert source.read() is None


def test_a_camera_that_is_there_and_gives_nothing_more_is_lost_too(monkeypatch: pytest.MonkeyPatch) -> None:
    for word in ("unplugged", "stall"):
        camera = FakeCamera(size=SMALL, then={5: word})
        plug(monkeypatch, camera)
        source, patience = impatient(camera)
        source.open()
        assert loss(source, patience) == "Fake Camera gives no more pictures: it is opened again."


@pytest.mark.parametrize("word", ["blink", "error"])
def test_a_camera_that_fails_once_goes_on(monkeypatch: pytest.MonkeyPatch, word: str) -> None:
    camera = FakeCamera(size=SMALL, then={3: word})
    plug(monkeypatch, camera)
    source = source_of(camera)
    source.open()
    assert [frame.index for frame in frames_of(source, 40)] == list(range(40))
    source.close()


def test_a_camera_that_repeats_its_last_picture_because_it_was_unplugged_is_lost(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    camera = FakeCamera(size=SMALL, then={5: "frozen"})
    plug(monkeypatch, camera)
    source, patience = impatient(camera)
    source.open()
    last = frames_of(source, 5)[-1]
    camera.listed = False
    assert "was unplugged" in loss(source, patience)
    assert 2.0 <= (camera.clock() - last.time) / 1e9 < 3.5


def test_a_sensor_that_repeats_one_picture_bit_by_bit_for_ten_seconds_is_frozen(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    camera = FakeCamera(size=SMALL, then={100: "frozen"})
    plug(monkeypatch, camera)
    source, patience = impatient(camera)
    source.open()
    last = frames_of(source, 100)[-1]
    assert loss(source, patience) == "Fake Camera has given the very same picture for 10 s: it is opened again."
    assert 10.0 <= (camera.clock() - last.time) / 1e9 < 10.5


@pytest.mark.parametrize(
    "camera",
    [
        FakeCamera(size=SMALL, noise=False),  # a slide over HDMI, from the beginning
        FakeCamera(size=SMALL, then={100: "frozen"}, dark=True),  # a lid on the lens
        FakeCamera(
            size=SMALL, then={40: "frozen", 45: "", 80: "frozen"}
        ),  # made pictures that stand still now and then
    ],
    ids=["slide", "lid", "program"],
)
def test_a_picture_that_may_stand_still_is_watched_on(monkeypatch: pytest.MonkeyPatch, camera: FakeCamera) -> None:
    camera.clock = FakeClock()
    plug(monkeypatch, camera)
    source = source_of(camera)
    source.open()
    frames = frames_of(source, 900)
    source.close()
    assert (frames[-1].time - frames[0].time) / 1e9 > 20


def test_a_size_that_changes_in_the_middle_gives_frames_of_both_sizes(monkeypatch: pytest.MonkeyPatch) -> None:
    camera = FakeCamera(then={3: "small"})
    plug(monkeypatch, camera)
    source = source_of(camera)
    source.open()
    assert [frame.size for frame in frames_of(source, 5)] == [(1280, 720)] * 3 + [(640, 360)] * 2
    source.close()


def test_a_grey_camera_gives_frames_as_any_other(monkeypatch: pytest.MonkeyPatch) -> None:
    camera = FakeCamera(then={0: "grey"})
    plug(monkeypatch, camera)
    source = source_of(camera)
    source.open()
    assert frames_of(source, 1)[0].pixels.shape == (720, 1280, 3)
    source.close()


# Closing


def test_closing_while_a_read_hangs_returns_and_the_reader_lets_go_later(monkeypatch: pytest.MonkeyPatch) -> None:
    camera = FakeCamera(size=SMALL, then={2: "hang"})
    plug(monkeypatch, camera)
    source = source_of(camera)
    source.open()
    got: list[Frame | None] = []
    reader = threading.Thread(target=lambda: got.extend(source.read() for _ in range(3)), daemon=True)
    reader.start()
    assert camera.hanging.wait(PATIENCE)
    source.close()
    assert camera.releases == 0  # releasing under a running call would crash
    camera.released.set()
    reader.join(PATIENCE)
    assert not reader.is_alive()
    assert camera.releases == 1
    assert [frame is None for frame in got] == [False, False, True]


def test_closing_while_it_is_being_opened_lets_go_once_opening_comes_back(monkeypatch: pytest.MonkeyPatch) -> None:
    camera = FakeCamera(size=SMALL, then={0: "hang"})
    plug(monkeypatch, camera)
    source = source_of(camera)
    said: list[str] = []

    def open_it() -> None:
        try:
            source.open()
        except SourceError as error:
            said.append(str(error))

    opener = threading.Thread(target=open_it, daemon=True)
    opener.start()
    assert camera.hanging.wait(PATIENCE)
    source.close()
    camera.released.set()
    opener.join(PATIENCE)
    assert said == ["Fake Camera was closed while it was being opened."]
    assert camera.releases == 1


def test_a_session_tells_what_it_waits_for_and_stops_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    camera = FakeCamera(size=SMALL, then={20: "unplugged"})
    plug(monkeypatch, camera)
    session = Session(CameraSource("0", clock=camera.clock), clock=camera.clock)
    session.start()
    until(lambda: session.figures().captured == 20, "it was watched")
    camera.listed = False
    camera.clock.advance(3_000_000_000)
    until(lambda: session.figures().trouble != "", "the session noticed that its camera was lost")
    assert "Fake Camera was unplugged" in session.figures().trouble
    assert session.figures().state == "running"
    assert session.errors == ()
    assert session.stop()
    assert not session.abandoned
    assert session.figures().trouble == ""
    assert camera.releases == camera.openings


# Opening again (T6)


def test_a_camera_that_is_plugged_in_again_goes_on_by_its_port_whatever_its_index_is_then(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    camera = FakeCamera(0, "Twin", "/port/b", size=SMALL, then={5: "unplugged"})
    twin = FakeCamera(2, "Twin", "/port/a", clock=camera.clock, size=(320, 180))
    opened = plug(monkeypatch, camera, twin)

    def plugged_anew() -> None:
        camera.then = {}
        camera.index, twin.index = 2, 0
        opened[:] = plug(monkeypatch, camera, twin)

    source, patience = impatient(camera, "Twin#2", attempts=3, then=plugged_anew)
    source.open()
    before = frames_of(source, 5)
    after = frames_of(source, 5)
    source.close()
    assert patience.troubles == ["Twin gives no more pictures: it is opened again."]
    assert [frame.index for frame in before + after] == list(range(10))
    assert after[0].time > before[-1].time + 2_000_000_000
    assert {frame.size for frame in after} == {SMALL}  # not the twin
    assert source.trouble == ""
    assert camera.releases == camera.openings == 2
    assert twin.openings == 0


def test_a_camera_that_comes_back_at_another_port_is_known_by_its_name_and_a_twin_is_not_taken_for_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for moves in (True, False):
        camera = FakeCamera(0, "Twin", "/port/b", size=SMALL, then={5: "unplugged"})
        twin = FakeCamera(2, "Twin", "/port/a", clock=camera.clock, size=(320, 180))
        plug(monkeypatch, camera, twin)

        def happens(camera: FakeCamera = camera, moves: bool = moves) -> None:
            camera.listed, camera.path, camera.then = moves, "/port/z", {}

        source, patience = impatient(camera, "0", attempts=2, then=happens)
        source.open()
        frames_of(source, 5)
        frame = source.read()
        source.close()
        assert (frame is not None) == moves
        assert frame is None or frame.size == SMALL
        assert twin.openings == 0
        if not moves:
            assert patience.troubles[1:] == ["Twin was unplugged: it is opened again once it is plugged in."] * 2


def test_a_camera_is_opened_again_after_pauses_that_grow_and_then_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    camera = FakeCamera(size=SMALL, then={5: "unplugged"})
    plug(monkeypatch, camera)
    source, patience = impatient(camera, attempts=6)
    source.open()
    frames_of(source, 5)
    camera.opens = False
    assert source.read() is None
    assert patience.pauses == [1, 2, 4, 8, 8, 8, 8]
    source.close()
    assert camera.releases == camera.openings


def test_a_camera_that_was_back_is_waited_for_no_longer_the_next_time(monkeypatch: pytest.MonkeyPatch) -> None:
    camera = FakeCamera(size=SMALL, then={5: "unplugged"})  # after five pictures each time
    plug(monkeypatch, camera)
    source, patience = impatient(camera, attempts=3)
    source.open()
    frames = list(iter(source.read, None))
    assert len(frames) == 20
    assert patience.pauses == [1, 1, 1, 1]


def test_a_camera_that_froze_goes_on_once_it_moves_again(monkeypatch: pytest.MonkeyPatch) -> None:
    camera = FakeCamera(size=SMALL, then={100: "frozen"})
    plug(monkeypatch, camera)
    source, patience = impatient(camera, attempts=3, then=lambda: camera.then.clear())
    source.open()
    frames = frames_of(source, 1000)
    source.close()
    assert len(patience.troubles) == 1
    assert [frame.index for frame in frames] == list(range(1000))


def test_a_camera_is_what_is_needed_to_open_it(monkeypatch: pytest.MonkeyPatch) -> None:
    plug(monkeypatch, FakeCamera(3, "Laptop", "/port/a"))
    assert list_cameras() == [Camera(3, "Laptop", "/port/a", cv2.CAP_V4L2, "camera:Laptop")]
