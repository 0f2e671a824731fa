"""The colours of classes of objects: the same for the same name, in every session and for every detector.

Twelve colours: the seven of Okabe and Ito ("Color Universal Design", 2008) and five more, each of them the one farthest
from all before it in CIELAB, for eyes of every kind (the way of Glasbey and others, "Colour displays for categorical
images", 2007, with dichromats' eyes as Viénot, Brettel and Mollon simulate them, 1999). Neighbours differ in lightness,
which everybody sees. More colours could not be told apart: classes that share one are told apart by their labels.
"""

from __future__ import annotations

from functools import cache
from hashlib import blake2s

CLASS_COLOURS = (
    (86, 180, 233),
    (240, 228, 66),
    (213, 94, 0),
    (230, 159, 0),
    (0, 114, 178),
    (120, 255, 255),
    (0, 135, 255),
    (165, 255, 180),
    (0, 158, 115),
    (30, 75, 255),
    (204, 121, 167),
    (195, 45, 60),
)
_SALT = 905
"""Chosen so that no two of the twelve classes that are seen most, in streets and rooms, have one colour (a test names
them)."""


@cache
def class_colour(label: str) -> tuple[int, int, int]:
    """Red, green, blue (0..255) of the class of this name, one that was made up included."""
    word = blake2s(f"{_SALT} {label}".encode("utf-8", "surrogatepass"), digest_size=4).digest()
    return CLASS_COLOURS[int.from_bytes(word, "big") % len(CLASS_COLOURS)]
