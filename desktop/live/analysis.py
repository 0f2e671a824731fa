"""The analysis thread: loads what looks, then looks at the newest frame again and again."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable
from typing import Protocol

from desktop.frame import Frame, Pixels
from desktop.live.capture import Clock
from desktop.live.figures import LookTime
from desktop.live.slot import Slot
from desktop.live.watermark import Watermark
from models.errors import OnlookerError
from models.scene import Scene

logger = logging.getLogger(__name__)

Progress = Callable[[str, float], None]
"""Told what is being done and how far it is, 0..1."""

_LOOK_AROUND = 0.25  # seconds after which a change of options is noticed though no frame comes


class Looker(Protocol):
    """What finds things in frames: `models.analyzer.Analyzer` is one."""

    def analyze(self, pixels: Pixels, time_ns: int) -> Scene:
        """What is in the next frame: `pixels` (height, width, 3) BGR uint8, captured at `time_ns`."""
        ...


LoadLooker = Callable[[Progress], Looker]
"""Makes a looker, which may take seconds; called on the analysis thread. Raises OnlookerError."""
Change = Callable[[Looker], None]


class Desk(Protocol):
    """Where an analysis reports. Nothing that one whose turn is over says is used."""

    def ready(self, analysis: Analysis) -> int | None:
        """It is loaded: frames come into its slot from now on, and its state is "running".

        Returns its turn at the watermark; None: too late.
        """
        ...

    def publish(self, analysis: Analysis, frame: Frame, scene: Scene) -> None:
        """This was found. Called before the watermark says so."""
        ...

    def failed(self, analysis: Analysis, sentence: str) -> None:
        """It has ended by an error, told once."""
        ...


class Analysis:
    """Looks at the newest frame of its `slot` until told to stop, or until nothing will come any more.

    `linger`: stays after the last frame, and looks at it again when its options change (a picture, a file at its end).
    `state`: "loading", "running", "failed" or "off"; `loading`: what is being done and how far. `looks`: how long they
    take, by the `clock`.
    """

    def __init__(self, load: LoadLooker, desk: Desk, watermark: Watermark, *, linger: bool, clock: Clock) -> None:
        self._load, self._desk, self._watermark, self._linger = load, desk, watermark, linger
        self._clock, self.looks = clock, LookTime()
        self._stopped = threading.Event()
        self._nudged = threading.Event()
        self._changes: deque[Change] = deque()
        self.slot: Slot[Frame] = Slot()
        self.state = "loading"
        self.loading: tuple[str, float] = ("", 0.0)
        self.thread = threading.Thread(target=self._run, name="analysis")

    def start(self) -> None:
        """Begin to load, then to look."""
        self.thread.start()

    def stop(self) -> None:
        """Ask it to end; it does after the frame in hand."""
        self._stopped.set()
        self.slot.end()
        self._nudged.set()

    def change(self, change: Change) -> None:
        """Have `change(looker)` called on the analysis thread between two frames."""
        self._changes.append(change)
        self._nudged.set()

    def _run(self) -> None:
        turn: int | None = None
        try:
            looker = self._load(self._told)
            turn = self._desk.ready(self)
            if turn is not None:
                self._look(looker, turn)
            self.state = "off"
        except Exception as problem:  # top of a thread: told to the user, the session goes on
            if isinstance(problem, OnlookerError):
                sentence = str(problem)
            else:
                logger.exception("the analysis failed")
                what = f"{type(problem).__name__}: {problem}".removesuffix(": ")
                sentence = f"The analysis ended by an error ({what}): picture and recording go on without it."
            self._desk.failed(self, sentence)
            self.state = "failed"
        finally:
            if turn is not None:
                self._watermark.close(turn)

    def _told(self, text: str, part: float) -> None:
        self.loading = (text, part)

    def _look(self, looker: Looker, turn: int) -> None:
        last: Frame | None = None
        while not self._stopped.is_set():
            frame = self.slot.get(_LOOK_AROUND)
            changed = self._changed(looker)
            if frame is None and self.slot.over:
                if not self._linger:
                    return
                if not changed:
                    self._nudged.wait(1.0)
                    self._nudged.clear()
                    continue
                frame = last
            if frame is None or self._stopped.is_set():
                continue
            last = frame
            self._watermark.raise_to(frame.index - 1, turn)
            self.looks.begin(self._clock())
            scene = looker.analyze(frame.pixels, frame.time)
            self.looks.end(self._clock())
            self._desk.publish(self, frame, scene)
            self._watermark.raise_to(frame.index, turn)

    def _changed(self, looker: Looker) -> bool:
        changed = False
        while self._changes:
            self._changes.popleft()(looker)
            changed = True
        return changed
