"""CSV with a row for each frame, and columns for each thing that was ever seen: the shape for spreadsheets."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from desktop.batch.exports.contents import Contents, Thing, number
from desktop.batch.exports.csv_long import points_of, row, when
from desktop.batch.exports.joints import JOINTS
from models.errors import RecordingError
from models.scene import FACE_POINTS

MOST = 16_384
"""Columns that the common spreadsheets can show (Excel's and LibreOffice's limit)."""

_AXES = ("x", "y", "z")
_BODY_AXES = (*_AXES, "visibility", "world_x", "world_y", "world_z")

_Key = tuple[int, int, int]
"""Kind, track, and the how manieth of that track in its frame: things that are not followed are all of track 0."""

_KINDS = ("object", "face", "body")


def text(contents: Contents) -> Iterator[str]:
    """The rows. Columns are called body_1_left_wrist_x: kind, track, point, axis; empty where it was not seen.

    The tracks of different files share their columns. Raises RecordingError where there would be too many columns.
    """
    pointed: dict[_Key, bool] = {}  # whether there are points
    for _, _, things in contents.analysed():
        for key, thing in _keyed(things):
            pointed[key] = pointed.get(key, False) or thing.points is not None
    columns = {key: _columns(key, pointed[key]) for key in sorted(pointed)}
    count = 4 + sum(len(names) for names in columns.values())
    if count > MOST:
        raise RecordingError(
            f"{contents.name} would have {count:,} columns, and spreadsheets show {MOST:,}: export it as csv-long, or "
            "leave something out (--no-points, --no-faces, --classes)."
        )
    yield row(["file", "frame", "time", "position", *(name for names in columns.values() for name in names)])
    for source, line, things in contents.analysed():
        seen = dict(_keyed(things))
        cells = when(source, line)
        for key, names in columns.items():
            cells += _cells(seen[key], len(names)) if key in seen else [""] * len(names)
        yield row(cells)


def _keyed(things: tuple[Thing, ...]) -> Iterator[tuple[_Key, Thing]]:
    met: Counter[tuple[int, int]] = Counter()
    for thing in things:
        kind = _KINDS.index(thing.kind)
        met[kind, thing.track] += 1
        yield (kind, thing.track, met[kind, thing.track]), thing


def _columns(key: _Key, pointed: bool) -> list[str]:
    kind, track, nth = key
    name = f"{_KINDS[kind]}_{track}" + (f"_{nth}" if nth > 1 else "")
    columns = [*(["label"] if kind == 0 else []), "score", "x1", "y1", "x2", "y2"]
    if pointed and kind == 1:
        columns += [f"{point}_{axis}" for point in range(FACE_POINTS) for axis in _AXES]
    elif pointed:
        columns += [f"{joint}_{axis}" for joint in JOINTS for axis in _BODY_AXES]
    return [f"{name}_{column}" for column in columns]


def _cells(thing: Thing, count: int) -> list[str]:
    cells = [*([thing.label] if thing.kind == "object" else []), number(thing.score)]
    cells += [number(value) for value in thing.box.tolist()]
    for _, values in points_of(thing):
        cells += values
    return [*cells, *[""] * (count - len(cells))]
