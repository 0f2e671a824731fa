"""`onlooker render`: a clean video and its sidecar in, the video with its marks out."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from desktop import cores
from desktop.commands import bars
from desktop.commands.interruption import Interrupted, between_steps
from desktop.commands.object_choice import class_names
from desktop.commands.options import Debug, NoSound, Quiet
from desktop.commands.talk import Talk


def render(
    video: Annotated[Path, typer.Argument(metavar="CLEAN.mp4", help="A video without marks.", show_default=False)],
    sidecar: Annotated[
        Path,
        typer.Argument(metavar="SIDECAR", help="The .jsonl that tells what is in it.", show_default=False),
    ],
    output: Annotated[Path, typer.Option("--output", "-o", metavar="OUT.mp4", help="The video with marks.")],
    no_objects: Annotated[bool, typer.Option("--no-objects", help="Draw no objects.")] = False,
    no_faces: Annotated[bool, typer.Option("--no-faces", help="Draw no faces.")] = False,
    no_bodies: Annotated[bool, typer.Option("--no-bodies", help="Draw no bodies.")] = False,
    classes: Annotated[
        str | None,
        typer.Option("--classes", metavar="dog,cat", help="Only these objects; without: all.", show_default=False),
    ] = None,
    no_labels: Annotated[bool, typer.Option("--no-labels", help="Draw no names and track numbers.")] = False,
    no_face_points: Annotated[bool, typer.Option("--no-face-points", help="Draw faces as boxes.")] = False,
    no_sound: NoSound = False,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace a file that exists.")] = False,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Draw what a sidecar tells into its video, as it would have been recorded with marks.

    Each frame keeps its time, and the sound stays. Ctrl-C ends it, and what was done so far is whole.
    """
    talk = Talk(quiet=quiet, debug=debug)

    cores.set_up()
    cores.apply_to_opencv()
    from desktop.batch.annotate import Progress
    from desktop.batch.render import Look, Renderer

    look = Look(
        not no_objects,
        not no_faces,
        not no_bodies,
        class_names(classes) or frozenset(),
        not no_labels,
        not no_face_points,
    )
    with between_steps() as stop, bars.frames(talk) as progress:
        done = Renderer(
            look,
            sound=not no_sound,
            overwrite=overwrite,
            stopped=stop,
            progress=lambda frames, total: progress(Progress(str(video), 1, 1, frames, total)),
            noted=talk.say,
        ).run(video, sidecar, output)
    frames = "1 frame" if done.frames == 1 else f"{done.frames} frames"
    talk.say(f"Wrote {done.path}" + (f": interrupted after {frames}." if done.interrupted else f" ({frames})."))
    if stop.asked:
        raise Interrupted(stop.asked)
