"""`onlooker repair`: what an interrupted recording left becomes a whole one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from desktop.commands import bars
from desktop.commands.interruption import Interrupted, between_steps
from desktop.commands.options import Debug, Json, Quiet
from desktop.commands.talk import Talk

if TYPE_CHECKING:
    from desktop.recordings.repair import Repaired


def repair(
    paths: Annotated[
        list[Path],
        typer.Argument(
            metavar="FILE_OR_FOLDER", help="NAME.mp4.part, or a folder in which all are repaired.", show_default=False
        ),
    ],
    json: Json = False,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Make whole videos of what a crash left (NAME.mp4.part).

    The video becomes an ordinary MP4 of all its frames that play, nothing is encoded anew; its data are cut to these
    frames. No file is replaced, and what is being recorded at this moment is not touched.
    """
    from desktop.batch.repair import gather, repair_all

    talk = Talk(quiet=quiet, debug=debug)
    found = gather(paths)
    with between_steps() as stop, bars.loading(talk) as progress:
        outcome = repair_all(found, stopped=stop, progress=progress, told=talk.say, failed=talk.fail)
    if json:
        talk.answer_json({"repaired": [_of(one) for one in outcome.repaired], "failed": outcome.failures})
    if not found:
        talk.say("There is nothing to repair.")
    if stop.asked:
        raise Interrupted(stop.asked)
    if outcome.failures:
        raise typer.Exit(1)


def _of(one: Repaired) -> dict[str, Any]:
    return {
        "files": [str(path) for path in one.files],
        "frames": one.frames,
        "seconds": round(one.seconds, 6),
        "notes": list(one.notes),
    }
