"""A run's state on disk, from which it goes on exactly: weights, their average, the optimizer's moments, the step.

A folder of .npz files, none above 16 MiB for the detectors here, and state.json, which is written last: a state is
whole or it is not there. The one before is kept until the new one is whole.
"""

from __future__ import annotations

import json
import shutil
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from models.errors import OnlookerError

STATE = "state.json"
PARTS = ("weights", "average", "first", "second")
"""The network's weights, their moving average, and Adam's two moments."""

Tensors = Mapping[str, Tensor]


@dataclass(frozen=True, slots=True, eq=False)
class Checkpoint:
    """`step`: how many are done. `settings`: what the run was told, by name; a run with others is another. `tensors`:
    each of `PARTS`, by parameter. `curve`: what was measured so far, a row for each report. `sums`: of the losses since
    the last report."""

    step: int
    settings: Mapping[str, Any]
    tensors: Mapping[str, Tensors]
    curve: list[dict[str, float]]
    sums: Mapping[str, float] = field(default_factory=dict)


def save(checkpoint: Checkpoint, folder: Path) -> None:
    """Put the state into `folder`. Raises OnlookerError where it cannot be written; the one before is then kept."""
    new, old = folder.with_name(folder.name + ".new"), folder.with_name(folder.name + ".old")
    try:
        shutil.rmtree(new, ignore_errors=True)
        new.mkdir(parents=True)
        for part in PARTS:
            arrays = {name: value.detach().float().cpu().numpy() for name, value in checkpoint.tensors[part].items()}
            write(arrays, new / f"{part}.npz")
        facts = {"step": checkpoint.step, "settings": dict(checkpoint.settings), "sums": dict(checkpoint.sums)}
        facts["curve"] = checkpoint.curve
        (new / STATE).write_text(json.dumps(facts, indent=1), encoding="utf-8")
        shutil.rmtree(old, ignore_errors=True)
        if folder.exists():
            folder.rename(old)
        new.rename(folder)
        shutil.rmtree(old, ignore_errors=True)
    except OSError as error:
        raise OnlookerError(f"The state of the training cannot be kept in {folder}: {error}.") from error


def load(folder: Path) -> Checkpoint | None:
    """The state in `folder`, or the one before it where the program ended while it was written; None without any.

    Raises OnlookerError where it is damaged.
    """
    found = next((one for one in (folder, folder.with_name(folder.name + ".old")) if (one / STATE).is_file()), None)
    if found is None:
        return None
    try:
        facts = json.loads((found / STATE).read_text(encoding="utf-8"))
        tensors = {part: read(found / f"{part}.npz") for part in PARTS}
        return Checkpoint(int(facts["step"]), facts["settings"], tensors, list(facts["curve"]), facts.get("sums", {}))
    except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile) as error:
        raise OnlookerError(f"{found} holds no state of a training that can be read ({error}).") from error


def write(arrays: Mapping[str, np.ndarray[Any, Any]], path: Path) -> None:
    """Arrays by name into one .npz file, whole or not at all. Raises OSError."""
    part = path.with_name(path.name + ".part")
    with part.open("wb") as file:
        np.savez(file, **dict(arrays))  # type: ignore[arg-type]  # the stub has a keyword of its own among ours
    part.replace(path)


def read(path: Path) -> dict[str, Tensor]:
    """What `write` wrote, as tensors. Raises OSError, ValueError, EOFError, zipfile.BadZipFile."""
    with path.open("rb") as file, np.load(file, allow_pickle=False) as kept:
        return {name: torch.from_numpy(kept[name]) for name in kept.files}
