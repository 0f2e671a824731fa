"""How many threads each library gets, and which instructions it may use: set once, before numpy is imported.

Every library here would take all cores for itself: OpenVINO, OpenCV, torch, and the OpenBLAS inside numpy. One budget
is divided among them through the environment, which each reads as it loads; what the user has set is left alone.

Some virtual machines list AMX among the processor's abilities and cannot do it: int8 and bf16 convolutions then kill
the process (SIGILL). Where AMX is listed, a child process tries one of each, at lower and lower limits of oneDNN's
instruction set until it lives; the answer is kept for this processor, kernel and these libraries. Machines without AMX
pay nothing for this. Standard library only, and no import of anything that imports numpy.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import platform
import signal
import sys
import tempfile
from collections.abc import Callable, Mapping, MutableMapping
from dataclasses import asdict, dataclass, replace
from functools import cache
from importlib import metadata
from pathlib import Path

from models import child

THREADS = "ONLOOKER_THREADS"  # the user's own number of inference threads
TRYING = "ONLOOKER_TRYING"  # set in the trial's child, which must not try again
ISA = "ONEDNN_MAX_CPU_ISA"
PRECISION = "ONLOOKER_PRECISION"  # the lowest precision that networks may use; models.precisions reads it
LIMITS = ("", "AVX512_CORE_FP16", "AVX512_CORE_BF16", "AVX512_CORE_VNNI", "AVX512_CORE", "AVX2_VNNI", "AVX2")
OPENCV = {
    "OPENCV_VIDEOIO_MSMF_ENABLE_HW_TRANSFORMS": "0",  # Media Foundation's take up to a minute to open a camera
    "OPENCV_VIDEOIO_V4L_SELECT_TIMEOUT": "2",  # seconds; the usual 10 hide for that long that a camera was unplugged
    "OPENCV_IO_MAX_IMAGE_PIXELS": str(2**28),  # of a picture: 800 MB; the usual limit is four times that
    "OPENCV_LOG_LEVEL": "FATAL",  # what it says to the terminal, our sentences say
}
"""What OpenCV reads from the environment as it loads."""
_TRIAL_TIMEOUT = 30.0  # seconds; a trial takes one
_WRONG = 3  # as in desktop.trial, which imports too much to be asked
_CRASHES = tuple(-getattr(signal, name, 0) for name in ("SIGILL", "SIGSEGV", "SIGBUS", "SIGFPE", "SIGABRT", "SIGTRAP"))
_WINDOWS_CRASHES = (0xC000001D, 0xC0000005, 0xC0000096, 0xC0000409)  # instruction, access, privilege, abort
_MOST_THREADS = 8  # networks of this size gain nothing from more


@dataclass(frozen=True, slots=True)
class Budget:
    """How many threads each library gets, all at least 1. `blas` is OpenBLAS inside numpy and OpenCV."""

    inference: int
    opencv: int
    torch: int
    blas: int


@dataclass(frozen=True, slots=True)
class Limit:
    """What is known of the processor's instructions.

    `isa`: the value of ONEDNN_MAX_CPU_ISA, "" for none. `low`: whether int8 and bf16 may be used at all. `origin`: how
    we know: "" (nothing to try), "tried", "kept" (tried earlier), "unknown" (the trial said nothing; not kept) or
    "user".
    """

    isa: str = ""
    low: bool = True
    origin: str = ""


@dataclass(frozen=True, slots=True)
class Cores:
    """What was set up: the budget and the limit."""

    budget: Budget
    limit: Limit


_state: Cores | None = None


def set_up(folder: Callable[[], Path] | None = None) -> Cores:
    """Divide the cores and set the instruction limit, in the environment; once, later calls give what was set.

    `folder` gives the user's cache folder, asked only where AMX is listed and the user has set no limit.
    """
    global _state
    if _state is None:
        budget = divide(usable_cores(), os.environ)
        _state = Cores(budget, limit_instructions(os.environ, folder))
        _export(budget, os.environ)
    return _state


def apply_to_opencv() -> None:
    """Give OpenCV its share; for whoever imports cv2 in a process that started without `set_up`'s environment."""
    import cv2

    cv2.setNumThreads(set_up().budget.opencv)


def divide(cores: int, environ: Mapping[str, str]) -> Budget:
    """The budget for so many usable cores. Networks get all of two, else all but one or two, and at most eight."""
    inference = cores if cores <= 2 else cores - 1 if cores <= 4 else cores - 2
    inference = max(1, min(inference, _MOST_THREADS))
    asked = environ.get(THREADS, "")
    if asked.isdecimal() and int(asked) > 0:
        inference = min(int(asked), max(cores, 1))
    return Budget(inference=inference, opencv=1 if cores <= 2 else 2, torch=inference, blas=1)


def usable_cores() -> int:
    """Cores that this process may use: physical ones where that is known, within affinity and a container's quota."""
    counted = getattr(os, "process_cpu_count", None)
    if counted is not None:
        cores = counted() or 1
    elif hasattr(os, "sched_getaffinity"):
        cores = len(os.sched_getaffinity(0))
    else:
        cores = os.cpu_count() or 1
    return max(1, min(cores, _physical_cores() or cores, _quota() or cores))


