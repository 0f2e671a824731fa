"""A folder of text files on its way to its name: written as NAME.part, renamed when it is whole."""

from __future__ import annotations

import shutil
from pathlib import Path

from desktop.recordings.locking import ExistsError
from desktop.recordings.placing import temporary_name
from desktop.recordings.reasons import why
from models.errors import RecordingError

_OURS = frozenset({".txt", ".vtt", ".yaml"})


class FolderPlace:
    """`temporary` is filled by the caller, then `finish` or `abort` is called.

    Raises RecordingError where the target is a file, or a folder that holds anything. With `overwrite` a folder is
    replaced that holds nothing but texts such as an export writes: no pictures of anybody's are removed.
    """

    def __init__(self, target: Path, *, overwrite: bool = False) -> None:
        self.target = target
        self._overwrite = overwrite
        self._refuse()
        self.temporary = temporary_name(target)
        try:
            if overwrite and _is_ours(self.temporary):
                shutil.rmtree(self.temporary)  # left by an export that was killed: it can be made again
            self.temporary.mkdir()
        except FileExistsError as error:
            raise RecordingError(
                f"{self.temporary} exists, left by an export that was cut off or is running: remove it, or choose "
                "another name."
            ) from error
        except OSError as error:
            raise RecordingError(f"The folder {target} cannot be made: {why(error)}.") from error

    def finish(self) -> Path:
        """Give it its name, in place of what was there."""
        self._refuse()
        try:
            if self.target.is_dir():
                shutil.rmtree(self.target)
            self.temporary.rename(self.target)
        except OSError as error:
            raise RecordingError(f"{self.temporary} cannot be renamed to {self.target}: {why(error)}.") from error
        return self.target

    def abort(self) -> None:
        """Remove what was written so far. Never raises."""
        shutil.rmtree(self.temporary, ignore_errors=True)

    def _refuse(self) -> None:
        try:
            if self.target.is_dir():
                if any(self.target.iterdir()) and not (self._overwrite and _is_ours(self.target)):
                    if not self._overwrite and _is_ours(self.target):
                        raise ExistsError(f"The folder {self.target} is not empty: name another one.")
                    what = "holds more than an export" if self._overwrite else "is not empty"
                    raise RecordingError(f"The folder {self.target} {what}: name another one.")
            elif self.target.exists() or self.target.is_symlink():
                raise RecordingError(f"{self.target} is a file, and this export is a folder: name another one.")
        except OSError as error:
            raise RecordingError(f"{self.target} cannot be written: {why(error)}.") from error


def _is_ours(folder: Path) -> bool:
    """Whether it is a folder that holds nothing but texts such as an export writes."""
    if folder.is_symlink() or not folder.is_dir():
        return False
    return all(
        path.is_file() and path.suffix in _OURS if path.name != "labels" else path.is_dir()
        for path in folder.rglob("*")
    )
