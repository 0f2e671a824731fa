"""COCO JSON, as instances_*.json of COCO and many labelling programs write it.

Understood besides COCO's own: `info.exhaustive_classes` (names of the classes that are labelled), a picture's
`exhaustive` ("coco80": all; else those of `info`) and `difficult_objects_missing`, an annotation's `difficult`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from models.errors import OnlookerError
from models.training.labelled import LARGEST, Boxes, Dataset, Flags, LeftOut, Picture, is_file, picture


def read(file: Path, names: Sequence[str] | None) -> Dataset:
    """The pictures of a JSON file. Raises OnlookerError."""
    content = _content(file)
    try:
        categories = {int(one["id"]): str(one["name"]) for one in content["categories"]}
        listed = [(int(one["id"]), one) for one in content["images"]]
        exhaustive = content.get("info", {}).get("exhaustive_classes")
        return _dataset(file, categories, listed, content.get("annotations", []), exhaustive, names)
    except (KeyError, TypeError, ValueError, OverflowError, AttributeError) as error:
        raise OnlookerError(
            f"{file} is no COCO JSON: it needs images, annotations and categories as COCO has them ({error!r})."
        ) from error


def _content(file: Path) -> Mapping[str, Any]:
    try:
        content = json.loads(file.read_bytes())
    except FileNotFoundError as error:
        raise OnlookerError(
            f"{file} is not there: give a folder with annotations.json, a COCO JSON file, or a VOCdevkit folder."
        ) from error
    except (OSError, ValueError, RecursionError) as error:
        raise OnlookerError(f"{file} cannot be read as JSON: {error}.") from error
    if not isinstance(content, dict) or not content.get("images"):
        raise OnlookerError(f"{file} lists no pictures: it needs images, annotations and categories as COCO has them.")
    return {str(key): value for key, value in content.items()}


def _dataset(
    file: Path,
    categories: Mapping[int, str],
    listed: Sequence[tuple[int, Mapping[str, Any]]],
    labels: Sequence[Mapping[str, Any]],
    exhaustive: Sequence[str] | None,
    names: Sequence[str] | None,
) -> Dataset:
    wanted = tuple(categories[one] for one in sorted(categories)) if names is None else tuple(names)
    places = {name: place for place, name in enumerate(wanted)}
    labelled_here = np.array([name in (exhaustive or categories.values()) for name in wanted], bool)
    everything = np.array([name in categories.values() for name in wanted], bool)
    left_out = LeftOut()
    found: dict[int, Boxes] = {number: Boxes.none() for number, _ in listed}
    for label in labels:
        boxes = found.get(int(label["image_id"]))
        name = categories.get(int(label["category_id"]))
        if boxes is None:
            left_out.count("boxes of pictures that are not listed")
        elif name not in places:
            left_out.count("boxes of classes that are not wanted")
        else:
            x, y, width, height = (float(value) for value in label["bbox"])
            boxes.corners.append((x, y, x + width, y + height))
            boxes.classes.append(places[name])
            boxes.crowd.append(bool(label.get("iscrowd", 0)))
            boxes.difficult.append(bool(label.get("difficult", 0)))
    roots = [file.parent, file.parent / "images", file.parent.parent / "images"]
    pictures = []
    for number, one in listed:
        labelled = everything if one.get("exhaustive") == "coco80" else labelled_here
        made = _picture(one, roots, found[number], labelled, left_out)
        if made is not None:
            pictures.append(made)
    if not pictures:
        raise OnlookerError(f"None of the pictures that {file} lists is there: they belong beside it, or in images/.")
    return Dataset(wanted, tuple(pictures), left_out.notes())


def _picture(
    one: Mapping[str, Any], roots: Sequence[Path], boxes: Boxes, labelled: Flags, left_out: LeftOut
) -> Picture | None:
    width, height, name = int(one["width"]), int(one["height"]), str(one["file_name"])
    if not (0 < width <= LARGEST and 0 < height <= LARGEST):
        left_out.count("pictures of an impossible size")
        return None
    path = next((root / name for root in roots if is_file(root / name)), None)
    if path is None:
        left_out.count("pictures whose file is missing")
        return None
    missing = bool(one.get("difficult_objects_missing", False))
    return picture(path, (width, height), boxes, labelled, name, left_out, difficult_missing=missing)
