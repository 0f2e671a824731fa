"""What the recording thread writes to, as it sees it."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Protocol

from desktop.frame import Pixels
from models.scene import Scene


class RecordingFile(Protocol):
    """What is written to: `desktop.recordings.recording.Recording`."""

    path: Path
    since: float
    frames: int
    before: int
    duration: float

    @property
    def notes(self) -> tuple[str, ...]:
        """What did not go as asked though it goes on, in sentences."""
        ...

    @property
    def encoder(self) -> str:
        """The encoder in use, "" before the first frame."""
        ...

    def begin(self) -> None:
        """Write what the ring holds; raises RecordingError."""
        ...

    def write(
        self,
        pixels: Pixels,
        time: float,
        *,
        clean: Pixels | None = None,
        scene: Scene | None,
        analysed: bool,
        interpolated: bool = False,
        index: int | None = None,
        position: float | None = None,
        moment: datetime | None = None,
    ) -> None:
        """Append one frame; raises RecordingError."""
        ...

    def mute(self, muted: bool) -> None:
        """Hear nothing, or hear again; may be called from any thread."""
        ...

    def close(self, *, dropped: int = 0, skipped: int = 0, late: int = 0) -> tuple[Path, ...] | None:
        """End it whole; raises RecordingError."""
        ...

    def abort(self) -> tuple[Path, ...] | None:
        """End it after an error."""
        ...
