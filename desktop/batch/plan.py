"""What is to be annotated, and where each result goes: decided, and refused, before anything is read or written."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from desktop.batch.outputs import DATA_SUFFIX, VIDEO_SUFFIX
from desktop.batch.outputs import PICTURE_SUFFIXES as WRITABLE
from desktop.recordings.placing import Placing
from desktop.recordings.reasons import why
from desktop.sources.address import without_secrets
from desktop.sources.naming import NOT_LIVE, expanded, make_source, name_of, path_of
from desktop.sources.pictures import PICTURE_SUFFIXES, FolderSource, PictureSource
from desktop.sources.video import VIDEO_SUFFIXES
from models.errors import RecordingError, SourceError, WrongNameError


@dataclass(frozen=True, slots=True)
class Job:
    """One video or picture. `name`: the source's. `target`: where the annotated one goes."""

    name: str
    picture: bool
    target: Path


@dataclass(frozen=True, slots=True)
class Plan:
    """All that is to be done. `folder`: an output folder that has to be made first, None where there is none."""

    jobs: tuple[Job, ...]
    data: Path | None
    overwrite: bool
    folder: Path | None = None


def plan(inputs: Sequence[str], output: str, data: str | None = None, *, overwrite: bool = False) -> Plan:
    """The plan for `inputs` (names of sources) into `output`.

    `output`: a file for a single video or picture, else a folder, which is made where it is missing. `data`: the file
    of the data lines. Raises SourceError for live sources, names of nothing and folders that hold nothing,
    RecordingError where a result has no place: it exists (unless `overwrite`), is an input, or its folder is not
    writable, WrongNameError where its ending is not that of its kind.
    """
    names = [name for given in inputs for name in _names(given)]
    if not output.strip() or (data is not None and not data.strip()):
        raise RecordingError("No output is named: name a file, or a folder.")
    target = expanded(output)
    many = len(inputs) > 1 or any(_is_folder(given) for given in inputs)
    is_folder = _is(target, stat.S_ISDIR)
    if many and not is_folder and _is(target, lambda _mode: True):
        raise RecordingError(f"{target} is a file: several inputs, or a folder, are annotated into a folder.")
    inside = many or is_folder or output.endswith(("/", os.sep))
    if inside:
        jobs = _into_folder(names, target)
    else:
        jobs = [Job(names[0], _is_picture(names[0]), target)]
        _refuse_kind(jobs[0])
    made = Plan(tuple(jobs), None if data is None else expanded(data), overwrite, target if inside else None)
    _refuse_inputs(made, inputs)
    _refuse_places(made)
    return made


def _names(given: str) -> list[str]:
    """The names of the sources that an input stands for: itself, or what lies in the folder.

    In a folder the endings say what is a video; a file that is named by itself may be called anything.
    """
    if make_source(given, names=NOT_LIVE).live:
        raise SourceError(
            f"{without_secrets(given)} is live, and only videos, pictures and folders can be annotated: "
            f"watch it in the window, with `onlooker {without_secrets(given)}`, or record it with `onlooker record`."
        )
    if not _is_folder(given):
        return [given]
    try:
        entries = sorted(path_of(given).iterdir(), key=lambda path: path.name)
    except OSError as error:
        raise SourceError(f"The folder {given} cannot be read: {why(error)}.") from error
    kinds = (*PICTURE_SUFFIXES, *VIDEO_SUFFIXES)
    named = [path for path in entries if path.suffix.lower() in kinds and not path.name.startswith(".")]
    found = [name_of(path) for path in named if _is(path, stat.S_ISREG)]  # no folder, no pipe, no link to nothing
    if not found:
        raise SourceError(f"The folder {given} holds no pictures or videos.")
    return found


def _is(path: Path, kind: Callable[[int], bool]) -> bool:
    """Whether there is something of this kind, a link's target; False too for names that no file can have."""
    try:
        return kind(path.stat().st_mode)
    except (OSError, ValueError):
        return False


def _is_folder(given: str) -> bool:
    return isinstance(make_source(given), FolderSource)


def _is_picture(name: str) -> bool:
    return isinstance(make_source(name), PictureSource)


def _into_folder(names: Iterable[str], folder: Path) -> list[Job]:
    """A place in `folder` for each, of its own name; a second one of the same name becomes NAME-2."""
    jobs: list[Job] = []
    taken: set[str] = set()
    for name in names:
        picture = _is_picture(name)
        path = path_of(name)
        suffix = VIDEO_SUFFIX if not picture else path.suffix if path.suffix.lower() in WRITABLE else ".png"
        stem, number = path.stem, 1
        while (own := f"{stem}{suffix}" if number == 1 else f"{stem}-{number}{suffix}").lower() in taken:
            number += 1
        taken.add(own.lower())  # some file systems do not tell upper case from lower
        jobs.append(Job(name, picture, folder / own))
    return jobs


def _refuse_kind(job: Job) -> None:
    suffix = job.target.suffix
    if job.picture and suffix.lower() not in WRITABLE:
        raise WrongNameError(f"{job.target} is no name for a picture: end it with {', '.join(WRITABLE)}.")
    if not job.picture and suffix != VIDEO_SUFFIX:  # in small letters: what a crash leaves is found by its name
        raise WrongNameError(f"{job.target} is no name for a video: end it with {VIDEO_SUFFIX}.")


def _refuse_inputs(made: Plan, inputs: Sequence[str]) -> None:
    """Nothing that is read is written, not even with --overwrite; nor are two results written into one file.

    Nor are lines of JSON written under another ending.
    """
    read = {_identity(path_of(name)) for name in (*inputs, *(job.name for job in made.jobs))}
    for target in _targets(made):
        if _identity(target) in read:
            raise RecordingError(f"{target} is an input: choose another output.")
    if made.data is not None and _identity(made.data) in {_identity(job.target) for job in made.jobs}:
        raise RecordingError(f"{made.data} cannot hold both picture and data: choose another name for the data.")
    if made.data is not None and made.data.suffix.lower() != DATA_SUFFIX:
        raise WrongNameError(
            f"{made.data} is no name for the data, which are lines of JSON: end it with {DATA_SUFFIX}, and make other "
            "formats of it with `onlooker export`."
        )


def _identity(path: Path) -> object:
    """The same for every name of one file."""
    try:
        status = path.stat()
    except (OSError, ValueError):
        return path.absolute()
    return (status.st_dev, status.st_ino) if status.st_ino else path.resolve()


def _refuse_places(made: Plan) -> None:
    """Raise now what the first write would raise after minutes of work."""
    fresh = make_folder(made.folder)
    try:
        for target in _targets(made):
            if not made.overwrite and os.path.lexists(target) and not _is(target, stat.S_ISDIR):
                raise RecordingError(
                    f"{target} exists: choose another name, or allow it to be replaced with --overwrite."
                )
            Placing(target, overwrite=made.overwrite).abort()
    finally:
        if fresh and made.folder is not None:
            made.folder.rmdir()


def make_folder(folder: Path | None) -> bool:
    """Make an output folder where one is wanted; whether it was not there before. Raises RecordingError."""
    if folder is None or _is(folder, stat.S_ISDIR):
        return False
    try:
        folder.mkdir()
    except OSError as error:
        raise RecordingError(f"The folder {folder} cannot be made: {why(error)}.") from error
    return True


def _targets(made: Plan) -> list[Path]:
    return [*(job.target for job in made.jobs), *([made.data] if made.data is not None else [])]
