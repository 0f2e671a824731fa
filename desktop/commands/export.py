"""`onlooker export`: what a sidecar tells, in a format that other programs read."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from desktop.batch.exports.formats import Format, guessed
from desktop.commands.object_choice import class_names
from desktop.commands.options import Debug, Quiet
from desktop.commands.talk import Talk


def export(
    sidecar: Annotated[
        Path,
        typer.Argument(metavar="SIDECAR", help="The .jsonl of a recording, or of annotate --data.", show_default=False),
    ],
    output: Annotated[
        Path,
        typer.Option(
            "--output",
            "-o",
            metavar="OUT",
            help="The file; a folder for yolo, and for mot or webvtt of several videos.",
        ),
    ],
    chosen: Annotated[
        Format | None,
        typer.Option(
            "--format",
            help="Without: what OUT's ending says: .csv csv-long, .json coco, .vtt webvtt.",
            show_default=False,
        ),
    ] = None,
    no_objects: Annotated[bool, typer.Option("--no-objects", help="Leave out objects.")] = False,
    no_faces: Annotated[bool, typer.Option("--no-faces", help="Leave out faces.")] = False,
    no_bodies: Annotated[bool, typer.Option("--no-bodies", help="Leave out bodies.")] = False,
    classes: Annotated[
        str | None,
        typer.Option("--classes", metavar="dog,cat", help="Only these objects; without: all.", show_default=False),
    ] = None,
    no_points: Annotated[
        bool, typer.Option("--no-points", help="Boxes only, without the points of faces and bodies.")
    ] = False,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace what exists.")] = False,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Write what was found as CSV, COCO JSON, YOLO or MOT text, or WebVTT subtitles.

    Only frames that were analysed are exported. docs/export.md says what each format holds.
    """
    talk = Talk(quiet=quiet, debug=debug)
    if no_objects and no_faces and no_bodies:
        raise typer.BadParameter("with --no-objects, --no-faces and --no-bodies nothing is left to export.")
    form = chosen or guessed(output)

    from desktop.batch.export import export as write
    from desktop.batch.exports.contents import Choice

    choice = Choice(not no_objects, not no_faces, not no_bodies, class_names(classes) or frozenset(), not no_points)
    done = write(sidecar, output, form, choice, overwrite=overwrite)
    for name in done.cut:
        talk.say(f"{name} has no end: its recording was cut off, and what there is was exported.")
    frames = "1 frame" if done.frames == 1 else f"{done.frames} frames"
    talk.say(f"Wrote {done.path} ({form}, {frames} that {'was' if done.frames == 1 else 'were'} analysed).")
