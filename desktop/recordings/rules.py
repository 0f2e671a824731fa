"""Judges rules: scenes in, events out. No clock of its own, no file, no thread."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from desktop.recordings.rule import BODY, FACE, PERSON, Point, Rule
from models import boxes
from models.scene import Body, Detection, Face, Scene

LULL = 3.0
"""Seconds between two scenes in both of which something was seen, for which it is taken to have been there: a slow
analysis gives a scene now and then."""

_SAME = 0.5  # of the smaller box, shared: a person in a box and a body are one person
_EDGE = 1e-9  # parts of the picture: on the edge of a region is in it


@dataclass(frozen=True, slots=True)
class Event:
    """A rule found something ("found"), or what it found has gone ("gone").

    `time`: seconds, of the clock that `judge` was told. `moment`: the same by the local clock. `count`: how many there
    were. `label`, `score`, `track`, `box` (x1, y1, x2, y2 in pixels of a picture of `size`): of the surest of them.
    """

    kind: Literal["found", "gone"]
    rule: Rule
    time: float
    moment: datetime
    count: int
    label: str
    score: float
    track: int
    box: tuple[float, float, float, float]
    size: tuple[int, int]

    def as_json(self) -> dict[str, Any]:
        """For a line of JSON."""
        return {
            "event": self.kind,
            "rule": self.rule.name,
            "time": self.moment.isoformat(timespec="milliseconds"),
            "count": self.count,
            "label": self.label,
            "score": round(self.score, 3),
            "track": self.track,
            "box": list(self.box),
            "size": list(self.size),
        }

    @property
    def sentence(self) -> str:
        """For people."""
        many = f", {self.count} of them" if self.count > 1 else ""
        if self.kind == "gone":
            return f"{self.rule.name}: the {self.label} has gone."
        return f"{self.rule.name}: {self.label}, {self.score:.0%} sure{many}."


@dataclass(slots=True)
class _State:
    """How a rule stands. `since`: it holds from then on; `seen`: it held then, by a scene; `active`: it was told of."""

    since: float | None = None
    seen: float = -math.inf
    missed: bool = False
    active: bool = False
    fired: float = -math.inf
    last: Event | None = None

    def lost(self, rule: Rule, time: float) -> bool:
        """Whether what was seen is no longer taken to be there."""
        return time - self.seen > (rule.gap if self.missed else max(rule.gap, LULL))


@dataclass(frozen=True, slots=True, eq=False)
class _Thing:
    label: str
    score: float
    track: int
    box: tuple[float, float, float, float]


@dataclass(slots=True)
class Rules:
    """The rules of one session. `judge` is called with its scenes, in order.

    `known`: the same rules before they were changed: those that are as they were go on where they stood.
    """

    rules: Sequence[Rule]
    known: Rules | None = None
    _states: dict[str, _State] = field(default_factory=dict)
    _time: float = -math.inf

    def __post_init__(self) -> None:
        before, self.known = self.known, None
        old = {rule.name: rule for rule in before.rules} if before is not None else {}
        for rule in self.rules:
            kept = before is not None and old.get(rule.name) == rule
            self._states[rule.name] = before._states[rule.name] if before is not None and kept else _State()

    def judge(self, time: float, scene: Scene, moment: datetime, size: tuple[int, int]) -> tuple[Event, ...]:
        """What becomes of the rules by this `scene` of a picture of `size` (width, height), taken at `time` (seconds,
        of any origin) and at `moment` of the local clock. A time before the last one begins anew."""
        if time < self._time:
            self._states = {rule.name: _State() for rule in self.rules}
        self._time = time
        events: list[Event] = []
        for rule in self.rules:
            things = _counted(rule, scene, size) if rule.on and rule.due(moment) else []
            events += self._step(rule, things, time, moment, size)
        return tuple(events)

    def lapse(self, time: float) -> tuple[Event, ...]:
        """No scene came until `time`: what has not been seen for too long has gone. As `judge` otherwise."""
        return tuple(
            event
            for rule in self.rules
            if self._states[rule.name].lost(rule, time)
            for event in self._gone(self._states[rule.name])
        )

    @property
    def present(self) -> frozenset[str]:
        """The names of the rules that hold now, whether they were told of or still wait."""
        return frozenset(name for name, state in self._states.items() if state.since is not None)

    def _step(
        self, rule: Rule, things: Sequence[_Thing], time: float, moment: datetime, size: tuple[int, int]
    ) -> list[Event]:
        state = self._states[rule.name]
        holds = len(things) >= rule.least
        state.missed = state.missed or not holds
        events = self._gone(state) if state.lost(rule, time) else []
        if not holds:
            return events
        state.seen, state.missed = time, False
        if state.since is None:
            state.since = time
        surest = max(things, key=lambda thing: thing.score)
        state.last = Event(
            *("found", rule, time, moment, len(things)),
            *(surest.label, surest.score, surest.track, surest.box, size),
        )
        if not state.active and time - state.since >= rule.seconds and time - state.fired >= rule.cooldown:
            state.active, state.fired = True, time
            events.append(state.last)
        return events

    def _gone(self, state: _State) -> list[Event]:
        was, state.active, state.since = state.active, False, None
        if not was or state.last is None:
            return []
        last = state.last
        return [
            Event(
                *("gone", last.rule, last.time, last.moment, last.count),
                *(last.label, last.score, last.track, last.box, last.size),
            )
        ]


def _counted(rule: Rule, scene: Scene, size: tuple[int, int]) -> list[_Thing]:
    """What counts for a rule: what it names, sure enough, in its region."""
    found: list[_Thing] = []
    for name in dict.fromkeys(rule.what):
        found += _named(name, scene, rule.score)
    corners = rule.corners if rule.region is not None else None
    return [
        thing for thing in found if _is_whole(thing) and (corners is None or inside(_place(thing, rule, size), corners))
    ]


def _named(name: str, scene: Scene, score: float) -> list[_Thing]:
    if name == FACE:
        return [_thing(name, face) for face in scene.faces if face.score >= score]
    bodies = [body for body in scene.bodies if body.score >= score]
    if name == BODY:
        return [_thing(name, body) for body in bodies]
    boxed = [thing for thing in scene.objects if thing.label == name and thing.score >= score]
    found = [_thing(name, thing) for thing in boxed]
    return found + [_thing(name, body) for body in _alone(bodies, boxed)] if name == PERSON else found


def _alone(bodies: Sequence[Body], people: Sequence[Detection]) -> list[Body]:
    """The bodies that no box of a person stands for already; each box stands for one body at most."""
    left, alone = list(people), []
    for body in bodies:
        shares = [float(boxes.containment(one.box[None], body.box[None])[0, 0]) for one in left]
        best = max(range(len(left)), key=shares.__getitem__, default=-1)
        if best >= 0 and shares[best] >= _SAME:
            del left[best]
        else:
            alone.append(body)
    return alone


def _thing(label: str, seen: Detection | Face | Body) -> _Thing:
    x1, y1, x2, y2 = (round(float(side), 1) for side in seen.box)
    return _Thing(label, float(seen.score), seen.track, (x1, y1, x2, y2))


def _is_whole(thing: _Thing) -> bool:
    return all(math.isfinite(side) for side in thing.box)


def _place(thing: _Thing, rule: Rule, size: tuple[int, int]) -> Point:
    """The point that counts, as parts of the picture; one beyond its edge is taken to be on it."""
    x1, y1, x2, y2 = thing.box
    across, down = (x1 + x2) / 2 / size[0], (y2 if rule.point == "foot" else (y1 + y2) / 2) / size[1]
    return min(max(across, 0.0), 1.0), min(max(down, 0.0), 1.0)


def inside(place: Point, corners: Sequence[Point]) -> bool:
    """Whether a point lies in a polygon or on its edge, by the number of edges that a ray to the right crosses."""
    x, y = place
    within = False
    for (x1, y1), (x2, y2) in zip(corners, (*corners[1:], corners[0]), strict=True):
        if _on_edge(x, y, x1, y1, x2, y2):
            return True
        if (y1 > y) != (y2 > y) and x < x1 + (y - y1) * (x2 - x1) / (y2 - y1):
            within = not within
    return within


def _on_edge(x: float, y: float, x1: float, y1: float, x2: float, y2: float) -> bool:
    beside = abs((x2 - x1) * (y - y1) - (y2 - y1) * (x - x1))
    if beside > _EDGE * max(math.hypot(x2 - x1, y2 - y1), _EDGE):
        return False
    return min(x1, x2) - _EDGE <= x <= max(x1, x2) + _EDGE and min(y1, y2) - _EDGE <= y <= max(y1, y2) + _EDGE


def wanted(rules: Iterable[Rule]) -> frozenset[str]:
    """All that these rules name, those that are switched off left out."""
    return frozenset(name for rule in rules if rule.on for name in rule.what)
