"""A lock on a file that is being written: held by this process alone, gone when the process ends in whatever way."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

from desktop.recordings.reasons import why
from models.errors import RecordingError

_FAR = 1 << 62
"""Where the locked byte lies: Windows refuses others to write locked bytes, so it is one that no file has."""


class NameTakenError(RecordingError):
    """Somebody else has the name that a file was to get, or writes a file that is to get it."""


class ExistsError(NameTakenError):
    """What is to be written is there already, and could be replaced if that were allowed."""


class Lock:
    """Holds `path`, which exists, until `release`. Raises NameTakenError where another holds it, RecordingError else.

    On systems whose file system knows no locks the file is simply not locked.
    """

    def __init__(self, path: Path) -> None:
        try:
            self._file = os.open(path, os.O_RDWR)
        except OSError as error:
            raise RecordingError(f"{path} cannot be written: {why(error)}.") from error
        try:
            _lock(self._file)
        except BlockingIOError as error:
            os.close(self._file)
            raise NameTakenError(f"{path} is being written by another recording: choose another name.") from error

    def release(self) -> None:
        """Let go; more than once is fine."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1


def is_locked(path: Path) -> bool:
    """Whether somebody holds the file at this moment. A file that is not there or cannot be opened is not held."""
    try:
        file = os.open(path, os.O_RDWR)
    except OSError:
        return False
    try:
        _lock(file)
    except BlockingIOError:
        return True
    finally:
        os.close(file)
    return False


def before_moving(release: Callable[[], None]) -> None:
    """Let go of files that are renamed or removed next, where locked ones cannot be: nobody is to come between."""
    if sys.platform == "win32":
        release()


if sys.platform == "win32":
    import msvcrt

    def _lock(file: int) -> None:
        os.lseek(file, _FAR, os.SEEK_SET)
        try:
            msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
        except OSError as error:
            raise BlockingIOError(str(error)) from error
else:
    import fcntl

    def _lock(file: int) -> None:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise
        except OSError:
            return  # some network file systems have no locks
