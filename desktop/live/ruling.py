"""Carries rules out while a session runs: judges its scenes, records, takes snapshots, runs programs, tells."""

from __future__ import annotations

import logging
import math
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Literal, Protocol

from desktop.live.figures import RecordingFigures
from desktop.live.programs import Programs
from desktop.live.showing import Pair, Shown
from desktop.live.slot import Slot
from desktop.recordings.rule import Rule
from desktop.recordings.rules import Event, Rules
from models.errors import OnlookerError

logger = logging.getLogger(__name__)

NAME = "rules"
"""The name of the consumer that judges."""

PATIENCE = 10.0
"""Seconds at the end in which recordings are closed, and again for programs that still run."""

LONGEST = 60.0
"""Seconds from before a recording that can be kept."""

_SLACK = 1.0  # seconds kept beyond what a rule wants: it is judged a moment after its frame was captured
_RECENT = 50  # recordings: those that somebody waits for are among them
_LOOK = 0.25  # seconds after which is looked whether something has gone, though no scene came


@dataclass(frozen=True, slots=True)
class Told:
    """Something that rules did.

    `kind`: "found" and "gone" (`event` says what), "recording" (one began), "recorded" and "snapshot" (`files` are
    whole), "ran" (a program was started), "problem" (something could not be done). `notify`: it is to be shown to the
    user. `sentence` says it for people.
    """

    kind: Literal["found", "gone", "recording", "recorded", "snapshot", "ran", "problem"]
    rule: str
    moment: datetime
    sentence: str
    notify: bool = False
    files: tuple[Path, ...] = ()
    event: Event | None = None

    def as_json(self) -> dict[str, Any]:
        """For a line of JSON."""
        if self.event is not None:
            return self.event.as_json()
        entry: dict[str, Any] = {
            "event": self.kind,
            "rule": self.rule,
            "time": self.moment.isoformat(timespec="milliseconds"),
        }
        if self.files:
            entry["files"] = [str(path) for path in self.files]
        return entry | ({"sentence": self.sentence} if self.kind == "problem" else {})


class Watched(Protocol):
    """What of a session is used here."""

    def subscribe_latest(
        self, name: str, take: Callable[[Pair], None], *, close: Callable[[], None] | None = None
    ) -> None: ...
    def stop_recording(self) -> None: ...
    def join_recordings(self, timeout: float) -> bool: ...
    @property
    def recordings(self) -> tuple[RecordingFigures, ...]: ...


@dataclass(frozen=True, slots=True)
class Deeds:
    """How things are done. All are called on the thread of the rules.

    `record(before)`: start a recording that holds the last `before` seconds too; the video's name. `snapshot(shown,
    moment)`: write a picture; its name. Both raise OnlookerError. `tell`: called with what was done, from any thread.
    `clock`: nanoseconds, that of the frames' times; `wall`: the local clock.
    """

    record: Callable[[float], Path]
    snapshot: Callable[[Shown, datetime], Path]
    tell: Callable[[Told], None]
    clock: Callable[[], int]
    wall: Callable[[], datetime] = field(default=lambda: datetime.now().astimezone())


@dataclass(slots=True)
class _Recording:
    """One that rules began. `until`: by rule, the time (seconds) to which it wants it."""

    path: Path
    rules: dict[str, Rule]
    until: dict[str, float]


