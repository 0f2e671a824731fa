"""Repairs what interrupted runs left: files that were named, and all of folders, one after another."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from desktop.recordings.leftovers import Leftover, find_leftovers, leftover_of
from desktop.recordings.playable import Halted
from desktop.recordings.repair import Repaired, repair
from models.errors import RecordingError


@dataclass(slots=True)
class Outcome:
    """What was `repaired`, a sentence for each of the `failures`, and whether it was `interrupted` before its end."""

    repaired: list[Repaired] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    interrupted: bool = False


def gather(paths: Sequence[Path]) -> list[Leftover]:
    """What is to be repaired: in folders all that nobody writes, by any of its names what is named, each once.

    Raises RecordingError where a path is not there, or is nothing that an interrupted run left.
    """
    found: dict[Path, Leftover] = {}
    for path in paths:
        if path.is_dir():
            found |= {one.stem: one for one in find_leftovers(path)}
            continue
        one = leftover_of(path)
        if one is None:
            raise RecordingError(
                f"{path} is nothing that an interrupted recording left: name its .part file, or the folder it is in."
                if path.exists()
                else f"There is no file {path}."
            )
        found[one.stem] = one
    return list(found.values())


def repair_all(
    leftovers: Sequence[Leftover],
    *,
    stopped: Callable[[], bool] = lambda: False,
    progress: Callable[[str, float], None] = lambda _what, _share: None,
    told: Callable[[str], None] = lambda _sentence: None,
    failed: Callable[[str], None] = lambda _sentence: None,
) -> Outcome:
    """Repair each. One that cannot be is told to `failed` and left as it was, the others go on.

    `stopped` is asked all the time: the one in hand is left as it was then. `progress`: what is being done, and how
    much of all (0 to 1). `told`: the sentence of each that was repaired.
    """
    outcome = Outcome()
    for number, leftover in enumerate(leftovers):

        def going(share: float, number: int = number, name: str = leftover.stem.name) -> bool:
            progress(f"Repairing {name}", (number + share) / len(leftovers))
            return not stopped()

        if stopped():
            outcome.interrupted = True
            break
        try:
            outcome.repaired.append(repair(leftover, going))
            told(outcome.repaired[-1].sentence)
        except Halted:
            outcome.interrupted = True
            break
        except RecordingError as error:
            outcome.failures.append(str(error))
            failed(str(error))
    return outcome
