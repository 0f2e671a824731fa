"""Looks after the disk while a recording grows, in a thread of its own: asking a disk may take long."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from desktop.recordings.guards import Limits, Room, amount, free_bytes, lasting, room, span

EVERY = 2.0
"""Seconds between two looks: at 100 MB a second, far more than any video, 1 GB lasts five of them."""


_TOLD = 10.0  # seconds after which one can tell how fast a recording grows


class Guard:
    """Looks every two seconds how much is free on the disk of `folder`, until `over` is set.

    `stop` is called once there is too little, `tell` with a sentence then and, once, when there is little. `ask` gives
    the bytes that are free, None where that cannot be known. `free`: what the last look gave. `full`: it had to stop.
    `left`: seconds that are left at the rate at which `files` have grown, None while that is not known.
    """

    def __init__(
        self,
        folder: Path,
        limits: Limits,
        files: Iterable[Path] = (),
        *,
        over: threading.Event,
        stop: Callable[[], None],
        tell: Callable[[str], None],
        ask: Callable[[Path], int | None] = free_bytes,
    ) -> None:
        self._folder, self._limits, self._ask = folder, limits, ask
        self._files, self._begin = tuple(files), time.monotonic()
        self._over, self._stop, self._tell = over, stop, tell
        self._warned = False
        self.free: int | None = None
        self.full = False
        self.left: float | None = None
        self.thread = threading.Thread(target=self._run, name=f"guard of {folder}")

    def start(self) -> None:
        """Begin to look, at once for the first time."""
        self.thread.start()

    def _run(self) -> None:
        while not self._over.is_set():
            if self._look():
                return
            self._over.wait(EVERY)

    def _look(self) -> bool:
        """Look once; True where nothing is to be guarded any more."""
        free = self.free = self._ask(self._folder)
        passed = time.monotonic() - self._begin
        self.left = lasting(free, self._limits, self._written(), passed) if passed >= _TOLD else None
        found = room(free, self._limits)
        if free is None or found is Room.PLENTY or self._over.is_set():
            return False
        if found is Room.FULL:
            self.full = True
            self._stop()
            self._tell(
                f"Only {amount(free)} are left on the disk of {self._folder}: "
                "the recording is ended, and its files are being closed."
            )
            return True
        if not self._warned:
            self._warned = True
            end = f": the recording stops at {amount(self._limits.stop)}" if self._limits.stop else ""
            when = f", in about {span(self.left)} at this rate" if end and self.left is not None else ""
            self._tell(f"Only {amount(free)} are left on the disk of {self._folder}{end}{when}.")
        return False

    def _written(self) -> int:
        """Bytes of the files so far."""
        written = 0
        for path in self._files:
            with contextlib.suppress(OSError):  # it is not made yet, or has its name already
                written += path.stat().st_size
        return written
