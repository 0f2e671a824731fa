"""What a rule says: what has to be seen, where, how sure, how long and when, and what is done then. Pure data, checked.

A rule is read from a file of rules (`rule_file.py`), judged by `rules.py` and carried out by `desktop.live.ruling`.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Sequence
from datetime import datetime, time, timedelta
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

FACE, BODY, PERSON = "face", "body", "person"
"""What may be named beside the classes of objects. A person is an object of that class, a body, or both in one."""

PLACEHOLDERS = ("label", "score", "time", "file", "rule")
"""What may stand in braces in the arguments of a program."""

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
"""The days of the week, in the order of `datetime.weekday`."""

Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
Point = tuple[float, float]

_HOURS = re.compile(r"(\d{1,2}):(\d{2})\s*-\s*(\d{1,2}):(\d{2})")
_IN_BRACES = re.compile(r"\{(\w+)\}")
_FLAT = 1e-6  # parts of the picture's area
_NEAR = 3  # names that are offered in place of one that is not known


def nearest(name: str, names: Iterable[str]) -> str:
    """ "did you mean dog or hot dog?" for what is near to `name`, in capitals or not, "" where nothing is."""
    known = {one.casefold(): one for one in names}
    near = [known[one] for one in difflib.get_close_matches(name.casefold(), list(known), _NEAR)]
    return f"did you mean {' or '.join(near)}?" if near else ""


def _plain(text: str) -> str:
    if not text.strip():
        raise ValueError("is empty")
    if not text.isprintable():
        raise ValueError("holds a sign that cannot be shown")
    return text


def _argument(text: str) -> str:
    if "\0" in text:
        raise ValueError("holds a zero byte, which no program can be given")
    for name in _IN_BRACES.findall(text):
        if name not in PLACEHOLDERS:
            known = ", ".join(f"{{{one}}}" for one in PLACEHOLDERS)
            raise ValueError(f"knows no {{{name}}}: there are {known}")
    return text


def _hours(text: str) -> str:
    span_of(text)
    return text


def span_of(hours: str) -> tuple[time, time]:
    """The two times that "22:00-06:30" names. Raises ValueError, in words that follow the name of the field."""
    found = _HOURS.fullmatch(hours.strip())
    numbers = [int(part) for part in found.groups()] if found else []
    if not numbers or numbers[0] > 23 or numbers[2] > 24 or max(numbers[1::2]) > 59 or numbers[2:] > [24, 0]:
        raise ValueError('is no span of time: write "22:00-06:30"')
    start, end = time(numbers[0], numbers[1]), time(numbers[2] % 24, numbers[3])
    if start == end and numbers[2] != 24:
        raise ValueError("begins and ends at the same time: leave it out for the whole day")
    return start, end


class _Said(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, allow_inf_nan=False)


class RecordAction(_Said):
    """A video, from `before` seconds before the rule found something to `after` seconds after that has gone."""

    before: Annotated[float, Field(ge=0.0, le=60.0)] = 5.0
    after: Annotated[float, Field(ge=0.0, le=3600.0)] = 5.0


Part = Annotated[float, Field(ge=0.0, le=1.0)]
Name = Annotated[str, Field(max_length=80), AfterValidator(_plain)]


class Rule(_Said):
    """One rule.

    `name`: no other rule has it. `on`: it is judged. `what`: classes of objects, "face", "body" or "person", any of
    which counts. `score`: least score, 0..1, of what counts. `region`: None for the whole picture, else two opposite
    corners of a rectangle or the corners of a polygon, x and y as parts (0..1) of the picture's width and height.
    `point` of a thing's box that must lie in it: its centre, or its foot, the middle of its lower side. `least`: how
    many at once. `seconds`: how long this must hold; it may be missed for `gap` seconds meanwhile. `hours`, such as
    "22:00-06:30", and `days` (of its beginning) when it is judged, by the local clock. `cooldown`: seconds from one
    finding to the next. What is done: `record`, `snapshot`, `notify`, and `run`: a program and its arguments, in which
    {label}, {score}, {time}, {file} and {rule} are filled in, one by one, without a shell; after `limit` seconds it is
    ended.
    """

    name: Name
    on: bool = True
    what: Annotated[tuple[Name, ...], Field(strict=False, min_length=1, max_length=200)]
    score: Part = 0.0
    region: (
        Annotated[
            tuple[Annotated[tuple[Part, Part], Field(strict=False)], ...],
            Field(strict=False, min_length=2, max_length=64),
        ]
        | None
    ) = None
    point: Literal["centre", "foot"] = "centre"
    least: Annotated[int, Field(ge=1, le=1000)] = 1
    seconds: Annotated[float, Field(ge=0.0, le=3600.0)] = 0.5
    gap: Annotated[float, Field(ge=0.0, le=60.0)] = 0.5
    hours: Annotated[str, Field(max_length=40), AfterValidator(_hours)] | None = None
    days: Annotated[tuple[Day, ...], Field(strict=False, min_length=1, max_length=7)] | None = None
    cooldown: Annotated[float, Field(ge=0.0, le=86400.0)] = 30.0
    record: RecordAction | None = None
    snapshot: bool = False
    notify: bool = True
    run: (
        Annotated[
            tuple[Annotated[str, Field(max_length=4096), AfterValidator(_argument)], ...],
            Field(strict=False, min_length=1, max_length=64),
        ]
        | None
    ) = None

    limit: Annotated[float, Field(ge=1.0, le=3600.0)] = 60.0

    @model_validator(mode="after")
    def _whole(self) -> Rule:
        if self.record is None and self.run is None and not self.snapshot and not self.notify:
            raise ValueError("does nothing: say what it does by record, snapshot, notify or run")
        if self.run is not None and not self.run[0].strip():
            raise ValueError("runs a program without a name")
        if self.needs_file and self.record is None and not self.snapshot:
            raise ValueError("names a {file}, but takes none: add record or snapshot")
        if self.region is not None and _is_flat(self.corners):
            raise ValueError("has a region without an area")
        return self

    @property
    def corners(self) -> tuple[Point, ...]:
        """Of its region, as a polygon; of the whole picture where none is drawn."""
        region = self.region or ((0.0, 0.0), (1.0, 1.0))
        if len(region) > 2:
            return region
        (x1, y1), (x2, y2) = region
        return ((x1, y1), (x2, y1), (x2, y2), (x1, y2))

    @property
    def needs_file(self) -> bool:
        """Whether its program is told the name of a file, and so has to wait until that is whole."""
        return any("{file}" in argument for argument in self.run or ())

    def due(self, moment: datetime) -> bool:
        """Whether it is judged at this moment of the local clock. A span across midnight belongs to its first day."""
        day = moment
        if self.hours is not None:
            start, end = span_of(self.hours)
            now = moment.time()
            across = end <= start
            if not (now >= start or now < end if across else start <= now < end):
                return False
            if across and now < end:
                day = moment - timedelta(days=1)
        return self.days is None or DAYS[day.weekday()] in self.days

    def arguments(self, *, label: str, score: float, moment: datetime, file: str) -> list[str]:
        """The program to run and its arguments, filled in. Each stays one argument, whatever is filled in."""
        values = {
            "label": label,
            "score": f"{score:.2f}",
            "time": moment.isoformat(timespec="seconds"),
            "file": file,
            "rule": self.name,
        }
        return [_IN_BRACES.sub(lambda found: values[found[1]].replace("\0", ""), one) for one in self.run or ()]


def unknown(rules: Iterable[Rule], labels: Sequence[str]) -> str:
    """Why these rules cannot be used with a detector of these `labels`, in one sentence; "" where they can."""
    known = (*labels, FACE, BODY, PERSON)
    for rule in rules:
        for name in rule.what:
            if name not in known:
                hint = nearest(name, known) or (
                    "the panel of the window and `onlooker models --json` list the classes that there are."
                )
                return f"The rule “{rule.name}”: what names {name!r}, which is not known here: {hint}"
    return ""


def _is_flat(corners: Sequence[Point]) -> bool:
    """Whether all corners lie on one line."""
    x, y = corners[0]
    arms = [(x1 - x, y1 - y) for x1, y1 in corners[1:]]
    return all(abs(x1 * y2 - x2 * y1) < _FLAT for x1, y1 in arms for x2, y2 in arms)
