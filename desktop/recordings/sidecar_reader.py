"""Reads a sidecar back, entry by entry, whatever the file holds."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from desktop.recordings.pixels import Size
from desktop.recordings.reasons import why_unread
from desktop.recordings.sidecar import VERSION
from models.errors import RecordingError
from models.scene import BODY_POINTS, FACE_POINTS, Body, Detection, Face, Scene

LONGEST = 1 << 22
"""Bytes a line may have; a hundred faces and bodies need a third of it. Read as JSON, a line takes up to 32 times its
length of memory."""


@dataclass(frozen=True, slots=True)
class Header:
    """The first line of a recording; `file`: the input's name, in the data of `annotate`."""

    program: str
    source: str
    size: Size
    start: str
    networks: dict[str, str]
    file: str | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Line:
    """One frame. `time` in seconds from the first. `scene`: None where it was not analysed.

    `position`: seconds in a file that was watched. `size`: of a single picture, which has no header. Faces whose points
    were left out have points of NaN; so has every coordinate that was not finite. `interpolated`: not analysed, but its
    marks lie between those of the scenes before and after it.
    """

    frame: int
    time: float
    scene: Scene | None
    position: float | None = None
    index: int | None = None
    file: str | None = None
    size: Size | None = None
    interpolated: bool = False

    @property
    def analysed(self) -> bool:
        """Whether this frame was looked at itself."""
        return self.scene is not None


@dataclass(frozen=True, slots=True)
class End:
    """The last line of a recording that was ended, not cut off; `repaired`: it was, and this line was added later."""

    frames: int
    dropped: int = 0
    skipped: int = 0
    late: int = 0
    file: str | None = None
    repaired: bool = False


Entry = Header | Line | End


def read_sidecar(path: Path) -> Iterator[Entry]:
    """The entries of a sidecar in order, read as they are asked for.

    Unknown keys are ignored. A last line that was cut off (no line break, no whole entry) is left out: such a file has
    no `End` either. Raises RecordingError, in one sentence with the line's number, for anything else that is no
    sidecar.
    """
    try:
        with path.open("rb") as file:
            number = 0
            while raw := file.readline(LONGEST):
                number += 1
                try:
                    entry = entry_of(raw)
                except ValueError as error:
                    if not raw.endswith(b"\n") and len(raw) < LONGEST and number > 1:
                        return
                    raise RecordingError(f"Line {number} of {path} is no sidecar's: {error}.") from error
                if entry is not None:
                    yield entry
            if number == 0:
                raise RecordingError(f"{path} is empty: it holds no data of a recording.")
    except OSError as error:
        raise RecordingError(f"The data file {path} cannot be read: {why_unread(error)}.") from error


def entry_of(raw: bytes) -> Entry | None:
    """One line's entry; None for an object of a kind that this version does not know.

    Raises ValueError, which says in a few words why it is no line of a sidecar.
    """
    try:
        return _entry(raw)
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error
    except (ValueError, OverflowError) as error:
        words = str(error).splitlines()[0][:120].rstrip(".") if str(error) else "it cannot be understood"
        raise ValueError(words) from error


def _entry(raw: bytes) -> Entry | None:
    data = json.loads(raw.decode("utf-8"), parse_constant=_no_constant)
    if not isinstance(data, dict):
        raise ValueError("it is no JSON object")  # noqa: TRY004 - one kind of error for all that is wrong with a line
    file = _text(data, "file", None)
    if "onlooker" in data:
        return _header(data, file)
    if data.get("end") is True:
        frames, dropped, skipped, late = (_count(data, key, 0) for key in ("frames", "dropped", "skipped", "late"))
        return End(frames, dropped, skipped, late, file, data.get("repaired") is True)
    if "frame" in data:
        return _line(data, file)
    return None


def _no_constant(name: str) -> float:
    raise ValueError(f"{name} is no number of JSON")


