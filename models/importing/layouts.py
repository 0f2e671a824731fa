"""The layouts that are known here, in the order in which they are tried, and which of them some answers have."""

from __future__ import annotations

from collections.abc import Callable

from models.errors import NetworkError
from models.importing.detr import LabelsBoxesScores
from models.importing.end_to_end import EndToEnd
from models.importing.family import Answers, Family, Size
from models.importing.look import Look
from models.importing.nanodet import NanoDetPlus
from models.importing.own_design import OwnDesign
from models.importing.yolo import WithObjectness, WithOne, WithoutObjectness
from models.importing.yolox import Decoded, Raw

FAMILIES: tuple[Family, ...] = (
    OwnDesign(),
    EndToEnd(),
    LabelsBoxesScores(),
    NanoDetPlus(),
    WithoutObjectness(),
    WithObjectness(),
    WithOne(),
    Decoded(),
    Raw(),
)
LAYOUTS: dict[str, Family] = {one.key: one for one in FAMILIES}


def named(key: str) -> Family:
    """A layout by its key. Raises NetworkError with those there are."""
    if key not in LAYOUTS:
        raise NetworkError(f"There is no layout {key!r}: it may be {', '.join(LAYOUTS)}.")
    return LAYOUTS[key]


def recognise(
    first: Answers, looks: Callable[[Look], list[Answers]], size: Size, known: int | None, layout: str | None
) -> tuple[Family, int]:
    """The layout and its number of classes (0 where answers do not tell).

    `first`: answers to any picture, whose shapes count. `looks`: the answers to several pictures, looked at in one way.
    `known`: how many classes were told. `layout`: the user's word for it; then numbers are not asked. Raises
    NetworkError, the end of a sentence, where none fits.
    """
    families = FAMILIES if layout is None else (named(layout),)
    for family in families:
        classes = family.classes_of(first, size, known)
        if classes is None:
            continue
        if layout is not None or all(family.agrees(answers, size) for answers in looks(family.look)):
            return family, classes
    shapes = " and ".join(str(list(one.shape)) for one in first) or "nothing"
    told = "" if known is None else f" for {known} classes"
    what = f"is not of the layout {layout}" if layout else "is of no layout that is known here"
    raise NetworkError(f"{what}: it gives {shapes}{told}; known are {', '.join(LAYOUTS)}")
