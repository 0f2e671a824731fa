"""PASCAL VOC's folders (Everingham et al., IJCV 2010): VOCdevkit/VOC2007/{Annotations,JPEGImages,ImageSets/Main}.

Corners in the files count pixels from 1, both ends included. Classes get COCO's names where COCO has them.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from xml.etree import ElementTree

import numpy as np

from models.classes import VOC
from models.errors import OnlookerError
from models.training.labelled import LARGEST, Boxes, Dataset, Flags, LeftOut, Picture, is_file, picture

SPLITS = ("test", "trainval", "train", "val")
"""Lists of pictures in ImageSets/Main, the first that is there is used unless one is named; without any, all
annotations."""

LONGEST = 4_000_000
"""Bytes of an annotation; the longest of VOC has 20,000."""


def years(path: Path) -> list[Path]:
    """The folders of years in `path`, or itself where it is one."""
    if (path / "Annotations").is_dir():
        return [path]
    return sorted(folder for folder in path.glob("VOC*") if (folder / "Annotations").is_dir())


class _Plain(ElementTree.TreeBuilder):
    """Refuses files that declare a document type: the entities in one could grow a thousandfold when they are put in,
    or name other files. VOC's have none. Whatever encoding hides it, the parser tells."""

    def doctype(self, name: str, *_where: str | None) -> None:
        raise ValueError(f"{name} is declared")


def is_list(path: Path) -> bool:
    """Whether `path` is one of the lists of a year: ImageSets/Main/NAME.txt."""
    return path.suffix == ".txt" and path.parent.name == "Main" and is_file(path)


def read(path: Path, names: Sequence[str] | None) -> Dataset:
    """The pictures of all years in a folder, or of one list. Raises OnlookerError where there is none."""
    left_out = LeftOut()
    if is_list(path):
        listed = [(path.parents[2], one) for one in _lines(path)]
    else:
        listed = [(year, one) for year in years(path) for one in _listed(year)]
    read_in = [(year, one, tree) for year, one in listed if (tree := _tree(year, one, left_out)) is not None]
    called = {element.findtext("name", "").strip() for *_, tree in read_in for element in tree.iter("object")} - {""}
    # VOC's own pictures are labelled for all 20, whichever of them these show; others' for what they name.
    known = {VOC.get(name, name) for name in (set(VOC) if called <= set(VOC) else called)}
    wanted = tuple(sorted({VOC.get(name, name) for name in called})) if names is None else tuple(names)
    labelled = np.array([name in known for name in wanted], bool)
    pictures = []
    for year, one, tree in read_in:
        made = _picture(year, one, tree, wanted, labelled, left_out)
        if made is not None:
            pictures.append(made)
    if not pictures:
        raise OnlookerError(f"{path} holds no labelled pictures: it needs Annotations and JPEGImages as VOCdevkit has.")
    return Dataset(wanted, tuple(pictures), left_out.notes())


def _listed(year: Path) -> list[str]:
    for split in SPLITS:
        file = year / "ImageSets" / "Main" / f"{split}.txt"
        if file.is_file():
            return _lines(file)
    return sorted(file.stem for file in (year / "Annotations").glob("*.xml"))


def _lines(file: Path) -> list[str]:
    try:
        lines = file.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError as error:
        raise OnlookerError(f"{file} cannot be read: {error.strerror or error}.") from error
    return [line.split()[0] for line in lines if line.strip()]


def _tree(year: Path, name: str, left_out: LeftOut) -> ElementTree.Element | None:
    file = year / "Annotations" / f"{name}.xml"
    try:
        data = file.read_bytes()
        if len(data) > LONGEST:
            left_out.count("annotations that are too long")
            return None
        return ElementTree.fromstring(data, ElementTree.XMLParser(target=_Plain()))
    except (OSError, ElementTree.ParseError, LookupError, ValueError):
        left_out.count("annotations that are missing or cannot be read")
        return None


def _picture(
    year: Path, name: str, tree: ElementTree.Element, wanted: Sequence[str], labelled: Flags, left: LeftOut
) -> Picture | None:
    file = year / "JPEGImages" / (tree.findtext("filename") or f"{name}.jpg")
    if not is_file(file) or file.parent != year / "JPEGImages":
        left.count("pictures whose file is missing")
        return None
    places = {one: place for place, one in enumerate(wanted)}
    boxes = Boxes.none()
    try:
        width, height = int(tree.findtext("size/width", "")), int(tree.findtext("size/height", ""))
        for element in tree.iter("object"):
            called = element.findtext("name", "").strip()
            place = places.get(VOC.get(called, called))
            if place is None:
                left.count("boxes of classes that are not wanted")
                continue
            x1, y1, x2, y2 = (
                float(element.findtext(f"bndbox/{side}", "")) for side in ("xmin", "ymin", "xmax", "ymax")
            )
            boxes.corners.append((x1 - 1, y1 - 1, x2, y2))
            boxes.classes.append(place)
            boxes.crowd.append(False)
            boxes.difficult.append(element.findtext("difficult", "0").strip() == "1")
    except ValueError:
        left.count("annotations that are missing or cannot be read")
        return None
    if not (0 < width <= LARGEST and 0 < height <= LARGEST):
        left.count("pictures of an impossible size")
        return None
    return picture(file, (width, height), boxes, labelled, f"{year.name}/{name}", left)
