"""The videos of one recording as packets: annotated, clean, or both, frame by frame at the same times."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime

from desktop.frame import Pixels
from desktop.recordings import encoders
from desktop.recordings.encoder import Encoder, Packet
from desktop.recordings.encoders import Chooser
from desktop.recordings.options import X264, VideoOptions
from desktop.recordings.pixels import Fit, Size
from models.errors import RecordingError
from models.scene import Scene

Packets = tuple[tuple[Packet, ...], ...]
"""Packets of each video, in the order annotated, clean."""

MOST_SHARE = 0.5
"""The part of real time that encoding may take: drawing, the sidecar and whoever else works need the rest."""

_THING = 256  # bytes that a thing or a packet takes beside its numbers, about


@dataclass(frozen=True, slots=True, eq=False)
class Taken:
    """A frame as a recording keeps it. `ticks`: its time, 1/90000 s from the first; `moment`: when it was taken, UTC.

    `packets`: those that were ready then, mostly its own. `scene` in pixels of the video, without masks, None where it
    was not analysed. The rest as for `Recording.write`.
    """

    ticks: int
    moment: datetime
    packets: Packets
    scene: Scene | None
    interpolated: bool = False
    index: int | None = None
    position: float | None = None

    @property
    def bytes(self) -> int:
        """What it takes in memory, about."""
        encoded = sum(len(packet.data) + _THING for video in self.packets for packet in video)
        return encoded + _THING + (_bytes_of(self.scene) if self.scene is not None else 0)


def _bytes_of(scene: Scene) -> int:
    objects = sum(thing.box.nbytes + _THING for thing in scene.objects)
    faces = sum(face.box.nbytes + face.points.nbytes + _THING for face in scene.faces)
    return objects + faces + sum(one.box.nbytes + one.points.nbytes + one.world.nbytes + _THING for one in scene.bodies)


class Encoding:
    """Encodes each frame for every video that is wanted. Used by one thread.

    Keyframes of all videos are forced at the same times. `size`, `options`, `fps` and `chooser` as for `Encoder`.
    Raises RecordingError where no video is wanted or an encoder cannot be made.
    """

    def __init__(
        self,
        size: Size,
        *,
        annotated: bool = True,
        clean: bool = False,
        options: VideoOptions,
        fps: float = 30.0,
        chooser: Chooser = encoders.chooser,
    ) -> None:
        refuse_nothing(annotated, clean)
        self.annotated, self.clean = annotated, clean
        share = MOST_SHARE / (annotated + clean)
        self._encoders = [
            Encoder(size, options=options, fps=fps, share=share, chooser=chooser)
            for wanted in (annotated, clean)
            if wanted
        ]

    @property
    def notes(self) -> tuple[str, ...]:
        """What did not go as asked, in sentences, each once."""
        return tuple(dict.fromkeys(note for encoder in self._encoders for note in encoder.notes))

    @property
    def encoder(self) -> str:
        """The encoder in use, with its preset where it is x264's."""
        first = self._encoders[0]
        return f"{first.name} {first.preset}" if first.name == X264 else first.name

    @property
    def size(self) -> Size:
        """Width and height of the videos' pictures."""
        return self._encoders[0].size

    def fit_of(self, size: Size) -> Fit:
        """How frames of `size` are placed into the videos' pictures."""
        return self._encoders[0].fit_of(size)

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
        """Encode a frame for every video; see `Recording.write`. Raises RecordingError."""
        moment = moment or datetime.now(UTC)
        pictures = [pixels] if self.annotated else []
        if self.clean:
            pictures.append(pixels if clean is None else clean)
        packets = tuple(tuple(encoder.encode(one, time)) for encoder, one in zip(self._encoders, pictures, strict=True))
        placed = None
        if analysed:
            placed = _unmasked(self.fit_of((pixels.shape[1], pixels.shape[0])).scene(scene or Scene()))
        return Taken(self._encoders[0].ticks, moment, packets, placed, interpolated, index, position)

    def finish(self) -> Packets:
        """The packets that are not given yet. The next frame, if one comes, begins with a keyframe."""
        return tuple(tuple(encoder.finish()) for encoder in self._encoders)

    def begin_anew(self) -> None:
        """Let the next frame begin with a keyframe."""
        for encoder in self._encoders:
            encoder.begin_anew()


def refuse_nothing(annotated: bool, clean: bool) -> None:
    """Raise RecordingError where neither video is wanted."""
    if not (annotated or clean):
        raise RecordingError("Nothing would be recorded: ask for the annotated video, the clean one, or both.")


def _unmasked(scene: Scene) -> Scene:
    if all(body.mask is None for body in scene.bodies):
        return scene
    return replace(scene, bodies=tuple(replace(body, mask=None) for body in scene.bodies))
