"""What is being watched, from one source to the next: sessions that start, and sessions that are coming to their end.

No Qt here. The window calls `tick` on its timer.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from desktop import folders
from desktop.drawing.privacy import Hide
from desktop.frame import Frame
from desktop.live.analysis import LoadLooker
from desktop.live.figures import RecordingFigures
from desktop.live.recording import RecordingOptions
from desktop.live.session import Session
from desktop.live.snapshot import in_new_name
from desktop.recordings.guards import GIGABYTE, Limits
from desktop.recordings.options import VideoOptions
from desktop.settings import Settings
from desktop.sources.source import Enduring, Source, SourceInfo, trouble_of
from desktop.window.eyes import options_of
from desktop.window.room import Room
from models.errors import RecordingError

_ON_THE_WAY = ("idle", "opening", "running")


class _Told:
    """A source that tells when it has let go of everything, so that the same camera can be opened again."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self.name, self.live = source.name, source.live
        self.closed = threading.Event()

    def open(self) -> SourceInfo:
        return self._source.open()

    def read(self) -> Frame | None:
        return self._source.read()

    @property
    def trouble(self) -> str:
        return trouble_of(self._source)

    def interrupt(self) -> None:
        if isinstance(self._source, Enduring):
            self._source.interrupt()

    def close(self) -> None:
        try:
            self._source.close()
        finally:
            self.closed.set()


@dataclass(slots=True)
class _Watched:
    """A session, its source, and how many of its recordings were reported as over."""

    session: Session
    source: _Told
    reported: int = 0
    stopped: bool = False

    @property
    def holds_source(self) -> bool:
        return not self.source.closed.is_set() and bool(self.session.unended) and not self.session.abandoned


