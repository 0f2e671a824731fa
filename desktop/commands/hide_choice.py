"""What is to be hidden, as the command line says it."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from desktop.commands.object_choice import ObjectChoice, check_classes, known_labels

if TYPE_CHECKING:
    from desktop.drawing.privacy import Hide
    from models.analyzer import AnalyzerOptions

FACES = "faces"


class How(StrEnum):
    """How something is hidden: the words of `desktop.drawing.mosaic.How`."""

    PIXELATE = "pixelate"
    BLUR = "blur"
    FILL = "fill"


Hidden = Annotated[
    str | None,
    typer.Option(
        "--hide",
        metavar="faces,person",
        help="Hide faces, or objects of these classes, in all that is written: as well as they are found.",
        show_default=False,
    ),
]
HideHow = Annotated[How, typer.Option("--hide-how", help="Coarse cells, a blur made of them, or one grey area.")]
KeepFacePoints = Annotated[
    bool,
    typer.Option("--keep-face-points", help="With --hide faces: keep their points in data and drawing all the same."),
]


def hide_choice(hidden: str | None, how: How, options: AnalyzerOptions) -> Hide | None:
    """What is to be hidden where `options` are looked for, None where nothing is.

    Raises typer.BadParameter for what cannot be meant, or is not looked for: whole pictures would be hidden then.
    """
    if hidden is None:
        return None
    names = frozenset(name.strip() for name in hidden.split(",")) - {""}
    if not names:
        raise typer.BadParameter("--hide names nothing; write --hide faces, or classes such as --hide faces,person.")
    labels = names - {FACES}
    if "face" in labels and "face" not in (known_labels(options.detector) or ("face",)):
        raise typer.BadParameter("--hide face is no class of objects: did you mean faces?")
    if FACES in names and not options.faces:
        raise typer.BadParameter("--hide faces needs faces to be looked for: leave --no-faces out.")
    if labels and not options.objects:
        raise typer.BadParameter(f"--hide {hidden} needs objects to be looked for: leave --no-objects out.")
    if options.classes is not None and (others := labels - options.classes):
        missing = ",".join(sorted(others))
        raise typer.BadParameter(f"--hide {missing} needs them to be looked for: add {missing} to --classes.")
    if (known := known_labels(options.detector)) is not None:
        check_hidden(labels, options.detector, known)

    from desktop.drawing.privacy import Hide

    return Hide(faces=FACES in names, labels=labels, how=how.value)


def check_kept(hidden: str | None, *, keep_face_points: bool) -> None:
    """Raises typer.BadParameter where the points of faces are to be kept that nothing would leave out."""
    if keep_face_points and FACES not in {name.strip() for name in (hidden or "").split(",")}:
        raise typer.BadParameter("--keep-face-points goes with --hide faces: else they are kept anyway; leave it out.")


def looking_well(options: AnalyzerOptions, hide: Hide | None) -> AnalyzerOptions:
    """The options with no threshold or limit that would leave out what is to be hidden."""
    return options if hide is None else options.sparing(faces=hide.faces, labels=hide.labels)


def check_hidden(labels: frozenset[str], detector: str, known: Sequence[str]) -> None:
    """Raises typer.BadParameter for a class to hide that the detector does not know, with near names."""
    check_classes(ObjectChoice(detector, classes=labels), known)
