"""Files that ship with the program: weights, icons, fonts, the demo clip."""

from __future__ import annotations

from pathlib import Path

_ROOT = Path(__file__).resolve().parent


def path(name: str) -> Path:
    """Where the shipped file `name` lies, for example "weights/manifest.json".

    Raises FileNotFoundError with a sentence where it is missing: the installation is damaged.
    """
    found = _ROOT / name
    if not found.exists():
        raise FileNotFoundError(f"The installation is damaged: {name} is missing from {_ROOT}. Install Onlooker again.")
    return found
