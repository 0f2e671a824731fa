"""What has to be known of a network to use it: layout, look, size and classes, as it is kept beside the file."""

from __future__ import annotations

import ast
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from models.errors import NetworkError
from models.importing.layouts import named
from models.importing.look import Look

SIDES = 32, 4096
"""Pixels: the smallest and the largest side of an input."""
MOST_PIXELS = 2048 * 2048
MOST_CLASSES = 10_000
_LONGEST_NAME = 64
_LONGEST_LIST = 200_000


@dataclass(frozen=True, slots=True)
class Recipe:
    """`layout`: a key of `layouts.LAYOUTS`. `size`: (height, width) of the input. `free`: whether other sizes may be
    chosen. `labels`: the names of the classes, by place. Raises NetworkError for what makes no sense."""

    layout: str
    look: Look
    size: tuple[int, int]
    free: bool
    labels: tuple[str, ...]

    def __post_init__(self) -> None:
        named(self.layout)
        check_size(self.size)
        if not 1 <= len(self.labels) <= MOST_CLASSES:
            raise NetworkError(f"A detector has 1 to {MOST_CLASSES:,} classes, not {len(self.labels):,}.")

    def described(self) -> dict[str, Any]:
        """For a JSON file."""
        return asdict(self)

    @classmethod
    def of(cls, written: Mapping[str, Any]) -> Recipe:
        """From what a JSON file says. Raises NetworkError, KeyError, TypeError or ValueError where it is none."""
        look = dict(written["look"])
        for name in ("mean", "std"):
            look[name] = tuple(float(number) for number in look[name])
        height, width = (int(side) for side in written["size"])
        labels = tuple(clean(label) for label in written["labels"])
        free = written["free"]
        if not isinstance(free, bool):
            raise TypeError("free is neither true nor false")
        return cls(str(written["layout"]), Look(**look), (height, width), free, labels)


def check_size(size: tuple[int, int]) -> None:
    """Raises NetworkError where an input of this size (height, width) makes no sense."""
    if not all(SIDES[0] <= side <= SIDES[1] for side in size) or size[0] * size[1] > MOST_PIXELS:
        raise NetworkError(
            f"An input of {size[1]} x {size[0]} pixels makes no sense for a detector: its sides may have {SIDES[0]} to "
            f"{SIDES[1]} pixels, {MOST_PIXELS:,} together."
        )


def clean(name: object) -> str:
    """A class's name as one short line without control signs. Raises TypeError where it is no text or number."""
    if not isinstance(name, str | int) or isinstance(name, bool):
        raise TypeError(f"a class is called {name!r}")
    line = "".join(sign for sign in " ".join(str(name).split()) if sign.isprintable())
    return line[:_LONGEST_NAME] or "?"


def classes_in(text: str) -> tuple[str, ...]:
    """The classes that a text names: one a line, or separated by commas in one line, or a list or {place: name} as JSON
    or as Python writes it (as Ultralytics' metadata does). Raises NetworkError where there are none, or too many."""
    if len(text) > _LONGEST_LIST:
        raise NetworkError("The list of classes is too long.")
    stripped = text.strip()
    if stripped[:1] in ("[", "{"):
        names = _written(stripped)
    else:
        lines = stripped.splitlines() if "\n" in stripped else stripped.split(",")
        names = [line.strip() for line in lines if line.strip()]
    if not 1 <= len(names) <= MOST_CLASSES:
        raise NetworkError(f"The list of classes has {len(names):,} names: 1 to {MOST_CLASSES:,} are possible.")
    try:
        return tuple(clean(name) for name in names)
    except TypeError as error:
        raise NetworkError("The list of classes holds something that is no name.") from error


def _written(text: str) -> Sequence[object]:
    try:
        read = json.loads(text)
    except (ValueError, RecursionError):
        try:
            read = ast.literal_eval(text)
        except (ValueError, SyntaxError, MemoryError, RecursionError, TypeError) as error:
            raise NetworkError("The list of classes cannot be read: write one name a line.") from error
    if isinstance(read, list):
        return read
    if isinstance(read, dict):
        try:
            by_place = {int(str(place)): name for place, name in read.items()}
        except (ValueError, TypeError) as error:
            raise NetworkError("The list of classes cannot be read: write one name a line.") from error
        if sorted(by_place) == list(range(len(by_place))):
            return [by_place[place] for place in range(len(by_place))]
    raise NetworkError("The list of classes has gaps: every place from 0 on needs a name.")
