"""Networks ready to run: compiled by OpenVINO for the processor, or run by torch on a graphics device."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from models import checking, devices, making, precisions, shelf
from models.catalogue import NETWORKS, Network, Precision
from models.cpu_engine import CpuEngine
from models.devices import Device, usable_devices
from models.errors import NetworkError
from models.gpu_engine import GpuEngine

__all__ = ["Device", "Engine", "load_engine", "load_engines", "usable_devices"]

Progress = Callable[[str, float], None]

_MAKING = 0.8  # the part of all progress that making forms takes, where some have to be made


class Engine(Protocol):
    """A network that runs. Used by one thread at a time.

    `network`: which. `device`: "cpu", "cuda" or "mps". `precision`: of the numbers it calculates with. `note`: why
    another device than the wanted one is used, in a sentence, or "". The last three change when a device fails.
    """

    @property
    def network(self) -> Network: ...
    @property
    def device(self) -> str: ...
    @property
    def precision(self) -> Precision: ...
    @property
    def note(self) -> str: ...

    def run(self, pictures: NDArray[np.uint8]) -> Mapping[str, NDArray[np.float32]]:
        """(N, height, width, 3) BGR uint8 -> the network's outputs by name, float32, N first."""
        ...


def load_engine(
    key: str,
    *,
    device: str = "auto",
    cache: Path,
    threads: int,
    precision: Precision | None = None,
    progress: Progress | None = None,
) -> Engine:
    """One engine, as `load_engines` gives them."""
    engines = load_engines([key], device=device, cache=cache, threads=threads, precision=precision, progress=progress)
    return engines[key]


def load_engines(
    keys: Sequence[str],
    *,
    device: str = "auto",
    cache: Path,
    threads: int,
    precision: Precision | None = None,
    progress: Progress | None = None,
) -> dict[str, Engine]:
    """Engines of the networks `keys` (of `NETWORKS`), each checked against its stored answer.

    `device`: "auto", "cpu", "cuda" or "mps"; where it does not work the processor is used, and `note` says why.
    `cache`: the user's cache folder. `threads`: for networks on the processor. `precision`: on the processor, whatever
    the catalogue allows, for measurements; None = the one that this machine's trial chose. `progress`: what is being
    done and how far, 0..1, never falling. What is missing, damaged or wrong in the cache is made in a child process,
    which takes seconds. Raises NetworkError.
    """
    report = _rising(progress)
    networks = [_named(key) for key in keys]
    if device != "cpu":
        report("Looking for a graphics device", 0.0)
    name, note = devices.choose(device)
    if name != "cpu":
        try:
            return _on_gpu(networks, name, cache, threads, precision, report)
        except (RuntimeError, ImportError, AssertionError) as error:  # AssertionError: torch without that device
            note = f"The graphics device ({name}) is not used: {devices.first_line(error).rstrip('.')}."
    return dict(_on_cpu(networks, cache, threads, precision, note, report))


def _rising(progress: Progress | None) -> Progress:
    """`progress`, if there is one, told of no step back: a device that fails half-way begins the work again."""
    reached = 0.0

    def report(text: str, part: float) -> None:
        nonlocal reached
        reached = max(reached, part)
        if progress is not None:
            progress(text, reached)

    return report


def _named(key: str) -> Network:
    if key not in NETWORKS:
        raise NetworkError(f"There is no network {key!r}. There are {', '.join(NETWORKS)}.")
    return NETWORKS[key]


def _on_gpu(
    networks: Sequence[Network], device: str, cache: Path, threads: int, forced: Precision | None, report: Progress
) -> dict[str, Engine]:
    """Raises RuntimeError, ImportError or AssertionError where the device does not do."""

    def instead(network: Network) -> CpuEngine:
        return _on_cpu([network], cache, threads, forced, "", lambda _text, _part: None)[network.key]

    engines: dict[str, Engine] = {}
    for done, network in enumerate(networks):
        report(f"Loading {network.title}", done / len(networks))
        engine = GpuEngine(network, device, fallback=partial(instead, network))
        error = checking.check(engine)
        if engine.device != device or error > checking.TOLERANCES[engine.precision]:
            raise RuntimeError(engine.note or f"{network.key} gives wrong answers on it (off by {error:.1e} of range)")
        engines[network.key] = engine
    report("Networks are ready", 1.0)
    return engines


def _on_cpu(
    networks: Sequence[Network], cache: Path, threads: int, forced: Precision | None, note: str, report: Progress
) -> dict[str, CpuEngine]:
    with contextlib.ExitStack() as stack:
        folder, share = cache, 0.0
        if any(_undone(networks, cache, forced)):
            folder, share = stack.enter_context(making.writable(cache)), _MAKING
            missing, untimed = _undone(networks, folder, forced)
            making.prepare(missing, untimed, folder, threads, lambda text, part: report(text, share * part))
        engines = {}
        for done, network in enumerate(networks):
            report(f"Loading {network.title}", share + (1 - share) * done / len(networks))
            engine = _ready(network, folder, threads, forced) or _made_again(network, folder, threads, forced)
            engine.note = note
            engines[network.key] = engine
    report("Networks are ready", 1.0)
    return engines


def _undone(networks: Sequence[Network], cache: Path, forced: Precision | None) -> tuple[list[Network], list[Network]]:
    """The networks without a form, and those whose precision has yet to be measured."""
    missing = [network for network in networks if shelf.find(network, cache) is None]
    untimed = [network for network in networks if forced is None and precisions.chosen(network, cache) is None]
    return missing, untimed


def _ready(network: Network, cache: Path, threads: int, forced: Precision | None) -> CpuEngine | None:
    """The engine of a form that is at hand; None where none is good."""
    wanted = forced or precisions.chosen(network, cache) or "f32"
    for folder in (shelf.shipped(network), shelf.place(network, cache)):
        if folder is None or not folder.is_dir():
            continue
        engine = _tried(network, folder, wanted, threads)
        if engine is None and wanted != "f32" and forced is None:
            engine = _tried(network, folder, "f32", threads)
            if engine is not None:  # the form is good, the low precision is not
                precisions.keep(network, cache, "f32", {})
        if engine is not None:
            return engine
    return None


def _made_again(network: Network, cache: Path, threads: int, forced: Precision | None) -> CpuEngine:
    """The engine of a form that takes the place of a damaged one. Raises NetworkError."""
    with making.writable(cache) as folder:
        for _ in range(2):  # another process may take ours for the damaged one and remove it
            shelf.discard(shelf.place(network, folder))
            making.prepare([network], [], folder, threads, lambda _text, _part: None)
            engine = _ready(network, folder, threads, forced)
            if engine is not None:
                return engine
    raise NetworkError(f"{network.title} gives wrong answers on this machine; onlooker self-check tells more.")


def _tried(network: Network, folder: Path, precision: Precision, threads: int) -> CpuEngine | None:
    """The engine of a form; None where the form is damaged or its answers are wrong."""
    try:
        engine = CpuEngine(network, shelf.read(folder), precision=precision, threads=threads)
        good = checking.check(engine) <= checking.TOLERANCES[precision]
    except (OSError, RuntimeError):
        return None
    return engine if good else None
