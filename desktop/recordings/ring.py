"""What led to an event: the last seconds, encoded, kept in memory until a recording begins with them."""

from __future__ import annotations

from collections import deque
from dataclasses import replace
from datetime import datetime

from desktop.frame import Pixels
from desktop.recordings import encoders
from desktop.recordings.encoder import KEYFRAME_EVERY
from desktop.recordings.encoders import TICKS, Chooser
from desktop.recordings.encoding import Encoding, Packets, Taken, refuse_nothing
from desktop.recordings.options import VideoOptions
from desktop.recordings.pixels import Fit, Size
from models.errors import RecordingError
from models.scene import Scene

LONGEST = 60.0
"""Seconds: the most that can be asked for."""

MOST_BYTES = 64 * 2**20
"""Of memory, for what is kept: a minute of 720p at a usual rate takes less than half."""


class Ring:
    """Keeps the last `seconds` of frames as packets and scenes, in no more than `most_bytes` of memory.

    It begins with a keyframe, up to half a second before. `annotated`, `clean`, `video` and `fps` as for
    `Recording`. A recording that is given the ring begins with what it holds and goes on with its encoders, so that no
    frame is encoded twice; the ring keeps the frames of that time too. While no recording does, a frame of another size
    empties it. Used by one thread; `seconds`, `bytes` and `frames` may be read by any. Raises RecordingError where it
    cannot be.
    """

    def __init__(
        self,
        seconds: float = 5.0,
        most_bytes: int = MOST_BYTES,
        *,
        annotated: bool = True,
        clean: bool = False,
        video: VideoOptions | None = None,
        fps: float = 30.0,
        chooser: Chooser = encoders.chooser,
    ) -> None:
        refuse_nothing(annotated, clean)
        if not 0.0 < seconds <= LONGEST:
            raise RecordingError(f"Up to {LONGEST:.0f} seconds before an event can be kept, not {seconds:g}.")
        self.annotated, self.clean, self.fps = annotated, clean, fps
        self._wanted, self._most = seconds, most_bytes
        self._video = video or VideoOptions()
        self._chooser = chooser
        chooser.begin(self._video.encoder)
        self._encoding: Encoding | None = None
        self._size: Size | None = None
        self._first = 0.0  # the time of the encoding's first frame
        self._begun = 0  # ticks from which on packets may be kept
        self._kept: deque[Taken] = deque()
        self._keys: tuple[list[int], ...] = ()  # of each video, the ticks of the keyframes that are held
        self._recorded = False
        self.seconds = 0.0
        """Seconds that it holds, from a keyframe to the newest frame."""
        self.bytes = 0
        """Bytes that it holds."""
        self.frames = 0
        """Frames that it holds."""

    @property
    def size(self) -> Size:
        """Width and height of the videos' pictures; (0, 0) before the first frame."""
        return self._encoding.size if self._encoding is not None else (0, 0)

    @property
    def notes(self) -> tuple[str, ...]:
        """What did not go as asked, in sentences."""
        return self._encoding.notes if self._encoding is not None else ()

    @property
    def encoder(self) -> str:
        """The encoder in use, "" before the first frame."""
        return self._encoding.encoder if self._encoding is not None else ""

    def fit_of(self, size: Size) -> Fit | None:
        """How frames of `size` lie in the videos' pictures; None before the first frame."""
        return self._encoding.fit_of(size) if self._encoding is not None else None

    def take(
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
    ) -> Taken:
        """Encode a frame and keep it, and let go of what is too old; see `Recording.write`. Raises RecordingError.

        Where a recording is written from this ring, give frames to that: it hands them on.
        """
        size = (pixels.shape[1], pixels.shape[0])
        if self._encoding is None or (size != self._size and not self._recorded):
            self._forget()
            self._encoding = Encoding(
                size,
                annotated=self.annotated,
                clean=self.clean,
                options=self._video,
                fps=self.fps,
                chooser=self._chooser,
            )
            self._size, self._first, self._begun = size, time, 0
        taken = self._encoding.take(
            pixels,
            time,
            clean=clean,
            scene=scene,
            analysed=analysed,
            interpolated=interpolated,
            index=index,
            position=position,
            moment=moment,
        )
        self._keep(taken)
        return taken

    def empty(self) -> None:
        """Forget what is held, and what the encoders still hold: nothing of it will be in a recording begun later."""
        self._forget()
        if self._encoding is None:
            return
        if self._recorded:
            self._encoding.begin_anew()
        else:
            self._encoding = None

    def since(self, time: float) -> tuple[Taken, ...]:
        """The frames from the keyframe at or before `time` (seconds, as given with the frames) on.

        It is at most half a second before; where there is none, the first after `time`; none where that is not there
        either, and then the next frame is a keyframe. Packets before the first frame's own are left out.
        """
        start = self._start((time - self._first) * TICKS)
        if start is None:
            if self._encoding is not None:
                self._encoding.begin_anew()
            return ()
        return tuple(_from(taken, start) for taken in self._kept if taken.ticks >= start)

    def lend(self) -> None:
        """A recording goes on with the encoders: frames of another size are scaled into the size they have."""
        self._recorded = True

    def take_back(self) -> Packets:
        """The recording ends: what the encoders still hold of it is given. The ring goes on."""
        self._recorded = False
        if self._encoding is None:
            return ()
        rest = self._encoding.finish()
        if self._kept and any(rest):  # they go with the newest frame, some are of those before
            last = self._kept.pop()
            self.bytes -= last.bytes
            added = _from(replace(last, packets=rest), self._begun)
            self._note_keys(added.packets)
            both = tuple((*old, *new) for old, new in zip(last.packets, added.packets, strict=True))
            self._kept.append(replace(last, packets=both))
            self.bytes += self._kept[-1].bytes
        return rest

    def _forget(self) -> None:
        if self._kept:
            self._begun = self._kept[-1].ticks + 1
        self._kept.clear()
        self._keys = ()
        self.seconds, self.bytes, self.frames = 0.0, 0, 0

    def _keep(self, taken: Taken) -> None:
        taken = _from(taken, self._begun)
        self._kept.append(taken)
        self.bytes += taken.bytes
        self._note_keys(taken.packets)
        self._drop_before(self._start(taken.ticks - self._wanted * TICKS))
        while self.bytes > self._most and len(starts := self._starts()) > 1:
            self._drop_before(starts[1])
        if self.bytes > self._most:  # half a second alone is too much
            self._forget()
            if self._encoding is not None:
                self._encoding.begin_anew()
        starts = self._starts()
        self.seconds = (taken.ticks - starts[0]) / TICKS if starts else 0.0
        self.frames = len(self._kept)

    def _note_keys(self, packets: Packets) -> None:
        self._keys = tuple(
            [*keys, *(packet.ticks for packet in video if packet.key)]
            for keys, video in zip(self._keys or ([],) * len(packets), packets, strict=True)
        )

    def _starts(self) -> list[int]:
        """Ticks at which every video has a keyframe."""
        return sorted(set.intersection(*map(set, self._keys))) if self._keys else []

    def _start(self, since: float) -> int | None:
        """Where a file begins that is to hold what was `since` (ticks)."""
        starts = self._starts()
        before = [start for start in starts if since - KEYFRAME_EVERY * TICKS <= start <= since]
        after = [start for start in starts if start > since]
        return before[-1] if before else after[0] if after else None

    def _drop_before(self, start: int | None) -> None:
        if start is None or self._kept[0].ticks >= start:
            return
        while self._kept[0].ticks < start:
            self.bytes -= self._kept.popleft().bytes
        self._keys = tuple([tick for tick in keys if tick >= start] for keys in self._keys)


def _from(taken: Taken, start: int) -> Taken:
    """The same without packets before `start`."""
    if all(packet.ticks >= start for video in taken.packets for packet in video):
        return taken
    return replace(
        taken, packets=tuple(tuple(packet for packet in video if packet.ticks >= start) for video in taken.packets)
    )
