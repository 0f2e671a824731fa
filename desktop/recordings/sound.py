"""Sound in the video that is written: packets as they are where MP4 holds their kind, else encoded anew as AAC."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction
from typing import Any, Protocol

import numpy as np
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream
from av.container import OutputContainer
from av.error import FFmpegError
from av.packet import Packet
from numpy.typing import NDArray

COPIED = frozenset({"aac", "mp3", "mp3float", "ac3", "eac3", "alac", "flac", "opus"})
"""Decoders of what MP4 holds and players know there, tried in files that were cut off as well."""

_NEEDS_HEADER = frozenset({"aac", "alac", "flac", "opus"})  # in a broadcast it comes with the packets
_RATES = (96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000)  # ISO 14496-3, table 1.18
_LAYOUTS = {1: "mono", 2: "stereo", 6: "5.1"}
_BITS_A_CHANNEL = 80_000
_FRAME = 1024
"""Samples of an AAC frame."""
LATE = 0.02
"""Seconds by which the first packet may be before or after the first frame, to be copied to 0."""

_TOLERANCE = 0.01
"""Seconds by which sound may be off its time before silence is put in, or sound is left out."""


class Sound(Protocol):
    """One sound stream on its way into a file."""

    def begin(self, container: OutputContainer) -> None:
        """Add its stream to a container that has no header yet."""
        ...

    def packets(self, packet: Packet[Any], time: float) -> Iterator[Packet[Any]]:
        """What is to be written for a packet of the input, which is heard `time` seconds after the first frame."""
        ...

    def rest(self) -> Iterator[Packet[Any]]:
        """What is to be written at the end."""
        ...


def sound_of(stream: AudioStream, begins: float | None) -> Sound:
    """How a stream of an input gets into an MP4. `begins`: seconds from the first frame to the first packet that is at
    most `LATE` before it; None for many.

    What begins later than `LATE` is encoded, with silence before it: in a file of fragments FFmpeg puts the first
    packet of a stream at 0.
    """
    context = stream.codec_context
    known = context.name in COPIED and (context.extradata or context.name not in _NEEDS_HEADER)
    copied = known and begins is not None and begins <= LATE
    return CopiedSound(stream) if copied else EncodedSound(stream)


class CopiedSound:
    """The packets as they are, at their times. What is heard before the first frame is left out."""

    def __init__(self, template: AudioStream) -> None:
        self._template = template
        self._rate = template.codec_context.sample_rate
        self._stream: AudioStream | None = None
        self._due: int | None = None

    def begin(self, container: OutputContainer) -> None:
        """Add its stream."""
        self._stream = container.add_stream_from_template(self._template)
        self._stream.time_base = Fraction(1, self._rate)
        _describe(self._stream, self._template)

    def packets(self, packet: Packet[Any], time: float) -> Iterator[Packet[Any]]:
        """The packet. Its time is counted on from the one before where a coarse clock only rounded it."""
        assert self._stream is not None
        ticks = round(time * self._rate)
        if self._due is not None and abs(ticks - self._due) <= _coarse(packet) * self._rate:
            ticks = self._due
        if self._due is None and abs(ticks) <= LATE * self._rate:
            ticks = 0
        if ticks < (self._due or 0):
            return  # before the beginning, or heard already
        length = self._template.codec_context.frame_size or round(
            (packet.duration or 0) * packet.time_base * self._rate
        )
        self._due = ticks + max(1, length)
        copy: Packet[Any] = Packet(bytes(packet))
        copy.stream = self._stream
        copy.time_base = Fraction(1, self._rate)
        copy.pts = copy.dts = ticks
        copy.duration = length
        copy.is_keyframe = packet.is_keyframe
        yield copy

    def rest(self) -> Iterator[Packet[Any]]:
        """Nothing: packets are given at once."""
        return iter(())


class AacTrack:
    """Encodes samples as AAC: every one at its time, silence where there are none, nothing before 0.

    `rate`: samples a second, one of AAC's. `layout`: "mono", "stereo" or "5.1".
    """

    def __init__(self, rate: int, layout: str) -> None:
        self._rate, self._layout = rate, layout
        self._channels = {"mono": 1, "stereo": 2}.get(layout, 6)
        self._waiting: NDArray[np.float32] = np.zeros((self._channels, 0), np.float32)
        self._stream: AudioStream | None = None
        self._position = 0  # samples that were given to the encoder or wait
        self._encoded = 0

    def begin(self, container: OutputContainer) -> None:
        """Add its stream."""
        self._stream = container.add_stream("aac", rate=self._rate, layout=self._layout)
        self._stream.bit_rate = _BITS_A_CHANNEL * self._channels
        self._stream.time_base = Fraction(1, self._rate)

    def put(self, start: int, samples: NDArray[np.float32]) -> Iterator[Packet[Any]]:
        """Encode samples that are to be heard from `start` on, counted from 0."""
        off = start - self._position
        if off < 0 and (self._position == 0 or -off > _TOLERANCE * self._rate):
            samples = samples[:, -off:]
        if off > _TOLERANCE * self._rate or self._position == 0:
            for begin in range(0, off, self._rate):  # second by second, however long it is
                yield from self._append(np.zeros((self._channels, min(off - begin, self._rate)), np.float32))
        yield from self._append(samples)

    def rest(self) -> Iterator[Packet[Any]]:
        """The last samples."""
        assert self._stream is not None
        if self._waiting.shape[1]:
            yield from self._encode(self._waiting)
        yield from _begun(self._stream.encode(None))

    def _append(self, samples: NDArray[np.float32]) -> Iterator[Packet[Any]]:
        self._position += samples.shape[1]
        self._waiting = np.concatenate([self._waiting, samples], axis=1)
        while self._waiting.shape[1] >= _FRAME:
            whole, self._waiting = self._waiting[:, :_FRAME], self._waiting[:, _FRAME:]
            yield from self._encode(whole)

    def _encode(self, samples: NDArray[np.float32]) -> Iterator[Packet[Any]]:
        assert self._stream is not None
        frame = AudioFrame.from_ndarray(np.ascontiguousarray(samples), format="fltp", layout=self._layout)
        frame.sample_rate = self._rate
        frame.time_base = Fraction(1, self._rate)
        frame.pts = self._encoded
        self._encoded += samples.shape[1]
        yield from _begun(self._stream.encode(frame))


class EncodedSound(AacTrack):
    """Decodes, and encodes as AAC.

    More channels than two that are no 5.1 are mixed down to stereo.
    """

    def __init__(self, template: AudioStream) -> None:
        context = template.codec_context
        rate = context.sample_rate if context.sample_rate in _RATES else 48000
        super().__init__(rate, _LAYOUTS.get(context.channels, "stereo"))
        self._template = template
        self._resampler: AudioResampler | None = None
        self._shape: tuple[str, str, int] | None = None

    def begin(self, container: OutputContainer) -> None:
        """Add its stream, described as the input's."""
        super().begin(container)
        assert self._stream is not None
        _describe(self._stream, self._template)

    def packets(self, packet: Packet[Any], time: float) -> Iterator[Packet[Any]]:
        """The packets that are whole then."""
        offset = time - float((packet.pts or 0) * packet.time_base)
        try:
            frames = self._template.codec_context.decode(packet)
        except FFmpegError:
            return  # damaged: there will be silence
        for frame in frames:
            start = time if frame.time is None or packet.pts is None else frame.time + offset
            samples = self._resampled(frame)
            if samples:
                yield from self.put(round(start * self._rate), np.concatenate(samples, axis=1))

    def _resampled(self, frame: AudioFrame) -> list[NDArray[np.float32]]:
        shape = (frame.format.name, frame.layout.name, frame.sample_rate)
        if self._resampler is None or shape != self._shape:  # broadcasts change between stereo and 5.1
            self._resampler, self._shape = AudioResampler("fltp", self._layout, self._rate), shape
        return [one.to_ndarray().astype(np.float32) for one in self._resampler.resample(frame)]


def _coarse(packet: Packet[Any]) -> float:
    """Seconds by which the time of a packet may be off for being rounded, or for a clock that is not quite even."""
    return max(2 * float(packet.time_base), _TOLERANCE)


def _begun(packets: Iterable[Packet[Any]]) -> Iterator[Packet[Any]]:
    """Without those before 0, which an encoder gives first to get under way."""
    return (packet for packet in packets if packet.pts is not None and packet.pts >= 0)


def _describe(stream: AudioStream, template: AudioStream) -> None:
    """Take over in which language it is, and what it is called."""
    for key in ("language", "title", "handler_name"):
        if template.metadata.get(key):
            stream.metadata[key] = template.metadata[key]
