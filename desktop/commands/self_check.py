"""`onlooker self-check`: does it work here? Every part is tried for real."""

from __future__ import annotations

import logging
import time
from dataclasses import asdict, dataclass
from typing import Annotated

import typer

from desktop import __version__
from desktop.commands import bars, checks
from desktop.commands.options import Debug, Device, Json, OnDevice, Quiet
from desktop.commands.talk import Talk
from models.errors import OnlookerError

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Result:
    """How one check went. `says`: what was found, or what is wrong and what to do. `seconds`: how long it took."""

    name: str
    ok: bool
    says: str
    seconds: float


def self_check(
    no_window: Annotated[bool, typer.Option("--no-window", help="Leave out what only the window needs.")] = False,
    device: OnDevice = Device.AUTO,
    json: Json = False,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Try every part: does it work here?

    Networks against stored answers, a video written and read back, the demo clip, Qt. Exit status 1 where one fails.
    """
    talk = Talk(quiet=quiet, debug=debug)
    wanted = list(checks.checks(device=device.value, window=not no_window))
    width = max(len(check.name) for check in wanted)
    results = []
    for check in wanted:
        result = _tried(check, talk)
        results.append(result)
        if not json:
            talk.answer(f"{'ok    ' if result.ok else 'FAILED'}  {result.name.ljust(width)}  {result.says}")
    failed = [result.name for result in results if not result.ok]
    if json:
        talk.answer_json({"ok": not failed, "version": __version__, "checks": [asdict(result) for result in results]})
    if failed:
        talk.fail(f"{len(failed)} of {len(results)} checks failed: {', '.join(failed)}.")
        raise typer.Exit(1)
    talk.say(f"All {len(results)} checks are ok.")


def _tried(check: checks.Check, talk: Talk) -> Result:
    begun = time.perf_counter()
    try:
        with bars.loading(talk) as report:
            ok, says = True, check.run(report)
    except OnlookerError as error:
        ok, says = False, str(error)
    except Exception as error:  # whatever is broken, the other checks are tried
        logger.debug("%s failed", check.name, exc_info=True)
        ok, says = False, f"{type(error).__name__}: {str(error).partition(chr(10))[0]}".removesuffix(": ")
    return Result(check.name, ok, says, round(time.perf_counter() - begun, 3))
