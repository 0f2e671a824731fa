"""YOLO's text: a file for each frame, in it a line for each thing: class, and the box in shares of the picture.

classes.txt names the classes in their order, as labelling programs read it; data.yaml does the same for training
programs of that family. A frame in which nothing was found has an empty file: it is an example of nothing.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

from desktop.batch.exports.contents import Contents, clipped, frame_name, one_line


def files(contents: Contents) -> Iterator[tuple[str, Iterator[str]]]:
    """Name and text of each file. Raises RecordingError where the size of a picture is not known."""
    names = list(dict.fromkeys(one_line(label) for _, label in contents.labels))
    numbers = {name: number for number, name in enumerate(names)}
    yield "classes.txt", iter([f"{name}\n" for name in names])
    listed = "".join(f"  {number}: {json.dumps(name)}\n" for number, name in enumerate(names))
    yield "data.yaml", iter(["path: .\ntrain: images\nval: images\n", f"names:\n{listed}" if names else "names: {}\n"])
    for source, line, things in contents.analysed():
        width, height = contents.size_of(source)
        lines = []
        for thing in things:
            box = clipped(thing.box, (width, height))
            if box is None:
                continue
            left, top, right, bottom = box
            shares = ((left + right) / 2 / width, (top + bottom) / 2 / height)
            sides = ((right - left) / width, (bottom - top) / height)
            values = " ".join(f"{value:.6f}" for value in (*shares, *sides))
            lines.append(f"{numbers[one_line(thing.label)]} {values}\n")
        yield f"labels/{frame_name(source, line)}.txt", iter(lines)
