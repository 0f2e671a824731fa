"""Whether a sidecar belongs to a video: the same size, and a line for each frame at its time."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from av.error import FFmpegError

from desktop.recordings.overlay import NEAR
from desktop.recordings.pixels import Size
from desktop.recordings.sidecar_inputs import is_picture, numbered
from desktop.recordings.sidecar_reader import Entry, Header, Line, read_sidecar
from desktop.sources.video import opened, video_stream
from models.errors import RecordingError, SourceError

_LEAST = 0.5  # share of the frames that must have a line: with fewer it is the sidecar of another video


@dataclass(slots=True)
class Told:
    """A video that a sidecar tells of: its `file` in the data of annotate, its size, the seconds of its frames."""

    number: int
    file: str | None
    size: Size | None
    times: array[float]


def told_of(sidecar: Path, video: Path) -> Told:
    """What a sidecar tells of a video, which is found by its name where there are several.

    Raises RecordingError where it cannot be read, is damaged, or tells of no such video.
    """
    found: dict[int, Told] = {}
    for number, entry in numbered(read_sidecar(sidecar)):
        if is_picture(entry):
            continue
        if number not in found:
            size = entry.size if isinstance(entry, Header) else None
            found[number] = Told(number, entry.file, size, array("d"))
        if isinstance(entry, Line):
            found[number].times.append(entry.time)
    videos = [told for told in found.values() if told.times]
    if not videos:
        raise RecordingError(f"{sidecar} tells of no frame of a video.")
    if len(videos) == 1:
        return videos[0]
    named = [told for told in videos if told.file is not None and Path(told.file).name == video.name]
    same = [told for told in named if told.file is not None and is_same(Path(told.file), video)] or named
    if len(same) != 1:
        which = "none of them is called" if not same else f"{len(same)} of them are called"
        raise RecordingError(f"{sidecar} tells of {len(videos)} videos, and {which} {video.name}.")
    return same[0]


def lines_of(sidecar: Path, told: Told) -> Iterator[Line]:
    """The lines of one of its videos."""
    entries: Iterable[Entry] = read_sidecar(sidecar)
    for number, entry in numbered(entries):
        if number > told.number:
            return
        if number == told.number and isinstance(entry, Line):
            yield entry


def frame_times(video: Path) -> array[float]:
    """Seconds from the first frame to each, in order, without decoding one. Raises SourceError."""
    try:
        with opened(video) as container:
            stream = video_stream(container, str(video))
            unit = stream.time_base or 0
            times = array("d")
            try:
                for packet in container.demux(stream):
                    if packet.pts is not None and packet.size and not packet.is_discard:
                        times.append(float(packet.pts * unit))
            except (FFmpegError, OSError, IndexError):
                pass  # the end of a file that is not whole: who decodes it says so
    except (FFmpegError, OSError, ValueError) as error:
        raise SourceError(f"{video} cannot be read: it is no video, or it is damaged or cut off.") from error
    times = array("d", sorted(times))
    return array("d", (time - times[0] for time in times))


def compare(sidecar: Path, told: Told, video: Path, times: array[float]) -> str:
    """In what a sidecar does not quite fit its video, as a sentence, "" where it does.

    Raises RecordingError where it is the sidecar of another video.
    """
    frames, lines = len(times), len(told.times)
    alone = _without(times, told.times)
    if frames - alone < _LEAST * frames or not frames:
        raise RecordingError(
            f"{sidecar} is not the sidecar of {video}: of its {_count(frames, 'frame')} "
            f"{frames - alone} have a line at their time."
        )
    unused = _without(told.times, times)
    if not alone and not unused:
        return ""
    return (
        f"{sidecar} does not quite fit {video} ({_count(lines, 'line')}, {_count(frames, 'frame')}): "
        f"{_count(alone, 'frame')} without a line, {_count(unused, 'line')} without a frame."
    )


def _without(these: array[float], those: array[float]) -> int:
    """How many of `these` times have none near them in `those`, each of which counts once; both in order."""
    alone, index = 0, 0
    for time in these:
        while index < len(those) and those[index] < time - NEAR:
            index += 1
        if index < len(those) and those[index] <= time + NEAR:
            index += 1
        else:
            alone += 1
    return alone


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def is_same(one: Path, other: Path) -> bool:
    """Whether both name one file that is there."""
    try:
        return one.samefile(other)
    except (OSError, ValueError):
        return False
