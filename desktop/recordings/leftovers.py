"""What interrupted runs left in a folder: videos and data under temporary names that nobody writes any more."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from desktop.recordings.locking import is_locked
from desktop.recordings.placing import SUFFIX, temporary_name
from desktop.recordings.playable import holds_fragment
from desktop.recordings.reasons import why
from models.errors import RecordingError

VIDEO, CLEAN, DATA = ".mp4", ".clean.mp4", ".jsonl"


@dataclass(frozen=True, slots=True)
class Leftover:
    """The files of one interrupted recording. `stem`: folder and name without an ending.

    `video`, `clean`: under their temporary names, None where there is none or it is whole already. `data`: the sidecar
    beside them, which may have its own name already: it is renamed first.
    """

    stem: Path
    video: Path | None = None
    clean: Path | None = None
    data: Path | None = None

    @property
    def parts(self) -> tuple[Path, ...]:
        """The files that have temporary names."""
        return tuple(path for path in (self.video, self.clean, self.data) if path is not None and _is_part(path))

    @property
    def videos(self) -> dict[str, Path]:
        """Its videos, by their endings."""
        return {ending: path for ending, path in ((VIDEO, self.video), (CLEAN, self.clean)) if path is not None}

    @property
    def promising(self) -> bool:
        """Whether there is anything in its videos that could play."""
        return any(holds_fragment(path) for path in self.videos.values())

    @property
    def running(self) -> bool:
        """Whether somebody is writing it at this moment."""
        return any(is_locked(path) for path in self.parts)

    def name(self, ending: str) -> Path:
        """The name that the file of this ending has when it is whole."""
        return self.stem.with_name(self.stem.name + ending)


def find_leftovers(folder: Path) -> list[Leftover]:
    """Those in a folder, by name, without what is being written. Raises RecordingError where it cannot be read."""
    try:
        paths = sorted(path for path in folder.iterdir() if _is_part(path))
    except OSError as error:
        raise RecordingError(f"The folder {folder} cannot be read: {why(error)}.") from error
    found = {leftover.stem: leftover for path in paths if (leftover := leftover_of(path)) is not None}
    return [leftover for leftover in found.values() if not leftover.running]


def leftover_of(path: Path) -> Leftover | None:
    """What the interrupted recording that a file belongs to has left, None where that is nothing.

    `path`: any of its files, by its temporary name or by the name it was to get.
    """
    whole = path.with_name(path.name.removesuffix(SUFFIX))
    if whole.name.endswith(CLEAN):
        both, alone = (Leftover(whole.with_name(whole.name.removesuffix(ending))) for ending in (CLEAN, VIDEO))
        return _filled(both) if not _exists(alone, DATA) and _exists(both, VIDEO, DATA) else _filled(alone)
    for ending in (VIDEO, DATA):
        if whole.name.endswith(ending):
            return _filled(Leftover(whole.with_name(whole.name.removesuffix(ending))))
    return None


def free_stem(leftover: Leftover) -> Path:
    """The stem under which it may get its names: its own, or the first of NAME-2, NAME-3, … that nothing has."""
    wanted = {leftover.name(DATA), *map(leftover.name, leftover.videos)}  # no video comes beside another's data
    if not any(os.path.lexists(path) for path in wanted - {leftover.data}):
        return leftover.stem
    number = 2
    while True:
        stem = leftover.stem.with_name(f"{leftover.stem.name}-{number}")
        if not _exists(replace(leftover, stem=stem), VIDEO, CLEAN, DATA):
            return stem
        number += 1


def _filled(leftover: Leftover) -> Leftover | None:
    """With its files; None where none has a temporary name."""
    video, clean, data = (temporary_name(leftover.name(ending)) for ending in (VIDEO, CLEAN, DATA))
    named = leftover.name(DATA)
    found = Leftover(
        leftover.stem,
        video if video.is_file() else None,
        clean if clean.is_file() else None,
        data if data.is_file() else named if named.is_file() else None,
    )
    return found if found.parts else None


def _exists(leftover: Leftover, *endings: str) -> bool:
    return any(os.path.lexists(path) for path in _names(leftover, endings))


def _names(leftover: Leftover, endings: tuple[str, ...]) -> Iterator[Path]:
    for ending in endings:
        yield leftover.name(ending)
        yield temporary_name(leftover.name(ending))


def _is_part(path: Path) -> bool:
    return path.name.endswith(tuple(ending + SUFFIX for ending in (VIDEO, DATA)))
