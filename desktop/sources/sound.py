"""The sound of a video file: its packets in order, by the same clock as the frames that `VideoSource` gives."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from av.audio.stream import AudioStream
from av.container.input import InputContainer
from av.error import FFmpegError
from av.packet import Packet

from desktop.sources.video import opened
from desktop.sources.video_frames import NANOSECONDS, begins_anew

_EARLY = 1.0  # seconds in which streams are looked for that begin with the pictures
_MOST = 4096  # packets that may wait

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, eq=False)
class SoundPacket:
    """A packet of stream `number` of `SoundSource.streams`, `time` seconds after the first frame; may be negative."""

    number: int
    time: float
    packet: Packet[Any]


@dataclass(frozen=True, slots=True, eq=False)
class _Timed:
    """A packet with its stored time (ns), in which `part` of the file it is, counted by how often its clock began."""

    number: int
    part: int
    stored: int
    packet: Packet[Any]


class SoundSource:
    """The sound streams of a file, read beside its pictures. Used by one thread.

    `streams`: those that can be decoded; `unknown`: how many cannot. A file without sound, or that cannot be read, has
    none. What is damaged is left out, and a file that was cut off ends where it does.
    """

    def __init__(self, path: Path) -> None:
        self.streams: list[AudioStream] = []
        self.unknown = 0
        self._packets: Iterator[Packet[Any]] | None = None
        self._pending: deque[_Timed] = deque()
        self._container: InputContainer | None = None
        try:
            self._container = opened(path)
        except (FFmpegError, OSError, ValueError):
            return  # who reads the pictures says so
        self._broadcast = "mpegts" in self._container.format.name
        for stream in self._container.streams.audio:
            if stream.codec_context is not None and stream.codec_context.sample_rate and stream.codec_context.channels:
                self.streams.append(stream)
            else:
                self.unknown += 1
        self._numbers = {stream.index: number for number, stream in enumerate(self.streams)}
        self._parts = [0] * len(self.streams)
        self._ends: list[int | None] = [None] * len(self.streams)
        if self.streams:
            self._packets = self._container.demux(*self.streams)

    def begins(self, origins: Sequence[int], since: float = 0.0) -> list[float | None]:
        """For each stream the time of its first packet at `since` (seconds) or after, None where it is far off.

        `origins` as for `until`.
        """
        first: list[float | None] = [None] * len(self.streams)
        for timed in self._coming():
            seconds = self._seconds(timed, origins)
            if seconds is None or seconds > _EARLY:
                break
            if first[timed.number] is None and seconds >= since:
                first[timed.number] = seconds
                if None not in first:
                    break
        return first

    def until(self, time: float, origins: Sequence[int]) -> Iterator[SoundPacket]:
        """The packets that begin at `time` (seconds) or before and were not given yet.

        `origins`: of `VideoSource`. Where the file's clock begins anew, what follows waits until the frames are there,
        too.
        """
        for timed in self._coming():
            seconds = self._seconds(timed, origins)
            if seconds is None or seconds > time:
                return
            self._pending.popleft()
            yield SoundPacket(timed.number, seconds, timed.packet)

    def close(self) -> None:
        """Let go of the file."""
        packets, self._packets = self._packets, None
        self._pending.clear()
        if isinstance(packets, Generator):
            packets.close()
        if self._container is not None:
            self._container.close()

    def _coming(self) -> Iterator[_Timed]:
        """The packets that were not given yet; those that are read stay until they are."""
        number = 0
        while number < len(self._pending) or self._read():
            before = len(self._pending)
            yield self._pending[number]
            number += 1 - (before - len(self._pending))

    def _read(self) -> bool:
        """Read one more packet; False at the end."""
        while self._packets is not None and len(self._pending) < _MOST:
            try:
                packet = next(self._packets, None)
            except (FFmpegError, OSError, IndexError) as error:  # IndexError: as in `video`
                logger.debug("the sound ends: %s", error)
                packet = None
            if packet is None:
                return False
            if not packet.size or packet.is_discard or (packet.is_corrupt and not self._broadcast):
                continue
            timed = self._timed(packet)
            if timed is not None:
                self._pending.append(timed)
                return True
        return False

    def _timed(self, packet: Packet[Any]) -> _Timed | None:
        number = self._numbers[packet.stream.index]
        end, unit = self._ends[number], packet.time_base
        stored = end if packet.pts is None else round(packet.pts * unit * NANOSECONDS)
        if stored is None:
            return None  # nothing says when it is
        if end is not None and begins_anew(stored - end, broadcast=self._broadcast):
            self._parts[number] += 1
        self._ends[number] = stored + round((packet.duration or 0) * unit * NANOSECONDS)
        return _Timed(number, self._parts[number], stored, packet)

    @staticmethod
    def _seconds(timed: _Timed, origins: Sequence[int]) -> float | None:
        """When it is heard; None where no frame of its part is there yet."""
        return (timed.stored - origins[timed.part]) / NANOSECONDS if timed.part < len(origins) else None
