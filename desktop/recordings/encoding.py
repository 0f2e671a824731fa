"""The videos of one recording as packets: annotated, clean, or both, frame by frame at the same times."""

from __future__ import annotations

from desktop.frame import Pixels
from desktop.recordings.encoder import Encoder, Packet
from desktop.recordings.options import VideoOptions
from desktop.recordings.pixels import Fit, Size
from models.errors import RecordingError

Packets = tuple[list[Packet], ...]
"""The packets of each video, in the order annotated, clean."""


class Encoding:
    """Encodes each frame for every video that is wanted. Used by one thread.

    Keyframes of all videos are forced at the same times. `size`, `options` and `fps` as for `Encoder`. Raises
    RecordingError where no video is wanted or an encoder cannot be made.
    """

    def __init__(
        self, size: Size, *, annotated: bool = True, clean: bool = False, options: VideoOptions, fps: float = 30.0
    ) -> None:
        refuse_nothing(annotated, clean)
        self.annotated, self.clean = annotated, clean
        self._encoders = [Encoder(size, options=options, fps=fps) for wanted in (annotated, clean) if wanted]

    @property
    def size(self) -> Size:
        """Width and height of the videos' pictures."""
        return self._encoders[0].size

    @property
    def time(self) -> float:
        """Seconds from the first frame to the last, 0 before."""
        return self._encoders[0].time

    def fit_of(self, size: Size) -> Fit:
        """How frames of `size` are placed into the videos' pictures."""
        return self._encoders[0].fit_of(size)

    def encode(self, pixels: Pixels, time: float, clean: Pixels | None = None) -> Packets:
        """The packets ready after a frame at `time` (seconds). `clean`: without marks; where none are drawn, `pixels`.

        Raises RecordingError.
        """
        pictures = [pixels] if self.annotated else []
        if self.clean:
            pictures.append(pixels if clean is None else clean)
        return tuple(encoder.encode(one, time) for encoder, one in zip(self._encoders, pictures, strict=True))

    def finish(self) -> Packets:
        """The packets that are not given yet. The next frame, if one comes, begins with a keyframe."""
        return tuple(encoder.finish() for encoder in self._encoders)


def refuse_nothing(annotated: bool, clean: bool) -> None:
    """Raise RecordingError where neither video is wanted."""
    if not (annotated or clean):
        raise RecordingError("Nothing would be recorded: ask for the annotated video, the clean one, or both.")
