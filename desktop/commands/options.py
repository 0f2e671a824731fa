"""The switches that several commands share, each defined once."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from models.analyzer import AnalyzerOptions


class Device(StrEnum):
    """Where networks run."""

    AUTO = "auto"
    CPU = "cpu"
    CUDA = "cuda"
    MPS = "mps"


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
OnDevice = Annotated[
    Device,
    typer.Option("--device", help="Where networks run; auto takes what works best."),
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing but errors.")]
Debug = Annotated[bool, typer.Option("--debug", help="Log more, and show where errors come from.")]
Json = Annotated[bool, typer.Option("--json", help="Answer in JSON, for programs.")]


def analyzer_options(
    *,
    no_faces: bool,
    no_bodies: bool,
    score: float | None,
    max_faces: int,
    max_bodies: int,
    smooth: bool = True,
) -> AnalyzerOptions:
    """What the switches say, for the analyzer. Raises typer.BadParameter where nothing is left to look for."""
    from models.analyzer import AnalyzerOptions

    if no_faces and no_bodies:
        raise typer.BadParameter("with --no-faces and --no-bodies nothing is left to look for.")
    return AnalyzerOptions(
        faces=not no_faces,
        bodies=not no_bodies,
        face_score=score,
        body_score=score,
        max_faces=max_faces,
        max_bodies=max_bodies,
        smooth=smooth,
    )
