"""The screen, or a part of it, at a steady rate."""

from __future__ import annotations

import logging
import os
import re
import sys
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from desktop.frame import Frame, Pixels
from desktop.sources.source import SourceInfo
from models.errors import SourceError

if TYPE_CHECKING:
    from mss import MSS

logger = logging.getLogger(__name__)

FPS = 15.0
"""Pictures a second where nobody wishes anything: a whole screen takes some milliseconds to copy."""

Region = tuple[int, int, int, int]
"""x, y, width, height on a monitor, in its own units."""

_NAME = re.compile(r"screen:(?P<number>\d{1,3})(?::(?P<region>-?\d{1,6},-?\d{1,6},\d{1,6},\d{1,6}))?", re.IGNORECASE)
_SLOWEST, _FASTEST = 1.0, 120.0


@dataclass(frozen=True, slots=True)
class Screen:
    """A monitor that is attached. `source`: the string that watches it; `size`: width and height in its own units."""

    source: str
    name: str
    size: tuple[int, int]


class ScreenSource:
    """The monitor, or region of one, that a name like screen:0 or screen:0:X,Y,W,H names.

    X, Y, W, H: from the monitor's left upper corner, in the units in which the system counts it (pixels, on macOS
    points); what lies outside of it is cut off. `fps`: pictures a second to be taken, 1 to 120; where taking one takes
    longer, they are fewer. The mouse pointer is not in the picture. Raises SourceError for a name that is none.
    """

    live = True

    def __init__(self, name: str, *, fps: float | None = None, clock: Callable[[], int] = time.perf_counter_ns) -> None:
        self._number, self._wanted = _parsed(name)
        self.name = _name(self._number, self._wanted)
        self._fps = min(max(fps or FPS, _SLOWEST), _FASTEST)
        self._clock = clock
        self._closed = threading.Event()
        self._lock = threading.Lock()  # held while a picture is taken: what is let go then would crash
        self._shots: MSS | None = None
        self._area: dict[str, int] = {}
        self._pending: Frame | None = None
        self._index = self._due = 0

    def open(self) -> SourceInfo:
        """Take a first picture. Raises SourceError where there is no such screen, or it may not be watched.

        Where watching is not allowed, systems give black: refused is what is black while all other screens are, too.
        """
        self.close()
        with self._lock:
            self._closed.clear()
            self._index, self._due = 0, self._clock()
            self._connect()
            pixels = self._taken(self._area)
            if not pixels.any() and self._all_is_black():
                self._let_go()
                raise SourceError(f"There is nothing but black on any screen: {_why_black()}.")
            self._pending = self._frame(pixels)
        width, height = self._pending.size
        asked = f"Asked for {self._fps:g} pictures a second."
        return SourceInfo((width, height), self._fps, asked=asked, got=f"Got {width}x{height}.")

    def read(self) -> Frame | None:
        """The next picture, when it is its time. Raises SourceError when the screen is gone."""
        frame, self._pending = self._pending, None
        if frame is not None:
            return frame
        left = self._due - self._clock()
        if left > 0 and self._closed.wait(left / 1e9):
            return None
        with self._lock:
            if self._shots is None or self._closed.is_set():
                return None
            return self._frame(self._taken_again())

    def close(self) -> None:
        """Let go of the screen."""
        self._closed.set()
        self._pending = None
        with self._lock:
            self._let_go()

    def _frame(self, pixels: Pixels) -> Frame:
        now = self._clock()
        step = round(1e9 / self._fps)
        self._due = max(self._due + step, now)  # one that was late is not made up for
        frame = Frame(pixels, self._index, now)
        self._index += 1
        return frame

    def _connect(self) -> None:
        self._shots = connect()
        try:
            self._area = self._cut(self._monitor())
        except SourceError:
            self._let_go()
            raise

    def _monitor(self) -> dict[str, Any]:
        monitors = _monitors(self._shots)
        if self._number >= len(monitors):
            there = ", ".join(f"screen {number + 1} (screen:{number})" for number in range(len(monitors)))
            raise SourceError(f"There is no screen {self._number + 1} (screen:{self._number}): there is {there}.")
        return monitors[self._number]

    def _cut(self, monitor: dict[str, Any]) -> dict[str, int]:
        left, top, width, height = _area_of(monitor).values()
        x, y, wide, high = _within(self._wanted, (width, height))
        if wide <= 0 or high <= 0:
            raise SourceError(f"{self.name} lies outside of screen {self._number + 1}, which has {width}x{height}.")
        return {"left": left + x, "top": top + y, "width": wide, "height": high}

    def _all_is_black(self) -> bool:
        """Whether no screen shows anything. Where one does, screens are served here, and what is black is so."""
        return not any(self._taken(_area_of(monitor)).any() for monitor in _monitors(self._shots))

    def _taken(self, area: dict[str, int]) -> Pixels:
        """(height, width, 3) BGR uint8. Raises SourceError."""
        assert self._shots is not None  # connected
        try:
            shot = np.asarray(self._shots.grab(area))
        except Exception as error:
            self._let_go()
            raise _failed(self.name, error) from error
        return np.asarray(cv2.cvtColor(shot, cv2.COLOR_BGRA2BGR), np.uint8)

    def _taken_again(self) -> Pixels:
        """The same, where the monitors may have been arranged otherwise meanwhile."""
        try:
            return self._taken(self._area)
        except SourceError:
            logger.info("%s has changed", self.name)
            self._connect()
            return self._taken(self._area)

    def _let_go(self) -> None:
        shots, self._shots = self._shots, None
        if shots is not None:
            _close(shots)


