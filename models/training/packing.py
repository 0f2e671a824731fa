"""Packs labelled pictures into one file, to carry them to a machine that has torch, numpy and OpenCV alone.

    python -m models.training.packing DATA --out FILE.pack [--side 416] [--names NAME…]

Pictures larger than `--side` are made smaller; the others go in as they are. What cannot be read is left out, counted
and named. `python -m models.training --data FILE.pack` reads it.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np

from models.errors import OnlookerError
from models.training import packed
from models.training.annotations import read
from models.training.examples import Pixels, decoded, encoded
from models.training.labelled import Dataset, Picture

LARGEST_PIECE = 60 * 1000 * 1000
"""Bytes of the pictures and the index of one piece at most; a single larger picture has a piece of its own."""
INDEX_SHARE = 0.05
"""Part of a piece that is kept free for its index."""
QUALITY = 92
"""Of the JPEG that a picture becomes when it is made smaller."""


def pack(
    dataset: Dataset,
    path: Path,
    side: int | None = None,
    *,
    largest: int = LARGEST_PIECE,
    progress: Callable[[int, int], None] | None = None,
) -> tuple[list[Path], list[str]]:
    """Write `dataset` to `path` and, where it is too large for one file, to further pieces beside it.

    `side`: the longest side that pictures may have, in pixels; None leaves all as they are. `largest`: bytes of one
    piece. Gives the files and the keys of pictures that could not be read. Either all files are written or none. Raises
    OnlookerError where none can be read or the files cannot be written.
    """
    parts: list[Path] = []
    lengths: list[int] = []
    unreadable: list[str] = []
    room = int(largest * (1 - INDEX_SHARE))
    waiting: list[tuple[Picture, bytes]] = []
    try:
        for done, one in enumerate(dataset.pictures, 1):
            made = _made(one, side)
            if made is None:
                unreadable.append(one.key)
            else:
                if waiting and sum(len(data) for _, data in waiting) + len(made[1]) > room:
                    lengths.append(_write(dataset, path, waiting, parts))
                    waiting = []
                waiting.append(made)
            if progress is not None:
                progress(done, len(dataset.pictures))
        if not waiting:
            raise OnlookerError("None of the pictures can be read: do they lie where the annotations say?")
        lengths.append(_write(dataset, path, waiting, parts))
        for number, (part, length) in enumerate(zip(parts, lengths, strict=True), 1):
            with part.open("r+b") as file:
                packed.seal(file, number, len(parts), length)
        files = [packed.piece(path, number) for number in range(1, len(parts) + 1)]
        for part, file_ in zip(parts, files, strict=True):
            part.replace(file_)
    except OSError as error:
        raise OnlookerError(f"The packed pictures cannot be written to {path}: {error.strerror or error}.") from error
    finally:
        for part in parts:
            part.unlink(missing_ok=True)
    return files, unreadable


def _write(dataset: Dataset, path: Path, waiting: Sequence[tuple[Picture, bytes]], parts: list[Path]) -> int:
    """One more piece, as a .part file; the length of its index."""
    number = len(parts) + 1
    target = packed.piece(path, number)
    parts.append(target.with_name(target.name + ".part"))
    data = [one for _, one in waiting]
    with parts[-1].open("wb") as file:
        packed.write_piece(file, dataset.names, [one for one, _ in waiting], data, number)
        return file.tell() - packed.HEAD.size - sum(len(one) for one in data)


def _made(one: Picture, side: int | None) -> tuple[Picture, bytes] | None:
    """A picture and its bytes, made smaller where it is larger than `side`; None where it cannot be read."""
    data = encoded(one)
    pixels = None if data is None else decoded(data)
    if data is None or pixels is None:
        return None
    if side is None or max(pixels.shape[:2]) <= side:
        return one, data
    rows, columns = pixels.shape[:2]
    scale = side / max(rows, columns)
    size = max(round(columns * scale), 1), max(round(rows * scale), 1)
    smaller: Pixels = np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8)
    written, made = cv2.imencode(".jpg", smaller, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
    if not written:
        return None
    boxes = one.boxes * np.array([size[0] / one.width, size[1] / one.height] * 2, np.float32)
    return replace(one, width=size[0], height=size[1], boxes=boxes.astype(np.float32)), made.tobytes()


def main(argv: Sequence[str]) -> int:
    """The command; 0 where the pack was written."""
    parser = argparse.ArgumentParser(prog="python -m models.training.packing", description="Packs labelled pictures.")
    parser.add_argument("data", type=Path, help="labelled pictures, as --data of python -m models.training")
    parser.add_argument("--out", type=Path, required=True, help="the file; further pieces lie beside it")
    parser.add_argument("--side", type=int, help="longest side of the pictures, in pixels")
    parser.add_argument("--names", nargs="+", help="classes that are wanted; all of the data unless given")
    told = parser.parse_args(argv)
    if told.side is not None and told.side < 32:
        parser.error("pictures with so short a longest side show nothing: take --side 32 or more")
    try:
        dataset = read(told.data, told.names)
        files, unreadable = pack(dataset, told.out, told.side)
    except OnlookerError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    for sentence in dataset.notes:
        sys.stderr.write(f"{sentence}\n")
    if unreadable:
        sys.stderr.write(f"Left out: {len(unreadable)} pictures that cannot be read: {', '.join(unreadable)}\n")
    for file in files:
        sys.stderr.write(f"{file}: {file.stat().st_size / 1e6:.1f} MB\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
