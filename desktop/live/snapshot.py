"""Writes the picture on the screen, or that a rule has found, with its marks, into a file."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TypeVar

import cv2

from desktop.drawing.marks import marks_of
from desktop.drawing.renderer import draw
from desktop.live.showing import Shown
from desktop.recordings.locking import NameTakenError
from desktop.recordings.placing import Placing, free_name
from desktop.recordings.reasons import why
from models.errors import RecordingError

T = TypeVar("T")

_MOST = 100  # names that are tried: each may be taken by another program the moment it was chosen


def file_name(moment: datetime, suffix: str) -> str:
    """A name by date and time, such as "Onlooker 2026-11-25 10.32.07.png"; sorted by name they are sorted by time."""
    return f"Onlooker {moment:%Y-%m-%d %H.%M.%S}{suffix}"


def new_name(folder: Path, moment: datetime, suffix: str) -> Path:
    """A name by date and time in `folder`, which is made where it is missing, that nothing has.

    Raises RecordingError.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RecordingError(f"{folder} cannot be made: {why(error)}. Choose another folder.") from error
    return free_name(folder / file_name(moment, suffix))


def in_new_name(folder: Path, moment: datetime, suffix: str, make: Callable[[Path], T]) -> T:
    """What `make` gives for a `new_name`, and for another one where somebody took that first: it raises NameTakenError.

    Raises RecordingError.
    """
    for _ in range(_MOST - 1):
        try:
            return make(new_name(folder, moment, suffix))
        except NameTakenError:
            continue
    return make(new_name(folder, moment, suffix))


def take(shown: Shown, folder: Path, moment: datetime, *, labels: bool = True) -> Path:
    """Write `shown` as a PNG into `folder`, which is made where it is missing; returns its name, which nothing had.

    Raises RecordingError.
    """
    pixels = shown.frame.pixels.copy()
    if shown.scene is not None:
        draw(pixels, marks_of(shown.scene, held=shown.held, labels=labels))
    whole, data = cv2.imencode(".png", pixels)
    if not whole:
        raise RecordingError("The picture could not be encoded as PNG.")
    place = in_new_name(folder, moment, ".png", Placing)
    try:
        place.temporary.write_bytes(data.tobytes())
    except OSError as error:
        place.abort()
        raise RecordingError(f"{place.target} cannot be written: {why(error)}.") from error
    return place.finish()