def part_of(name: str, size: tuple[int, int], corners: Iterable[tuple[float, float]]) -> str:
    """What names the part of what `name` shows that encloses all `corners` (x, y as parts, 0..1, of its picture).

    `size`: width and height of the whole monitor, as `Screen` has it. Raises SourceError for a name that is none.
    """
    number, wanted = _parsed(name)
    x, y, wide, high = _within(wanted, size)
    across, down = zip(*corners, strict=True)
    left, top = x + round(min(across) * wide), y + round(min(down) * high)
    right, bottom = x + round(max(across) * wide), y + round(max(down) * high)
    return _name(number, (left, top, max(right - left, 1), max(bottom - top, 1)))


def _parsed(name: str) -> tuple[int, Region | None]:
    """The number and the region that are in a name. Raises SourceError."""
    found = _NAME.fullmatch(name.strip())
    if found is None:
        raise SourceError(f"{name} names no screen: write screen:0, or screen:0:X,Y,WIDTH,HEIGHT for a part of it.")
    if found["region"] is None:
        return int(found["number"]), None
    x, y, wide, high = (int(one) for one in found["region"].split(","))
    if not wide or not high:
        raise SourceError(f"{name} is empty: give it a width and a height.")
    return int(found["number"]), (x, y, wide, high)


def _name(number: int, region: Region | None) -> str:
    return f"screen:{number}" + ("" if region is None else ":" + ",".join(str(one) for one in region))


def _within(wanted: Region | None, size: tuple[int, int]) -> Region:
    """What of a region lies on a monitor of this size; without width or height where nothing does."""
    if wanted is None:
        return 0, 0, *size
    x, y, wide, high = wanted
    left, top = max(x, 0), max(y, 0)
    return left, top, min(x + wide, size[0]) - left, min(y + high, size[1]) - top


def list_screens() -> list[Screen]:
    """The monitors that are attached, screen:0 first. Raises SourceError where they may not be watched."""
    shots = connect()
    try:
        monitors = _monitors(shots)
    finally:
        _close(shots)
    return [
        Screen(f"screen:{number}", str(one.get("name") or f"Screen {number + 1}"), (one["width"], one["height"]))
        for number, one in enumerate(monitors)
    ]


def connect(environ: Mapping[str, str] = os.environ) -> MSS:
    """What takes pictures of the screen. Raises SourceError with the reason where that is not possible.

    On Wayland X11's way gives black pictures, or none, and only the desktop's own portal would do.
    """
    if sys.platform not in ("win32", "darwin"):
        if environ.get("XDG_SESSION_TYPE", "").lower() == "wayland" or environ.get("WAYLAND_DISPLAY"):
            raise SourceError("The screen cannot be watched on Wayland: log in to an X11 (Xorg) session for that.")
        if not environ.get("DISPLAY"):
            raise SourceError("There is no screen here: DISPLAY is not set.")
    try:
        from mss import MSS

        return MSS()
    except Exception as error:
        raise _failed("The screen", error) from error


def _monitors(shots: MSS | None) -> list[dict[str, Any]]:
    """Each monitor; what mss names first is all of them together."""
    if shots is None:
        return []
    try:
        return list(shots.monitors)[1:]
    except Exception as error:
        raise _failed("The screen", error) from error


def _area_of(monitor: dict[str, Any]) -> dict[str, int]:
    """What mss takes a picture of: all of a monitor."""
    return {key: int(monitor[key]) for key in ("left", "top", "width", "height")}


def _close(shots: MSS) -> None:
    """Let go, also where the screen has gone."""
    try:
        shots.close()
    except Exception as error:  # noqa: BLE001 - mss has an error for each system, and nothing is left to be done
        logger.debug("the screen: %s", error)


def _failed(name: str, error: Exception) -> SourceError:
    """mss has an error of its own for each system, and lets those of libraries that are missing through."""
    what = str(error).strip().partition("\n")[0]
    return SourceError(f"{name} cannot be watched: {what or type(error).__name__}.")


def _why_black() -> str:
    if sys.platform == "darwin":
        return "allow it in System Settings, Privacy & Security, Screen Recording, and start anew"
    return "wake it up; if something is to be seen on it, this system does not let it be watched"
