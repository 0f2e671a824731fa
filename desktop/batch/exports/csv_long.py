"""CSV with a row for each thing, and one for each of its points: the shape that statistics programs like best."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from io import StringIO

from desktop.batch.exports.contents import Contents, Input, Thing, number
from desktop.batch.exports.joints import JOINTS
from desktop.recordings.sidecar_reader import Line

COLUMNS = (
    *("file", "frame", "time", "position", "kind", "track", "label", "score", "x1", "y1", "x2", "y2"),
    *("point", "x", "y", "z", "visibility", "world_x", "world_y", "world_z"),
)


def text(contents: Contents) -> Iterator[str]:
    """The rows. A thing's own has its box and no `point`; each point's has no box.

    Points of faces are numbered, joints named. A frame in which nothing was found has one row without a `kind`.
    """
    yield row(COLUMNS)
    for source, line, things in contents.analysed():
        yield "".join(row(cells) for cells in _rows(source, line, things))


def _rows(source: Input, line: Line, things: tuple[Thing, ...]) -> Iterator[Sequence[str]]:
    frame = when(source, line)
    if not things:
        yield [*frame, *[""] * (len(COLUMNS) - len(frame))]
    for thing in things:
        whose = [*frame, thing.kind, str(thing.track), thing.label]
        yield [*whose, number(thing.score), *(number(value) for value in thing.box.tolist()), *[""] * 8]
        for name, values in points_of(thing):
            yield [*whose, *[""] * 5, name, *values, *[""] * (7 - len(values))]


def when(source: Input, line: Line) -> list[str]:
    """The cells that say which frame a row is of: file, frame, time, position."""
    position = "" if line.position is None else number(line.position, 6)
    return [source.name, str(line.frame), "" if source.picture else number(line.time, 6), position]


def points_of(thing: Thing) -> Iterator[tuple[str, list[str]]]:
    """Each point's name and its x, y, z; of a body visibility and x, y, z in the world as well."""
    if thing.points is None:
        return
    rows = thing.points.tolist()
    if thing.world is None:
        for index, point in enumerate(rows):
            yield str(index), [number(value) for value in point]
        return
    for name, point, world in zip(JOINTS, rows, thing.world.tolist(), strict=True):
        yield name, [number(value) for value in (*point, *world)]


def row(cells: Sequence[str]) -> str:
    """One row of CSV (RFC 4180, but for the line's end, which is a line feed)."""
    line = StringIO()
    csv.writer(line, lineterminator="\n").writerow(cells)
    return line.getvalue()
