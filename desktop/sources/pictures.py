"""Pictures from files: one, or all of a folder, upright and in 8 bits whatever they were stored in."""

from __future__ import annotations

import logging
import re
import struct
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

from desktop.frame import Frame, Pixels
from desktop.sources.bgr import bgr
from desktop.sources.orientation import UPRIGHT, Orientation, by_exif
from desktop.sources.source import SourceInfo
from models.errors import SourceError

logger = logging.getLogger(__name__)

PICTURE_SUFFIXES = frozenset(
    {".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".bmp", ".dib", ".tif", ".tiff", ".pbm", ".pgm", ".ppm", ".pnm"}
)
"""Endings that say "a picture", in lower case."""

SECONDS_EACH = 1.0
"""How long each picture of a folder is seen when the folder is watched."""

_ORIENTATION = 0x0112
_NAMED = 3  # unreadable pictures that a sentence names; it counts the rest


def read_picture(path: Path, *, name: str = "") -> Pixels:
    """The picture in a file, (height, width, 3) BGR uint8, turned upright by its EXIF orientation.

    Grey, 16 bits, floats and alpha become what `bgr` makes of them. Raises SourceError with one sentence about `name`,
    by default the path, where there is no such file, it is no picture, or it is damaged or too large.
    """
    name = name or str(path)
    data = _bytes(path, name)
    if not data:
        raise SourceError(f"{name} is empty: it has 0 bytes.")
    try:
        decoded, kinds, blocks = cv2.imdecodeWithMetadata(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
        if decoded is None:
            raise SourceError(f"{name} cannot be read: it is no picture of a kind known here, or it is damaged.")
        pixels = bgr(decoded)
    except cv2.error as error:
        if error.func == "validateInputImageSize":
            raise SourceError(
                f"{name} has more pixels than are read here: make it smaller, or set OPENCV_IO_MAX_IMAGE_PIXELS."
            ) from error
        raise SourceError(f"{name} cannot be read: it is damaged.") from error
    except MemoryError as error:
        raise SourceError(f"{name} does not fit into memory: make it smaller.") from error
    return _orientation(kinds, blocks).upright(pixels)


def picture_paths(folder: Path, *, name: str = "") -> list[Path]:
    """The pictures that lie in a folder (not those in folders inside), as people count: 2.png before 10.png.

    Raises SourceError where there is none, or the folder cannot be read.
    """
    name = name or str(folder)
    try:
        found = [one for one in folder.iterdir() if one.suffix.lower() in PICTURE_SUFFIXES and one.name[0] != "."]
        found = [one for one in found if one.is_file()]
    except FileNotFoundError as error:
        raise SourceError(f"There is no folder {name}.") from error
    except OSError as error:
        raise SourceError(f"The folder {name} cannot be read: {error.strerror or error}.") from error
    if not found:
        raise SourceError(f"The folder {name} holds no pictures (JPEG, PNG, WebP, BMP or TIFF).")
    return sorted(found, key=lambda one: (_as_counted(one.name), one.name))


class PictureSource:
    """One picture: one frame, then the end."""

    live = False

    def __init__(self, path: Path, *, name: str = "") -> None:
        self.name = name or str(path)
        self._path = path
        self._pixels: Pixels | None = None

    def open(self) -> SourceInfo:
        """Read the picture. Raises SourceError as `read_picture` does."""
        self._pixels = read_picture(self._path, name=self.name)
        height, width = self._pixels.shape[:2]
        return SourceInfo((width, height), frames=1)

    def read(self) -> Frame | None:
        """The picture, the first time."""
        pixels, self._pixels = self._pixels, None
        return None if pixels is None else Frame(pixels, 0, 0)

    def close(self) -> None:
        """Let go of it."""
        self._pixels = None


class FolderSource:
    """The pictures of a folder, one a second of its own time.

    `loop`: starts over at the end, time going on. Pictures that cannot be read are left out, and named by the
    SourceError that `read` raises at the end; in a loop they are logged.
    """

    live = False

    def __init__(self, folder: Path, *, name: str = "", loop: bool = False) -> None:
        self.name = name or str(folder)
        self._folder, self._loop = folder, loop
        self._pictures: Iterator[Pixels] = iter(())
        self._first: Pixels | None = None
        self._unread: list[str] = []
        self._total = 0
        self._index = 0

    def open(self) -> SourceInfo:
        """Find the pictures. Raises SourceError where there is none, or none can be read."""
        self._index = 0
        self._start()
        assert self._first is not None  # _start raises else
        height, width = self._first.shape[:2]
        return SourceInfo((width, height), 1 / SECONDS_EACH, self._total, self._total * SECONDS_EACH)

    def read(self) -> Frame | None:
        """The next picture that can be read."""
        pixels, self._first = self._first, None
        if pixels is None:
            pixels = next(self._pictures, None)
        if pixels is None and self._loop and self._total:
            self._start()
            pixels, self._first = self._first, None
        if pixels is None:
            complaint = self._complaint()
            self.close()
            if complaint:
                raise SourceError(complaint)
            return None
        frame = Frame(pixels, self._index, round(self._index * SECONDS_EACH * 1e9))
        self._index += 1
        return frame

    def close(self) -> None:
        """Let go of the folder."""
        self._pictures, self._first, self._unread, self._total = iter(()), None, [], 0

    def _start(self) -> None:
        paths = picture_paths(self._folder, name=self.name)
        self._unread, self._total = [], len(paths)
        self._pictures = self._readable(paths)
        self._first = next(self._pictures, None)
        if self._first is None:
            complaint = self._complaint()
            self.close()
            raise SourceError(complaint)

    def _readable(self, paths: list[Path]) -> Iterator[Pixels]:
        for path in paths:
            try:
                yield read_picture(path)
            except SourceError as error:
                logger.warning("%s", error)
                self._unread.append(path.name)

    def _complaint(self) -> str:
        if not self._unread:
            return ""
        names = ", ".join(self._unread[:_NAMED])
        more = len(self._unread) - _NAMED
        further = f" and {more} more" if more > 0 else ""
        return f"{len(self._unread)} of {self._total} pictures in {self.name} could not be read: {names}{further}."


def _bytes(path: Path, name: str) -> bytes:
    try:
        return path.read_bytes()  # OpenCV's own reading knows no letters beyond ASCII on Windows
    except FileNotFoundError as error:
        raise SourceError(f"There is no file {name}.") from error
    except IsADirectoryError as error:
        raise SourceError(f"{name} is a folder, no picture.") from error
    except PermissionError as error:
        raise SourceError(f"{name} may not be read: its permissions do not allow it.") from error
    except OSError as error:
        raise SourceError(f"{name} cannot be read: {error.strerror or error}.") from error


def _as_counted(name: str) -> list[tuple[int, int, str]]:
    """A key that sorts digits by the number they are, and before letters."""
    parts = re.findall(r"\d+|\D+", name.casefold())
    return [(0, int(part), "") if part.isdecimal() else (1, 0, part) for part in parts]


def _orientation(kinds: object, blocks: object) -> Orientation:
    """That of the EXIF block among the metadata. TIFF has none: OpenCV turns it itself."""
    if isinstance(kinds, list | tuple | np.ndarray) and isinstance(blocks, list | tuple):
        for kind, block in zip(kinds, blocks, strict=True):
            if int(kind) == cv2.IMAGE_METADATA_EXIF:
                return by_exif(exif_orientation(np.asarray(block, np.uint8).tobytes()))
    return UPRIGHT


def exif_orientation(block: bytes) -> int:
    """The orientation (1 to 8) that an EXIF block names in its first directory; 1 where it is none or damaged.

    The block is a TIFF header and its directory of 12-byte entries (TIFF 6.0, section 2).
    """
    block = block.removeprefix(b"Exif\0\0")
    order = {b"II": "<", b"MM": ">"}.get(block[:2])
    if order is None:
        return 1
    try:
        (start,) = struct.unpack_from(f"{order}I", block, 4)
        (entries,) = struct.unpack_from(f"{order}H", block, start)
        for entry in range(entries):
            tag, _kind, _count, value = struct.unpack_from(f"{order}HHIH", block, start + 2 + 12 * entry)
            if tag == _ORIENTATION:
                return int(value) if 1 <= value <= 8 else 1
    except struct.error:
        return 1
    return 1
