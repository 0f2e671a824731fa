"""A camera behind OpenCV: asked for a mode, read as it delivers, noticed when it no longer does, and opened again."""

from __future__ import annotations

import logging
import platform
import threading
import time
from collections.abc import Callable

import cv2
import numpy as np

from desktop.frame import Frame, Pixels
from desktop.sources.bgr import bgr
from desktop.sources.cameras import Camera, find_again, find_camera, is_connected, may_be_opened, twins_of
from desktop.sources.pauses import Pauses
from desktop.sources.source import SourceInfo
from models.errors import SourceError

logger = logging.getLogger(__name__)

SIZE = (1280, 720)
FPS = 30.0
"""What is asked for where nobody wishes anything."""

FIRST_FRAME_WITHIN = 10.0
"""Seconds: cameras are slow to begin."""
LOST_AFTER = 2.0
"""Seconds without a frame, or with the same one while the camera is no longer connected."""
FROZEN_AFTER = 10.0
"""Seconds with the same picture, bit by bit, from a camera whose pictures had all differed."""

_ALL_DIFFERED = 90  # frames in a row, each unlike the one before: a sensor's noise
_RETRY = 0.01  # seconds between two attempts to read
_COVERED = 2.0  # standard deviation below which a picture is an even area, as with a lid on the lens
_LONGEST_PAUSE = 8.0  # seconds: whoever plugs a camera in again does not want to wait
_MOST_FPS = 1000
_UNPLUGGED = "was unplugged"


