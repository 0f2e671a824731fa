"""Which program on which machine: what `bench` and `self-check` say of themselves, so that figures can be compared."""

from __future__ import annotations

import platform
from importlib import metadata
from pathlib import Path

from desktop import __version__

LIBRARIES = ("numpy", "opencv-python-headless", "openvino", "torch", "av", "PySide6-Essentials")
RIVALS = ("opencv-python", "opencv-contrib-python", "opencv-contrib-python-headless", "openvino-nightly")
"""Distributions that hold the same modules as ours: installed beside them, one overwrites the other's files."""


def version(distribution: str) -> str:
    """The version of an installed distribution, "" where it is not installed."""
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return ""


def versions() -> dict[str, str]:
    """Onlooker, Python and the libraries that decide about speed and answers; "" for one that is not installed."""
    found = {"onlooker": __version__, "python": platform.python_version()}
    return found | {library: version(library) for library in LIBRARIES}


def machine() -> str:
    """The processor's name and the system, in one line."""
    return f"{_processor()}, {platform.system()} {platform.release()} ({platform.machine()})"


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        lines = []
    named = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return named[0] if named else platform.processor() or "unknown processor"


def conflicts() -> list[str]:
    """Which of RIVALS are installed."""
    return [rival for rival in RIVALS if version(rival)]
