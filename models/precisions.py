"""Which precision a network calculates with on this machine.

Which ones it may use is data (`catalogue.py`, decided by accuracy). Which of them it does use is decided here: each is
timed once, in a child process (`models.forms`), since a processor may name an ability, have it, and be slower with it,
or name it, lack it, and die. The answer is kept in the cache folder for this processor, its instruction limit, the
network's form and OpenVINO's version. bf16 is f32's form with a hint; int8 is a form of its own, which ships.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, get_args

import numpy as np

from models import checking, runtime, shelf, weights
from models.catalogue import Network, Precision
from models.cpu_engine import CpuEngine
from models.errors import NetworkError

LOWEST = "ONLOOKER_PRECISION"
"""The environment variable that holds the lowest precision that may be used: "f32" forbids all others. Set by the user,
and by the program where trials found that the processor cannot do what it names."""

WORTH = 0.9
"""A lower precision is used when it takes at most this part of f32's time."""

_ROUNDS = 40
_ABILITIES: dict[Precision, str] = {"bf16": "BF16", "int8": "INT8"}
_KEPT = 8  # answers for one network: a few machines that share a home folder


def candidates(network: Network) -> tuple[Precision, ...]:
    """The precisions that may be used for the network here, f32 first.

    Raises NetworkError where ONLOOKER_PRECISION names none.
    """
    order: tuple[Precision, ...] = get_args(Precision)
    lowest = os.environ.get(LOWEST, "") or order[-1]
    if lowest not in order:
        raise NetworkError(f"{LOWEST} is {lowest!r}; it may be {', '.join(order[:-1])} or {order[-1]}.")
    within = [each for each in order[: order.index(lowest) + 1] if each in network.precisions]
    if len(within) > 1:
        abilities = runtime.core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")
        within = [each for each in within if _ABILITIES.get(each, "FP32") in abilities]
    return tuple(within) or ("f32",)


def chosen(network: Network, cache: Path) -> Precision | None:
    """The precision to use, or None where that has to be measured first."""
    among = candidates(network)
    if len(among) == 1:
        return among[0]
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
        kept = json.loads(_answer(network, cache).read_text(encoding="utf-8"))["precision"]
        if kept in get_args(Precision):
            return kept if kept in among else "f32"
    return None


def keep(network: Network, cache: Path, precision: Precision, milliseconds: dict[Precision, float]) -> None:
    """Remember the answer. Where that fails it is measured again at the next start."""
    write(network, _answer(network, cache), {"precision": precision, "milliseconds": milliseconds})


def write(network: Network, answer: Path, what: Mapping[str, Any]) -> None:
    """Write a measured answer of a network as JSON, whole or not at all; of older ones beside it a few are kept."""
    with contextlib.suppress(OSError):
        answer.parent.mkdir(parents=True, exist_ok=True)
        text = json.dumps(what)
        with tempfile.NamedTemporaryFile(
            "w", encoding="utf-8", dir=answer.parent, suffix=".part", delete=False
        ) as part:
            part.write(text)
        Path(part.name).replace(answer)
        ours = [path for path in answer.parent.glob("*.json") if path.name.rpartition("-")[0] == network.key]
        for old in sorted(ours, key=lambda path: path.stat().st_mtime, reverse=True)[_KEPT:]:
            old.unlink()


def measure(network: Network, form: tuple[bytes, bytes], threads: int) -> tuple[Precision, dict[Precision, float]]:
    """Time every precision that may be used; gives the one to use, and the milliseconds of each for one picture.

    `form`: the one of f32. A precision that answers wrongly is left out, and int8 where its form is missing or damaged.
    May kill the process on a processor that names abilities it lacks.
    """
    engines = []
    for each in candidates(network):
        with contextlib.suppress(NetworkError):
            engines.append(CpuEngine(network, form_of(network, each, form), precision=each, threads=threads))
    engines = [one for one in engines if checking.check(one) <= checking.TOLERANCES[one.precision]]
    milliseconds = dict(zip((one.precision for one in engines), _times(engines), strict=True))
    limit = WORTH * milliseconds.get("f32", np.inf)
    quick = [each for each, taken in milliseconds.items() if taken <= limit]
    best: Precision = min(quick, key=lambda each: milliseconds[each], default="f32")
    return best, milliseconds


def has_int8(network: Network) -> bool:
    """Whether a form for int8 ships."""
    return set(weights.quantised_names(network)) <= set(weights.manifest())


def form_of(network: Network, precision: Precision, form: tuple[bytes, bytes]) -> tuple[bytes, bytes]:
    """The form to compile for a precision: `form`, which is f32's, or the one that ships for int8.

    Raises NetworkError where that one is missing or damaged.
    """
    return weights.quantised(network) if precision == "int8" else form


def _times(engines: Sequence[CpuEngine]) -> list[float]:
    """Milliseconds of each, the tenth of the way up from the shortest: what the rest of the machine does adds only."""
    taken = np.empty((len(engines), _ROUNDS))
    picture = np.zeros((1, *engines[0].network.input, 3), np.uint8) if engines else None
    for moment in range(_ROUNDS):  # in turn: what else the machine does meets all alike
        for place, engine in enumerate(engines):
            assert picture is not None
            start = time.perf_counter()
            engine.run(picture)
            taken[place, moment] = time.perf_counter() - start
    return [round(float(value) * 1000, 3) for value in np.quantile(taken, 0.1, axis=1)]


def fingerprint(network: Network) -> str:
    """A short name for the network as it runs on this machine: with what calculates it, on which processor."""
    facts = {
        "form": shelf.facts(network),
        "processor": runtime.core().get_property("CPU", "FULL_DEVICE_NAME"),
        "abilities": sorted(runtime.core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")),
        "limit": os.environ.get("ONEDNN_MAX_CPU_ISA", ""),
        "precisions": list(network.precisions),
        "quantised": [weights.manifest().get(name, {}).get("sha256") for name in weights.quantised_names(network)],
    }
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:16]


def _answer(network: Network, cache: Path) -> Path:
    return cache / "precisions" / f"{network.key}-{fingerprint(network)}.json"