def _header(data: dict[str, Any], file: str | None) -> Header:
    version = data["onlooker"]
    if not isinstance(version, int) or isinstance(version, bool) or version < 1:
        raise ValueError("its version is no number")
    if version > VERSION:
        raise ValueError(f"it was written by a newer Onlooker (version {version} of the format): install that")
    networks = data.get("networks", {})
    if not isinstance(networks, dict) or not all(isinstance(name, str) for name in networks.values()):
        raise ValueError("networks is no object of names")
    return Header(
        _text(data, "program", "") or "",
        _text(data, "source", "") or "",
        _size(data.get("size")),
        _text(data, "start", "") or "",
        networks,
        file,
    )


def _line(data: dict[str, Any], file: str | None) -> Line:
    analysed = data.get("analysed")
    if not isinstance(analysed, bool):
        raise ValueError("analysed is neither true nor false")  # noqa: TRY004 - as in _entry
    return Line(
        frame=_count(data, "frame"),
        time=_number(data, "time", 0.0),
        scene=_scene(data) if analysed else None,
        position=_number(data, "position") if data.get("position") is not None else None,
        index=_count(data, "index") if data.get("index") is not None else None,
        file=file,
        size=_size(data["size"]) if "size" in data else None,
        interpolated=not analysed and data.get("interpolated") is True,
    )


def _scene(data: dict[str, Any]) -> Scene:
    return Scene(
        tuple(
            Detection(
                _array(one, "box", (4,)), _number(one, "score"), _text(one, "label") or "", _count(one, "track", 0)
            )
            for one in _things(data, "objects")
        ),
        tuple(
            Face(
                _array(one, "box", (4,)),
                _number(one, "score"),
                _array(one, "points", (FACE_POINTS, 3), may_lack=True),
                _count(one, "track", 0),
            )
            for one in _things(data, "faces")
        ),
        tuple(
            Body(
                _array(one, "box", (4,)),
                _number(one, "score"),
                _array(one, "points", (BODY_POINTS, 4)),
                _array(one, "world", (BODY_POINTS, 3), may_lack=True),
                _count(one, "track", 0),
            )
            for one in _things(data, "bodies")
        ),
    )


def _things(data: dict[str, Any], key: str) -> list[dict[str, Any]]:
    things = data.get(key, [])
    if not isinstance(things, list) or not all(isinstance(thing, dict) for thing in things):
        raise ValueError(f"{key} is no list of objects")
    return things


def _array(data: dict[str, Any], key: str, shape: tuple[int, ...], *, may_lack: bool = False) -> NDArray[np.float32]:
    if may_lack and key not in data:
        return np.full(shape, np.nan, np.float32)
    try:
        values = np.array(data.get(key), dtype=object)
        if values.shape != shape or not all(_is_coordinate(value) for value in values.flat):
            raise ValueError(f"{key} does not hold {' x '.join(map(str, shape))} numbers")
        with np.errstate(over="ignore"):
            return values.astype(np.float64).astype(np.float32)
    except TypeError as error:
        raise ValueError(f"{key} does not hold numbers") from error


def _is_coordinate(value: object) -> bool:
    return value is None or (isinstance(value, int | float) and not isinstance(value, bool))


def _text(data: dict[str, Any], key: str, default: str | None = "") -> str | None:
    value = data.get(key, default)
    if value is not default and not isinstance(value, str):
        raise ValueError(f"{key} is no text")
    return value


def _count(data: dict[str, Any], key: str, default: int | None = None) -> int:
    value = data.get(key, default)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 1 << 53:
        raise ValueError(f"{key} is no count")
    return value


def _number(data: dict[str, Any], key: str, default: float | None = None) -> float:
    value = data.get(key, default)
    if not isinstance(value, int | float) or isinstance(value, bool) or not np.isfinite(float(value)):
        raise ValueError(f"{key} is no number")
    return float(value)


def _size(value: object) -> Size:
    if (
        not isinstance(value, list)
        or len(value) != 2
        or not all(isinstance(side, int) and not isinstance(side, bool) and 1 <= side <= 1 << 20 for side in value)
    ):
        raise ValueError("size does not hold width and height")
    return value[0], value[1]
