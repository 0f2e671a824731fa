"""The formats that a sidecar can be exported to, and which the name of a file stands for."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path

from models.errors import RecordingError


class Format(StrEnum):
    """A format of others."""

    CSV_LONG = "csv-long"
    CSV_WIDE = "csv-wide"
    COCO = "coco"
    YOLO = "yolo"
    MOT = "mot"
    WEBVTT = "webvtt"


_BY_SUFFIX = {".csv": Format.CSV_LONG, ".json": Format.COCO, ".vtt": Format.WEBVTT}


def guessed(target: Path) -> Format:
    """The format that the name of an output stands for. Raises RecordingError where it stands for none."""
    try:
        return _BY_SUFFIX[target.suffix.lower()]
    except KeyError:
        raise RecordingError(
            f"The name {target} does not say which format is meant: add --format and one of {', '.join(Format)}."
        ) from None
