"""Small videos made on the spot, with real codecs and the times that a test wants: not a fake of any part."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.video.stream import VideoStream
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
TICKS = 90_000


def numbered(count: int, size: tuple[int, int] = (96, 64)) -> list[Pixels]:
    """Pictures (height, width, 3) BGR that differ: each a grey of its own with a bright column that wanders."""
    width, height = size
    pictures = []
    for number in range(count):
        picture = np.full((height, width, 3), 40 + 4 * number % 160, np.uint8)
        picture[:, number * 3 % width] = 255
        pictures.append(picture)
    return pictures


def write_clip(
    path: Path,
    pictures: Sequence[Pixels],
    times: Sequence[float],
    *,
    codec: str = "libx264",
    container: str | None = None,
    options: dict[str, str] | None = None,
) -> Path:
    """A video of these pictures, all of one even size, shown at these seconds. The file's kind is its suffix's."""
    with av.open(str(path), "w", format=container, container_options=options or {}) as file:
        stream = file.add_stream(codec, rate=30)
        assert isinstance(stream, VideoStream)
        stream.height, stream.width = pictures[0].shape[:2]
        stream.pix_fmt = "yuv420p"
        stream.time_base = stream.codec_context.time_base = Fraction(1, TICKS)
        for picture, time in zip(pictures, times, strict=True):
            frame = av.VideoFrame.from_ndarray(picture, format="bgr24")
            frame.pts, frame.time_base = round(time * TICKS), Fraction(1, TICKS)
            file.mux(stream.encode(frame))
        file.mux(stream.encode(None))
    return path


def times_of(path: Path) -> list[float]:
    """The seconds at which a video's frames are shown, from its first frame on, as PyAV reads them."""
    with av.open(str(path)) as file:
        times = [frame.time for frame in file.decode(video=0) if frame.time is not None]
    return [time - times[0] for time in times]


def sizes_of(path: Path) -> set[tuple[int, int]]:
    """The sizes (width, height) of a video's frames."""
    with av.open(str(path)) as file:
        return {(frame.width, frame.height) for frame in file.decode(video=0)}
