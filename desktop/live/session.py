"""A session: one source being watched, from start to stop, with all its threads. No Qt, no command line."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import replace

from desktop.drawing.privacy import Hide
from desktop.frame import Frame
from desktop.live.analysis import Analysis, Change, LoadLooker
from desktop.live.capture import Capture, Clock
from desktop.live.consumer import Consumers
from desktop.live.curtain import Curtain
from desktop.live.figures import Figures
from desktop.live.matching import Look
from desktop.live.notices import Notice, Notices
from desktop.live.recordable import Recordable
from desktop.live.recorders import Recorders
from desktop.live.recording import CAPACITY
from desktop.live.showing import Pair, Shown
from desktop.live.slot import LONGEST_WAIT
from desktop.live.tally import Tally
from desktop.live.watermark import Watermark
from desktop.sources.source import Source, SourceInfo, trouble_of
from models.scene import Scene

logger = logging.getLogger(__name__)

ABANDON = 2.0
"""Seconds for which the reader of a live source is waited for."""


class Session(Recordable):
    """Watches `source`; every method may be called from any thread and returns at once, but `join` and `stop`.

    `look`: makes what analyses the frames (`load_analyzer` with its arguments bound), called on the analysis thread;
    None: frames are only shown and recorded. `clock`: nanoseconds, that of live frames' times.

    The window asks `shown()` on a timer, `figures()` now and then, and `errors` when `figures().errors` has risen.
    """

    def __init__(
        self,
        source: Source,
        *,
        look: LoadLooker | None = None,
        clock: Clock = time.perf_counter_ns,
        abandon: float = ABANDON,
    ) -> None:
        self.source = source
        self._clock, self._abandon = clock, abandon
        self._lock = threading.Lock()
        self._load = look
        self._watermark = Watermark()
        self._capture: Capture | None = None
        self._generation = 0
        self._state, self._error = "idle", ""
        self._info: SourceInfo | None = None
        self._tally = Tally()
        self._curtain = Curtain()
        self._skipped = self._turn = 0
        self._analysis: Analysis | None = None
        self._analyses: list[Analysis] = []
        self._notices = Notices()
        self._recorders = Recorders(
            self._watermark, clock=clock, tell=lambda sentence: self._notices.tell("recording", sentence)
        )
        self._consumers = Consumers(self._notices.tell)
        self._requested: float | None = None
        self._abandoned = False

    # Starting and stopping

    def start(self, first: Callable[[], None] | None = None) -> None:
        """Open the source and begin, in threads: the state is "opening" until it is open. Once only.

        `first` is called before anything is opened, to subscribe or record from the very first frame on; what it raises
        ends the session.
        """
        with self._lock:
            if self._capture is not None or self._requested is not None:
                raise RuntimeError("a session is started once")
            generation = self._generation
            self._state = "opening"
            self._capture = Capture(
                self.source,
                deliver=lambda frame: self._deliver(generation, frame),
                opened=lambda info: self._opened(generation, info),
                over=lambda error: self._source_over(generation, error),
                clock=self._clock,
            )
        try:
            if first is not None:
                first()
        except BaseException:
            self.request_stop()
            raise
        self._capture.start()
        if self._load is not None:
            self.set_looker(self._load)

    def request_stop(self) -> None:
        """Ask everything to end. No frame is captured after this; recordings write what waits, then close.

        Asked a second time, recordings and consumers end after the frame in hand; what waited is counted as dropped.
        """
        with self._lock:
            again = self._requested is not None
            if not again:
                self._requested = time.monotonic()
                self._generation += 1  # what a reader that cannot be interrupted brings after this is ignored
                if self._state in ("idle", "opening", "running"):
                    self._state = "stopped"
            self._end_marks()
            self._consumers.stop()
            for analysis in self._analyses:
                analysis.stop()
            if again:
                self._recorders.cut()
                self._consumers.detach()
            if self._capture is not None:
                self._capture.stop()

    def join(self, timeout: float = 10.0) -> bool:
        """Wait at most `timeout` seconds until every thread has ended, after `request_stop`; `unended` names the rest.

        The reader of a live source that has not come back two seconds after the request is abandoned: it is no longer
        waited for, and whatever it brings later is ignored.
        """
        deadline = time.monotonic() + timeout
        while self.unended:
            left = deadline - time.monotonic()
            if left <= 0:
                logger.warning("%s: still running: %s", self.source.name, ", ".join(self.unended))
                return False
            threads = self._threads()
            if threads:
                threads[0].join(min(left, 0.1 if len(threads) > 1 or self._reader() else LONGEST_WAIT))
        self._watermark.finish()
        return True

    def stop(self, timeout: float = 10.0) -> bool:
        """`request_stop` and `join`: True when every thread has ended."""
        self.request_stop()
        return self.join(timeout)

    @property
    def unended(self) -> tuple[str, ...]:
        """The names of the threads that still run, an abandoned reader left out."""
        return tuple(thread.name for thread in self._threads())

    @property
    def abandoned(self) -> bool:
        """The source's reader hung in a native call when the session was stopped and was left to itself."""
        with self._lock:
            return self._abandoned

    def _reader(self) -> threading.Thread | None:
        """The source's reader, while it runs and is not abandoned."""
        with self._lock:
            if self._capture is None or not self._capture.thread.is_alive() or self._abandoned:
                return None
            waited = 0.0 if self._requested is None else time.monotonic() - self._requested
            if self.source.live and waited > self._abandon:
                self._abandoned = True
                logger.warning("%s does not come back: its reader is abandoned", self.source.name)
                return None
            return self._capture.thread

    def _threads(self) -> list[threading.Thread]:
        reader = self._reader()
        with self._lock:
            workers = [one.thread for one in self._analyses]
        workers += self._recorders.threads() + self._consumers.threads()
        return ([reader] if reader is not None else []) + [thread for thread in workers if thread.is_alive()]

    # The analysis

    def set_looker(self, look: LoadLooker | None) -> None:
        """Analyse with another looker from now on, or with none; also after one has failed.

        The one before ends after the frame in hand, unheard. Picture and recording go on meanwhile, without marks.
        """
        with self._lock:
            if self._analysis is not None:
                self._skipped += self._analysis.slot.replaced
                self._analysis.stop()
                self._analysis = None
            self._analyses = [one for one in self._analyses if one.thread.is_alive()]
            self._watermark.open()
            self._turn += 1
            self._load = look
            if look is None:
                self._tally.pair = None
            elif self._capture is not None and self._requested is None:
                self._analysis = Analysis(look, self, self._watermark, linger=not self.source.live, clock=self._clock)
                self._analyses.append(self._analysis)
                self._analysis.start()

    def change(self, change: Change) -> None:
        """Have `change(looker)` called on the analysis thread, between two frames: how options are set.

        Called once the looker is loaded; forgotten when another takes its place or when there is none.
        """
        with self._lock:
            if self._analysis is not None:
                self._analysis.change(change)

    def ready(self, analysis: Analysis) -> int | None:
        """For the analysis: it is loaded (see `Desk`)."""
        with self._lock:
            if analysis is not self._analysis or self._requested is not None:
                return None
            if self._tally.newest is not None:
                analysis.slot.put(self._tally.newest)
            if self._state in ("ended", "lost"):
                analysis.slot.end()
            analysis.state = "running"
            return self._watermark.begin(self._tally.captured)

    def publish(self, analysis: Analysis, frame: Frame, scene: Scene) -> None:
        """For the analysis: this was found (see `Desk`)."""
        with self._lock:
            if analysis is not self._analysis:
                return
            pair = Pair(frame, scene)
            self._curtain.saw(frame, scene)
            self._tally.analyse(pair, self._clock())
            self._recorders.analysed(frame, Look(scene, self._turn))
            self._consumers.analysed(pair)

    def failed(self, analysis: Analysis, sentence: str) -> None:
        """For the analysis: it has ended by an error (see `Desk`)."""
        with self._lock:
            if analysis is self._analysis:
                self._notices.tell("analysis", sentence)

    # The source

    def _opened(self, generation: int, info: SourceInfo) -> None:
        with self._lock:
            if generation == self._generation:
                self._state, self._info = "running", info

    def _deliver(self, generation: int, frame: Frame) -> None:
        with self._lock:
            if generation != self._generation:
                return
            self._tally.capture(frame)
            self._recorders.captured(frame)
            self._consumers.captured(frame)
            if self._analysis is not None and self._analysis.state == "running":
                self._analysis.slot.put(frame)

    def _source_over(self, generation: int, error: str) -> None:
        with self._lock:
            if generation != self._generation:
                return
            self._state, self._error = ("lost", error) if error else ("ended", "")
            if error:
                self._notices.tell("source", error)
            self._end_marks()

    def _end_marks(self) -> None:
        for analysis in self._analyses:
            if analysis.state != "loading":
                analysis.slot.end()
        self._recorders.no_more_frames()
        self._consumers.no_more_frames()

    # Consumers

    def subscribe_latest(
        self, name: str, take: Callable[[Pair], None], *, close: Callable[[], None] | None = None
    ) -> None:
        """Have `take` called with the newest analysed pair, in a thread of its own; slow ones miss what they miss.

        `close` is called once when it ends. One that raises is detached and named in `errors`.
        """
        self._consumers.latest(name, take, close)
        self._close_door()

    def subscribe_every(
        self,
        name: str,
        take: Callable[[Frame], None],
        *,
        capacity: int = CAPACITY,
        close: Callable[[], None] | None = None,
    ) -> None:
        """Have `take` called with every captured frame, in order, in a thread of its own; as `subscribe_latest`.

        At most `capacity` bytes of frames wait for it; further ones are dropped and counted.
        """
        self._consumers.every(name, take, close, capacity)
        self._close_door()

    def unsubscribe(self, name: str) -> None:
        """Detach the consumer of this name after what it has in hand."""
        self._consumers.detach(name)

    def _close_door(self) -> None:
        with self._lock:
            if self._requested is not None:
                self._consumers.stop()
            elif self._state in ("ended", "lost"):
                self._consumers.no_more_frames()

    # What is to be seen

    @property
    def info(self) -> SourceInfo | None:
        """What is known of the source, None before it is open."""
        with self._lock:
            return self._info

    @property
    def newest(self) -> Frame | None:
        """The newest captured frame."""
        with self._lock:
            return self._tally.newest

    @property
    def newest_pair(self) -> Pair | None:
        """The newest frame that was analysed, with its scene."""
        with self._lock:
            return self._tally.pair

    def shown(self, now: int | None = None) -> Shown | None:
        """What the window paints at `now` (ns; by default the clock's), see `choose`; None before the first frame."""
        with self._lock:
            shown = self._tally.shown(self._clock() if now is None else now)
        return None if shown is None else self._curtain.of(shown)

    def hide(self, hide: Hide | None) -> None:
        """Hide this in what is shown from now on, None for nothing. Recordings are told by their own options."""
        pair = self.newest_pair
        self._curtain.draw(hide)
        if pair is not None:
            self._curtain.saw(pair.frame, pair.scene)

    def veiled(self, shown: Shown) -> Shown:
        """The same, with what `hide` said hidden: for everything that is taken of a frame and leaves memory."""
        return self._curtain.of(shown)

    @property
    def errors(self) -> tuple[Notice, ...]:
        """Every sentence for the banner so far, in order."""
        return self._notices.all

    def figures(self, now: int | None = None) -> Figures:
        """How the session stands at `now` (ns; by default the clock's)."""
        with self._lock:
            moment = self._clock() if now is None else now
            tally, analysis = self._tally, self._analysis
            capture_fps, analysed_fps = tally.rates(moment)
            recordings = self._recorders.figures()
            dropped = sum(one.dropped for one in recordings) + self._consumers.dropped
            figures = Figures(
                state=self._state,
                error=self._error,
                size=self._info.size if self._info is not None else None,
                capture_fps=capture_fps,
                analysed_fps=analysed_fps,
                age=tally.age(moment),
                silent=tally.silent(moment),
                trouble=trouble_of(self.source) if self._state in ("opening", "running") else "",
                captured=tally.captured,
                analysed=tally.analysed,
                skipped=self._skipped + (analysis.slot.replaced if analysis is not None else 0),
                dropped=dropped,
                late=sum(one.late for one in recordings),
                errors=len(self._notices.all),
                recording=recordings[-1] if recordings else None,
                ring=self._recorders.ring(),
            )
        if analysis is None:
            return figures
        text, part = analysis.loading if analysis.state == "loading" else ("", 0.0)
        look = analysis.looks.at(moment)
        return replace(figures, analysis=analysis.state, loading=text, progress=part, look=look)
