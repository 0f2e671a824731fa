"""Which input size a detector gets on this machine, where the user names none.

A larger input sees smaller things and takes longer. How long the network takes at a few sizes is measured once, in the
child process that times precisions (`models.forms`), and kept in the cache folder for this processor, this number of
threads, the network and its precision; the sizes between are foretold from their pixels. A picture is to be analysed
while the next one is on its way, at 30 a second 33 ms: `SHARE` of these is the objects'. The rest is for two people's
landmarks (7 ms each, docs/speed.md) and for what is around the networks.
"""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

import numpy as np

from models import precisions
from models.catalogue import Network, Precision
from models.cpu_engine import CpuEngine

Size = tuple[int, int] | Literal["auto"]
"""(height, width) in pixels, or what this machine is fast enough for."""

SIZES = (192, 224, 256, 288, 320, 352, 384, 416)
"""The sides that are chosen from: what the detector was trained and measured for (docs/accuracy.md)."""

SHARE = 15.0
"""Milliseconds that the network may take for one picture."""

MEASURED = (192, 288, 416)

_ROUNDS = 12


def best(milliseconds: Mapping[int, float], share: float = SHARE) -> int:
    """The largest of `SIZES` at which the network takes no more than `share` milliseconds; the smallest where all take
    more.

    `milliseconds`: measured, by side; between two of them time grows evenly with the number of pixels. Raises
    ValueError without any.
    """
    if not milliseconds:
        raise ValueError("no size was measured")
    sides = sorted(milliseconds)
    pixels, taken = [side * side for side in sides], [milliseconds[side] for side in sides]
    good = [side for side in SIZES if float(np.interp(side * side, pixels, taken)) <= share]
    return max(good, default=SIZES[0])


def chosen(network: Network, precision: Precision, cache: Path, threads: int) -> int | None:
    """The side to use on the processor, or None where that has to be measured first."""
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError, AttributeError):
        kept = json.loads(_answer(network, precision, cache, threads).read_text(encoding="utf-8"))["milliseconds"]
        taken = {int(side): float(value) for side, value in kept.items()}
        if taken and all(value > 0 for value in taken.values()):
            return best(taken)
    return None


def keep(network: Network, precision: Precision, cache: Path, threads: int, milliseconds: Mapping[int, float]) -> None:
    """Remember what was measured. Where that fails it is measured again at the next start."""
    precisions.write(network, _answer(network, precision, cache, threads), {"milliseconds": milliseconds})


def measure(network: Network, form: tuple[bytes, bytes], precision: Precision, threads: int) -> dict[int, float]:
    """Milliseconds for one picture at each of `MEASURED`: the network's form for a precision, alone."""
    return {side: _time(network.at((side, side)), form, precision, threads) for side in MEASURED}


def _time(network: Network, form: tuple[bytes, bytes], precision: Precision, threads: int) -> float:
    engine = CpuEngine(network, form, precision=precision, threads=threads)
    picture = np.zeros((1, *network.input, 3), np.uint8)
    taken: Sequence[float] = [_once(engine, picture) for _ in range(_ROUNDS)][2:]  # the first ones warm up
    return round(float(np.quantile(taken, 0.1)) * 1000, 3)


def _once(engine: CpuEngine, picture: np.ndarray[tuple[int, ...], np.dtype[np.uint8]]) -> float:
    start = time.perf_counter()
    engine.run(picture)
    return time.perf_counter() - start


def _answer(network: Network, precision: Precision, cache: Path, threads: int) -> Path:
    return cache / "sizes" / f"{network.key}-{precisions.fingerprint(network)}{precision}{threads}.json"
