"""Cameras behind `cv2.VideoCapture`, with the habits of real ones, on a clock that moves only when they do.

They buffer, say yes to settings and keep their own, take seconds to open, begin black, stall, repeat their last picture
when they are unplugged, and send MJPEG fast where raw pictures are slow.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field

import cv2
import cv2_enumerate_cameras
import numpy as np
import pytest
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
PATIENCE = 30.0
MJPG = cv2.VideoWriter.fourcc(*"MJPG")
YUYV = cv2.VideoWriter.fourcc(*"YUYV")
_JITTER = np.random.default_rng(6).uniform(17e6, 43e6, 997).astype(int).tolist()


class FakeClock:
    """Nanoseconds that pass when a camera takes its time or somebody waits."""

    def __init__(self) -> None:
        self.now = 1_000_000_000

    def __call__(self) -> int:
        return self.now

    def advance(self, nanoseconds: int) -> None:
        """Let time pass."""
        self.now += nanoseconds

    def pause(self, seconds: float) -> bool:
        """As waiting for an event that nobody sets."""
        self.now += round(seconds * 1e9)
        return False


@dataclass
class FakeCamera:
    """One camera. What happens from frame N on is in `then` (N -> a word):

    "unplugged": false for ever; "frozen": the last picture for ever; "blink": false once; "stall": nothing for ten
    seconds, then false for ever; "hang": `read` does not come back until `released` is set; "small": frames of half the
    size; "error": the backend raises; "grey": pictures of one channel.

    `noise`: whether its pictures are a sensor's, each unlike the one before; else it shows one made picture.
    """

    index: int = 0
    name: str = "Fake Camera"
    path: str = "/dev/fake0"
    clock: FakeClock = field(default_factory=FakeClock)
    size: tuple[int, int] = (1280, 720)
    stubborn: bool = False  # says yes to every setting and keeps its own
    takes_parameters: bool = True  # with opening
    opens: bool = True
    opening: float = 0.0  # seconds
    black: int = 0  # frames at the beginning
    buffered: int = 0  # frames that wait while nobody reads
    noise: bool = True
    dark: bool = False  # a lid on the lens
    then: dict[int, str] = field(default_factory=dict)
    listed: bool = True
    released: threading.Event = field(default_factory=threading.Event)
    hanging: threading.Event = field(default_factory=threading.Event)
    requests: list[tuple[int, float]] = field(default_factory=list)
    openings: int = 0
    releases: int = 0


class Capture:
    """What `cv2.VideoCapture(index, backend, parameters)` gives while `plug` is in force."""

    def __init__(self, camera: FakeCamera | None, parameters: Sequence[int]) -> None:
        self._camera = camera
        self._given = 0
        self._fourcc, self._asked, self._fps = YUYV, (640, 480), 30.0
        self._open = False
        if camera is None:
            return
        camera.openings += 1
        camera.clock.advance(round(camera.opening * 1e9))
        self._open = camera.opens and (camera.takes_parameters or not parameters)
        self._random = np.random.default_rng(camera.index)
        self._last = self._picture(camera)
        self._due = camera.clock() + self._interval()
        for setting, value in zip(parameters[::2], parameters[1::2], strict=True):
            self._apply(camera, setting, value)

    def isOpened(self) -> bool:  # noqa: N802 # OpenCV's name
        return self._open

    def set(self, setting: int, value: float) -> bool:
        assert self._camera is not None
        self._apply(self._camera, setting, value)
        return True

    def _apply(self, camera: FakeCamera, setting: int, value: float) -> None:
        camera.requests.append((setting, value))
        if camera.stubborn:
            return
        if setting == cv2.CAP_PROP_FOURCC:
            self._fourcc = int(value)
        elif setting == cv2.CAP_PROP_FRAME_WIDTH:
            self._asked = (min(int(value), camera.size[0]), self._asked[1])
        elif setting == cv2.CAP_PROP_FRAME_HEIGHT:
            self._asked = (self._asked[0], min(int(value), camera.size[1]))
        elif setting == cv2.CAP_PROP_FPS:
            self._fps = value if self._fourcc == MJPG else min(value, 10.0)  # raw pictures are slow

    def get(self, setting: int) -> float:
        sizes = {cv2.CAP_PROP_FRAME_WIDTH: self._asked[0], cv2.CAP_PROP_FRAME_HEIGHT: self._asked[1]}
        return float({cv2.CAP_PROP_FPS: self._fps, cv2.CAP_PROP_FOURCC: self._fourcc, **sizes}.get(setting, 0))

    def read(self) -> tuple[bool, Pixels | None]:
        camera = self._camera
        if camera is None or not self._open:
            return False, None
        number = self._given
        word = next((word for at, word in sorted(camera.then.items(), reverse=True) if number >= at), "")
        exactly = camera.then.get(number) == word
        if word == "hang" and exactly:
            camera.hanging.set()
            assert camera.released.wait(PATIENCE), "nobody released the hanging camera"
        self._wait_for_frame(camera)
        if word in ("unplugged", "stall", "blink", "error") and (exactly or word in ("unplugged", "stall")):
            if word == "stall" and exactly:
                camera.clock.advance(10_000_000_000)
            if word in ("blink", "error"):
                self._given += 1
            if word == "error":
                raise cv2.error("a picture that is none")
            return False, None
        if word != "frozen":
            self._last = self._picture(camera, small=word == "small")
        self._given += 1
        return True, self._last[..., :1].copy() if word == "grey" else self._last.copy()

    def release(self) -> None:
        assert self._camera is not None or not self._open
        if self._camera is not None:
            self._camera.releases += 1
        self._open = False

    def _wait_for_frame(self, camera: FakeCamera) -> None:
        """A frame is made at `_due`; what is due waits in the buffer, what finds it full is not made."""
        if camera.clock() < self._due:
            camera.clock.now = self._due
        latest = camera.clock() - camera.buffered * round(1e9 / self._fps)
        self._due = max(self._due, latest) + self._interval()

    def _interval(self) -> int:
        return int(_JITTER[self._given % len(_JITTER)] * 30 / self._fps)

    def _picture(self, camera: FakeCamera, *, small: bool = False) -> Pixels:
        width, height = self._asked
        if small:
            width, height = width // 2, height // 2
        picture = np.zeros((height, width, 3), np.uint8)
        if self._given < camera.black or camera.dark:
            return picture
        picture[:, : width // 2] = (90, 140, 60)
        picture[: height // 2] += 70
        if camera.noise:
            rows = slice(0, None, 16)
            picture[rows] = self._random.integers(0, 256, picture[rows].shape, dtype=np.uint8)
        return picture


def plug(monkeypatch: pytest.MonkeyPatch, *cameras: FakeCamera, backend: int = cv2.CAP_V4L2) -> list[int]:
    """Connect these cameras, and no others, to this machine. Gives the list of the indices that are opened."""
    opened: list[int] = []
    at = {camera.index: camera for camera in cameras}

    def open_one(index: int | None = None, _backend: int = 0, parameters: Sequence[int] = ()) -> Capture:
        if index is None:
            return Capture(None, ())
        opened.append(index)
        return Capture(at.get(index), parameters)

    def listed(_backend: int) -> list[object]:
        kind = cv2_enumerate_cameras.CameraInfo
        return [kind(one.index, one.name, one.path, None, None, backend) for one in cameras if one.listed]

    monkeypatch.setattr("desktop.sources.cameras.backends", lambda: (backend,))
    monkeypatch.setattr(cv2, "VideoCapture", open_one)
    monkeypatch.setattr(cv2_enumerate_cameras, "enumerate_cameras", listed)
    return opened
