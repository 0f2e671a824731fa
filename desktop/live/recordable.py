"""What a session has to do with recordings: beginning, pausing and ending them, and keeping what leads to one."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from pathlib import Path

from desktop.live.capture import Clock
from desktop.live.figures import RecordingFigures
from desktop.live.recorders import Recorders, Target
from desktop.live.recording import CAPACITY, RecordingOptions
from desktop.sources.source import Source, SourceInfo
from models.errors import RecordingError


class Recordable:
    """The part of a `Session` that records; what is named here, the session makes."""

    source: Source
    _lock: threading.Lock
    _clock: Clock
    _state: str
    _info: SourceInfo | None
    _recorders: Recorders

    def start_recording(
        self,
        path: Path,
        options: RecordingOptions | None = None,
        *,
        program: str,
        networks: Mapping[str, str] | None = None,
        overwrite: bool = False,
        capacity: int = CAPACITY,
        before: float = 0.0,
        seconds: float | None = None,
    ) -> None:
        """Record every frame from the next one on into `path` and its sidecar (see `Recording` for the arguments).

        `options`: by default those of `RecordingOptions()`. `capacity`: bytes of frames that may wait. `before`: it
        begins this many seconds earlier, as far as `arm` has kept that for the same options. `seconds`: after which it
        ends by itself. Raises RecordingError where nothing is being watched, a recording runs already, or the file
        cannot be made.
        """
        with self._lock:
            if self._state not in ("opening", "running"):
                raise RecordingError("Nothing is being watched that could be recorded: open a source first.")
            fps = self._fps
        target = Target(path, self.source.name, program, networks or {}, fps, overwrite, capacity, seconds)
        since = self._clock() / 1e9 - before if before > 0 else None
        self._recorders.start(target, options or RecordingOptions(), since)
        with self._lock:
            if self._state not in ("opening", "running"):  # it ended meanwhile: no end mark would come
                self._recorders.no_more_frames()

    def arm(self, options: RecordingOptions, seconds: float) -> None:
        """Keep the last `seconds` in memory from now on, encoded, so that a recording can begin with them.

        Recordings of other options begin without. What was kept is let go of when a recording begins, when pictures
        come in another size, and when this is called with something else. Raises RecordingError where that cannot be.
        """
        with self._lock:
            fps = self._fps
        self._recorders.arm(options, seconds, fps)

    def disarm(self) -> None:
        """Keep nothing any more."""
        self._recorders.disarm()

    @property
    def _fps(self) -> float:
        return (self._info.fps if self._info is not None else None) or 30.0

    def pause_recording(self) -> None:
        """Leave frames out of the recording until `resume_recording`: it has a gap in its times there."""
        self._recorders.pause(True)

    def resume_recording(self) -> None:
        """Go on with a recording that was paused, from the next frame on."""
        self._recorders.pause(False)

    def stop_recording(self) -> None:
        """End the recording: what waits is written, then the file is closed. The session goes on.

        Asked again while it still writes, it ends after the frame in hand and counts the rest as dropped.
        """
        self._recorders.stop()

    def join_recordings(self, timeout: float) -> bool:
        """Wait at most `timeout` seconds until every stopped recording has closed its file; True when that is so."""
        return self._recorders.join(timeout)

    @property
    def recordings(self) -> tuple[RecordingFigures, ...]:
        """All recordings of this session, in order."""
        return self._recorders.figures()
