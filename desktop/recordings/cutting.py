"""A sidecar cut to the frames of its video: the lines it has for them, plain ones for those without, an end line."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from desktop.recordings.playable import STRIDE, Going, Halted
from desktop.recordings.reasons import why, why_unread
from desktop.recordings.sidecar_reader import LONGEST, End, Entry, Header, Line, entry_of
from desktop.recordings.syncing import sync
from models.errors import RecordingError

_NEAR = 0.002
"""Seconds by which a line's time may differ from its frame's, which is rounded to ticks, as the line's is not."""


class NoSidecarError(RecordingError):
    """A file holds no data of one recording."""


_LONGEST_END = 1 << 14  # bytes; it may hold the name of an input


@dataclass(frozen=True, slots=True)
class Cut:
    """What became of a sidecar: lines `kept`, `beyond` the video's end and left out, `added` for frames without one."""

    kept: int
    beyond: int
    added: int


def cut_sidecar(source: Path, target: Path, times: Sequence[float], going: Going = lambda _share: True) -> Cut:
    """Write to `target`, which is on disk then, the lines of `source` for the frames of a video, at `times` seconds.

    A line belongs to the frame of its number where their times agree. Lines of frames that the video does not hold are
    left out, as is what cannot be read; a frame without a line gets one that says it was not analysed. Raises
    NoSidecarError where there is no header to begin with, or another one follows, RecordingError where `target` cannot
    be written, Halted where `going` says so.
    """
    entries = _entries(source, going)
    raw, header = next(entries, (b"", None))
    if not isinstance(header, Header):
        raise NoSidecarError(f"{source} holds no data of a recording: its first line is no header.")
    try:
        with target.open("wb") as out:
            out.write(raw)
            cut, skipped = _lines(entries, out, times, header.file, source)
            end = {"end": True, "frames": len(times), "dropped": 0, "skipped": skipped, "late": 0, "repaired": True}
            out.write(_line(header.file, end))
            _sync(out)
    except OSError as error:
        raise RecordingError(f"The data file {target} cannot be written: {why(error)}.") from error
    return cut


def close_data(source: Path, target: Path) -> int:
    """Write to `target`, on disk then, what can be read of data without a video, with the end line where it lacks one.

    Returns how many frames and pictures it holds. Raises NoSidecarError where that is none, RecordingError where
    `target` cannot be written.
    """
    count = frames = skipped = 0
    begun: Header | None = None

    def end() -> bytes:
        entry = {"end": True, "frames": frames, "dropped": 0, "skipped": skipped, "late": 0, "repaired": True}
        return _line(begun.file if begun is not None else None, entry)

    try:
        with target.open("wb") as out:
            for raw, entry in _entries(source, lambda _share: True):
                if isinstance(entry, Header | End):
                    if begun is not None and isinstance(entry, Header):
                        out.write(end())
                    begun = entry if isinstance(entry, Header) else None
                    frames = skipped = 0
                elif isinstance(entry, Line):
                    count, frames, skipped = count + 1, frames + 1, skipped + (not entry.analysed)
                out.write(raw)
            if begun is not None:
                out.write(end())
            _sync(out)
    except OSError as error:
        raise RecordingError(f"The data file {target} cannot be written: {why(error)}.") from error
    if not count:
        raise NoSidecarError(f"{source} holds no data of a recording.")
    return count


def fits(source: Path, times: Sequence[float], going: Going = lambda _share: True) -> bool:
    """Whether a sidecar is whole and has a line for each frame at `times`, and no other. Raises Halted alone."""
    frames = 0
    ended = False
    if not _ends(source):
        return False
    try:
        for number, (_, entry) in enumerate(_entries(source, going, strict=True)):
            if ended or isinstance(entry, Header) != (number == 0):
                return False
            if isinstance(entry, Line):
                if frames >= len(times) or entry.frame != frames or abs(entry.time - times[frames]) > _NEAR:
                    return False
                frames += 1
            ended = isinstance(entry, End) and entry.frames == frames
    except (RecordingError, ValueError):
        return False
    return ended and frames == len(times)


def _ends(source: Path) -> bool:
    """Whether the last line is an end line; nothing else is read, which takes minutes for an hour of faces."""
    try:
        with source.open("rb") as file:
            file.seek(max(0, source.stat().st_size - _LONGEST_END))
            *_, last = file.read().splitlines(keepends=True) or [b""]
        return isinstance(entry_of(last), End)
    except (OSError, ValueError):
        return False


def _lines(
    entries: Iterator[tuple[bytes, Entry]], out: IO[bytes], times: Sequence[float], file: str | None, source: Path
) -> tuple[Cut, int]:
    """Write the lines of frames; what became of them, and how many of the frames in the file were not analysed."""
    kept = beyond = added = skipped = place = 0

    def add(until: int) -> None:
        nonlocal added, skipped, place
        while place < until:
            out.write(_line(file, {"frame": place, "time": round(times[place], 6), "analysed": False}))
            added, skipped, place = added + 1, skipped + 1, place + 1

    for raw, entry in entries:
        if isinstance(entry, Header):
            raise NoSidecarError(f"{source} holds the data of several videos.")
        if not isinstance(entry, Line):
            continue
        if entry.frame >= len(times):
            beyond += 1
        elif entry.frame >= place and abs(entry.time - times[entry.frame]) <= _NEAR:
            add(entry.frame)
            out.write(raw)
            kept, skipped, place = kept + 1, skipped + (not entry.analysed), place + 1
    add(len(times))
    return Cut(kept, beyond, added), skipped


def _entries(path: Path, going: Going, *, strict: bool = False) -> Iterator[tuple[bytes, Entry]]:
    """The lines that can be read, each with its line break. Raises RecordingError where the file cannot be opened, and
    with `strict` ValueError at the first line that cannot be read."""
    try:
        with path.open("rb") as file:
            size, number = max(1, path.stat().st_size), 0
            while raw := file.readline(LONGEST):
                number += 1
                if number % STRIDE == 0 and not going(min(1.0, file.tell() / size)):
                    raise Halted
                try:
                    entry = entry_of(raw if raw.endswith(b"\n") else b"")  # one that was cut off is none
                except ValueError:
                    if strict:
                        raise
                    continue
                if entry is not None:
                    yield raw, entry
    except OSError as error:
        raise RecordingError(f"The data file {path} cannot be read: {why_unread(error)}.") from error


def _line(file: str | None, entry: Mapping[str, object]) -> bytes:
    named = entry if file is None else {"file": file, **entry}
    return json.dumps(named, ensure_ascii=False).encode("utf-8", "replace") + b"\n"


def _sync(out: IO[bytes]) -> None:
    out.flush()
    sync(out.fileno())
