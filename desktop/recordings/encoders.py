"""Which encoder of H.264 works on this machine: found by really encoding ten frames, in a child process that may hang.

What a machine promises and what its driver does are two things: an encoder can be named and missing, fail when it is
opened, fail some frames later, or never come back. So each is tried once a run of the program, apart from it.
"""

from __future__ import annotations

import atexit
import logging
import sys
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
from av.codec import Codec
from av.codec.codec import UnknownCodecError
from av.video.codeccontext import VideoCodecContext

from desktop.recordings.options import AUTO, HARDWARE, X264, VideoOptions
from desktop.recordings.pixels import Size
from models import child

logger = logging.getLogger(__name__)

TICKS = 90_000
"""Ticks a second of a video's time base; times are true within one of them."""

PRESETS = ("veryfast", "superfast", "ultrafast")
"""Of x264, each faster than the one before and its files larger."""

TIMEOUT = 10.0
"""Seconds after which an encoder that is tried counts as one that hangs."""

END = 2.0
"""Seconds for which the end of the program waits for a child process that was ended."""

PATIENCE = 2.0
"""Seconds for which a recording that begins waits until it is known which encoder works."""

_TRIAL = "desktop.recordings.encoder_trial"
# H.273: matrix 6 is BT.601 (SMPTE 170M), which OpenCV's I420 is at every size; 1 is BT.709; range 1 is limited ("tv").
_MATRIX, _PRIMARIES, _TRANSFER, _RANGE = 6, 1, 1, 1
_GLOBAL_HEADER = 1 << 22
_FASTEST = 120  # frames a second: more than any camera gives; only the stream's level is told from it


@dataclass(frozen=True, slots=True)
class Choice:
    """The encoder that is used, and why each of those tried before is not."""

    name: str
    refused: tuple[tuple[str, str], ...] = ()


def opened(name: str, size: Size, options: VideoOptions, fps: float, preset: str = PRESETS[0]) -> VideoCodecContext:
    """An encoder that takes pictures of `size` (even sides), ready. Raises FFmpegError, OSError or ValueError.

    No look-ahead and no B-frames, so that a frame is a packet as soon as it was given; headers with every keyframe.
    """
    context = create(name)
    context.width, context.height = size
    context.pix_fmt = pixel_format(name)
    context.time_base = Fraction(1, TICKS)
    context.framerate = Fraction(min(_FASTEST, max(1, round(fps))))
    context.colorspace, context.color_primaries = _MATRIX, _PRIMARIES
    context.color_trc, context.color_range = _TRANSFER, _RANGE
    context.flags &= ~_GLOBAL_HEADER
    context.max_b_frames = 0
    if name == X264:
        context.thread_count = options.threads
    context.options = _settings(name, options.quality, preset, size)
    context.open()
    return context


def create(name: str) -> VideoCodecContext:
    """An encoder by its name, not open yet. Raises UnknownCodecError, a ValueError, where there is none."""
    context = av.CodecContext.create(name, "w")
    assert isinstance(context, VideoCodecContext)  # all names are
    return context


def pixel_format(name: str) -> str:
    """How an encoder wants its pictures: "yuv420p" (I420) or "nv12"."""
    return "nv12" if name == "h264_qsv" else "yuv420p"


def sentence(error: Exception) -> str:
    """What FFmpeg says went wrong, fit for the end of a sentence: "" is never given."""
    said = getattr(error, "strerror", None) or str(error)
    return str(said).rstrip(".") or type(error).__name__


def _settings(name: str, quality: int, preset: str, size: Size) -> dict[str, str]:
    """The options of each encoder: constant quality near x264's scale, no delay, keyframes where they are asked for."""
    if name == X264:
        # `stitchable`, and what ultrafast would leave out, make the headers of all presets the same bytes: a change in
        # the middle of a file is none for a player.
        extra = "stitchable=1" + (":cabac=1:8x8dct=1:weightp=1" if preset == "ultrafast" else "")
        named = {"preset": preset, "tune": "zerolatency", "profile": "high", "forced-idr": "1"}
        return named | {"crf": str(quality), "x264-params": extra}
    if name == "h264_nvenc":
        named = {"preset": "p4", "tune": "ll", "zerolatency": "1", "delay": "0", "forced-idr": "1"}
        return named | {"rc": "constqp", "qp": str(quality)}
    if name == "h264_qsv":
        return {"preset": "veryfast", "async_depth": "1", "forced_idr": "1", "global_quality": str(quality)}
    if name == "h264_amf":
        named = {"usage": "lowlatency", "quality": "balanced", "forced_idr": "1", "rc": "cqp"}
        return named | {"qp_i": str(quality), "qp_p": str(quality)}
    # VideoToolbox has a constant quality on some machines only, so it is given a rate: six steps halve it, as CRF does.
    rate = round(size[0] * size[1] * 30 * 0.12 * 2 ** ((21 - quality) / 6))
    return {"realtime": "1", "allow_sw": "0", "b": str(rate)}


