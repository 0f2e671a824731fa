"""The one place that knows how sources are named."""

from __future__ import annotations

import os
import re
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

import cv2

import resources
from desktop.sources.address import SCHEMES, address_of, without_secrets
from desktop.sources.camera import CameraSource
from desktop.sources.pictures import PICTURE_SUFFIXES, FolderSource, PictureSource
from desktop.sources.screen import ScreenSource
from desktop.sources.source import Source
from desktop.sources.stream import StreamSource
from desktop.sources.video import VIDEO_SUFFIXES, VideoSource
from models.errors import SourceError

DEMO = "demo"
CAMERA = "camera:"
NAMES = (
    "camera:0, camera:NAME, the path of a video, a picture or a folder of pictures, rtsp://HOST/PATH, http://HOST/PATH,"
    " screen:0, or demo"
)
"""What can be named, for sentences and help."""
NOT_LIVE = "the path of a video, a picture or a folder of pictures, or demo"
"""What can be named that has an end."""

_SCHEME = re.compile(r"([a-z][a-z0-9+.-]+):", re.IGNORECASE)  # two letters at least: C:\x.mp4 is a path
_TILED = {".heic", ".heif"}  # FFmpeg would take one tile of such a picture for a video


def make_source(
    name: str,
    *,
    loop: bool = False,
    size: tuple[int, int] | None = None,
    fps: float | None = None,
    names: str = NAMES,
) -> Source:
    """The source that a name names, not yet open.

    `loop`: what has an end starts over there, time going on. `size` (width, height) is a wish for a camera, `fps` one
    for a camera and the screen. Raises SourceError with one sentence where nothing can be named so, which says what can
    be named, `names`. A word of the contract comes before a file of the same name: `./demo` is the file.
    """
    exact, name = name, name.strip()
    scheme = _scheme(name)
    if scheme == "camera":
        return CameraSource(name[len(CAMERA) :], size=size, fps=fps)
    if scheme in SCHEMES:
        return StreamSource(address_of(name), loop=loop)
    if scheme == "screen":
        return ScreenSource(name, fps=fps)
    path = path_of(exact)
    if name == DEMO:
        return VideoSource(path, name=DEMO, loop=loop)
    if path == Path(exact):
        name = exact
    if not name or not _exists(path):
        raise SourceError(_nothing(name, scheme, names))
    if path.is_dir():
        return FolderSource(path, name=name, loop=loop)
    if not path.is_file():  # reading a pipe might wait for ever
        raise SourceError(_no_file(name, names))
    if is_picture(path):
        return PictureSource(path, name=name)
    return VideoSource(path, name=name, loop=loop)


def path_of(name: str) -> Path:
    """The path that a name names which is not live, whether or not anything is there. Raises SourceError for no demo.

    Spaces around it belong to it where there is such a file, and so does a ~ that begins no folder of a user.
    """
    words = name.strip()
    if words == DEMO:
        return _demo()
    if name != words and _exists(Path(name)):
        return Path(name)
    return _from_url(words) if _scheme(words) == "file" else expanded(words)


def expanded(path: str) -> Path:
    """The path with a leading ~ as the user's folder, where there is such a user."""
    try:
        return Path(path).expanduser()
    except RuntimeError:
        return Path(path)


def name_of(path: Path) -> str:
    """The name of a file's source: its path, so written that it is taken for nothing else."""
    name = str(path)
    strange = _SCHEME.match(name) is not None or name == DEMO or name != name.strip() or name.startswith("~")
    return f".{os.sep}{name}" if strange and not path.is_absolute() else name


def is_live(name: str) -> bool:
    """Whether the name is that of something that gives frames as they come (a camera, a stream, the screen)."""
    return _scheme(name.strip()) in {"camera", "screen", *SCHEMES}


def is_picture(path: Path) -> bool:
    """Whether a file is a picture: by its ending, or where that says nothing by its first bytes."""
    suffix = path.suffix.lower()
    if suffix in PICTURE_SUFFIXES or suffix in _TILED:
        return True
    return suffix not in VIDEO_SUFFIXES and bool(cv2.haveImageReader(str(path)))


def _scheme(name: str) -> str:
    """What stands before the colon, in lower case; "" for a path."""
    found = _SCHEME.match(name)
    if found is None:
        return ""
    scheme = found[1].lower()
    known = scheme in {"camera", "file", "screen", *SCHEMES}
    return scheme if known or name[found.end() :].startswith("//") else ""


def _from_url(name: str) -> Path:
    """The path in file:///C:/x.mp4, as desktops hand over what is dropped."""
    return Path(url2pathname(urlsplit(name).path))


def _demo() -> Path:
    try:
        return resources.path("demo.mp4")
    except FileNotFoundError as error:
        raise SourceError(str(error)) from error


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):  # too long, or holds a zero byte
        return False


def _no_file(name: str, names: str) -> str:
    if name.startswith("/dev/video"):
        return f"{name} is a camera: name it {CAMERA}{name}."
    return f"{name} is neither a file nor a folder: name {names}."


def _nothing(name: str, scheme: str, names: str) -> str:
    if not name:
        return f"Nothing is named: name {names}."
    if scheme and scheme != "file":
        return f"{scheme}:// is not known: name {names}."
    return f"There is no file or folder {without_secrets(name)}: name {names}."
