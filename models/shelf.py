"""Where forms lie: those that ship with a bundle, else those made on this machine, in the user's cache folder.

A form is a folder of three files: form.xml and form.bin as OpenVINO writes them, and form.json with what it was made
from. It appears whole under its name or not at all. Its name holds a hash of what it was made from, so that a newer
program, library or weights file makes a new one beside it; old ones are removed.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

import resources
from models.catalogue import NETWORKS, Network
from models.weights import manifest

FORMAT = 1  # raised when forms are made otherwise
XML, BIN, FACTS = "form.xml", "form.bin", "form.json"
_KEPT = 2  # forms of one network that are kept: this program's, and another version's
_LEFT_BEHIND = 24 * 3600.0  # seconds after which what a killed process left is removed


def facts(network: Network) -> dict[str, Any]:
    """What a form of the network is made from, as form.json keeps it. Raises NetworkError without weights."""
    return {
        "format": FORMAT,
        "network": network.key,
        "outputs": list(network.outputs),
        "weights": manifest()[network.weights]["sha256"] if network.weights in manifest() else "",
        "openvino": version("openvino"),
        "torch": version("torch"),
        "onlooker": version("onlooker"),
    }


@cache
def version(distribution: str) -> str:
    """The version of an installed library, "" where it is not installed; without importing it."""
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return ""


def place(network: Network, cache_folder: Path) -> Path:
    """The folder of a network's form in the user's cache, whether it is there or not."""
    text = json.dumps(facts(network), sort_keys=True)
    return _forms(cache_folder) / f"{network.key}-{hashlib.sha256(text.encode()).hexdigest()[:16]}"


def shipped(network: Network) -> Path | None:
    """The folder of a form that came with the program and fits it, or None.

    A bundle's form fits as long as weights and outputs are the same: it was made by a torch that the bundle lacks.
    """
    with contextlib.suppress(OSError, ValueError):
        folder = resources.path(f"forms/{network.key}")
        written = json.loads((folder / FACTS).read_text(encoding="utf-8"))
        current = facts(network)
        if all(written.get(name) == current[name] for name in ("format", "network", "outputs", "weights")):
            return folder
    return None


def find(network: Network, cache_folder: Path) -> Path | None:
    """The folder of the network's form, shipped or in the cache; None where it has to be made."""
    folder = place(network, cache_folder)
    return shipped(network) or (folder if (folder / FACTS).is_file() else None)


def read(folder: Path) -> tuple[bytes, bytes]:
    """The XML and the weights of a form. Raises OSError.

    Read as a whole, not mapped: a mapped file cannot be replaced on Windows, and a truncated one kills the process.
    """
    xml, weights = (folder / XML).read_bytes(), (folder / BIN).read_bytes()
    with contextlib.suppress(OSError):
        os.utime(folder)  # it is in use: the older ones go first
    return xml, weights


@contextlib.contextmanager
def replacing(folder: Path) -> Iterator[Path]:
    """A new, empty folder beside `folder`, which takes its place when the block ends well and vanishes when not.

    Where two processes make the same form, the first to end has made it. Raises OSError.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    part = Path(tempfile.mkdtemp(prefix=f"{folder.name}-", suffix=".part", dir=folder.parent))
    try:
        yield part
        try:
            part.replace(folder)
        except OSError:
            if not (folder / FACTS).is_file():
                discard(folder)
                part.replace(folder)
    finally:
        shutil.rmtree(part, ignore_errors=True)


def discard(folder: Path) -> None:
    """Remove a damaged or old form. Moved away first, so that nobody finds half of it."""
    if not folder.exists():
        return
    with contextlib.suppress(OSError):
        aside = Path(tempfile.mkdtemp(prefix=f"{folder.name}-", suffix=".part", dir=folder.parent))
        with contextlib.suppress(OSError):
            folder.replace(aside / "old")
        shutil.rmtree(aside, ignore_errors=True)


def prune(cache_folder: Path) -> None:
    """Remove forms that are not used any more, so that the cache stays small: 13 MB for the largest network."""
    with contextlib.suppress(OSError):
        entries = list(_forms(cache_folder).iterdir())
        for entry in entries:
            if entry.name.endswith(".part") and time.time() - entry.stat().st_mtime > _LEFT_BEHIND:
                shutil.rmtree(entry, ignore_errors=True)
        for key in NETWORKS:
            ours = [entry for entry in entries if entry.name.rpartition("-")[0] == key and entry.is_dir()]
            for entry in sorted(ours, key=lambda one: one.stat().st_mtime, reverse=True)[_KEPT:]:
                shutil.rmtree(entry, ignore_errors=True)


def _forms(cache_folder: Path) -> Path:
    return cache_folder / "forms"
