"""Videos of every awkward kind, made on the spot with real codecs: turned, odd, ten bits, cut off, of changing size."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.codec.context import CodecContext
from av.video.codeccontext import VideoCodecContext
from av.video.reformatter import ColorRange, Colorspace, Interpolation
from av.video.stream import VideoStream
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]

EXACT = Interpolation.BICUBIC | Interpolation.ACCURATE_RND | Interpolation.FULL_CHR_H_INT
CORNERS = {
    "top left": (0, 0, 255),
    "top right": (0, 255, 0),
    "bottom left": (255, 0, 0),
    "bottom right": (255, 255, 255),
}
"""Colours (BGR) of the quarters of `quarters`: red, green, blue, white."""


def quarters(width: int, height: int) -> Pixels:
    """A picture whose quarters have colours of their own, so that it shows which way up it is."""
    picture = np.zeros((height, width, 3), np.uint8)
    middle_x, middle_y = width // 2, height // 2
    picture[:middle_y, :middle_x] = CORNERS["top left"]
    picture[:middle_y, middle_x:] = CORNERS["top right"]
    picture[middle_y:, :middle_x] = CORNERS["bottom left"]
    picture[middle_y:, middle_x:] = CORNERS["bottom right"]
    return picture


def corners_of(pixels: Pixels) -> dict[str, tuple[int, ...]]:
    """The colour (BGR) in the middle of each quarter, each channel 0 or 255 where it is near."""
    height, width = pixels.shape[:2]
    places = {
        "top left": (height // 4, width // 4),
        "top right": (height // 4, width * 3 // 4),
        "bottom left": (height * 3 // 4, width // 4),
        "bottom right": (height * 3 // 4, width * 3 // 4),
    }
    return {name: tuple(255 * (value > 127) for value in pixels[place].tolist()) for name, place in places.items()}


def noise(count: int, size: tuple[int, int] = (160, 120), seed: int = 0) -> list[Pixels]:
    """Pictures that compress badly, so that a part of the file is a part of the video."""
    random = np.random.default_rng(seed)
    return [random.integers(0, 256, (size[1], size[0], 3), dtype=np.uint8) for _ in range(count)]


def write_movie(
    path: Path,
    pictures: Iterable[Pixels],
    pts: Sequence[int | None] | None = None,
    *,
    time_base: Fraction = Fraction(1, 30),
    codec: str = "libx264",
    pix_fmt: str = "yuv420p",
    container: str | None = None,
    muxing: dict[str, str] | None = None,
    encoding: dict[str, str] | None = None,
    rotation: int = 0,
    mirrored: bool = False,
    aspect: Fraction | None = None,
    matrix: Colorspace | None = None,
    full_range: bool = False,
    tagged: bool = True,
) -> Path:
    """A video of `pictures` (BGR) at `pts` in `time_base`, by default one after the other.

    `rotation` (degrees against the clock) and `mirrored` go into the display matrix, `aspect` is that of a pixel.
    Pictures are converted by `matrix`, in full or limited range, which is written into the stream where `tagged`.
    """
    wanted = list(pictures)
    space = matrix or Colorspace.ITU601
    extent = ColorRange.JPEG if full_range else ColorRange.MPEG
    with av.open(str(path), "w", format=container, container_options=muxing or {}) as file:
        stream = file.add_stream(codec, rate=30, options=encoding or {})
        assert isinstance(stream, VideoStream)
        stream.height, stream.width = wanted[0].shape[:2]
        stream.pix_fmt = pix_fmt
        stream.time_base = stream.codec_context.time_base = time_base
        if aspect is not None:
            stream.codec_context.sample_aspect_ratio = aspect
        if rotation or mirrored:
            stream.set_display_rotation(rotation, hflip=mirrored)
        if tagged:
            stream.codec_context.colorspace, stream.codec_context.color_range = space, extent
        for number, picture in enumerate(wanted):
            frame = av.VideoFrame.from_ndarray(picture, format="bgr24")
            frame = frame.reformat(
                format=pix_fmt,
                src_color_range=ColorRange.JPEG,
                dst_colorspace=space,
                dst_color_range=extent,
                interpolation=EXACT,
            )
            frame.pts, frame.time_base = (number if pts is None else pts[number]), time_base
            file.mux(stream.encode(frame))
        file.mux(stream.encode(None))
    return path


def write_h264(path: Path, parts: Iterable[Sequence[Pixels]]) -> Path:
    """A raw H.264 stream without any times, each part of a size of its own."""
    with path.open("wb") as file:
        for part in parts:
            encoder = CodecContext.create("libx264", "w")
            assert isinstance(encoder, VideoCodecContext)
            encoder.height, encoder.width = part[0].shape[:2]
            encoder.pix_fmt, encoder.time_base = "yuv420p", Fraction(1, 25)
            encoder.options = {"tune": "zerolatency"}
            for number, picture in enumerate(part):
                frame = av.VideoFrame.from_ndarray(picture, format="bgr24").reformat(format="yuv420p")
                frame.pts, frame.time_base = number, Fraction(1, 25)
                for packet in encoder.encode(frame):
                    file.write(bytes(packet))
            for packet in encoder.encode(None):
                file.write(bytes(packet))
    return path


def cut(path: Path, part: float) -> Path:
    """The first `part` (0..1) of a file, beside it."""
    data = path.read_bytes()
    shorter = path.with_name(f"cut_{path.name}")
    shorter.write_bytes(data[: int(len(data) * part)])
    return shorter
