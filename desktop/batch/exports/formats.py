"""The formats that a sidecar can be exported to, and which the name of a file stands for."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path

from models.errors import WrongNameError


class Format(StrEnum):
    """A format of others."""

    CSV_LONG = "csv-long"
    CSV_WIDE = "csv-wide"
    COCO = "coco"
    YOLO = "yolo"
    MOT = "mot"
    WEBVTT = "webvtt"


_BY_SUFFIX = {".csv": Format.CSV_LONG, ".json": Format.COCO, ".vtt": Format.WEBVTT}


_SUFFIXES = {
    Format.CSV_LONG: ".csv",
    Format.CSV_WIDE: ".csv",
    Format.COCO: ".json",
    Format.MOT: ".txt",
    Format.WEBVTT: ".vtt",
}


def check_name(target: Path, chosen: Format, *, folder: bool = False) -> None:
    """Raises WrongNameError where the name of an output says another kind of file than it will be.

    `folder`: it will be a folder of files.
    """
    suffix = target.suffix.lower()
    if suffix not in _SUFFIXES.values() or (suffix == _SUFFIXES.get(chosen) and not folder):
        return
    if folder:
        raise WrongNameError(f"{target} is no name for a folder, which {chosen} is here: leave out {target.suffix}.")
    raise WrongNameError(f"{target} is no name for {chosen}: end it with {_SUFFIXES[chosen]}.")


def guessed(target: Path) -> Format:
    """The format that the name of an output stands for. Raises WrongNameError where it stands for none."""
    try:
        return _BY_SUFFIX[target.suffix.lower()]
    except KeyError:
        raise WrongNameError(
            f"The name {target} does not say which format is meant: add --format and one of {', '.join(Format)}."
        ) from None
