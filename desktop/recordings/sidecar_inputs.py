"""Which entries of a sidecar belong together: the data of `annotate` tells of several videos and pictures in a row."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from desktop.recordings.sidecar_reader import End, Entry, Header, Line


def numbered(entries: Iterable[Entry]) -> Iterator[tuple[int, Entry]]:
    """Each entry with the number of its input, from 0: one begins with a header, with a picture, or after an end."""
    number, running = -1, False
    for entry in entries:
        if isinstance(entry, Header) or is_picture(entry) or (isinstance(entry, Line) and not running):
            number, running = number + 1, not is_picture(entry)
        elif isinstance(entry, End):
            if not running:
                continue  # the end of nothing
            running = False
        yield number, entry


def is_picture(entry: Entry) -> bool:
    """Whether it is a single picture, which is all of its input."""
    return isinstance(entry, Line) and entry.size is not None