def describe() -> str:
    """Sentences for `self-check` and `bench`: threads, and the instruction limit with its reason."""
    cores = set_up()
    budget, limit = cores.budget, cores.limit
    threads = f"{_plural(budget.inference, 'thread')} for networks, {budget.opencv} for OpenCV."
    if limit.origin == "":
        return f"{threads} No instruction limit: this processor lists no AMX."
    if limit.origin == "user":
        return f"{threads} Instruction limit {limit.isa}, set by {ISA}."
    if limit.origin == "unknown":
        return f"{threads} Only f32 is used: int8 and bf16 could not be tried this time, the next start tries again."
    when = "tried now" if limit.origin == "tried" else "tried at an earlier start"
    if not limit.isa and limit.low:
        return f"{threads} No instruction limit: AMX works ({when})."
    if limit.low:
        return f"{threads} Instruction limit {limit.isa}: this processor lists AMX and cannot use it ({when})."
    return f"{threads} Only f32 is used: int8 and bf16 fail on this processor at every limit ({when})."


def limit_instructions(environ: MutableMapping[str, str], folder: Callable[[], Path] | None = None) -> Limit:
    """Find the limit, by trial where AMX is listed and nothing is kept, and set it in `environ`.

    Where nothing lower than f32 works, networks are told so by ONLOOKER_PRECISION.
    """
    if environ.get(ISA):
        return Limit(environ[ISA], origin="user")
    if environ.get(TRYING) or not lists_amx():
        return Limit()
    kept = _kept_file(folder)
    limit = _read_kept(kept)
    if limit is None:
        limit = find_limit(trial_lives)
        if limit.origin == "tried":
            _keep(kept, limit)
    if limit.isa:
        environ[ISA] = limit.isa
    if not limit.low:
        environ.setdefault(PRECISION, "f32")
    return limit


def find_limit(lives: Callable[[str, tuple[str, ...]], bool | None]) -> Limit:
    """The highest of LIMITS at which `lives(isa, precisions)` says that int8 and bf16 work; else none, and f32 only.

    Where a trial says nothing (None), the others would not either: f32 only, this time.
    """
    for isa in LIMITS:
        lived = lives(isa, ("int8", "bf16"))
        if lived is None:
            return Limit(low=False, origin="unknown")
        if lived:
            return Limit(isa, origin="tried")
    return Limit(low=False, origin="tried")


def trial_lives(isa: str, precisions: tuple[str, ...]) -> bool | None:
    """Whether a child that convolves in `precisions` under the limit `isa` comes to its end with the right answers.

    None where that says nothing of the processor: no child could be started, it was killed or took too long on a
    machine that was busy, or it failed in another way.
    """
    changes = {TRYING: "1", **({ISA: isa} if isa else {})}
    try:
        status, _ = child.run(
            child.command("desktop.trial", *precisions), env=child.environment(changes), timeout=_TRIAL_TIMEOUT
        )
    except OSError:
        return None
    if status == 0:
        return True
    crashed = status in _CRASHES or status in _WINDOWS_CRASHES
    return False if crashed or status == _WRONG else None


def lists_amx() -> bool:
    """Whether the processor's flags name AMX. Known on Linux, where the machines that lie about it run."""
    return any(word.startswith("amx") for line in _processor_facts() for word in line.split())


@cache
def _processor_facts() -> tuple[str, ...]:
    with contextlib.suppress(OSError):
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
        wanted = ("model name", "flags", "Features", "cpu family", "model\t", "stepping", "CPU part")
        return tuple(dict.fromkeys(line for line in lines if line.startswith(wanted)))
    return (platform.machine(), platform.processor())


def _physical_cores() -> int | None:
    with contextlib.suppress(OSError):
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
        packages = [line for line in text.splitlines() if line.startswith(("physical id", "core id"))]
        pairs = set(zip(packages[::2], packages[1::2], strict=False))
        return len(pairs) or None
    return None


def _quota() -> int | None:
    """Cores that a container's quota allows (control groups, version 2), rounded up."""
    with contextlib.suppress(OSError, ValueError):
        limit, period = Path("/sys/fs/cgroup/cpu.max").read_text(encoding="utf-8").split()
        if limit != "max":
            return max(1, -(-int(limit) // int(period)))
    return None


def _export(budget: Budget, environ: MutableMapping[str, str]) -> None:
    shares = {
        "OPENBLAS_NUM_THREADS": budget.blas,
        "OMP_NUM_THREADS": budget.torch,
        "MKL_NUM_THREADS": budget.torch,
        "VECLIB_MAXIMUM_THREADS": budget.blas,
        "OPENCV_FOR_THREADS_NUM": budget.opencv,
    }
    for name, threads in shares.items():
        environ.setdefault(name, str(threads))
    for name, value in OPENCV.items():
        environ.setdefault(name, value)


def _kept_file(folder: Callable[[], Path] | None) -> Path | None:
    """Where the answer for this processor, kernel and these libraries is kept; None where there is no cache folder."""
    if folder is None:
        return None
    facts = [*_processor_facts(), platform.release(), sys.version]
    for library in ("openvino", "torch", "onlooker"):
        with contextlib.suppress(metadata.PackageNotFoundError):
            facts.append(f"{library} {metadata.version(library)}")
    name = hashlib.sha256("\n".join(facts).encode()).hexdigest()[:16]
    try:
        return folder() / f"processor-{name}.json"
    except OSError:
        return None


def _read_kept(file: Path | None) -> Limit | None:
    if file is None:
        return None
    try:
        kept = json.loads(file.read_text(encoding="utf-8"))
        limit = Limit(str(kept["isa"]), bool(kept["low"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return replace(limit, origin="kept") if limit.isa in LIMITS else None


def _keep(file: Path | None, limit: Limit) -> None:
    if file is None:
        return
    with contextlib.suppress(OSError):  # not kept is tried again at the next start
        file.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile("w", encoding="utf-8", dir=file.parent, suffix=".part", delete=False) as part:
            json.dump(asdict(limit), part)
        Path(part.name).replace(file)


def _plural(count: int, word: str) -> str:
    return f"{count} {word}" if count == 1 else f"{count} {word}s"
