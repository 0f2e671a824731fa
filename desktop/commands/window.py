"""The hidden command behind `onlooker [SOURCE]`: it opens the window."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from desktop.commands import display
from desktop.commands.object_choice import DEFAULT, object_choice
from desktop.commands.options import (
    Classes,
    ClassScores,
    Debug,
    Detector,
    Device,
    InputSize,
    NoBodies,
    NoFaces,
    NoObjects,
    OnDevice,
    Quiet,
    Score,
)
from desktop.commands.talk import Talk
from models.errors import DisplayError

if TYPE_CHECKING:
    from desktop.settings import Settings


def window(
    source: Annotated[
        str | None,
        typer.Argument(
            metavar="SOURCE",
            help="camera:0, camera:NAME, rtsp://…, http://…, screen:0, a video, a picture, a folder, or demo.",
            show_default=False,
        ),
    ] = None,
    no_objects: NoObjects = False,
    no_faces: NoFaces = False,
    no_bodies: NoBodies = False,
    score: Score = None,
    classes: Classes = None,
    class_score: ClassScores = None,
    detector: Detector = DEFAULT,
    input_size: InputSize = None,
    device: OnDevice = Device.AUTO,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Open the window, and watch SOURCE in it.

    What is looked for can be changed in the window, and is remembered from one start to the next; what is said here is
    as if it had been chosen there.
    """
    talk = Talk(quiet=quiet, debug=debug)
    choice = object_choice(detector, input_size, classes, class_score)
    if source is not None:  # a word that names no source is told at once, not in a window that shows nothing
        from desktop.sources.naming import make_source

        make_source(source)
    display.check()

    from desktop.settings import load

    settings, notice = load()
    if notice:
        talk.say(notice)
    _apply(
        settings,
        objects=False if no_objects else None,
        faces=False if no_faces else None,
        bodies=False if no_bodies else None,
        score=score,
        classes=None if choice.classes is None else sorted(choice.classes),
        class_scores=dict(choice.class_scores) or None,
        detector=choice.detector if choice.detector != DEFAULT else None,
        input_size=choice.input_size,
        device=device.value if device is not Device.AUTO else None,
    )
    try:
        from desktop.window.application import run
    except ImportError as error:
        if error.name is not None and not error.name.startswith(("PySide6", "shiboken6")):
            raise
        raise DisplayError(f"The window cannot be opened: {str(error).partition(chr(10))[0]}.") from error
    raise typer.Exit(run(source, settings, notice))


def _apply(settings: Settings, **said: Any) -> None:
    """Take over what was said on the command line; None: nothing was."""
    for name, value in said.items():
        if value is not None:
            setattr(settings, name, value)
