"""The hidden command behind `onlooker [SOURCE]`: it opens the window."""

from __future__ import annotations

from typing import Annotated

import typer

from desktop.commands import display
from desktop.commands.options import Debug, Quiet
from desktop.commands.talk import Talk
from models.errors import DisplayError


def window(
    source: Annotated[
        str | None,
        typer.Argument(
            metavar="SOURCE",
            help="camera:0, camera:NAME, a video, a picture, a folder of pictures, or demo.",
            show_default=False,
        ),
    ] = None,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Open the window, and watch SOURCE in it."""
    talk = Talk(quiet=quiet, debug=debug)
    if source is not None:  # a word that names no source is told at once, not in a window that shows nothing
        from desktop.sources.naming import make_source

        make_source(source)
    display.check()

    from desktop.settings import load

    settings, notice = load()
    if notice:
        talk.say(notice)
    try:
        from desktop.window.application import run
    except ImportError as error:
        if error.name is not None and not error.name.startswith(("PySide6", "shiboken6")):
            raise
        raise DisplayError(f"The window cannot be opened: {str(error).partition(chr(10))[0]}.") from error
    raise typer.Exit(run(source, settings, notice))
