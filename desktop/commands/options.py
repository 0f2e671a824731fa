"""The switches that several commands share, each defined once."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from desktop.commands.object_choice import ObjectChoice

if TYPE_CHECKING:
    from desktop.recordings.guards import Limits
    from models.analyzer import AnalyzerOptions


class Device(StrEnum):
    """Where networks run."""

    AUTO = "auto"
    CPU = "cpu"
    CUDA = "cuda"
    MPS = "mps"


NoObjects = Annotated[bool, typer.Option("--no-objects", help="Do not look for objects.")]
NoFaces = Annotated[bool, typer.Option("--no-faces", help="Do not look for faces.")]
NoBodies = Annotated[bool, typer.Option("--no-bodies", help="Do not look for bodies.")]
Score = Annotated[
    float | None,
    typer.Option(
        min=0.0,
        max=1.0,
        metavar="S",
        help="Least score, 0 to 1, of every kind; each kind has its own default.",
    ),
]
MaxFaces = Annotated[int, typer.Option(min=1, max=32, metavar="N", help="Faces followed at a time.")]
MaxBodies = Annotated[int, typer.Option(min=1, max=32, metavar="N", help="Bodies followed at a time.")]
WarnBelow = Annotated[
    float, typer.Option("--warn-below", min=0.0, metavar="GB", help="Warn when less is free on the disk.")
]
StopBelow = Annotated[
    float,
    typer.Option("--stop-below", min=0.0, metavar="GB", help="Stop recording when less is free on the disk."),
]
OnDevice = Annotated[
    Device,
    typer.Option("--device", help="Where networks run; auto takes what works best."),
]
Detector = Annotated[
    str,
    typer.Option("--detector", metavar="KEY", help="The network that finds objects; `onlooker models` lists them."),
]
InputSize = Annotated[
    int | None,
    typer.Option(
        "--input-size",
        min=32,
        max=2048,
        metavar="N",
        help="Height and width of the picture that it looks at, a multiple of 32; without: what is fast enough here.",
        show_default=False,
    ),
]
Classes = Annotated[
    str | None,
    typer.Option("--classes", metavar="dog,cat", help="Only these objects; without: all.", show_default=False),
]
ClassScores = Annotated[
    list[str] | None,
    typer.Option(
        "--class-score",
        metavar="dog=0.6",
        help="Another least score for one class of objects; may be given several times.",
        show_default=False,
    ),
]
LabelledPictures = Annotated[
    list[Path],
    typer.Option(
        "--data",
        metavar="PATH",
        help="Labelled pictures: a folder with annotations.json, a COCO JSON file, or a VOCdevkit folder.",
        show_default=False,
    ),
]
NoSound = Annotated[bool, typer.Option("--no-sound", help="Leave out the sound of videos.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing but errors.")]
Debug = Annotated[bool, typer.Option("--debug", help="Log more, and show where errors come from.")]
Json = Annotated[bool, typer.Option("--json", help="Answer in JSON, for programs.")]


def analyzer_options(
    *,
    no_objects: bool,
    no_faces: bool,
    no_bodies: bool,
    score: float | None,
    max_faces: int,
    max_bodies: int,
    smooth: bool = True,
    objects: ObjectChoice | None = None,
) -> AnalyzerOptions:
    """What the switches say, for the analyzer. Raises typer.BadParameter where nothing is left to look for."""
    from models.analyzer import AnalyzerOptions

    if no_objects and no_faces and no_bodies:
        raise typer.BadParameter("with --no-objects, --no-faces and --no-bodies nothing is left to look for.")
    chosen = ObjectChoice() if objects is None else objects
    options = AnalyzerOptions(
        objects=not no_objects,
        faces=not no_faces,
        bodies=not no_bodies,
        object_score=score,
        face_score=score,
        body_score=score,
        max_faces=max_faces,
        max_bodies=max_bodies,
        smooth=smooth,
        detector=chosen.detector,
        input_size=chosen.input_size,
        classes=chosen.classes,
        class_scores=chosen.class_scores,
    )
    if not options.networks():
        raise typer.BadParameter("nothing is left to look for: the detector of objects is not installed here.")
    return options


def limits_of(warn: float, stop: float) -> Limits:
    """The guards of the disk that these switches (GB) ask for."""
    from desktop.recordings.guards import GIGABYTE, Limits

    return Limits(round(warn * GIGABYTE), round(stop * GIGABYTE))
