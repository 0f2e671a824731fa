"""Makes of what an interrupted run left a whole recording.

What counts is what of the video plays. It becomes an ordinary MP4 with an index, its packets copied as they are; the
sidecar is cut to its frames. Both are written beside under a third name and synced; then they take the place of the
unfinished ones, and then their own names, the sidecar first. Cut off anywhere, it has lost nothing and can be done
again.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from desktop.recordings.cutting import NoSidecarError, close_data, cut_sidecar, fits
from desktop.recordings.leftovers import DATA, Leftover, free_stem
from desktop.recordings.locking import Lock, before_moving
from desktop.recordings.placing import SUFFIX
from desktop.recordings.playable import Going, Playable, playable, remux
from desktop.recordings.reasons import why
from desktop.recordings.syncing import sync_folder
from models.errors import RecordingError

_WORKING = ".repair"
_ALIKE = 1.0
"""Seconds by which two videos of one recording may differ for the longer to be cut to the shorter."""


@dataclass(frozen=True, slots=True)
class Repaired:
    """What became of a leftover: its files under their names, how much the video holds, and what there is to say."""

    files: tuple[Path, ...]
    frames: int
    seconds: float
    notes: tuple[str, ...] = ()

    @property
    def sentence(self) -> str:
        """For people; the folder, which all files share, is named once."""
        held = f": {self.frames} frame{'' if self.frames == 1 else 's'}, {self.seconds:.1f} s" if self.frames else ""
        first, *others = self.files
        *most, last = (str(first), *(file.name for file in others))
        files = f"{', '.join(most)} and {last}" if most else last
        return " ".join((f"{files} repaired{held}.", *self.notes))


def repair(leftover: Leftover, going: Going = lambda _share: True) -> Repaired:
    """Make it whole and give its files their names, or free ones like them where those are taken.

    `going` is told how far it is, and answers whether to go on. Raises RecordingError where somebody writes it, where
    nothing of it plays, and where the result cannot be written; Halted where `going` says so. It is left as it was
    then.
    """
    if not all(path.is_file() for path in leftover.parts):
        raise RecordingError(f"{leftover.stem} is no longer there as it was left: it was repaired or moved meanwhile.")
    with _held(leftover.parts) as release, _cleaned(leftover):
        if not leftover.videos:
            return _data_alone(leftover, release)
        plays, notes = _plays(leftover, _share_of(going, 0.0, 0.2))
        shortest, longest = (chosen((one.times for one in plays.values()), key=len) for chosen in (min, max))
        times = shortest if longest[-1] - shortest[-1] <= _ALIKE else longest
        made = _remuxed(plays, len(times), _share_of(going, 0.2, 0.6))
        data, note = _data(leftover, times, _share_of(going, 0.6, 1.0))
        if data is not None and leftover.data is not None and data != leftover.data:
            made = {leftover.data: data, **made}
        before_moving(release.close)
        whole = replace(
            leftover,
            video=leftover.video if leftover.video in plays else None,
            clean=leftover.clean if leftover.clean in plays else None,
            data=leftover.data if data is not None else None,
        )
        files = _named(whole, made)
    return Repaired(files, len(times), times[-1], (*notes, note) if note else notes)


def _plays(leftover: Leftover, going: Going) -> tuple[dict[Path, Playable], tuple[str, ...]]:
    """What of each video plays, and what there is to say of the others. Raises the first error where none does."""
    plays: dict[Path, Playable] = {}
    errors: list[RecordingError] = []
    paths = leftover.videos.values()
    for number, path in enumerate(paths):
        try:
            plays[path] = playable(path, _share_of(going, number / len(paths), (number + 1) / len(paths)))
        except RecordingError as error:
            errors.append(error)
    if not plays:
        raise errors[0]
    return plays, tuple(f"{error} It was left." for error in errors)


def _remuxed(plays: dict[Path, Playable], most: int, going: Going) -> dict[Path, Path]:
    """Make ordinary videos of at most so many frames of those that are none yet; where each is, beside the old one."""
    made: dict[Path, Path] = {}
    for number, (path, one) in enumerate(plays.items()):
        if not one.whole or len(one.times) > most:
            made[path] = _working(path)
            share = _share_of(going, number / len(plays), (number + 1) / len(plays))
            remux(path, made[path], one.times[:most], share)
    return made


def _data(leftover: Leftover, times: tuple[float, ...], going: Going) -> tuple[Path | None, str]:
    """The sidecar that fits the video, which may be the one that is there, and what there is to say of it."""
    data = leftover.data
    if data is None:
        return None, "It has no data beside it."
    if fits(data, times, _share_of(going, 0.0, 0.5)):
        return data, ""
    if data == leftover.name(DATA):
        return None, f"{data} belongs to another video."
    working = _working(data)
    try:
        cut = cut_sidecar(data, working, times, _share_of(going, 0.5, 1.0))
    except NoSidecarError as error:
        working.unlink(missing_ok=True)
        return None, f"{error} It was left."
    missing = f" {cut.added} of its frames have no data." if cut.added else ""
    return working, f"Its data were cut to its frames.{missing}"


def _data_alone(leftover: Leftover, release: contextlib.ExitStack) -> Repaired:
    data = leftover.data
    assert data is not None  # it has a part, and no video
    working = _working(data)
    frames = close_data(data, working)
    before_moving(release.close)
    files = _named(leftover, {data: working})
    return Repaired(files, 0, 0.0, (f"They are data of {frames} frames, without a video beside them.",))


def _named(leftover: Leftover, made: dict[Path, Path]) -> tuple[Path, ...]:
    """Put what was made in the place of what was there, and give all their names, the sidecar first."""
    stem = free_stem(leftover)
    files = []
    try:
        for path, working in made.items():
            working.replace(path)
        for ending, part in {DATA: leftover.data, **leftover.videos}.items():
            if part is None:
                continue
            target = stem.with_name(stem.name + ending)
            if part != target:
                if os.path.lexists(target):
                    raise RecordingError(f"{target} was made by somebody meanwhile: try again.")
                part.rename(target)
            files.append(target)
        sync_folder(stem.parent)
    except OSError as error:
        raise RecordingError(f"{leftover.stem} cannot be repaired: {why(error)}.") from error
    return (*files[1:], files[0]) if leftover.data is not None else tuple(files)


def _working(path: Path) -> Path:
    return path.with_name(path.name.removesuffix(SUFFIX) + _WORKING)


@contextlib.contextmanager
def _held(paths: tuple[Path, ...]) -> Iterator[contextlib.ExitStack]:
    """Within it nobody else repairs them or writes to them. Raises RecordingError where somebody does."""
    with contextlib.ExitStack() as locks:
        for path in paths:
            locks.callback(Lock(path).release)
        yield locks


@contextlib.contextmanager
def _cleaned(leftover: Leftover) -> Iterator[None]:
    """Nothing is left of what was only half done."""
    try:
        yield
    finally:
        for path in leftover.parts:
            with contextlib.suppress(OSError):
                _working(path).unlink(missing_ok=True)


def _share_of(going: Going, begin: float, end: float) -> Going:
    return lambda share: going(begin + (end - begin) * share)
