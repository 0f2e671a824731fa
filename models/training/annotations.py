"""Labelled pictures as one form: from COCO JSON (Lin et al., arXiv:1405.0312), a VOCdevkit folder or a packed file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from models.errors import OnlookerError
from models.training import coco_json, packed, voc_devkit
from models.training.labelled import Dataset, Picture

__all__ = ["Dataset", "Picture", "read"]


def read(path: Path, names: Sequence[str] | None = None) -> Dataset:
    """The labelled pictures of `path`.

    `path`: a folder with annotations.json, a COCO JSON file (pictures beside it, or in a folder `images` there or
    beside it), a VOCdevkit folder (one year of it, or one list: VOC2007/ImageSets/Main/train.txt), or a file that
    `packing` wrote. `names`: the classes that are wanted, in that order, those of the file unless given; boxes of
    others are left out and counted. Raises OnlookerError, in one sentence, where nothing can be read.
    """
    if (path.is_dir() and voc_devkit.years(path)) or voc_devkit.is_list(path):
        dataset = voc_devkit.read(path, names)
    elif path.is_dir():
        dataset = coco_json.read(path / "annotations.json", names)
    elif packed.is_pack(path):
        dataset = packed.read(path, names)
    else:
        dataset = coco_json.read(path, names)
    if not any(len(picture.boxes) for picture in dataset.pictures):
        raise OnlookerError(f"{path} labels no object of the wanted classes: there is nothing to learn or to measure.")
    return dataset
