"""The rules of the window: kept in a file beside the settings, judged on every session. No Qt here."""

from __future__ import annotations

import contextlib
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from desktop.live.ruling import Deeds, Ruling, Told, longest_before
from desktop.live.session import Session
from desktop.live.showing import Shown
from desktop.live.snapshot import take
from desktop.recordings import rule_file
from desktop.recordings.rule import BODY, FACE, PERSON, Rule
from desktop.settings import Settings
from desktop.window.watch import Watch
from models.errors import RuleError

FILE = "rules.toml"
"""The file's name, in the folder of the settings."""

_KEPT = 200  # of what happened


@dataclass(slots=True)
class Ruled:
    """Used by the window's thread. `events`: what happened, the newest first. `notice`: for the banner, "" for nothing.

    `path`: the file of rules. Where it cannot be understood there are no rules, until others are made: it is renamed to
    rules.toml.damaged then.
    """

    watch: Watch
    path: Path
    rules: tuple[Rule, ...] = ()
    notice: str = ""
    events: deque[Told] = field(default_factory=lambda: deque(maxlen=_KEPT))
    _fresh: deque[Told] = field(default_factory=deque)
    _session: Session | None = None
    _ruling: Ruling | None = None

    def __post_init__(self) -> None:
        try:
            self.rules = rule_file.load(self.path) if self.path.exists() else ()
        except RuleError as error:
            self.notice = f"{error} No rule is judged until that is put right."
        self.watch.before = self._before

    def set_rules(self, rules: Sequence[Rule]) -> None:
        """Keep these, and judge by them from now on. Raises RuleError where they cannot be kept: nothing changes."""
        if self.notice:
            with contextlib.suppress(OSError):
                self.path.replace(self.path.with_name(self.path.name + ".damaged"))
        rule_file.save(self.path, rules)
        self.rules, self.notice = tuple(rules), ""
        self.watch.before = self._before
        self.follow()
        if self._ruling is not None:
            self._ruling.change(self.rules)

    def follow(self) -> None:
        """Judge the session that is on the screen now; called on the window's timer."""
        session = self.watch.session
        if session is self._session and (self._ruling is not None or not self._wanted):
            return
        self._session, self._ruling = session, None
        if session is not None and self._wanted and self.watch.watching:
            self._ruling = Ruling(session, self.rules, self.watch.folder, self._deeds(session))
            self._ruling.start()

    @property
    def _wanted(self) -> bool:
        return any(rule.on for rule in self.rules)

    @property
    def _before(self) -> float:
        """Seconds that the rules want from before a recording."""
        return longest_before(self.rules)

    def _deeds(self, session: Session) -> Deeds:
        watch = self.watch

        def snapshot(shown: Shown, moment: datetime) -> Path:
            return take(session.veiled(shown), watch.folder, moment, labels=watch.settings.labels)

        return Deeds(
            record=lambda before: watch.record(session, before),
            snapshot=snapshot,
            tell=self._fresh.append,
            clock=time.perf_counter_ns,
        )

    def restart(self) -> bool:
        """Go on in another file with the recording that rules began; True where there is one: it is to be stopped."""
        return self._ruling is not None and self._ruling.restart()

    def collect(self) -> list[Told]:
        """What happened since the last call, in order."""
        news = []
        while self._fresh:
            news.append(self._fresh.popleft())
        self.events.extendleft(news)
        return news

    @property
    def present(self) -> frozenset[str]:
        """The names of the rules that hold now."""
        watching = self._ruling is not None and self.watch.watching
        return self._ruling.present if self._ruling is not None and watching else frozenset()


def described(rule: Rule) -> str:
    """What a rule waits for and does, in a line."""
    what = rule.what[0] if len(rule.what) == 1 else f"{', '.join(rule.what[:-1])} or {rule.what[-1]}"
    parts = [f"{rule.least} or more of {what}" if rule.least > 1 else what]
    if rule.region is not None:
        parts.append("in its region")
    if rule.hours is not None:
        parts.append(rule.hours)
    if rule.days is not None:
        parts.append(", ".join(rule.days))
    done = [
        name
        for name, wanted in (
            ("record", rule.record is not None),
            ("snapshot", rule.snapshot),
            ("message", rule.notify),
            (f"run {Path(rule.run[0]).name}" if rule.run else "", rule.run is not None),
        )
        if wanted
    ]
    return f"{', '.join(parts)}: {', '.join(done)}"


def unseen(rule: Rule, settings: Settings, labels: Sequence[str]) -> str:
    """What this rule names and the window does not look for, as a sentence; "" where it looks for one at least.

    `labels`: the classes that the detector tells apart, none while that is not known.
    """
    missing = [name for name in rule.what if not _looked_for(name, settings, labels)]
    return "" if len(missing) < len(rule.what) else f"{' and '.join(missing)}: not looked for now"


def _looked_for(name: str, settings: Settings, labels: Sequence[str]) -> bool:
    if name == FACE:
        return settings.faces
    if name == BODY or (name == PERSON and settings.bodies):
        return settings.bodies
    known = not labels or name in labels
    return settings.objects and known and (settings.classes is None or name in settings.classes)
