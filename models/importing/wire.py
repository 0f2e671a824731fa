"""The fields of a protobuf message, read in place and never beyond what is there.

The format: protobuf.dev/programming-guides/encoding. A field is a tag (number and kind) and its value: a varint, 8 or 4
bytes, or a length and so many bytes. Nothing is copied, and a message inside a message is read only when asked for.
"""

from __future__ import annotations

from collections.abc import Iterator

VARINT, EIGHT, BYTES, FOUR = 0, 1, 2, 5
_LONGEST_VARINT = 10

Value = int | memoryview


class WireError(ValueError):
    """These bytes are no such message."""


class Budget:
    """How many fields may be read altogether: bounds the time for a file that is all fields."""

    def __init__(self, fields: int) -> None:
        self._left = fields

    def spend(self) -> None:
        """One field more. Raises WireError where there were too many."""
        self._left -= 1
        if self._left < 0:
            raise WireError("it has far more parts than a detector")


def fields(message: memoryview, budget: Budget) -> Iterator[tuple[int, int, Value]]:
    """(number, kind, value) of each field of a message. Raises WireError where it is none."""
    place, end = 0, len(message)
    while place < end:
        budget.spend()
        tag, place = varint(message, place)
        number, kind = tag >> 3, tag & 7
        value: Value
        if number == 0:
            raise WireError("a field has no number")
        if kind == VARINT:
            value, place = varint(message, place)
        elif kind in (EIGHT, BYTES, FOUR):
            length = 8 if kind == EIGHT else 4
            if kind == BYTES:
                length, place = varint(message, place)
            if length > end - place:
                raise WireError("it ends in the middle")
            value, place = message[place : place + length], place + length
        else:
            raise WireError("a field is of no known kind")
        yield number, kind, value


def varint(message: memoryview, place: int) -> tuple[int, int]:
    """The integer that begins at `place`, and where it ends. Raises WireError."""
    value = 0
    for length in range(_LONGEST_VARINT):
        if place + length >= len(message):
            raise WireError("it ends in the middle")
        byte = message[place + length]
        value |= (byte & 0x7F) << (7 * length)
        if byte < 0x80:
            return value, place + length + 1
    raise WireError("a number is too long")


def text(value: Value, longest: int) -> str:
    """A field's text, cut after `longest` bytes."""
    return "" if isinstance(value, int) else bytes(value[:longest]).decode("utf-8", errors="replace")


def integers(value: Value, budget: Budget) -> list[int]:
    """A field of integers that may be repeated: one, or several packed together. Raises WireError."""
    if isinstance(value, int):
        return [value]
    found, place = [], 0
    while place < len(value):
        budget.spend()
        one, place = varint(value, place)
        found.append(one)
    return found