def find(names: Sequence[str] = HARDWARE, attempt: Callable[[str], str] | None = None) -> Choice:
    """Try one after the other until one works; x264 where none does. `attempt` gives why not, "" where it works."""
    refused: list[tuple[str, str]] = []
    for name in names:
        reason = _absent(name) or (attempt or tried)(name)
        if not reason:
            return Choice(name, tuple(refused))
        logger.info("the encoder %s is not used: %s", name, reason)
        refused.append((name, reason))
    return Choice(X264, tuple(refused))


def tried(
    name: str,
    command: Sequence[str] | None = None,
    timeout: float = TIMEOUT,
    begun: Callable[[Callable[[], None]], None] | None = None,
) -> str:
    """Why an encoder does not work, "" where it encoded ten frames as it should, in a child process.

    `begun` is given what ends that process.
    """
    command = command or child.command(_TRIAL, name)
    try:
        status, said = child.run(command, env=child.environment(), timeout=timeout, begun=begun)
    except OSError as error:
        return f"it could not be tried: {error}"
    if status == 0:
        return ""
    if status < 0:
        return f"it ended its process (signal {-status}), or took longer than {timeout:g} seconds"
    lines = said.strip().splitlines()
    return lines[-1][:200] if lines else f"it ended its process with status {status}"


def _absent(name: str) -> str:
    """Why an encoder cannot work here, known without trying; "" where it may."""
    try:
        Codec(name, "w")
    except UnknownCodecError:
        return "this build of FFmpeg has none"
    if sys.platform == "linux" and not _has_device(name):
        return "there is no graphics device for it"
    return ""


def _has_device(name: str) -> bool:
    if name == "h264_nvenc":
        return any(Path(path).exists() for path in ("/dev/nvidiactl", "/dev/dxg"))  # the second is Windows' Linux
    return Path("/dev/dri").exists() and any(Path("/dev/dri").glob("renderD*"))


class Chooser:
    """Knows which encoder works, once it was found: each that is asked for is looked for once, in a thread.

    Used from any thread. `end` has to be called at last.
    """

    def __init__(self, find: Callable[[Sequence[str]], Choice] | None = None) -> None:
        self._find = find or self._try_all
        self._lock = threading.Condition()
        self._choices: dict[str, Choice] = {}
        self._looking: set[str] = set()
        self._broken: dict[str, str] = {}
        self._threads: list[threading.Thread] = []
        self._ends: list[Callable[[], None]] = []
        self._ended = False

    def begin(self, wanted: str = AUTO) -> None:
        """Look for it, unless that is known or being done. Returns at once."""
        with self._lock:
            if wanted == X264 or wanted in self._choices or wanted in self._looking:
                return
            self._looking.add(wanted)
        names = HARDWARE if wanted == AUTO else (wanted,)
        if all(_absent(name) for name in names):
            self._look(wanted, names)  # takes no time, and no thread
        else:
            # A driver may hold its process even when that is killed: the program's end does not hang on it.
            thread = threading.Thread(target=self._look, args=(wanted, names), name="encoder trial", daemon=True)
            with self._lock:
                self._threads.append(thread)
            thread.start()

    def choice(self, wanted: str = AUTO, patience: float = PATIENCE) -> Choice:
        """What is used where `wanted` ("auto" or a name) is asked for; x264 where `patience` (seconds) is too short."""
        if wanted == X264:
            return Choice(X264)
        self.begin(wanted)
        with self._lock:
            known = self._lock.wait_for(lambda: wanted in self._choices, patience)
            if not known:
                return Choice(X264, ((wanted, "it was not known yet whether it works"),))
            choice = self._choices[wanted]
            if choice.name in self._broken:
                return Choice(X264, (*choice.refused, (choice.name, self._broken[choice.name])))
            return choice

    def gave_up(self, name: str, reason: str) -> None:
        """It worked and then failed: it is not used again."""
        with self._lock:
            self._broken[name] = reason

    def end(self) -> None:
        """Try no more: a trial that runs is ended with its process."""
        with self._lock:
            self._ended = True
            ends, threads = tuple(self._ends), tuple(self._threads)
        for end in ends:
            end()
        for thread in threads:
            thread.join(END)

    def _begun(self, end: Callable[[], None]) -> None:
        with self._lock:
            self._ends.append(end)
            late = self._ended
        if late:
            end()

    def _try_all(self, names: Sequence[str]) -> Choice:
        return find(names, lambda name: "the program ended" if self._ended else tried(name, begun=self._begun))

    def _look(self, wanted: str, names: Sequence[str]) -> None:
        choice = Choice(X264, ((wanted, "looking for it failed"),))
        try:
            choice = self._find(names)
        finally:
            with self._lock:
                self._choices[wanted] = choice
                self._looking.discard(wanted)
                self._lock.notify_all()


chooser = Chooser()
"""The program's own: an answer holds for the process."""
atexit.register(chooser.end)
