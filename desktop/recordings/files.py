"""The files of one recording: its videos and their sidecar, which begin, grow and get their names together."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from av.packet import Packet

from desktop.recordings.claim import Claim
from desktop.recordings.encoders import TICKS
from desktop.recordings.encoding import Packets, Taken
from desktop.recordings.locking import Lock, before_moving
from desktop.recordings.pixels import Size
from desktop.recordings.placing import Placing, clean_name
from desktop.recordings.reasons import why
from desktop.recordings.sidecar import SidecarWriter
from desktop.recordings.sound import Sound
from desktop.recordings.syncing import Syncing, sync_folder
from desktop.recordings.video_file import VideoFile
from models.errors import RecordingError, WrongNameError


@dataclass(frozen=True, slots=True)
class Names:
    """What a recording's files are called at the end: the sidecar, and each video."""

    data: Path
    videos: tuple[Path, ...]

    @property
    def all(self) -> tuple[Path, ...]:
        """The sidecar, then the videos."""
        return (self.data, *self.videos)


def names_of(path: Path, annotated: bool, clean: bool) -> Names:
    """NAME.jsonl and NAME.mp4, which is the only video or the annotated one; the clean one of both is NAME.clean.mp4.

    Raises RecordingError where the video's name would be the sidecar's.
    """
    data = path.with_suffix(".jsonl")
    if data == path:
        raise WrongNameError(f"{path} is no name for a video: end it with .mp4.")
    return Names(data, (path, clean_name(path)) if annotated and clean else (path,))


@dataclass(frozen=True, slots=True)
class Header:
    """What the sidecar says at its beginning; `start`: the moment of the first frame."""

    program: str
    source: str
    size: Size
    start: datetime
    networks: Mapping[str, str]


class Files:
    """Makes the files under temporary names, locked until `finish` renames them all, the sidecar first.

    They are brought onto the disk once a second, in a thread of its own (`Syncing`), and before they are renamed.
    `claim`: of the first video; it is theirs from now on. `overwrite` allows existing files to be replaced. `sound`
    makes the sound of each video. Used by one thread. Raises RecordingError where one cannot be made: none is left
    then.
    """

    def __init__(
        self,
        names: Names,
        header: Header,
        *,
        claim: Claim,
        overwrite: bool,
        face_points: bool = True,
        fps: float = 30.0,
        sound: Callable[[], Sound] | None = None,
    ) -> None:
        self._places: list[Placing] = []
        self._locks: list[Lock] = []
        self._videos: list[VideoFile] = []
        self._data: SidecarWriter | None = None
        self._first = 0
        self._syncing = Syncing()
        self.frames = 0
        try:
            for name in names.all:
                self._places.append(claim.place if name == names.videos[0] else Placing(name, overwrite=overwrite))
            for place in self._places:
                self._locks.append(claim.lock if place is claim.place else Lock(place.temporary))
            for place in self._places[1:]:
                self._videos.append(VideoFile(place.temporary, fps=fps, sounds=() if sound is None else (sound(),)))
            self._data = SidecarWriter(self._places[0].temporary, face_points=face_points)
            self._data.header(
                program=header.program,
                source=header.source,
                size=header.size,
                start=header.start.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
                networks=header.networks,
            )
        except BaseException:
            self.close_quietly()
            for place in self._places:
                if place is not claim.place:
                    place.abort()
            claim.give_up()
            raise

    @property
    def data(self) -> SidecarWriter:
        """The sidecar."""
        assert self._data is not None  # else there is no object
        return self._data

    @property
    def duration(self) -> float:
        """Seconds that the videos last."""
        return max(video.duration for video in self._videos)

    def add(self, taken: Taken) -> None:
        """Append a frame: its packets and its line. The first is at 0 in all files. Raises RecordingError."""
        if self.frames == 0:
            self._first = taken.ticks
        self.write(taken.packets)
        self.data.line(
            self.frames,
            (taken.ticks - self._first) / TICKS,
            taken.scene,
            interpolated=taken.interpolated,
            position=taken.position,
            index=taken.index,
        )
        self.frames += 1
        try:
            self._syncing.grew(*(video.fileno() for video in self._videos), self.data.fileno())
        except OSError as error:
            raise RecordingError(
                f"The recording {self._places[1].target} cannot be brought onto the disk: {why(error)}. "
                "What was recorded is kept, but for its last moments."
            ) from error

    @property
    def takes_sound(self) -> bool:
        """Whether every video has begun."""
        return all(video.takes_sound for video in self._videos)

    def at(self, ticks: int) -> float:
        """Where in the videos a frame of these ticks is, in seconds."""
        return (ticks - self._first) / TICKS

    def hear(self, packet: Packet[Any], position: float) -> None:
        """Append sound that is heard from `position` on, seconds in the videos. Raises RecordingError."""
        for video in self._videos:
            video.write_sound(0, packet, position)

    def write(self, packets: Packets) -> None:
        """Append packets to each video. Raises RecordingError."""
        for video, ready in zip(self._videos, packets, strict=True):
            for packet in ready:
                video.write(packet)

    def finish(self, *, dropped: int, skipped: int, late: int) -> tuple[Path, ...]:
        """Make all whole and give them their names, which are returned, the sidecar's first.

        The numbers are the sidecar's last line, which is written once the videos are whole. Raises RecordingError; what
        could not be named stays under its temporary name.
        """
        try:
            for video in self._videos:
                video.close()
            self.data.end(frames=self.frames, dropped=dropped, skipped=skipped, late=late)
            self.data.close()
            self._close_quietly()  # an open file cannot be renamed on Windows
            before_moving(self._let_go)
            for place in self._places:  # before any has its name, so that all keep their temporary ones
                place.refuse_taken()
            named = tuple(place.finish() for place in self._places)
        finally:
            self.close_quietly()
        sync_folder(named[0].parent)
        return named

    def close_quietly(self) -> None:
        """Close and let go of everything after an error, which has been told: others only follow from it."""
        self._close_quietly()
        self._let_go()

    def _close_quietly(self) -> None:
        for opened in (*self._videos, self._data):
            try:
                if opened is not None:
                    opened.close()
            except RecordingError:
                continue
        self._syncing.end()

    def _let_go(self) -> None:
        for lock in self._locks:
            lock.release()

    def names(self) -> tuple[Path, ...]:
        """Under which names they lie now, the sidecar's first."""
        return tuple(place.temporary if place.temporary.exists() else place.target for place in self._places)
