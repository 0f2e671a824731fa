"""A file of rules: TOML, versioned, checked, written all or nothing."""

from __future__ import annotations

import os
import re
import tomllib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

import tomlkit
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from tomlkit.items import InlineTable

from desktop.recordings.placing import Placing
from desktop.recordings.reasons import why, why_unread
from desktop.recordings.rule import RecordAction, Rule, nearest, unknown
from models.errors import RecordingError, RuleError

VERSION = 1

_HEADING = "Rules of Onlooker: what is to be seen, and what is done then. docs/rules.md says what may stand here."
_LARGEST = 2**20  # bytes
_MOST = 100  # rules
_DEEP = re.compile(r"""(?:^|[\[{,])[ \t]*(?:(?:[\w-]+|"[^"\n]*"|'[^'\n]*')[ \t]*\.[ \t]*){9}""", re.MULTILINE)
"""A key of ten parts or more. tomllib takes half a minute for one of 64 kB."""

_SHAPES = {
    "tuple_type": "should be a list, in square brackets",
    "too_short": "holds too few entries",
    "too_long": "holds too many entries",
    "string_too_long": "is too long",
    "model_type": "should be a table, such as { before = 5, after = 5 }",
}
"""Errors of pydantic whose own words are those of a programmer."""


class _File(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, allow_inf_nan=False)

    version: Literal[1]
    rule: Annotated[tuple[Rule, ...], Field(strict=False, max_length=_MOST)] = ()


def load(path: Path, labels: Sequence[str] | None = None) -> tuple[Rule, ...]:
    """The rules in a file, in its order. `labels`: the classes of objects that are known, None where that is not.

    Raises RuleError, in one sentence that names the file, the rule and the field.
    """
    try:
        with path.open("rb") as file:
            data = file.read(_LARGEST + 1)
    except OSError as error:
        raise RuleError(f"The rules {path} cannot be read: {why_unread(error)}.") from error
    except ValueError as error:  # a name that no file can have
        raise RuleError(f"The rules {path} cannot be read: {error}.") from error
    if len(data) > _LARGEST:
        raise RuleError(f"The rules {path} are larger than {_LARGEST // 2**20} MB: no file of rules is.")
    try:
        return parse(data.decode("utf-8"), labels)
    except UnicodeDecodeError as error:
        raise RuleError(f"{path} is no file of rules: it is not text in UTF-8.") from error
    except RuleError as error:
        raise RuleError(f"{path}: {error}") from error


def parse(text: str, labels: Sequence[str] | None = None) -> tuple[Rule, ...]:
    """The rules in a text. As `load`; the sentence names no file."""
    if _DEEP.search(text):
        raise RuleError("This is no TOML of rules: it has a key of ten parts.")
    try:
        raw = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError, ValueError) as error:
        cause = "it is nested too deep" if isinstance(error, RecursionError) else str(error).partition("\n")[0]
        raise RuleError(f"This is no TOML: {cause}.") from error
    version = raw.get("version")
    if isinstance(version, int) and version > VERSION:
        raise RuleError(f"These rules are of version {version}, this program knows {VERSION}: use a newer Onlooker.")
    try:
        rules = _File.model_validate(raw).rule
    except ValidationError as error:
        raise RuleError(_sentence(error, raw)) from error
    check(rules, labels)
    return rules


def check(rules: Sequence[Rule], labels: Sequence[str] | None = None) -> None:
    """Raise RuleError where two rules share a name, or one names a class that is not among `labels`."""
    twice = [name for name, times in Counter(rule.name for rule in rules).items() if times > 1]
    if twice:
        raise RuleError(f"Two rules are called “{twice[0]}”: give each a name of its own.")
    wrong = unknown(rules, labels) if labels is not None else ""
    if wrong:
        raise RuleError(wrong)


def make(values: Mapping[str, Any]) -> Rule:
    """A rule of values as they stand in a file. Raises RuleError."""
    try:
        return Rule.model_validate(dict(values))
    except ValidationError as error:
        raise RuleError(_sentence(error, {"rule": [dict(values)]}, ("rule", 0))) from error


def dumps(rules: Sequence[Rule]) -> str:
    """The text of a file with these rules; what is as usual is left out."""
    document = tomlkit.document()
    document.add(tomlkit.comment(_HEADING))
    document["version"] = VERSION
    tables = tomlkit.aot()
    for rule in rules:
        table = tomlkit.table()
        for name, value in rule.model_dump(exclude_defaults=True).items():
            table[name] = _in_braces(rule.record) if name == "record" and rule.record is not None else _listed(value)
        tables.append(table)
    if rules:
        document["rule"] = tables
    return tomlkit.dumps(document)


def save(path: Path, rules: Sequence[Rule]) -> None:
    """Write the rules, all or nothing; its folder is made where it is missing. Raises RuleError."""
    check(rules)
    try:
        data = dumps(rules).encode("utf-8")
        path.parent.mkdir(parents=True, exist_ok=True)
        place = Placing(path, overwrite=True)
        try:
            with place.temporary.open("wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
        except OSError:
            place.abort()
            raise
        place.finish()
    except OSError as error:
        raise RuleError(f"The rules cannot be saved in {path}: {why(error)}.") from error
    except RecordingError as error:
        raise RuleError(f"The rules cannot be saved: {error}") from error


def _in_braces(action: RecordAction) -> InlineTable:
    """All of it, so that none is an empty table."""
    table = tomlkit.inline_table()
    table.update(action.model_dump())
    return table


def _listed(value: Any) -> Any:
    return [_listed(one) for one in value] if isinstance(value, tuple) else value


def _sentence(error: ValidationError, raw: Mapping[str, Any], above: tuple[str | int, ...] = ()) -> str:
    """The first thing that is wrong, with the name of its rule and its field."""
    first = error.errors(include_url=False)[0]
    place = [*above, *first["loc"]]
    whose, fields = "The file:", _File.model_fields
    if place[:1] == ["rule"] and len(place) > 1 and isinstance(place[1], int):
        whose, place = _rule_at(raw, place[1]), place[2:]
        fields = RecordAction.model_fields if "record" in place else Rule.model_fields
    field = ".".join(str(part) for part in place if not isinstance(part, int))
    wrong = _wrong(first["type"], field, fields, first["msg"], first.get("input"))
    return f"{whose} {wrong}{'' if wrong.endswith('?') else '.'}"


def _rule_at(raw: Mapping[str, Any], place: int) -> str:
    rules = raw.get("rule")
    entry = rules[place] if isinstance(rules, Sequence) and place < len(rules) else None
    name = entry.get("name") if isinstance(entry, Mapping) else None
    if isinstance(name, str) and name.strip() and name.isprintable():
        return f"The rule “{name[:80]}”:"
    return f"Rule {place + 1}:"


def _wrong(kind: str, field: str, fields: Iterable[str], message: str, value: object) -> str:
    """What is wrong with a field, in the words of pydantic where they say it."""
    if kind == "missing":
        return f"{field} is missing"
    if kind == "extra_forbidden":
        hint = nearest(field.rpartition(".")[2], fields)
        return f"there is no field {field}{': ' if hint else ''}{hint}"
    said = message.removeprefix("Value error, ")
    if kind == "value_error":
        return f"{field} {said}".strip()
    if kind in _SHAPES:
        return f"{field} {_SHAPES[kind]}".strip()
    said = said.removeprefix("Input should be").removeprefix("Input should have").strip()
    shown = repr(value)
    given = f", not {shown}" if isinstance(value, int | float | str) and len(shown) <= 40 else ""
    return f"{field} should be {said}{given}".strip()
