"""What of a file is there already: kept under the file's sum, only so that fetching can go on."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from pathlib import Path

from desktop.recordings.locking import Lock
from desktop.recordings.reasons import why
from models.errors import FetchError, RecordingError

_PIECE = 1 << 20


class Partial:
    """The file SUM.part in a folder, locked while open; use it in `with`.

    `done`: how many bytes it has. `validator`: what the server said that names its version of the file (RFC 9110,
    section 8.8), None where it said nothing; it lies beside as SUM.json. Neither holds the address. Raises FetchError
    where the disk does not take it, or another program fetches the same.
    """

    def __init__(self, folder: Path, sha256: str) -> None:
        self.path = folder / f"{sha256}.part"
        self._note = folder / f"{sha256}.json"
        self._sum = sha256
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self.path.touch()
            self._lock = Lock(self.path)
        except RecordingError as error:
            raise FetchError("Another Onlooker fetches the same file: wait for it, or end it.") from error
        except OSError as error:
            raise FetchError(f"{folder} cannot be written: {why(error)}.") from error
        try:
            self._file = self.path.open("r+b")
            self._hash = hashlib.sha256()
            self.done = 0
            while piece := self._file.read(_PIECE):
                self._hash.update(piece)
                self.done += len(piece)
        except OSError as error:
            self._lock.release()
            raise FetchError(f"{self.path} cannot be read: {why(error)}.") from error
        self.validator = self._noted() if self.done else None

    @property
    def is_whole(self) -> bool:
        """Whether its bytes are those that are wanted."""
        return self._hash.hexdigest() == self._sum

    def begin_again(self, validator: str | None = None) -> None:
        """Forget what is there; `validator` names the version that comes now."""
        self._file.seek(0)
        self._file.truncate()
        self._hash, self.done = hashlib.sha256(), 0
        self.validator = validator
        if validator is None:
            self._note.unlink(missing_ok=True)
        else:
            self._note.write_text(json.dumps({"validator": validator}), encoding="utf-8")

    def add(self, piece: bytes) -> None:
        """Append bytes. Raises OSError where the disk does not take them."""
        self._file.write(piece)
        self._hash.update(piece)
        self.done += len(piece)

    def finish(self, target: Path) -> Path:
        """Give it its name, once it is whole; one of that name is replaced."""
        self._file.flush()
        os.fsync(self._file.fileno())
        self.close()
        self.path.replace(target)
        self._note.unlink(missing_ok=True)
        return target

    def discard(self) -> None:
        """Take it away."""
        self.close()
        self.path.unlink(missing_ok=True)
        self._note.unlink(missing_ok=True)

    def close(self) -> None:
        """Keep what is there, or what the disk took of it; more than once is fine. An empty one is not kept."""
        if self._file.closed:
            return
        with contextlib.suppress(OSError):
            self._file.close()
        self._lock.release()
        if not self.done:
            with contextlib.suppress(OSError):
                self.path.unlink(missing_ok=True)
                self._note.unlink(missing_ok=True)

    def __enter__(self) -> Partial:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def _noted(self) -> str | None:
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
            found = json.loads(self._note.read_text(encoding="utf-8"))["validator"]
            return found if isinstance(found, str) and found.isprintable() else None
        return None