class CameraSource:
    """The camera `which`: an index, a name, NAME#2 or a path.

    `size` and `fps`: the mode to ask for; what is delivered is read back. `clock`: of the frames' times.
    `pause(seconds)` waits between two attempts and returns whether to give up, in tests something else.

    A camera that was unplugged, froze or fell silent is opened again by itself, after growing pauses, until it is
    closed: it is found by its port and name, whatever its index is then. `trouble` says so meanwhile, indices and times
    go on.

    Motion JPEG is asked for first, since raw pictures of a USB camera are slow to come at any good size. The mode goes
    along with opening, which some cameras need seconds for, and again with every later change.
    """

    live = True

    def __init__(
        self,
        which: str,
        *,
        size: tuple[int, int] | None = None,
        fps: float | None = None,
        clock: Callable[[], int] = time.perf_counter_ns,
        pause: Callable[[float], bool] | None = None,
    ) -> None:
        self.name = f"camera:{which}"
        self._which = which
        self._size, self._fps = size or SIZE, fps or FPS
        self._clock = clock
        self._closed = threading.Event()
        self._pause = self._closed.wait if pause is None else pause
        self._lock = threading.Lock()  # held while OpenCV reads: what is released then would crash
        self._capture: cv2.VideoCapture | None = None
        self._camera: Camera | None = None
        self._pending: Frame | None = None
        self._index = 0
        self._arrived = 0
        self._still = _Stillness()
        self._twins: frozenset[str] = frozenset()
        self._pauses = Pauses(longest=_LONGEST_PAUSE)
        self.trouble = ""

    def open(self) -> SourceInfo:
        """Open it and wait for its first frame; may take seconds. Raises SourceError."""
        self.close()
        self._closed.clear()
        camera = find_camera(self._which)
        if not may_be_opened(camera):
            raise SourceError(
                f"{camera.name} (/dev/video{camera.index}) may not be opened: add yourself to the group video"
                " (sudo usermod -aG video $USER), then log in again."
            )
        with self._lock:
            self._camera, self._index, self._twins = camera, 0, twins_of(camera)
            self.trouble = ""
            self._begin(camera)
        frame = self._next(FIRST_FRAME_WITHIN)
        if frame is None:
            self.close()
            raise SourceError(f"{camera.name} was closed while it was being opened.")
        self._pending = frame
        with self._lock:
            return self._info(frame.size)

    def find(self) -> None:
        """Look whether it is there, without opening it. Raises SourceError."""
        find_camera(self._which)

    def read(self) -> Frame | None:
        """The next frame, at its arrival; waits until a camera that was lost is there again. None after `close`."""
        frame, self._pending = self._pending, None
        return self._next(LOST_AFTER) if frame is None else frame

    def interrupt(self) -> None:
        """Have a `read` that waits come back; one that is in the middle of a native call does once that comes back."""
        self._closed.set()

    def close(self) -> None:
        """Let go of the camera, or have it let go by the reader that is in the middle of a call."""
        self._closed.set()
        self._pending = None
        if self._lock.acquire(timeout=0.2):
            try:
                self._release()
            finally:
                self._lock.release()

    def _release(self) -> None:
        if self._capture is not None:
            self._capture.release()
            self._capture = None

    def _begin(self, camera: Camera) -> None:
        self._camera, self._still = camera, _Stillness()
        self._capture = self._opened(camera)
        self._arrived = self._clock()

    def _opened(self, camera: Camera) -> cv2.VideoCapture:
        wishes = [
            (cv2.CAP_PROP_FOURCC, cv2.VideoWriter.fourcc(*"MJPG")),
            (cv2.CAP_PROP_FRAME_WIDTH, self._size[0]),
            (cv2.CAP_PROP_FRAME_HEIGHT, self._size[1]),
            (cv2.CAP_PROP_FPS, round(self._fps)),
        ]
        capture = _open(camera, [number for wish in wishes for number in wish])
        if not capture.isOpened():  # a backend refuses to open with a wish that it does not know
            capture.release()
            capture = _open(camera, [])
            if capture.isOpened():
                for setting, value in wishes:
                    capture.set(setting, value)
        if not capture.isOpened():
            capture.release()
            raise SourceError(f"{camera.name} cannot be opened: {_remedy()}.")
        capture.set(cv2.CAP_PROP_BUFFERSIZE, 1)  # a hint; what cannot know it ignores it
        return capture

    def _info(self, size: tuple[int, int]) -> SourceInfo:
        fps, code = 0.0, ""
        if self._capture is not None:
            fps = float(self._capture.get(cv2.CAP_PROP_FPS))
            code = _letters(self._capture.get(cv2.CAP_PROP_FOURCC))
        known = fps if 0 < fps <= _MOST_FPS else None
        return SourceInfo(
            size,
            known,
            asked=f"Asked for {_mode(self._size, self._fps, 'MJPG')}.",
            got=f"Got {_mode(size, known, code)}.",
        )

    def _next(self, patience: float) -> Frame | None:
        while not self._closed.is_set():
            with self._lock:
                pixels = self._grabbed()
                if self._closed.is_set():  # while OpenCV was reading: nobody else could let go
                    self._release()
                    return None
            now = self._clock()
            if pixels is not None:
                self._arrived = now
                complaint = self._complaint(pixels, now)
                if not complaint:
                    return self._frame(pixels, now)
            elif (now - self._arrived) / 1e9 > patience:
                complaint = self._why_silent()
            elif self._pause(_RETRY):
                break
            else:
                continue
            if not self._opened_again(complaint):
                break
            patience = FIRST_FRAME_WITHIN
        return None

    def _frame(self, pixels: Pixels, now: int) -> Frame:
        if self.trouble:
            logger.info("%s is there again", self.name)
        self.trouble = ""
        self._pauses.reset()
        frame = Frame(pixels, self._index, now)
        self._index += 1
        return frame

    def _opened_again(self, complaint: str) -> bool:
        """Open it again once it is there. False where it was closed meanwhile. Raises SourceError at the beginning."""
        if not self._index:
            self.close()
            remedy = "plug it in and open it again" if complaint.endswith(_UNPLUGGED) else _remedy()
            raise SourceError(f"{complaint}: {remedy}.")
        logger.warning("%s", complaint)
        self.trouble = _waits_for(complaint)
        with self._lock:
            self._release()
        while not self._pause(self._pauses.next()):
            assert self._camera is not None  # it gave a frame
            camera = find_again(self._camera, self._twins)
            if camera is None:
                self.trouble = _waits_for(f"{self._camera.name} {_UNPLUGGED}")
                continue
            try:
                with self._lock:
                    if self._closed.is_set():
                        break
                    self._begin(camera)
            except SourceError as error:
                logger.debug("%s", error)
                continue
            return True
        return False

    def _grabbed(self) -> Pixels | None:
        if self._capture is None:
            return None
        try:
            there, pixels = self._capture.read()
        except cv2.error:  # a picture that could not be decoded; the next may be
            return None
        return bgr(pixels) if there and pixels is not None and pixels.size else None

    def _complaint(self, pixels: Pixels, now: int) -> str:
        """What is wrong with a picture, "" where nothing is: it was there before, and no camera would do that."""
        seconds = self._still.after(pixels, now)
        if seconds <= LOST_AFTER:
            return ""
        assert self._camera is not None  # it gave a frame
        if self._still.ask_again(now) and not is_connected(self._camera):
            return f"{self._camera.name} {_UNPLUGGED}"
        if seconds > FROZEN_AFTER and self._still.unlikely:
            return f"{self._camera.name} has given the very same picture for {seconds:.0f} s"
        return ""

    def _why_silent(self) -> str:
        camera = self._camera
        assert camera is not None  # set by open
        if not is_connected(camera):
            return f"{camera.name} {_UNPLUGGED}"
        return f"{camera.name} gives no {'more pictures' if self._index else 'picture'}"


