"""A recording: videos and their sidecar, which grow and end together."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from desktop.frame import Pixels
from desktop.recordings import encoders
from desktop.recordings.claim import Claim
from desktop.recordings.encoders import Chooser
from desktop.recordings.encoding import Encoding, Packets, Taken, refuse_nothing
from desktop.recordings.files import Files, Header, names_of
from desktop.recordings.microphone import HeardSound, Microphone, packet_of
from desktop.recordings.options import VideoOptions
from desktop.recordings.pixels import Fit, Size
from desktop.recordings.placing import Placing
from desktop.recordings.ring import Ring
from models.errors import RecordingError
from models.scene import Scene


class Recording:
    """Writes NAME.mp4 and NAME.jsonl: all with .part added, made with the first frame, renamed by `close`.

    NAME.mp4.part alone is made at once, empty and locked, so that nobody else takes the name; without a frame it is
    removed by `close` or `abort`, of which one has to be called.

    `path`: the video's name. `source`, `networks` (kind -> name), `program` (its version) and `start` (the moment of
    the first frame, if not given) go into the sidecar's header. `overwrite` allows existing files to be replaced.
    `face_points` False leaves the points of faces out of the sidecar. `fps` only says how long a single frame lasts.
    `video`: quality, size, encoder; without it the defaults with `threads` of the encoder. `annotated` and `clean` say
    which videos are wanted; of both, the clean one is NAME.clean.mp4. With a `ring` the videos and all about them are
    the ring's, and the recording begins with what it holds `since` then (seconds, of the origin of the frames' times);
    the ring is given its frames by the recording, until that ends. `microphone`: its sound is written too, and it is
    stopped with the recording; frames' times are of its clock then. Used by one thread. Marks are drawn by the caller,
    into the pixels it gives.

    Raises NameTakenError at once where a target exists, RecordingError where its folder cannot be written to.
    """

    def __init__(
        self,
        path: Path,
        *,
        source: str,
        networks: Mapping[str, str],
        program: str,
        start: datetime | None = None,
        overwrite: bool = False,
        face_points: bool = True,
        fps: float = 30.0,
        threads: int = 1,
        video: VideoOptions | None = None,
        annotated: bool = True,
        clean: bool = False,
        ring: Ring | None = None,
        since: float = 0.0,
        microphone: Microphone | None = None,
        chooser: Chooser = encoders.chooser,
    ) -> None:
        if ring is not None:
            annotated, clean, fps = ring.annotated, ring.clean, ring.fps
        refuse_nothing(annotated, clean)
        self.path = path
        self._names = names_of(path, annotated, clean)
        self._source, self._networks, self._program = source, dict(networks), program
        self._start = start
        self._overwrite, self._face_points = overwrite, face_points
        self._fps, self._video = fps, video or VideoOptions(threads=threads)
        self._annotated, self._clean = annotated, clean
        self._ring, self.since = ring, since
        self._frames_from: Encoding | Ring | None = ring
        self._files: Files | None = None
        self._ended = False
        self._kept: tuple[Path, ...] | None = None
        self._microphone, self._origin = microphone, 0.0
        self._chooser = chooser
        if ring is None:
            chooser.begin(self._video.encoder)
        self.frames = 0
        self.before = 0
        """Frames that came from the ring."""
        self.duration = 0.0
        for target in self._names.all:
            if target != path:
                Placing(target, overwrite=overwrite).abort()  # refuses now what the first frame would be refused
        self._claim = Claim(path, overwrite=overwrite)

    def fit_of(self, size: Size) -> Fit | None:
        """How frames of `size` will lie in the video's pictures; None before the first frame."""
        return self._frames_from.fit_of(size) if self._frames_from is not None else None

    @property
    def notes(self) -> tuple[str, ...]:
        """What did not go as asked though it goes on, in sentences: an encoder that gave up."""
        heard = (self._microphone.note,) if self._microphone is not None and self._microphone.note else ()
        return (self._frames_from.notes if self._frames_from is not None else ()) + heard

    @property
    def encoder(self) -> str:
        """The encoder in use, "" before the first frame."""
        return self._frames_from.encoder if self._frames_from is not None else ""

    def begin(self) -> None:
        """Make the files at once and write what the ring holds; without it the next frame does. Raises RecordingError.

        Does nothing without a ring that holds something.
        """
        if self._ring is None or self._files is not None or self._ended:
            return
        held = self._ring.since(self.since)
        if held:
            self._files = self._made(self._ring.size, held[0].moment)
            self._ring.lend()
            self.before = len(held)
            for taken in held:
                self._add(self._files, taken)

    def write(
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
    ) -> None:
        """Append one frame with its marks drawn: BGR (height, width, 3), taken at `time` (seconds, of any origin).

        `clean`: the same without marks, for the clean video; `pixels` where none are drawn. `scene`: what was found in
        it, in pixels of `pixels`, stored when `analysed`. `interpolated`: its marks are between those of the analysed
        frames before and after it. `index`: of the frame in its session. `position`: seconds in a file being watched.
        `moment`: when it was taken, by the wall clock; now where that is not said.
        Raises RecordingError; what was written until then is kept: call `abort`.
        """
        if self._ended:
            raise RecordingError(f"The recording {self.path} has ended already.")
        self.begin()
        if self._frames_from is None:
            size = (pixels.shape[1], pixels.shape[0])
            self._frames_from = Encoding(
                size,
                annotated=self._annotated,
                clean=self._clean,
                options=self._video,
                fps=self._fps,
                chooser=self._chooser,
            )
        taken = self._frames_from.take(
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
        if self._files is None:
            self._files = self._made(self._frames_from.size, self._start or taken.moment)
            if self._ring is not None:
                self._ring.lend()
        self._add(self._files, taken)
        self._origin = time - self._files.at(taken.ticks)
        self._hear(self._files, time)

    def mute(self, muted: bool) -> None:
        """Hear nothing while frames are left out. May be called from any thread."""
        if self._microphone is not None:
            self._microphone.mute(muted)

    def _hear(self, files: Files, until: float) -> None:
        """Write the sound up to this time (seconds, of the origin of the frames' times)."""
        if self._microphone is not None and files.takes_sound:
            for begun, samples in self._microphone.until(until):
                files.hear(packet_of(samples), begun - self._origin)

    def _add(self, files: Files, taken: Taken) -> None:
        files.add(taken)
        self.frames = files.frames
        self.duration = files.duration

    def _made(self, size: Size, start: datetime) -> Files:
        header = Header(self._program, self._source, size, start, self._networks)
        try:
            return Files(
                self._names,
                header,
                claim=self._claim,
                overwrite=self._overwrite,
                face_points=self._face_points,
                fps=self._fps,
                sound=None if self._microphone is None else HeardSound,
            )
        except BaseException:
            self._ended = True  # its name is no longer held
            raise

    def close(self, *, dropped: int = 0, skipped: int = 0, late: int = 0) -> tuple[Path, ...] | None:
        """End the recording: make its files whole and give them their names, the sidecar first.

        Returns the names, None where no frame was written: there are no files then. Raises RecordingError where that
        fails; what could be written is kept, and `abort` gives its names.
        """
        if self._ended:
            return None
        if self._microphone is not None:
            self._microphone.stop()
        self.begin()
        self._ended = True
        files = self._files
        if files is None:
            self._claim.give_up()
            return None
        try:
            files.write(self._rest())
            self.duration = files.duration
            self._hear(files, self._origin + self.duration)
            return files.finish(dropped=dropped, skipped=skipped, late=late)
        except BaseException:
            files.close_quietly()
            self._kept = files.names()
            raise

    def abort(self) -> tuple[Path, ...] | None:
        """End it after an error, one of `close` too: close what can be closed and keep it.

        Returns the names of data and videos, temporary ones but for what `close` could still name; None where nothing
        was written or they were told already. Never raises.
        """
        if self._microphone is not None:
            self._microphone.stop()
        if self._ended or self._files is None:
            if self._files is None:
                self._claim.give_up()
            self._ended = True
            kept, self._kept = self._kept, None
            return kept
        self._ended = True
        with contextlib.suppress(RecordingError):  # the first error has been told, this one only follows from it
            self._rest()
        self._files.close_quietly()
        return self._files.names()

    def _rest(self) -> Packets:
        """What the encoders still hold."""
        if self._ring is not None:
            return self._ring.take_back()
        assert isinstance(self._frames_from, Encoding)  # there are no files without it
        return self._frames_from.finish()
