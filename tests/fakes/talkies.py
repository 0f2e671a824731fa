"""Videos with sound in which flashes and clicks come together, made with real codecs, and how they are found again."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.audio.stream import AudioStream
from av.packet import Packet
from av.video.stream import VideoStream
from numpy.typing import NDArray

TICKS = 90_000
SIZE = (96, 64)
_LONG = 0.005  # seconds that a click lasts
_PIECE = 1152  # samples that are encoded together where the codec does not say

Samples = NDArray[np.float32]


def clicks(at: Sequence[float], seconds: float, rate: int, channels: int = 1) -> Samples:
    """(channels, samples) of silence with a short loud tone at each of these seconds."""
    samples = np.zeros(round(seconds * rate), np.float32)
    for time in at:
        begin = round(time * rate)
        tone = 0.8 * np.sin(2 * np.pi * 1000 * np.arange(round(_LONG * rate)) / rate)
        samples[begin : begin + len(tone)] = tone[: max(0, len(samples) - begin)]
    return np.tile(samples, (channels, 1))


def write_talkie(
    path: Path,
    times: Sequence[float],
    flashes: Sequence[float],
    sounds: Sequence[tuple[str, Samples, float]],
    *,
    rate: int = 48000,
    codec_of_video: str = "libx264",
) -> Path:
    """A video of dark frames at `times`, bright at `flashes`, with `sounds`: codec, samples, second of the first."""
    with av.open(str(path), "w") as file:
        video = file.add_stream(codec_of_video, rate=25)
        assert isinstance(video, VideoStream)
        video.width, video.height = SIZE
        video.pix_fmt = "yuv420p"
        unit = Fraction(1, TICKS if codec_of_video == "libx264" else 25)  # others count frames
        video.time_base = video.codec_context.time_base = unit
        tracks = []
        for name, samples, begin in sounds:
            layout = {1: "mono", 2: "stereo", 6: "5.1"}[len(samples)]
            stream = file.add_stream(name, rate=rate, layout=layout)
            if name == "vorbis":
                stream.codec_context.options = {"strict": "-2"}
            assert isinstance(stream, AudioStream)
            stream.time_base = Fraction(1, rate)
            tracks.append((stream, samples, round(begin * rate), layout))
        packets: list[Packet[Any]] = []
        for time in times:
            level = 235 if any(abs(time - flash) < 1e-6 for flash in flashes) else 30
            frame = av.VideoFrame.from_ndarray(np.full((SIZE[1], SIZE[0], 3), level, np.uint8), format="bgr24")
            frame.pts, frame.time_base = round(time / unit), unit
            packets += video.encode(frame)
        packets += video.encode(None)
        for stream, samples, begin, layout in tracks:
            packets += _encoded(stream, samples, begin, layout, rate)
        for packet in sorted(packets, key=lambda one: (one.dts or 0) * one.time_base):
            file.mux(packet)
    return path


def _encoded(stream: AudioStream, samples: Samples, begin: int, layout: str, rate: int) -> list[Packet[Any]]:
    packets: list[Packet[Any]] = []
    for at in range(0, samples.shape[1], _PIECE):
        piece = np.ascontiguousarray(samples[:, at : at + _PIECE])
        frame = av.AudioFrame.from_ndarray(piece, format="fltp", layout=layout)
        frame.sample_rate, frame.pts, frame.time_base = rate, begin + at, Fraction(1, rate)
        packets += stream.encode(frame)
    return packets + stream.encode(None)


def flashes_of(path: Path) -> list[float]:
    """Seconds from the first frame at which bright frames begin."""
    with av.open(str(path)) as file:
        frames = [(frame.time, frame.to_ndarray(format="gray").mean()) for frame in file.decode(video=0)]
    first = frames[0][0] or 0.0
    bright = [level > 130 for _, level in frames]
    return [
        (time or 0.0) - first for number, (time, _) in enumerate(frames) if bright[number] and not bright[number - 1]
    ]


def sound_of(path: Path, stream: int = 0) -> tuple[float, Samples, int]:
    """Seconds of the first sample from the first frame, the samples of the first channel, their rate."""
    with av.open(str(path)) as file:
        first = next(file.decode(video=0)).time or 0.0
    with av.open(str(path)) as file:
        track = file.streams.audio[stream]
        rate = track.codec_context.sample_rate
        mono = av.AudioResampler("fltp", "mono", rate)
        begin: int | None = None
        parts: list[Samples] = []
        count = 0
        for frame in file.decode(track):
            start = round(((frame.time or 0.0) - first) * rate)
            if begin is None:
                begin = start
            here = np.concatenate([one.to_ndarray()[0] for one in mono.resample(frame)]).astype(np.float32)
            gap = max(0, start - begin - count)
            parts += [np.zeros(gap, np.float32), here]
            count += gap + len(here)
    return (begin or 0) / rate, np.concatenate([*parts, np.zeros(0, np.float32)]), rate


def clicks_of(path: Path, stream: int = 0) -> list[float]:
    """Seconds from the first frame at which each click begins."""
    begin, samples, rate = sound_of(path, stream)
    loud = np.flatnonzero(np.abs(samples) > 0.25)
    return [begin + at / rate for number, at in enumerate(loud) if number == 0 or at - loud[number - 1] > 0.1 * rate]
