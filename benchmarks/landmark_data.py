"""Pictures and clips for the comparison beside MediaPipe: other people's data, read where it lies, never shipped.

The folder's README says what each set is. Settings of the analyzer are chosen on one half of it and reported on the
other: `Half` says which is which.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from models.errors import SourceError

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float32]

Half = Literal["choose", "report"]
"""What settings were chosen on: every second picture of lsp and faces68, the training parts of the object sets; and
what figures are reported on: the rest.
"""

SPLITS: dict[Half, tuple[str, str]] = {"choose": ("voc-train", "coco-train"), "report": ("voc-val", "coco-val")}


@dataclass(frozen=True, slots=True, eq=False)
class Labelled:
    """A picture and what people marked in it: (14, 3) joints x, y, visible; (68, 2) points; (4,) the box of the only
    person, x1, y1, x2, y2; or, where nobody is, nothing.
    """

    path: Path
    marked: Floats

    def pixels(self) -> Pixels:
        """(height, width, 3) BGR. Raises SourceError."""
        read = cv2.imread(str(self.path))
        if read is None:
            raise SourceError(f"{self.path} is not a picture that can be read.")
        return np.asarray(read, np.uint8)


def athletes(data: Path, half: Half, most: int | None = None) -> list[Labelled]:
    """Leeds Sports Pose: one athlete a picture, 14 joints."""
    entries = _json(data / "lsp" / "joints.json")["pictures"]
    return _half([_labelled(data / "lsp", entry, "joints") for entry in entries], half)[:most]


def faces68(data: Path, half: Half, most: int | None = None) -> list[Labelled]:
    """HELEN and AFW: one marked face a picture, 68 points in iBUG's order."""
    entries = _json(data / "faces68" / "points.json")
    return _half([_labelled(data / "faces68", entry, "points") for entry in entries], half)[:most]


def nobody(data: Path, half: Half, most: int | None = None) -> list[Labelled]:
    """VOC's pictures without a person; people are labelled exhaustively there."""
    folder = data / "objects" / SPLITS[half][0]
    found = [Labelled(path, np.empty(0, np.float32)) for path, people in _people(folder) if not people]
    return found[:most]


def one_person(data: Path, half: Half, most: int | None = None) -> list[Labelled]:
    """COCO's everyday pictures with exactly one person, and the person's box."""
    found = []
    for path, people in _people(data / "objects" / SPLITS[half][1]):
        if len(people) == 1 and not people[0].get("iscrowd"):
            x, y, width, height = people[0]["bbox"]
            found.append(Labelled(path, np.array([x, y, x + width, y + height], np.float32)))
    return found[:most]


def clips(data: Path) -> list[Path]:
    """The shared clips, by name."""
    return sorted((data / "videos").glob("*.mp4"))


def frames(clip: Path, most: int | None = None) -> Iterator[tuple[Pixels, float]]:
    """The frames of a clip and their times in seconds."""
    video = cv2.VideoCapture(str(clip))
    if not video.isOpened():
        raise SourceError(f"{clip} is not a video that can be read.")
    period = 1 / (video.get(cv2.CAP_PROP_FPS) or 25.0)
    index = 0
    try:
        while most is None or index < most:
            there, pixels = video.read()
            if not there:
                return
            yield np.asarray(pixels, np.uint8), index * period
            index += 1
    finally:
        video.release()


def _people(folder: Path) -> Iterator[tuple[Path, list[dict[str, Any]]]]:
    """Every picture of an object set and the annotations of its people."""
    stored = _json(folder / "annotations.json")
    person = next(kind["id"] for kind in stored["categories"] if kind["name"] == "person")
    people: dict[int, list[dict[str, Any]]] = {}
    for one in stored["annotations"]:
        if one["category_id"] == person:
            people.setdefault(one["image_id"], []).append(one)
    for picture in stored["images"]:
        yield folder / picture["file_name"], people.get(picture["id"], [])


def _labelled(folder: Path, entry: dict[str, Any], what: str) -> Labelled:
    return Labelled(folder / entry["file"], np.array(entry[what], np.float32))


def _half(found: list[Labelled], half: Half) -> list[Labelled]:
    return found[0 if half == "choose" else 1 :: 2]


def _json(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SourceError(f"{path} cannot be read: name the folder of the data sets by --data ({error}).") from error
