"""Whether a window can be opened at all, found out before Qt tries: where it cannot, Qt ends the process.

On Linux Qt takes X11, Wayland and OpenGL from the system, and a bare server lacks them; on Windows and macOS it brings
all it needs.
"""

from __future__ import annotations

import ctypes
import importlib.util
import os
import socket
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

from models.errors import DisplayError

# What the libraries of PySide6's wheels ask the system for (their NEEDED entries), and the packages of Debian and
# Ubuntu that hold it.
ALWAYS = {
    "libGL.so.1": "libgl1",
    "libEGL.so.1": "libegl1",
    "libfontconfig.so.1": "libfontconfig1",
    "libfreetype.so.6": "libfreetype6",
    "libglib-2.0.so.0": "libglib2.0-0",
    "libdbus-1.so.3": "libdbus-1-3",
    "libX11.so.6": "libx11-6",
    "libxkbcommon.so.0": "libxkbcommon0",
    "libzstd.so.1": "libzstd1",
}
X11 = {
    "libX11-xcb.so.1": "libx11-xcb1",
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
    "libxcb.so.1": "libxcb1",
    "libxcb-cursor.so.0": "libxcb-cursor0",
    "libxcb-icccm.so.4": "libxcb-icccm4",
    "libxcb-image.so.0": "libxcb-image0",
    "libxcb-keysyms.so.1": "libxcb-keysyms1",
    "libxcb-randr.so.0": "libxcb-randr0",
    "libxcb-render.so.0": "libxcb-render0",
    "libxcb-render-util.so.0": "libxcb-render-util0",
    "libxcb-shape.so.0": "libxcb-shape0",
    "libxcb-shm.so.0": "libxcb-shm0",
    "libxcb-sync.so.1": "libxcb-sync1",
    "libxcb-util.so.1": "libxcb-util1",
    "libxcb-xfixes.so.0": "libxcb-xfixes0",
    "libxcb-xkb.so.1": "libxcb-xkb1",
}
WAYLAND = {
    "libwayland-client.so.0": "libwayland-client0",
    "libwayland-cursor.so.0": "libwayland-cursor0",
    "libwayland-egl.so.1": "libwayland-egl1",
}
_OF_PLATFORM = {"xcb": X11, "wayland": WAYLAND}
_WITHOUT = "annotate files without a window with `onlooker annotate INPUT -o OUT`"


def check(environ: Mapping[str, str] = os.environ) -> None:
    """Raise DisplayError, with what to do, where no window can be opened."""
    refuse_second_qt()
    if not sys.platform.startswith("linux"):
        return
    platforms = wanted(environ)
    if not platforms:
        raise DisplayError(
            "There is no display to open a window on (neither DISPLAY nor WAYLAND_DISPLAY is set): start it in a "
            f"desktop session, or {_WITHOUT}."
        )
    if missing(ALWAYS):  # all that is needed in one sentence, not what comes next in a second one
        refuse_missing(ALWAYS | _OF_PLATFORM.get(platforms[-1], {}))
    problems = [_problem(platform, environ) for platform in platforms]
    if all(problems):  # Qt takes the first that works
        raise DisplayError(problems[0])


def wanted(environ: Mapping[str, str]) -> list[str]:
    """The ways to the screen that Qt will try, such as "xcb" and "wayland"; none where there is no screen."""
    chosen = environ.get("QT_QPA_PLATFORM", "")
    if chosen:
        return [name.partition(":")[0].partition("-")[0] for name in chosen.split(";") if name]
    found = ["wayland"] if environ.get("WAYLAND_DISPLAY") else []
    return [*found, "xcb"] if environ.get("DISPLAY") else found


def missing(libraries: Iterable[str]) -> list[str]:
    """Those of `libraries` that the system cannot load."""
    lacking = []
    for library in libraries:
        try:
            ctypes.CDLL(library)
        except OSError:
            lacking.append(library)
    return lacking


def refuse_missing_base() -> None:
    """Raise DisplayError where a library is missing that Qt needs with any display, and even without one."""
    if sys.platform.startswith("linux"):
        refuse_missing(ALWAYS)


def refuse_missing(libraries: Mapping[str, str]) -> None:
    """Raise DisplayError where one of `libraries` (library -> Debian package) is missing."""
    lacking = missing(libraries)
    if lacking:
        packages = " ".join(libraries[library] for library in lacking)
        raise DisplayError(
            f"The window needs {_and(lacking)}, which this system lacks: install {_them(lacking)} (Debian, "
            f"Ubuntu: `apt install {packages}`), or {_WITHOUT}."
        )


def refuse_second_qt() -> None:
    """Raise DisplayError where an OpenCV with a Qt of its own would break ours."""
    found = importlib.util.find_spec("cv2")
    if found is None or found.origin is None:
        return
    if (Path(found.origin).parent / "qt").is_dir():
        raise DisplayError(
            "The installed OpenCV brings a second Qt, which breaks the window: `pip uninstall opencv-python "
            "opencv-contrib-python`, then `pip install --force-reinstall opencv-python-headless`."
        )


def _problem(platform: str, environ: Mapping[str, str]) -> str:
    """Why this way to the screen does not work, "" where it does or where we do not know it."""
    try:
        if platform == "xcb":
            refuse_missing(X11)
            _reach_x11(environ.get("DISPLAY", ""))
        elif platform == "wayland":
            refuse_missing(WAYLAND)
            _reach_wayland(environ)
    except DisplayError as error:
        return str(error)
    return ""


def _reach_x11(display: str) -> None:
    library = ctypes.CDLL("libxcb.so.1")
    library.xcb_connect.restype = ctypes.c_void_p
    library.xcb_connection_has_error.argtypes = library.xcb_disconnect.argtypes = [ctypes.c_void_p]
    connection = library.xcb_connect(display.encode() or None, None)
    failed = library.xcb_connection_has_error(connection)
    library.xcb_disconnect(connection)
    if failed:
        raise DisplayError(
            f"The display {display or '(none)'} cannot be reached: start it in a desktop session, or {_WITHOUT}."
        )


def _reach_wayland(environ: Mapping[str, str]) -> None:
    name = environ.get("WAYLAND_DISPLAY") or "wayland-0"
    path = Path(environ.get("XDG_RUNTIME_DIR") or "/") / name  # an absolute name stands for itself
    try:
        with socket.socket(socket.AF_UNIX) as line:
            line.connect(str(path))
    except OSError as error:
        raise DisplayError(
            f"The display {name} cannot be reached: start it in a desktop session, or {_WITHOUT}."
        ) from error


def _them(words: list[str]) -> str:
    return "it" if len(words) == 1 else "them"


def _and(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
