"""Exports a sidecar: what was found, in a format that other programs read."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from desktop.batch.exports import coco, csv_long, csv_wide, mot, webvtt, yolo
from desktop.batch.exports.contents import Choice, Contents, Seen
from desktop.batch.exports.formats import Format, check_name
from desktop.batch.fitting import is_same
from desktop.batch.folder_place import FolderPlace
from desktop.recordings.locking import Lock
from desktop.recordings.placing import Placing
from desktop.recordings.reasons import why
from desktop.recordings.sidecar_reader import read_sidecar
from models.errors import RecordingError

_WHOLE = {Format.CSV_LONG: csv_long.text, Format.CSV_WIDE: csv_wide.text, Format.COCO: coco.text}
_OF_A_VIDEO: dict[Format, tuple[str, Callable[[Iterable[Seen]], Iterator[str]]]] = {
    Format.MOT: (".txt", mot.text),
    Format.WEBVTT: (".vtt", webvtt.text),
}


@dataclass(frozen=True, slots=True)
class Exported:
    """What came of it: where it lies, how many `frames` it tells of, and the inputs that had been `cut` off."""

    path: Path
    frames: int
    cut: tuple[str, ...]


def export(
    sidecar: Path, target: Path, chosen: Format, choice: Choice | None = None, *, overwrite: bool = False
) -> Exported:
    """Write what `sidecar` tells into `target`: a file, or a folder for YOLO's many, and for MOT and WebVTT of several
    videos.

    Only frames that were analysed are exported. Raises RecordingError where the sidecar cannot be read, is damaged or
    holds nothing for this format, and where the target exists (unless `overwrite`) or cannot be written, WrongNameError
    where its ending says another kind of file; nothing is left then.
    """
    if is_same(target, sidecar):
        raise RecordingError(f"{target} is the sidecar itself: choose another output.")
    check_name(target, chosen, folder=chosen is Format.YOLO)
    contents = Contents(lambda: read_sidecar(sidecar), sidecar.stem, choice)
    if chosen in _WHOLE:
        _write_file(target, _WHOLE[chosen](contents), overwrite)
    elif chosen is Format.YOLO:
        _write_folder(target, yolo.files(contents), overwrite)
    else:
        suffix, text = _OF_A_VIDEO[chosen]
        videos = [source for source in contents.inputs if not source.picture]
        if not videos:
            raise RecordingError(f"{sidecar} tells of pictures only, and {chosen} is for videos: take another format.")
        seen = (one for one in contents.analysed() if not one[0].picture)
        if len(videos) == 1:
            _write_file(target, text(seen), overwrite)
        else:
            check_name(target, chosen, folder=True)
            each = groupby(seen, key=lambda one: one[0].stem)
            _write_folder(target, ((stem + suffix, text(own)) for stem, own in each), overwrite)
    return Exported(target, contents.frames, tuple(contents.cut))


def _write_file(target: Path, text: Iterator[str], overwrite: bool) -> None:
    place = Placing(target, overwrite=overwrite)
    lock = None
    try:
        lock = Lock(place.temporary)
        _write(place.temporary, text)
    except BaseException:
        if lock is not None:
            lock.release()
        place.abort()
        raise
    lock.release()  # a locked file cannot be renamed on Windows
    place.finish()


def _write_folder(target: Path, files: Iterator[tuple[str, Iterator[str]]], overwrite: bool) -> None:
    place = FolderPlace(target, overwrite=overwrite)
    try:
        for name, text in files:
            path = place.temporary / name
            path.parent.mkdir(exist_ok=True)
            _write(path, text)
    except OSError as error:
        place.abort()
        raise RecordingError(f"The folder {target} cannot be written: {why(error)}.") from error
    except BaseException:
        place.abort()
        raise
    place.finish()


def _write(path: Path, text: Iterator[str]) -> None:
    try:
        with path.open("w", encoding="utf-8", errors="replace", newline="\n") as file:
            file.writelines(text)
    except OSError as error:
        raise RecordingError(f"{path} cannot be written: {why(error)}.") from error
