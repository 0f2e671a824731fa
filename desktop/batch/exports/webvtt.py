"""WebVTT: what is seen, as subtitles that any player shows with the recording.

The format: https://www.w3.org/TR/webvtt1/. A cue lasts while the same is seen, and after the last frame that was looked
at for as long as marks are held.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from desktop.batch.exports.contents import Seen, Thing, one_line
from desktop.recordings.carry import CARRIED

_ESCAPES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})


def text(seen: Iterable[Seen]) -> Iterator[str]:
    """The cues for the frames of one video, which are in the order of their times."""
    yield "WEBVTT\n"
    begun = last = 0.0
    shown = ""
    for _, line, things in seen:
        words = _words(things)
        goes_on = line.time - last <= CARRIED
        if not (goes_on and words == shown):
            yield _cue(begun, line.time if goes_on else last + CARRIED, shown)
            begun, shown = line.time, words
        last = line.time
    yield _cue(begun, last + CARRIED, shown)


def _words(things: tuple[Thing, ...]) -> str:
    names = (f"{one_line(thing.label)} {thing.track}" if thing.track else one_line(thing.label) for thing in things)
    return "".join(f"{name.translate(_ESCAPES)}\n" for name in dict.fromkeys(names))


def _cue(begin: float, end: float, words: str) -> str:
    first, last = round(begin * 1000), round(end * 1000)
    return f"\n{_clock(first)} --> {_clock(last)}\n{words}" if words and first < last else ""


def _clock(milliseconds: int) -> str:
    seconds, rest = divmod(milliseconds, 1000)
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}.{rest:03}"
