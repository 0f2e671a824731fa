"""Which cameras there are, by name and in an order that stays, without opening any of them."""

from __future__ import annotations

import logging
import os
import platform
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path

import cv2

from models.errors import SourceError

logger = logging.getLogger(__name__)

_BACKENDS = {
    # DirectShow opens in a moment; Media Foundation takes seconds, and serves for what only it knows.
    "Windows": (cv2.CAP_DSHOW, cv2.CAP_MSMF),
    "Darwin": (cv2.CAP_AVFOUNDATION,),
    "Linux": (cv2.CAP_V4L2,),
}
_BY_PORT = Path("/dev/v4l/by-path")  # Linux: links named after the port, which stay when cameras are plugged anew


@dataclass(frozen=True, slots=True)
class Camera:
    """A camera that is connected.

    `index` and `backend`: what `cv2.VideoCapture` takes; the index may be another's tomorrow. `path`: names the port or
    the device, "" where unknown. `source`: the string that opens it, the same after plugging it anew.
    """

    index: int
    name: str
    path: str
    backend: int
    source: str = ""


def list_cameras() -> list[Camera]:
    """All cameras, by index; of several of one name the second by port is NAME#2. Opens none of them."""
    found: list[Camera] = []
    for backend in backends():
        for camera in _enumerated(backend):
            if not any(_same_device(camera, other) for other in found):
                found.append(camera)
    found.sort(key=lambda one: (backends().index(one.backend), one.index))
    return [replace(one, source=f"camera:{_word_for(one, found)}") for one in found]


def find_camera(which: str) -> Camera:
    """The camera of an index, a name, NAME#2 or a path. Raises SourceError, with those that there are."""
    which = which.strip()
    cameras = list_cameras()
    if which.isascii() and which.isdecimal():
        index = int(which)
        for camera in cameras:
            if camera.index == index:
                return camera
        # Not listed, but there (or not to be known): what was asked for by number may be tried.
        if Path(f"/dev/video{index}").exists() or (not cameras and platform.system() != "Linux"):
            return Camera(index, f"camera {index}", "", backends()[0], f"camera:{index}")
    elif which:
        for camera in cameras:
            if f"camera:{which}" == camera.source or _is_path_of(which, camera):
                return camera
        twins = Counter[str]()
        for camera in _by_port(cameras):
            twins[camera.name] += 1
            if which.casefold() in (camera.name.casefold(), f"{camera.name}#{twins[camera.name]}".casefold()):
                return camera
    wanted = f"camera {which}" if which else "camera"
    raise SourceError(f"There is no {wanted}: {_those_there(cameras)}.")


def is_connected(camera: Camera) -> bool:
    """Whether the camera is still there; True where that cannot be known."""
    if not camera.path:
        return True
    return any(one.path == camera.path and one.name == camera.name for one in list_cameras())


def twins_of(camera: Camera) -> frozenset[str]:
    """The paths of the other cameras of its name that are connected now."""
    return frozenset(one.path for one in list_cameras() if one.name == camera.name and one.path != camera.path)


def find_again(camera: Camera, twins: frozenset[str]) -> Camera | None:
    """The same camera where it is connected, by path and name, whatever its index is now; None where it is not.

    One that was plugged into another port is known by its name, unless it is one of `twins`, which were there before.
    """
    cameras = list_cameras()
    named = [one for one in cameras if one.name == camera.name]
    for one in named:
        if camera.path and one.path == camera.path:
            return one
    if not camera.path and camera.source not in {one.source for one in cameras}:  # was opened by a number alone
        return camera if platform.system() != "Linux" or Path(f"/dev/video{camera.index}").exists() else None
    new = [one for one in named if one.path not in twins]
    return new[0] if len(new) == 1 else None


def may_be_opened(camera: Camera) -> bool:
    """Whether the system lets this user open it, as far as a look at its file tells (Linux)."""
    device = f"/dev/video{camera.index}"
    return camera.backend != cv2.CAP_V4L2 or not Path(device).exists() or os.access(device, os.R_OK | os.W_OK)


def backends() -> tuple[int, ...]:
    """OpenCV's ways to cameras on this system, the best first."""
    return _BACKENDS.get(platform.system(), (cv2.CAP_ANY,))


def _enumerated(backend: int) -> list[Camera]:
    try:
        import cv2_enumerate_cameras

        entries = list(cv2_enumerate_cameras.enumerate_cameras(backend))
    except (ImportError, NotImplementedError, OSError, RuntimeError) as error:
        logger.warning("cameras cannot be listed: %s", error)
        return []
    return [
        Camera(entry.index, (entry.name or f"camera {entry.index}").strip(), _port(entry.path or ""), backend)
        for entry in entries
    ]


def _port(path: str) -> str:
    """The name of the port where Linux knows it, else the path itself."""
    if path.startswith("/dev/") and _BY_PORT.is_dir():
        for link in sorted(_BY_PORT.iterdir()):
            if link.resolve() == Path(path).resolve():
                return str(link)
    return path


def _same_device(camera: Camera, other: Camera) -> bool:
    """Whether two backends of Windows name one device: their paths differ in the class alone, after #{."""
    return camera.backend != other.backend and (
        camera.path.casefold().partition("#{")[0] == other.path.casefold().partition("#{")[0] or not camera.path
    )


def _by_port(cameras: list[Camera]) -> list[Camera]:
    return sorted(cameras, key=lambda one: (one.path, one.index))


def _word_for(camera: Camera, cameras: list[Camera]) -> str:
    """What names it after "camera:": its name, NAME#2 for a twin, its path where that would be taken for another."""
    twins = [one for one in _by_port(cameras) if one.name == camera.name]
    number = twins.index(camera) + 1
    word = camera.name if number == 1 else f"{camera.name}#{number}"
    another = word.isdecimal() or any(one.name == word for one in cameras if one.name != camera.name)
    return (camera.path or str(camera.index)) if another else word


def _is_path_of(which: str, camera: Camera) -> bool:
    if not camera.path:
        return False
    if which == camera.path:
        return True
    return which.startswith("/dev/") and Path(which).resolve() == Path(camera.path).resolve()


def _those_there(cameras: list[Camera]) -> str:
    if not cameras:
        return "no camera is connected"
    return "there is " + ", ".join(f"{one.source} ({one.index})" for one in cameras)
