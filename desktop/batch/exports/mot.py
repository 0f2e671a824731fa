"""MOTChallenge's text: a line for each thing in each frame: frame, id, left, top, width, height, score, -1, -1, -1.

The format: Milan, Leal-Taixé, Reid, Roth, Schindler, "MOT16" (arXiv:1603.00831), table 4: frames, ids and pixels count
from 1. An id stands for one track of one kind; the sidecar counts the tracks of each kind by itself, so they are
numbered anew here in the order in which they appear. Things that are not followed have -1.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from desktop.batch.exports.contents import Seen, number


def text(seen: Iterable[Seen]) -> Iterator[str]:
    """The lines for the frames of one video. Boxes that are not finite are left out."""
    ids: dict[tuple[str, int], int] = {}
    for _, line, things in seen:
        for thing in things:
            x1, y1, x2, y2 = thing.box.astype(float).tolist()
            places = [number(value) for value in (x1 + 1, y1 + 1, x2 - x1, y2 - y1)]
            if "" in places or not (x2 > x1 and y2 > y1):
                continue
            own = ids.setdefault((thing.kind, thing.track), len(ids) + 1) if thing.track else -1
            yield ",".join([str(line.frame + 1), str(own), *places, number(thing.score), "-1", "-1", "-1"]) + "\n"
