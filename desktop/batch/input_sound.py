"""The sound of an input, copied into the video that is made of it, in time with its pictures."""

from __future__ import annotations

from desktop.recordings.sound import LATE, Sound, sound_of
from desktop.recordings.video_writer import VideoWriter
from desktop.sources.sound import SoundSource
from desktop.sources.source import Source
from desktop.sources.video import VideoSource


class InputSound:
    """All sound streams of a video file; of any other source there is none. Used by one thread at a time.

    `note`: a sentence where sound had to be left out, else "".
    """

    def __init__(self, source: Source) -> None:
        self._video = source if isinstance(source, VideoSource) else None
        self._source = None if self._video is None else SoundSource(self._video.path)
        self.note = ""
        if self._source is not None and self._source.unknown:
            all_of = "Its sound" if not self._source.streams else "A part of its sound"
            self.note = f"{source.name}: {all_of} is coded in a way that is not known here, and was left out."

    def writers(self) -> tuple[Sound, ...]:
        """What the video is to be made with; asked once the first frame is there."""
        if self._source is None or self._video is None:
            return ()
        begins = self._source.begins(self._video.origins, -LATE)
        return tuple(sound_of(stream, begin) for stream, begin in zip(self._source.streams, begins, strict=True))

    def copy(self, file: VideoWriter, time: float, *, last: bool = False) -> None:
        """Copy what is heard up to `time`, seconds from the first frame; with `last`, before it. Raises RecordingError.

        A frame was written before: sound cannot come first.
        """
        if self._source is None or self._video is None or not file.takes_sound:
            return
        for packet in self._source.until(time, self._video.origins):
            if not (last and packet.time >= time):
                file.write_sound(packet.number, packet.packet, packet.time)

    def close(self) -> None:
        """Let go of the file."""
        if self._source is not None:
            self._source.close()
