"""What every source is: something that is opened, gives frames, and is closed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from desktop.frame import Frame


@dataclass(frozen=True, slots=True)
class SourceInfo:
    """What is known of a source once it is open.

    `size`: width and height of its frames (upright) in pixels. `fps`: nominal frames per second, None where unknown.
    `frames`: how many it is said to have (files; an estimate, never trusted), `duration`: seconds, None where unknown.
    `asked` and `got`: the mode requested (of a camera, the screen) and the one delivered, as sentences fit to be shown,
    else "".
    """

    size: tuple[int, int]
    fps: float | None = None
    frames: int | None = None
    duration: float | None = None
    asked: str = ""
    got: str = ""


class Source(Protocol):
    """Gives frames. Used by one thread at a time; `close` may be called by another and more than once.

    `name`: the string that names it, fit for titles and logs (no credentials). `live`: its frames come when they come
    (camera, stream, screen) and their `time` is `perf_counter_ns()` on arrival; else frames are given as fast as they
    are read, their `time` is the source's own, from 0 at its first frame, and never goes back.
    """

    name: str
    live: bool

    def open(self) -> SourceInfo:
        """Open it; may take seconds. Raises SourceError with one sentence, after which nothing is left open."""
        ...

    def read(self) -> Frame | None:
        """The next frame, upright, `index` counting from 0 since it was opened; None at the end and once it is closed.

        Raises SourceError, once, when it is lost, or where a file turned out to be damaged or cut off: its sentence
        then says how far it went, and the frames given before are good.
        """
        ...

    def close(self) -> None:
        """Let go of everything. Never raises."""
        ...


@runtime_checkable
class Enduring(Protocol):
    """What a live source has besides where `read` waits until what was lost is there again, instead of raising.

    `trouble`: one sentence of what is wrong at this moment, "" while frames come; asked from any thread.
    """

    @property
    def trouble(self) -> str: ...

    def interrupt(self) -> None:
        """Have a `read` or `open` that waits come back at once, with None or SourceError. From any thread; no waiting.

        It gives nothing more until it is opened again.
        """
        ...


def trouble_of(source: Source) -> str:
    """What is wrong with a source that endures, "" where nothing is or it would raise instead."""
    return source.trouble if isinstance(source, Enduring) else ""
