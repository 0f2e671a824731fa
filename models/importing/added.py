"""The folder of networks that the user added: for each a folder, its name the key, with the file and what it is.

A network is there whole or not at all. A damaged one is told and breaks no other.
"""

from __future__ import annotations

import contextlib
import datetime
import hashlib
import json
import re
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from models.catalogue import NETWORKS
from models.errors import NetworkError
from models.importing.foreign import ForeignDetector
from models.importing.inspecting import Recognised
from models.importing.onnx_file import MOST_BYTES
from models.importing.recipe import Recipe

FILE, FACTS = "network.onnx", "network.json"
FORMAT = 1
NOT_STATED = "not stated"

_KEY = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
_PART = ".part"
_LONGEST_FACTS = 2_000_000  # bytes
_LONGEST_LICENCE = 200
_RESERVED = {"con", "prn", "aux", "nul", *(f"{port}{number}" for port in ("com", "lpt") for number in range(10))}


@dataclass(frozen=True, slots=True)
class Added:
    """One added network. `key`: what it is chosen by. `file`: the name that the user's file had. `date`: when it was
    added, ISO. `licence`: in the user's words, or "not stated"."""

    key: str
    folder: Path
    recipe: Recipe
    file: str
    sha256: str
    bytes: int
    licence: str
    date: str

    @property
    def path(self) -> Path:
        """The ONNX file."""
        return self.folder / FILE


def key_of(name: str) -> str:
    """A key made of a file's name."""
    stem = name.lower().removesuffix(".onnx")
    made = re.sub(r"[^a-z0-9_-]+", "-", stem).strip("-_")[:54].rstrip("-_")
    return made if _KEY.fullmatch(made) and made not in _RESERVED else f"detector-{made}".rstrip("-")


def check_key(key: str) -> None:
    """Raises NetworkError where a network cannot be called so."""
    if not _KEY.fullmatch(key) or key.endswith((".", _PART)) or key.partition(".")[0] in _RESERVED:
        raise NetworkError(
            f"{key[:80]!r} cannot be a network's name: take small letters, digits, '.', '_' and '-', 64 at most, "
            "a letter or digit first."
        )
    if key in NETWORKS:
        raise NetworkError(f"There is a network {key} already, one of Onlooker's own: choose another name.")


def free_key(folder: Path, name: str) -> str:
    """A key made of a file's name that nothing has yet."""
    base = key_of(name)
    taken = {*NETWORKS, *(entry.name for entry in _entries(folder))}
    return base if base not in taken else next(one for n in range(2, 10_000) if (one := f"{base}-{n}") not in taken)


def add(folder: Path, recognised: Recognised, key: str | None = None, licence: str | None = None) -> Added:
    """Keep a network that was recognised, as `key`; None: a free one made of its file's name.

    Raises NetworkError where the name cannot be taken, the file is not the one that was tried any more, or it cannot
    be kept; then nothing is left of it.
    """
    chosen = free_key(folder, recognised.file.name) if key is None else key
    check_key(chosen)
    target = folder / chosen
    said = " ".join((licence or "").split())[:_LONGEST_LICENCE] or NOT_STATED
    facts = {
        "format": FORMAT,
        **recognised.recipe.described(),
        "file": recognised.file.name,
        "sha256": recognised.sha256,
        "bytes": recognised.bytes,
        "licence": said,
        "date": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
    }
    if target.exists():
        raise NetworkError(f"There is a network {chosen} already: choose another name, or remove that one first.")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        part = Path(tempfile.mkdtemp(prefix=f"{chosen}-", suffix=_PART, dir=folder))
    except OSError as error:
        raise NetworkError(f"No network can be kept in {folder}: {error.strerror or error}.") from error
    try:
        shutil.copyfile(recognised.file, part / FILE)
        if _sum(part / FILE) != recognised.sha256:
            raise NetworkError(f"{recognised.file.name} has changed since it was tried: try it again.")
        (part / FACTS).write_text(json.dumps(facts, indent=1), encoding="utf-8")
        part.rename(target)
    except OSError as error:
        if target.exists():
            raise NetworkError(f"There is a network {chosen} already: choose another name.") from error
        raise NetworkError(f"{recognised.file.name} cannot be kept in {folder}: {error.strerror or error}.") from error
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return _read(target)


def listed(folder: Path) -> tuple[tuple[Added, ...], tuple[str, ...]]:
    """The networks of the folder by their keys, and a sentence for each that is damaged."""
    good, damaged = [], []
    for entry in _entries(folder):
        try:
            good.append(_read(entry))
        except NetworkError as error:
            damaged.append(str(error))
    return tuple(good), tuple(damaged)


def find(folder: Path, key: str) -> Added | None:
    """The network of a key; None where there is none. Raises NetworkError where it is damaged."""
    if not _KEY.fullmatch(key) or not (folder / key).is_dir():
        return None
    return _read(folder / key)


def remove(folder: Path, key: str) -> None:
    """Remove a network, damaged or not. Raises NetworkError where there is none, or it cannot be removed."""
    if key in NETWORKS:
        raise NetworkError(f"{key} is one of Onlooker's own networks, which stay.")
    names = [entry.name for entry in _entries(folder)]
    if key not in names:
        there = f"there are {', '.join(names)}" if names else "none was added"
        raise NetworkError(f"No network {key[:80]!r} was added: {there}.")
    try:
        aside = Path(tempfile.mkdtemp(prefix=f"{key}-", suffix=_PART, dir=folder))
        (folder / key).rename(aside / "old")  # at once: nobody finds half of it
    except OSError as error:
        raise NetworkError(f"{key} cannot be removed: {error.strerror or error}.") from error
    shutil.rmtree(aside, ignore_errors=True)


def load(folder: Path, key: str, *, threads: int, size: int | None = None, note: str = "") -> ForeignDetector | None:
    """The detector of a key; None where there is none of this name. Raises NetworkError where it cannot be used."""
    one = find(folder, key)
    if one is None:
        return None
    try:
        with one.path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise NetworkError(f"The added network {key} cannot be read: {error.strerror or error}.") from error
    if hashlib.sha256(data).hexdigest() != one.sha256:
        raise NetworkError(f"The file of the added network {key} has changed: remove it and add it again.")
    side = None if size is None else (size, size)
    return ForeignDetector(data, one.recipe, key=key, threads=threads, size=side, note=note)


def _entries(folder: Path) -> list[Path]:
    with contextlib.suppress(OSError):
        return sorted(
            one
            for one in folder.iterdir()
            if _KEY.fullmatch(one.name) and not one.name.endswith(_PART) and one.is_dir()
        )
    return []


def _read(folder: Path) -> Added:
    key = folder.name
    try:
        with (folder / FACTS).open(encoding="utf-8") as file:
            written: Any = json.loads(file.read(_LONGEST_FACTS))
        texts = [written[name] for name in ("file", "sha256", "licence", "date")]
        whole = written["format"] == FORMAT and all(isinstance(text, str) for text in texts)
        if whole and (folder / FILE).is_file():
            return Added(key, folder, Recipe.of(written), texts[0], texts[1], int(written["bytes"]), texts[2], texts[3])
        problem: Exception | None = None
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError, NetworkError) as error:
        problem = error
    raise NetworkError(
        f"The added network {key} is damaged, or another version added it: remove it and add it again."
    ) from problem


def _sum(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