class _Stillness:
    """For how long a camera has given the same picture, and whether a living sensor would.

    Pictures that are made (a slide over HDMI, another program's camera) may stand still for as long as they like. Those
    of a sensor never repeat, by its noise, but where its lens is covered.
    """

    def __init__(self) -> None:
        self._previous: Pixels | None = None
        self._since = 0
        self._asked = 0
        self._differed = 0
        self._noisy = False

    def after(self, pixels: Pixels, now: int) -> float:
        """Seconds since the picture last changed, this one at `now` (ns) included."""
        previous, self._previous = self._previous, pixels
        if previous is not None and _same(previous, pixels):
            if self._differed:
                self._noisy, self._differed = self._differed >= _ALL_DIFFERED, 0
        else:
            self._differed += 1
            self._since = self._asked = now
        return (now - self._since) / 1e9

    def ask_again(self, now: int) -> bool:
        """Whether it is time to ask if the camera is still connected: once a second."""
        if now - self._asked < 1e9:
            return False
        self._asked = now
        return True

    @property
    def unlikely(self) -> bool:
        """Whether a living sensor would not do this."""
        if not self._noisy or self._previous is None:
            return False
        return bool(self._previous[::8, ::8].std() > _COVERED)


def _same(first: Pixels, second: Pixels) -> bool:
    if first.shape != second.shape or not np.array_equal(first[::16, ::16], second[::16, ::16]):
        return False  # nearly always decided here
    return np.array_equal(first, second)


def _open(camera: Camera, parameters: list[int]) -> cv2.VideoCapture:
    try:
        if parameters:
            return cv2.VideoCapture(camera.index, camera.backend, parameters)
        return cv2.VideoCapture(camera.index, camera.backend)
    except cv2.error:
        return cv2.VideoCapture()  # closed


def _letters(code: float) -> str:
    """The four letters of a pixel format, "" for what is none."""
    number = int(code)
    if number <= 0:
        return ""
    letters = "".join(chr(number >> shift & 255) for shift in (0, 8, 16, 24)).strip("\0 ")
    return letters if letters.isascii() and letters.isprintable() else ""


def _mode(size: tuple[int, int], fps: float | None, code: str) -> str:
    rate = f" at {fps:g} frames a second" if fps else ""
    return f"{size[0]}x{size[1]}{rate}" + (f" as {code}" if code else "")


def _waits_for(complaint: str) -> str:
    once = " once it is plugged in" if complaint.endswith(_UNPLUGGED) else ""
    return f"{complaint}: it is opened again{once}."


def _remedy() -> str:
    busy = "close other programs that use it"
    allow = {
        "Darwin": ", and allow it in System Settings, Privacy & Security, Camera",
        "Windows": ", and allow it in Settings, Privacy, Camera",
    }
    return busy + allow.get(platform.system(), ", or choose another camera")
