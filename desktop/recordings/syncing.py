"""Brings what was written onto the disk itself: what the system only holds in memory is lost with the power."""

from __future__ import annotations

import contextlib
import errno
import os
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

EVERY = 1.0
"""Seconds after which a file that grows is synced."""

_CANNOT = (errno.EINVAL, errno.ENOSYS, errno.ENOTSUP, errno.EROFS)  # what is no file on a disk cannot be synced

if sys.platform == "darwin":
    import fcntl

    def sync(file: int) -> None:
        """Sync the file of a descriptor; on this system the drive's own memory wants a word of its own."""
        try:
            fcntl.fcntl(file, fcntl.F_FULLFSYNC)
        except OSError:
            _sync(file)
else:

    def sync(file: int) -> None:
        """Sync the file of a descriptor. Raises OSError where the disk fails."""
        _sync(file)


def _sync(file: int) -> None:
    try:
        os.fsync(file)
    except OSError as error:
        if error.errno not in _CANNOT:
            raise


def sync_folder(folder: Path) -> None:
    """Sync the names in a folder, where the system can; never raises."""
    if sys.platform == "win32":
        return  # a folder cannot be opened there
    with contextlib.suppress(OSError):
        file = os.open(folder, os.O_RDONLY)
        try:
            _sync(file)
        finally:
            os.close(file)


class Syncing:
    """Syncs files that grow once a second, in a thread, so that whoever writes does not wait for the disk.

    One thread runs at a time and ends by itself; where it is not done after a second, the next begins later. A system
    may let a write wait for a sync all the same: with ext4, and another program writing as fast as the disk took it,
    the slowest of 150 frames took 0.4 and 1.0 s (0.2 s without syncing), which frames that wait in memory outlast. Used
    by one thread.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._last = clock()
        self._thread: threading.Thread | None = None
        self._error: OSError | None = None

    def grew(self, *files: int) -> None:
        """The files of these descriptors have grown. Raises OSError where they could not be synced the last time."""
        if self._error is not None:
            error, self._error = self._error, None
            raise error
        if self._clock() - self._last < EVERY or (self._thread is not None and self._thread.is_alive()):
            return
        self._last = self._clock()
        ours = [os.dup(file) for file in files]  # the others may be closed meanwhile
        self._thread = threading.Thread(target=self._sync, args=(ours,), name="sync")
        self._thread.start()

    def end(self) -> None:
        """Wait for what runs."""
        if self._thread is not None:
            self._thread.join()

    def _sync(self, files: list[int]) -> None:
        for file in files:
            try:
                sync(file)
            except OSError as error:
                self._error = error
            finally:
                os.close(file)
