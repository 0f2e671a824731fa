"""The capture thread: opens a source, reads it, stamps its frames and hands them on."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import replace

from desktop.frame import Frame
from desktop.live.slot import LONGEST_WAIT
from desktop.sources.source import Enduring, Source, SourceInfo
from models.errors import OnlookerError

logger = logging.getLogger(__name__)

Clock = Callable[[], int]
"""A clock of nanoseconds that never goes back, as `time.perf_counter_ns`."""


class Capture:
    """Reads a source in a thread of its own, as fast as it gives.

    `deliver` is called with every frame: `index` counts from 0, `time` is of `clock` and never goes back. A live frame
    keeps the time of its arrival that the source gave it. A file is paced to its own times: each frame waits until its
    time has come; where reading is slower than that, nothing is dropped and nothing waits until the file has caught
    up; its media time becomes the frame's `position`. `opened` is called once it is open, `over` once at the end with
    the sentence of what went wrong, "" for an ordinary end. `wait(seconds)` waits for the stop request, in tests
    something else; it returns whether to stop.

    The thread of a live source is a daemon: native calls of cameras cannot be interrupted, so one that does not come
    back is abandoned. Whoever owns `deliver` ignores what comes from there after that.
    """

    def __init__(
        self,
        source: Source,
        *,
        deliver: Callable[[Frame], None],
        opened: Callable[[SourceInfo], None],
        over: Callable[[str], None],
        clock: Clock,
        wait: Callable[[float], bool] | None = None,
    ) -> None:
        self._source = source
        self._deliver, self._opened, self._over = deliver, opened, over
        self._clock = clock
        self._stop = threading.Event()
        self._wait = self._stop.wait if wait is None else wait
        self._begin: int | None = None
        self._index = 0
        self._time = 0
        self.thread = threading.Thread(target=self._run, name=f"capture {source.name}", daemon=source.live)

    def start(self) -> None:
        """Begin."""
        self.thread.start()

    def stop(self) -> None:
        """Ask it to end; it does after the frame in hand, and at once where it waits for a source to be there again."""
        self._stop.set()
        if isinstance(self._source, Enduring):
            self._source.interrupt()

    def _run(self) -> None:
        error = ""
        try:
            info = self._source.open()
            self._opened(info)
            self._read()
        except OnlookerError as problem:
            error = str(problem)
        except Exception as problem:  # top of a thread: told to the user, the session goes on
            logger.exception("%s failed", self._source.name)
            error = f"{self._source.name} failed: {problem or type(problem).__name__}."
        # Told before closing, which is a native call and may hang.
        self._over(error)
        self._source.close()

    def _read(self) -> None:
        while not self._stop.is_set():
            frame = self._source.read()
            if frame is None:
                return
            if not self._source.live:
                if not self._paced(frame.time):
                    return
                position = frame.time if frame.position is None else frame.position
                frame = replace(frame, time=self._clock(), position=position)
            self._time = max(self._time, frame.time)
            self._deliver(frame.stamped(self._index, self._time))
            self._index += 1

    def _paced(self, time: int) -> bool:
        """Wait until the time (ns) of a file's frame has come; False where it is to stop instead."""
        if self._begin is None:
            self._begin = self._clock() - time
        while (left := self._begin + time - self._clock()) > 0:
            if self._wait(min(left / 1e9, LONGEST_WAIT)):
                return False
        return True