class Ruling:
    """Judges the scenes of `session` by `rules` until that is stopped, in a thread that the session waits for.

    `folder`: where programs run. One recording serves all rules that want one at a time, and one that the user began
    serves them too: it is left to the user. `judged`: scenes that were judged, and what came of them done.
    """

    def __init__(self, session: Watched, rules: Sequence[Rule], folder: Path, deeds: Deeds) -> None:
        self._session, self._deeds = session, deeds
        self._lock = threading.Lock()
        self._rules = Rules(rules)
        self._programs = Programs(folder, lambda rule, sentence: self._problem(rule, sentence))
        self._slot: Slot[Pair] = Slot()
        self._own: _Recording | None = None
        self._anew = False
        self._pending: list[tuple[Path, Event | None, Rule]] = []  # recordings that somebody waits for
        self.judged = 0
        self._thread = threading.Thread(target=self._run, name="rules")

    def start(self) -> None:
        """Begin."""
        self._thread.start()
        self._session.subscribe_latest(NAME, self._slot.put, close=self._close)

    def change(self, rules: Sequence[Rule]) -> None:
        """Judge by these from now on; those that are as they were go on where they stood."""
        with self._lock:
            self._rules = Rules(rules, known=self._rules)

    def restart(self) -> bool:
        """Go on with the recording that rules began in another file; True where there is one: it is to be stopped."""
        self._anew = self._own is not None
        return self._anew

    @property
    def present(self) -> frozenset[str]:
        """The names of the rules that hold now."""
        with self._lock:
            return self._rules.present

    def _close(self) -> None:
        self._slot.end()
        self._thread.join()

    def _run(self) -> None:
        try:
            while not self._slot.over:
                self._step(self._slot.get(_LOOK))
        except Exception as problem:  # top of a thread: told to the user, the session goes on
            logger.exception("the rules failed")
            what = f"{type(problem).__name__}: {problem}".removesuffix(": ")
            self._problem("", f"The rules are no longer judged because of an error ({what}).")
        finally:
            self._slot.end()
            self._finish()

    def _step(self, pair: Pair | None) -> None:
        now, wall = self._deeds.clock(), self._deeds.wall()
        with self._lock:
            if pair is None:
                events = self._rules.lapse(now / 1e9)
            else:
                moment = wall - timedelta(microseconds=(now - pair.frame.time) / 1e3)
                events = self._rules.judge(pair.frame.time / 1e9, pair.scene, moment, pair.frame.size)
            present = self._rules.present
        for event in events:
            self._tell(event.kind, event.rule, event.sentence, notify=event.rule.notify, event=event)
            if event.kind == "found" and pair is not None:
                self._do(event, pair)
        if self._anew:
            self._begin_anew()
        self._go_on(now / 1e9, present)
        self._collect()
        self.judged += pair is not None

    # What is done

    def _do(self, event: Event, pair: Pair) -> None:
        rule = event.rule
        picture = self._snapshot(event, pair) if rule.snapshot else None
        video = self._record(event) if rule.record is not None else None
        if rule.run is None or (rule.needs_file and picture is None and video is None):
            return  # where the file could not be made, that was told
        if rule.needs_file and video is not None:
            self._pending.append((video, event, rule))
        else:
            self._run_program(event, "" if picture is None else str(picture))

    def _snapshot(self, event: Event, pair: Pair) -> Path | None:
        try:
            path = self._deeds.snapshot(Shown(pair.frame, pair.scene, held=False), event.moment)
        except OnlookerError as error:
            self._problem(event.rule.name, str(error))
            return None
        self._tell("snapshot", event.rule, f"{event.rule.name}: snapshot {path}", files=(path,))
        return path

    def _record(self, event: Event) -> Path | None:
        """Have a recording that holds this event; its name, None where there is none."""
        rule = event.rule
        assert rule.record is not None
        running = self._running()
        if running is None:
            late = self._deeds.clock() / 1e9 - event.time  # since that frame was captured
            before = min(rule.record.before + late, LONGEST) if rule.record.before else 0.0
            path = self._begin(rule, before)
            if path is None:
                return None
            self._own = _Recording(path, {}, {})
            self._pending.append((path, None, rule))
            self._tell("recording", rule, f"{rule.name}: recording {path}")
        elif self._own is None:
            return running.path  # the user's
        assert self._own is not None
        self._own.rules[rule.name] = rule
        self._own.until[rule.name] = math.inf
        return self._own.path

    def _begin(self, rule: Rule, before: float) -> Path | None:
        """Begin to record; where that fails with what led to it, at least from now on."""
        for seconds in (before, 0.0) if before else (0.0,):
            try:
                return self._deeds.record(seconds)
            except OnlookerError as error:
                problem = str(error)
        self._problem(rule.name, problem)
        return None

    def _running(self) -> RecordingFigures | None:
        """The recording that takes frames now; one of the rules' own that has ended is forgotten."""
        newest = self._session.recordings[-1:]
        running = newest[0] if newest and newest[0].state == "running" else None
        if self._own is not None and not self._anew and (running is None or running.path != self._own.path):
            self._own = None  # the user has stopped it, or an error
        return running

    def _begin_anew(self) -> None:
        """Another file for what rules still want to be recorded."""
        own, running = self._own, self._running()
        self._anew = False
        if own is None:
            return
        if running is not None and running.path == own.path:
            self._session.stop_recording()
        rule = next(iter(own.rules.values()))
        path = self._begin(rule, 0.0)
        if path is None:
            self._own = None
            return
        own.path = path
        self._pending.append((own.path, None, rule))
        self._tell("recording", rule, f"{rule.name}: recording goes on in {own.path}")

    def _go_on(self, now: float, present: frozenset[str]) -> None:
        """Stop the recording that no rule wants any longer."""
        running, own = self._running(), self._own
        if running is None or own is None:
            return
        for name, rule in own.rules.items():
            after = rule.record.after if rule.record is not None else 0.0
            if name in present:
                own.until[name] = math.inf
            elif own.until[name] == math.inf:
                own.until[name] = now + after
        if all(now >= until for until in own.until.values()):
            self._own = None
            self._session.stop_recording()

    def _collect(self) -> None:
        """Tell what became of recordings, and run the programs that have waited for them."""
        if not self._pending:
            return
        recent = self._session.recordings[-_RECENT:]  # of thousands, in a session that runs for months
        over = {one.path: one for one in recent if one.state in ("finished", "failed")}
        pending, self._pending = self._pending, [one for one in self._pending if one[0] not in over]
        for path, event, rule in pending:
            if path not in over:
                continue
            recording = over[path]
            whole = recording.state == "finished" and bool(recording.files)
            if event is None:
                if whole:
                    self._tell("recorded", rule, f"{rule.name}: recorded {path}", files=recording.files)
                else:
                    self._problem(rule.name, recording.error or f"No frame came for the recording {path}.")
            elif whole:
                self._run_program(event, str(path))
            else:
                self._problem(rule.name, f"{rule.name}: its program was not run, since {path} is not whole.")

    def _run_program(self, event: Event, file: str) -> None:
        rule = event.rule
        arguments = rule.arguments(label=event.label, score=event.score, moment=event.moment, file=file)
        self._tell("ran", rule, f"{rule.name}: running {arguments[0]}")
        self._programs.run(rule.name, arguments, rule.limit)

    def _finish(self) -> None:
        """The end: what was begun is closed whole, and no program is left behind."""
        try:
            if self._running() is not None and self._own is not None:
                self._session.stop_recording()
            if self._pending:
                self._session.join_recordings(PATIENCE)
                self._collect()
            self._tell_unrun()
        except Exception:  # told in the log: the programs must be ended all the same
            logger.exception("the rules did not end well")
        finally:
            self._programs.close(PATIENCE)

    def _tell_unrun(self) -> None:
        """Tell which programs have waited in vain: for the user's recording, or for a disk that takes long."""
        for path, event, rule in self._pending:
            if event is not None:
                self._problem(
                    rule.name,
                    f"{rule.name}: its program was not run, since {path} was not whole yet when the rules ended.",
                )

    def _problem(self, rule: str, sentence: str) -> None:
        self._deeds.tell(Told("problem", rule, self._deeds.wall(), sentence, notify=True))

    def _tell(
        self,
        kind: Literal["found", "gone", "recording", "recorded", "snapshot", "ran"],
        rule: Rule,
        sentence: str,
        *,
        notify: bool = False,
        files: tuple[Path, ...] = (),
        event: Event | None = None,
    ) -> None:
        moment = self._deeds.wall() if event is None else event.moment
        self._deeds.tell(Told(kind, rule.name, moment, sentence, notify, files, event))


def longest_before(rules: Iterable[Rule]) -> float:
    """Seconds of what led to a recording that have to be kept in memory for these rules; 0 for none."""
    most = max((rule.record.before for rule in rules if rule.on and rule.record is not None), default=0.0)
    return min(most + _SLACK, LONGEST) if most else 0.0
