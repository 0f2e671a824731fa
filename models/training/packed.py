"""The packed file: labelled pictures in one file, or a few pieces, that numpy and OpenCV alone can read.

A piece: 24 bytes of head (`MAGIC`; piece number from 1 and number of pieces, 4 bytes each; length of the index, 8
bytes; little-endian), an index (.npz: names, keys, sizes, lengths of pictures, boxes and what is known of them), then
the pictures as they were encoded, one after the other. Pieces are called set.pack, set.2.pack, set.3.pack…
"""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from models.errors import OnlookerError
from models.training.labelled import LARGEST, Boxes, Dataset, LeftOut, Picture, picture

MAGIC = b"ONLPACK1"
HEAD = struct.Struct("<8sIIQ")
LONGEST_INDEX = 1 << 30
"""Bytes; an index that claims more is none."""


def is_pack(path: Path) -> bool:
    """Whether a file begins as a packed one does."""
    try:
        with path.open("rb") as file:
            return file.read(len(MAGIC)) == MAGIC
    except OSError:
        return False


def piece(path: Path, number: int) -> Path:
    """The file of piece `number`, counted from 1, of the pack `path`."""
    return path if number == 1 else path.with_name(f"{path.stem}.{number}{path.suffix}")


def write_piece(
    file: BinaryIO, names: Sequence[str], pictures: Sequence[Picture], encoded: Sequence[bytes], number: int
) -> None:
    """Write one piece; `seal` says of how many. Raises OSError."""
    index = io.BytesIO()
    np.savez_compressed(
        index,
        names=np.array(list(names), np.str_),
        keys=np.array([one.key for one in pictures], np.str_),
        sizes=np.array([(one.width, one.height) for one in pictures], np.int64).reshape(-1, 2),
        lengths=np.array([len(data) for data in encoded], np.int64),
        counts=np.array([len(one.boxes) for one in pictures], np.int64),
        boxes=np.concatenate([np.zeros((0, 4), np.float32), *(one.boxes for one in pictures)]),
        classes=np.concatenate([np.zeros(0, np.intp), *(one.classes for one in pictures)]).astype(np.int32),
        crowd=np.concatenate([np.zeros(0, bool), *(one.crowd for one in pictures)]),
        difficult=np.concatenate([np.zeros(0, bool), *(one.difficult for one in pictures)]),
        labelled=np.array([one.labelled for one in pictures], bool).reshape(len(pictures), len(names)),
        difficult_missing=np.array([one.difficult_missing for one in pictures], bool),
    )
    data = index.getvalue()
    file.write(HEAD.pack(MAGIC, number, 0, len(data)))
    file.write(data)
    for one in encoded:
        file.write(one)


def seal(file: BinaryIO, number: int, pieces: int, length: int) -> None:
    """Say in the head of a written piece how many there are. Raises OSError."""
    file.seek(0)
    file.write(HEAD.pack(MAGIC, number, pieces, length))


def read(path: Path, names: Sequence[str] | None = None) -> Dataset:
    """The pictures of a pack, all pieces; `path` is the first. Their bytes stay in the files until they are decoded.

    `names`: the classes that are wanted, in that order, those of the pack unless given. Raises OnlookerError in one
    sentence where a piece is missing, cut off or none.
    """
    left_out = LeftOut()
    wanted: tuple[str, ...] | None = None if names is None else tuple(names)
    pictures: list[Picture] = []
    number, pieces = 1, 1
    own: tuple[str, ...] = ()
    while number <= pieces:
        file = piece(path, number)
        index, start, pieces = _index(file, number, pieces)
        try:
            called = tuple(str(name) for name in index["names"])
            _hold(number == 1 or called == own, "its classes are others than those of the first piece")
            own = called
            wanted = own if wanted is None else wanted
            pictures += _pictures(file, index, start, own, wanted, left_out)
        except (KeyError, ValueError, IndexError, TypeError, OverflowError) as error:
            raise OnlookerError(f"{file} is damaged ({error}): pack the pictures again.") from error
        number += 1
    if not pictures:
        raise OnlookerError(f"{path} holds no pictures: pack a folder that has some.")
    return Dataset(wanted or (), tuple(pictures), left_out.notes())


def _index(file: Path, number: int, pieces: int) -> tuple[dict[str, NDArray[Any]], int, int]:
    """The index of a piece, where its pictures begin, and how many pieces there are. Raises OnlookerError."""
    try:
        with file.open("rb") as opened:
            magic, own, pieces_here, length = HEAD.unpack(opened.read(HEAD.size))
            fits = magic == MAGIC and own == number <= pieces_here and (number == 1 or pieces_here == pieces)
            _hold(fits, "it is not the piece that belongs here")
            _hold(length <= min(LONGEST_INDEX, file.stat().st_size - HEAD.size), "it is cut off")
            with np.load(io.BytesIO(opened.read(length)), allow_pickle=False) as kept:
                index = {name: kept[name] for name in kept.files}
        start = HEAD.size + length
        _hold(bool((index["lengths"] >= 0).all()), "it has lengths below 0")
        _hold(start + int(index["lengths"].sum()) == file.stat().st_size, "it is cut off")
    except FileNotFoundError as error:
        raise OnlookerError(f"{file} is missing: of {pieces} pieces of a pack all must lie in one folder.") from error
    except (OSError, ValueError, KeyError, EOFError, struct.error, zipfile.BadZipFile) as error:
        raise OnlookerError(f"{file} cannot be read as packed pictures ({error}): pack them again.") from error
    return index, start, pieces_here


def _hold(fact: bool, otherwise: str) -> None:
    if not fact:
        raise ValueError(otherwise)


def _pictures(
    file: Path,
    index: dict[str, NDArray[Any]],
    start: int,
    own: tuple[str, ...],
    wanted: tuple[str, ...],
    left_out: LeftOut,
) -> list[Picture]:
    """The pictures of one piece, their classes as places in `wanted`."""
    places = np.array([wanted.index(name) if name in wanted else -1 for name in own], np.intp)
    sources = [own.index(name) if name in own else -1 for name in wanted]
    ends = np.cumsum(index["lengths"])
    last = np.cumsum(index["counts"])
    _hold(len(last) == 0 or last[-1] == len(index["boxes"]), "boxes are missing")
    made = []
    for row, key in enumerate(index["keys"]):
        width, height = (int(side) for side in index["sizes"][row])
        if not (0 < width <= LARGEST and 0 < height <= LARGEST):
            left_out.count("pictures of an impossible size")
            continue
        span = slice(int(last[row] - index["counts"][row]), int(last[row]))
        classes = places[index["classes"][span]]
        known = classes >= 0
        for _ in range(int((~known).sum())):
            left_out.count("boxes of classes that are not wanted")
        boxes = Boxes(
            [tuple(one) for one in index["boxes"][span][known].tolist()],
            classes[known].tolist(),
            index["crowd"][span][known].tolist(),
            index["difficult"][span][known].tolist(),
        )
        labelled = np.array([source >= 0 and bool(index["labelled"][row, source]) for source in sources], bool)
        length = int(index["lengths"][row])
        made.append(
            picture(
                file,
                (width, height),
                boxes,
                labelled,
                str(key),
                left_out,
                difficult_missing=bool(index["difficult_missing"][row]),
                span=(start + int(ends[row]) - length, length),
            )
        )
    return made
