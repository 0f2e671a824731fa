"""What can be fetched: the detectors of the list that ships, and whatever a user names with its sum and licence."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import resources
from desktop.fetching.address import Address, parse
from models.errors import FetchError

LIST = "detectors.json"
HOW_TO_ADD = "onlooker models fetch --url ADDRESS --sha256 SUM --licence LICENCE [--name NAME]"
_SUM = re.compile(r"[0-9a-f]{64}")
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
_LONGEST = 200  # characters of a title or a licence


@dataclass(frozen=True, slots=True)
class Entry:
    """One detector that can be fetched.

    `name`: what the file will be called, small letters, digits, . _ and -. `title`: for people. `address`: where it
    lies. `sha256`: of its bytes, in small hexadecimal digits: nothing else is accepted. `licence`: SPDX, or in the
    words of whoever named it. `bytes`: its size, None where nobody knows it yet.
    """

    name: str
    title: str
    address: Address
    sha256: str
    licence: str
    bytes: int | None = None


def listed(path: Path | None = None) -> tuple[Entry, ...]:
    """The detectors of the list, resources/detectors.json unless `path` names another file.

    Only what was fetched and run by us stands in it; it may be empty. Raises FetchError where the list is damaged.
    """
    try:
        text = (resources.path(LIST) if path is None else path).read_text(encoding="utf-8")
        entries = tuple(_entry(item) for item in json.loads(text)["detectors"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError, FetchError) as error:
        raise FetchError(f"The list of detectors ({LIST}) is damaged. Install Onlooker again.") from error
    if len({entry.name for entry in entries}) < len(entries):
        raise FetchError(f"The list of detectors ({LIST}) names one twice. Install Onlooker again.")
    return entries


def find(name: str, entries: tuple[Entry, ...]) -> Entry:
    """The entry of a name. Raises FetchError with the names there are."""
    for entry in entries:
        if entry.name == name:
            return entry
    names = f"the list has {', '.join(entry.name for entry in entries)}" if entries else "the list is empty"
    raise FetchError(f"No detector {plain(name)!r} can be fetched: {names}. Others are fetched with `{HOW_TO_ADD}`.")


def named_by_user(*, url: str, sha256: str, licence: str, name: str | None = None) -> Entry:
    """An entry of what a user typed; `name` comes from the address where it is not given.

    Raises FetchError where one of them makes no sense.
    """
    address = parse(url)
    wanted = sha256.strip().lower()
    if not _SUM.fullmatch(wanted):
        raise FetchError("The SHA-256 has to be 64 hexadecimal digits, as `sha256sum FILE` prints them.")
    said = plain(licence)
    if not said:
        raise FetchError("Name the licence under which the file may be used, for example Apache-2.0.")
    chosen = (name or "").strip() or _name_in(address)
    if not _NAME.fullmatch(chosen):
        raise FetchError(
            f"{plain(chosen)!r} cannot be a detector's name: take small letters, digits, '.', '_' and '-', "
            "64 at most, a letter or digit first."
        )
    return Entry(name=chosen, title=chosen, address=address, sha256=wanted, licence=said)


def plain(text: str) -> str:
    """One line without control signs, of a bearable length: what others wrote is shown to a user."""
    line = "".join(sign for sign in " ".join(text.split()) if sign.isprintable())
    return line if len(line) <= _LONGEST else line[: _LONGEST - 1] + "…"


def _entry(item: Mapping[str, object]) -> Entry:
    """An entry of the list. Raises KeyError, TypeError, ValueError or FetchError where it is none."""
    texts = {key: item[key] for key in ("name", "title", "url", "sha256", "licence")}
    size = item["bytes"]
    if not all(isinstance(text, str) and text for text in texts.values()):
        raise TypeError(f"{item} has no texts")
    if isinstance(size, bool) or not isinstance(size, int) or size <= 0:
        raise ValueError(f"{size} is no size")
    said = {key: str(text) for key, text in texts.items()}
    user = named_by_user(url=said["url"], sha256=said["sha256"], licence=said["licence"], name=said["name"])
    return Entry(user.name, plain(said["title"]), user.address, user.sha256, user.licence, size)


def _name_in(address: Address) -> str:
    stem = address.name.lower().removesuffix(".onnx")
    return re.sub(r"[^a-z0-9._-]+", "-", stem).strip("-._")[:64] or "detector"