@dataclass(slots=True)
class Watch:
    """The session on the screen and those before it that are not over yet. Used by the window's thread.

    `session`: the one on the screen; it stays when it is stopped, until the next begins. `waiting`: the next source
    waits until the one before has let go. `before`: seconds that rules want to be kept from before a recording.
    """

    room: Room
    settings: Settings
    program: str
    session: Session | None = None
    waiting: bool = False
    before: float = 0.0
    _all: list[_Watched] = field(default_factory=list)
    _next: _Told | None = None
    _hidden: Hide | None = None
    _armed: tuple[Session | None, RecordingOptions, float] | None = None

    def open(self, name: str) -> None:
        """Watch the source of this name, in place of the one before. Raises SourceError where no source is so named."""
        source = _Told(self.room.make_source(name, loop=self.settings.loop))
        self.stop()
        self._next, self.waiting = source, True
        self._begin()

    def stop(self) -> None:
        """Watch nothing any more. What is being recorded is written to its end."""
        self._next, self.waiting = None, False
        for watched in self._all:
            if not watched.stopped:
                watched.session.request_stop()
                watched.stopped = True

    def tick(self) -> list[RecordingFigures]:
        """Go on with what waits; returns the recordings that are over since the last call."""
        over: list[RecordingFigures] = []
        for watched in self._all:
            recordings = watched.session.recordings
            while watched.reported < len(recordings) and recordings[watched.reported].state in ("finished", "failed"):
                over.append(recordings[watched.reported])
                watched.reported += 1
        self._begin()
        self._arm()
        self._all = [one for one in self._all if not one.stopped or one.session.unended or _unreported(one)]
        return over

    def _begin(self) -> None:
        if self._next is None or any(one.stopped and one.holds_source for one in self._all):
            return
        source, self._next, self.waiting = self._next, None, False
        self.session = Session(source, look=self._look())
        self._hidden = self.hide
        self.session.hide(self._hidden)
        self._all.append(_Watched(self.session, source))
        self.session.start()

    def _arm(self) -> None:
        """Keep what may lead to a recording in memory, as much as the settings or the rules want."""
        wanted = (self.session, self.recording_options, max(float(self.settings.before), self.before))
        if self.session is None or not self.watching or wanted == self._armed:
            return
        self._armed = wanted
        if wanted[2] > 0:
            self.session.arm(*wanted[1:])
        else:
            self.session.disarm()

    # What is looked for

    def _look(self) -> LoadLooker | None:
        """What loads the networks that the settings want, None where nothing is looked for."""
        options = options_of(self.settings)
        return self.room.eyes.look(options, self.settings.device) if options.networks() else None

    def look_anew(self) -> None:
        """Look for what the settings say now: between two frames where all it needs is loaded, else after loading."""
        session = self.session
        if session is None or not self.watching:
            return
        options = options_of(self.settings)
        running = session.figures().analysis == "running"
        wanted = bool(options.networks())
        if wanted and running and self.room.eyes.have(options, self.settings.device):
            session.change(self.room.eyes.change(options))
        else:
            session.set_looker(self._look())

    # What is hidden

    @property
    def hide(self) -> Hide | None:
        """What the settings want to be hidden in all that is shown and stored, None for nothing."""
        settings = self.settings
        if not settings.hide_faces and not settings.hidden_classes:
            return None
        return Hide(faces=settings.hide_faces, labels=frozenset(settings.hidden_classes), how=settings.hide_how)

    def hide_anew(self) -> bool:
        """Hide what the settings say now in what is shown; True where that is another thing than before."""
        if self.session is None or self._hidden == self.hide:
            return False
        self._hidden = self.hide
        self.session.hide(self._hidden)
        return True

    # Recording

    @property
    def watching(self) -> bool:
        """A source is being opened or read, or has come to its end and is still on the screen."""
        return any(one.session is self.session and not one.stopped for one in self._all)

    @property
    def running(self) -> bool:
        """Frames are coming, or will come: nothing is over or lost."""
        if self.waiting:
            return True
        return self.watching and self.session is not None and self.session.figures().state in _ON_THE_WAY

    @property
    def recording(self) -> RecordingFigures | None:
        """The recording that takes frames now, None where there is none."""
        recording = self.session.figures().recording if self.session is not None else None
        return recording if recording is not None and recording.state == "running" else None

    @property
    def draining(self) -> RecordingFigures | None:
        """A recording that was stopped and still writes what waits."""
        for watched in self._all:
            for recording in watched.session.recordings:
                if recording.state == "draining":
                    return recording
        return None

    @property
    def folder(self) -> Path:
        """Where recordings and snapshots go."""
        return Path(self.settings.folder).expanduser() if self.settings.folder else folders.videos()

    @property
    def recording_options(self) -> RecordingOptions:
        """How the settings want recordings to be made."""
        settings = self.settings
        return RecordingOptions(
            video=VideoOptions(quality=settings.quality, height=settings.height, encoder=settings.encoder),
            annotated=settings.video != "clean",
            clean=settings.video != "annotated",
            labels=settings.labels,
            hide=self.hide,
            limits=Limits(warn=round(settings.warn_free * GIGABYTE), stop=round(settings.stop_free * GIGABYTE)),
        )

    def start_recording(self) -> Path:
        """Record, with as much from before as the settings want; returns the name. Raises RecordingError."""
        if self.session is None:
            raise RecordingError("Nothing is being watched that could be recorded: open a source first.")
        return self.record(self.session, float(self.settings.before))

    def record(self, session: Session, before: float) -> Path:
        """Record a session, from `before` seconds ago; returns the name. Rules call it on their thread.

        Raises RecordingError.
        """

        def begin(path: Path) -> Path:
            session.start_recording(
                path,
                self.recording_options,
                program=self.program,
                networks=options_of(self.settings).kinds(),
                before=before,
            )
            return path

        return in_new_name(self.folder, datetime.now().astimezone(), ".mp4", begin)

    def pause_or_resume(self) -> None:
        """Leave frames out of the recording, a gap in its times; or go on with it."""
        recording = self.recording
        if recording is None or self.session is None:
            return
        if recording.paused:
            self.session.resume_recording()
        else:
            self.session.pause_recording()

    def stop_recording(self) -> None:
        """End the recording; while it still writes what waits: end it after the frame in hand."""
        for watched in self._all:
            watched.session.stop_recording()

    # The end

    def close(self) -> None:
        """End everything. The first time recordings are written to their end, the next time they are cut."""
        self._next, self.waiting = None, False
        self.room.eyes.close()
        for watched in self._all:
            watched.session.request_stop()
            watched.stopped = True

    @property
    def unended(self) -> tuple[str, ...]:
        """The threads that still run."""
        return tuple(name for watched in self._all for name in watched.session.unended)


def _unreported(watched: _Watched) -> bool:
    return watched.reported < len(watched.session.recordings)
