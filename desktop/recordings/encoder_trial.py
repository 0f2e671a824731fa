"""The child process that tries an encoder: ten frames of a moving picture, which must come back as they were given.

It runs as `python -m desktop.recordings.encoder_trial NAME`; see `desktop.recordings.encoders`. Status 0: it works;
else the last line says why not. A hanging driver cannot be interrupted, so the process ends itself, whoever watches.
"""

from __future__ import annotations

import faulthandler
import sys
from fractions import Fraction

import av
import numpy as np
from av.error import FFmpegError
from av.packet import Packet
from av.stream import Stream
from av.video.codeccontext import VideoCodecContext
from av.video.frame import PictureType
from numpy.typing import NDArray

from desktop.recordings import encoders
from desktop.recordings.options import VideoOptions
from desktop.recordings.pixels import Size, i420, nv12

FRAMES = 10
_KEY = 5  # this frame and the first are forced to be keyframes
_SIZE: Size = (1280, 720)
_STEP = encoders.TICKS // 30
_HELD = 3  # frames that an encoder may hold back: more would be lost with a crash
_OFF = 16.0  # levels that decoded pictures may differ from those given, in the mean: a wrong colour or order is more
_HEADERS = {5, 7, 8}  # kinds of units of H.264: a picture that stands alone, and the two headers it needs


def pictures() -> list[NDArray[np.uint8]]:
    """BGR pictures with a bright bar that moves."""
    column = np.linspace(30, 200, _SIZE[0], dtype=np.uint8)
    made = []
    for number in range(FRAMES):
        picture = np.repeat(np.repeat(column[None, :, None], _SIZE[1], 0), 3, 2)
        picture[:, 100 * number : 100 * number + 200] = (60, 200, 230)
        made.append(np.ascontiguousarray(picture))
    return made


def try_encoder(name: str) -> str:
    """Why an encoder does not work, "" where it does. Raises what PyAV raises."""
    context = encoders.opened(name, _SIZE, VideoOptions(), 30.0)
    given = pictures()
    packets: list[Packet[Stream]] = []
    for number, picture in enumerate(given):
        planes = i420(picture)
        kind = encoders.pixel_format(name)
        frame = av.VideoFrame.from_ndarray(nv12(planes) if kind == "nv12" else planes, format=kind)
        frame.pts, frame.time_base = number * _STEP, Fraction(1, encoders.TICKS)
        if number in (0, _KEY):
            frame.pict_type = PictureType.I
        packets += context.encode(frame)
        if number + 1 - len(packets) > _HELD:
            return f"it holds more than {_HELD} frames back"
    packets += context.encode(None)
    return judge(packets, given)


def judge(packets: list[Packet[Stream]], given: list[NDArray[np.uint8]]) -> str:
    """What is wrong with the packets of `given`, "" where nothing is."""
    if [packet.pts for packet in packets] != [number * _STEP for number in range(len(given))]:
        return "it does not give every frame once, in order and at its time"
    for number in (0, _KEY):
        if not packets[number].is_keyframe or _HEADERS - units(bytes(packets[number])):
            return "it makes no keyframe with its headers where one is asked for"
    decoder = VideoCodecContext.create("h264", "r")
    frames = [frame for packet in [*packets, None] for frame in decoder.decode(packet)]
    if len(frames) != len(given):
        return "what it encodes cannot be decoded"
    for frame, picture in zip(frames, given, strict=True):
        if np.abs(frame.to_ndarray(format="bgr24").astype(np.int16) - picture).mean() > _OFF:
            return "what it encodes looks different"
    return ""


def units(data: bytes) -> set[int]:
    """The kinds of units that a packet in the byte stream format of H.264 holds."""
    return {part[0] & 31 for part in data.split(b"\0\0\1")[1:] if part}


def main(names: list[str]) -> int:
    """Try the encoder named; 0 where it works, else 1 and why not as the last line."""
    faulthandler.dump_traceback_later(encoders.TIMEOUT + 5.0, exit=True)
    try:
        (name,) = names
        reason = try_encoder(name)
    except (FFmpegError, OSError, ValueError) as error:
        reason = f"it cannot be opened or used: {encoders.sentence(error)}"
    finally:
        faulthandler.cancel_dump_traceback_later()
    if reason:
        sys.stdout.write(reason + "\n")
    return 1 if reason else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
