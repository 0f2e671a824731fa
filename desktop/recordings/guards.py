"""Guards of the disk: a recording is stopped, whole, before there is no room left for it."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from models.errors import RecordingError

GIGABYTE = 10**9


@dataclass(frozen=True, slots=True)
class Limits:
    """Bytes free on a recording's disk, under which it is warned, and stopped; 0 = never.

    What is left after a stop is for the end of the file, and for whoever else writes to this disk.
    """

    warn: int = 5 * GIGABYTE
    stop: int = 1 * GIGABYTE

    def __post_init__(self) -> None:
        if self.warn < 0 or self.stop < 0:
            raise RecordingError("The room that is to be left on the disk cannot be less than nothing.")


class Room(Enum):
    """How much room there is."""

    PLENTY = "plenty"
    LOW = "low"
    FULL = "full"


def free_bytes(folder: Path) -> int | None:
    """Bytes that may be written to the disk of a folder that is there; None where the system does not say."""
    try:
        return shutil.disk_usage(folder).free
    except OSError:
        return None


def room(free: int | None, limits: Limits) -> Room:
    """What is to be done with `free` bytes: nothing where nobody knows how many there are."""
    if free is None:
        return Room.PLENTY
    if free < limits.stop:
        return Room.FULL
    return Room.LOW if free < limits.warn else Room.PLENTY


def refuse_full(folder: Path, limits: Limits) -> None:
    """Raise RecordingError where a recording into `folder` would be stopped at once."""
    free = free_bytes(folder)
    if free is not None and room(free, limits) is Room.FULL:
        raise RecordingError(
            f"Only {amount(free)} are free on the disk of {folder}, and a recording stops at {amount(limits.stop)}: "
            "make room, or choose another folder."
        )


def lasting(free: int | None, limits: Limits, written: int, seconds: float) -> float | None:
    """Seconds until a recording is stopped that has written so many bytes in so many `seconds`.

    None where that cannot be told: nothing was written yet, or nobody knows what is free.
    """
    if free is None or written <= 0 or seconds <= 0:
        return None
    return max(0.0, (free - limits.stop) * seconds / written)


def span(seconds: float) -> str:
    """A time in words for people, roughly: 40 seconds, 12 minutes, 5 hours."""
    for size, word in ((86400, "day"), (3600, "hour"), (60, "minute"), (1, "second")):
        if seconds >= 2 * size or size == 1:
            return f"{seconds / size:.0f} {word}s"
    raise AssertionError("the last of them always does")


def amount(count: int) -> str:
    """Bytes in words for people: 4.2 GB, 512 MB, 0.4 MB."""
    if count >= GIGABYTE:
        return f"{count / GIGABYTE:.1f} GB"
    return f"{count / 10**6:.{1 if 0 < count < 10**6 else 0}f} MB"
