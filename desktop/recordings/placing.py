"""Files are written under a temporary name beside their target and take its name when they are whole."""

from __future__ import annotations

import os
from pathlib import Path

from desktop.recordings.locking import ExistsError, NameTakenError, is_locked
from desktop.recordings.reasons import why
from models.errors import RecordingError

SUFFIX = ".part"


def temporary_name(target: Path) -> Path:
    """The name a file has while it is written: NAME.mp4 -> NAME.mp4.part, in the same folder."""
    return target.with_name(target.name + SUFFIX)


def clean_name(target: Path) -> Path:
    """The clean video's name beside the annotated one of the same recording: NAME.mp4 -> NAME.clean.mp4."""
    return target.with_name(f"{target.stem}.clean{target.suffix}")


def free_name(target: Path) -> Path:
    """`target`, or the first of NAME-2, NAME-3, … which no video, clean video, sidecar or temporary file has."""
    number = 1
    while True:
        name = target if number == 1 else target.with_name(f"{target.stem}-{number}{target.suffix}")
        family = (name, clean_name(name), name.with_suffix(".jsonl"))
        if not any(os.path.lexists(path) for one in family for path in (one, temporary_name(one))):
            return name
        number += 1


def _followed(target: Path) -> Path:
    """The file that a link names at its end, or that will be made there; the target itself where it is no link."""
    try:
        return target.resolve() if target.is_symlink() else target
    except (OSError, RuntimeError) as error:  # RuntimeError: links in a circle
        raise RecordingError(f"{target} cannot be written: it is a link that leads nowhere.") from error


class Placing:
    """One file on its way to its name: `temporary` is written by the caller, then `finish` or `abort` is called.

    Raises NameTakenError where the target exists or a temporary file of an interrupted run is in the way (unless
    `overwrite`), RecordingError where it is a folder, and where its folder cannot be written to. The temporary file
    is made at once, empty, so that no second program takes the same name. One that is there already, and may be the
    only copy of what an interrupted run recorded, stays as it is until the caller writes. A target that is a link stays
    one: where `overwrite` allows it, the file that it names is replaced.
    """

    def __init__(self, target: Path, *, overwrite: bool = False) -> None:
        self.target = target
        self._overwrite = overwrite
        self._refuse()
        self._file = _followed(target)
        self.temporary = temporary_name(self._file)
        if overwrite and is_locked(self.temporary):
            raise NameTakenError(f"{self.temporary} is being written by another recording: choose another name.")
        self._left: int | None = None  # bytes that an interrupted run left
        try:
            if overwrite and self.temporary.exists():
                self._left = self.temporary.stat().st_size
            self.temporary.open("ab" if overwrite else "xb").close()
        except FileExistsError as error:
            raise NameTakenError(
                f"{self.temporary} is there already: another recording writes it or was cut off; "
                "move it away first, or make it whole with `onlooker repair`."
            ) from error
        except OSError as error:
            raise RecordingError(f"{target} cannot be written: {why(error)}.") from error

    def finish(self) -> Path:
        """Give the whole file its name, which is returned. Raises RecordingError; the temporary file is kept then."""
        self.refuse_taken()
        try:
            self.temporary.replace(self._file)
        except OSError as error:
            raise RecordingError(
                f"{self.target} cannot be named: {why(error)}. What was written is kept as {self.temporary}."
            ) from error
        return self.target

    def refuse_taken(self) -> None:
        """Raise RecordingError where somebody else has taken the name meanwhile (unless `overwrite`)."""
        self._refuse(f" What was written is kept as {self.temporary}.")

    def abort(self) -> None:
        """Remove the temporary file, unless it was there before and nothing was written since. Never raises."""
        try:
            if self._left is None or self.temporary.stat().st_size != self._left:
                self.temporary.unlink(missing_ok=True)
        except OSError:
            return  # what cannot be removed stays under its temporary name, which promises nothing

    def _refuse(self, addition: str = "") -> None:
        try:
            if self.target.is_dir():
                raise RecordingError(f"{self.target} is a folder: name a file inside it.{addition}")
            if not self._overwrite and os.path.lexists(self.target):
                raise ExistsError(f"{self.target} exists: choose another name.{addition}")
        except OSError as error:
            raise RecordingError(f"{self.target} cannot be written: {why(error)}.{addition}") from error
