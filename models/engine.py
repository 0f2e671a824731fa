"""Networks ready to run: compiled by OpenVINO for the processor, or run by torch on a graphics device."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from models import checking, devices, making, precisions, shelf, sizes
from models.catalogue import NETWORKS, Network, Precision
from models.cpu_engine import CpuEngine
from models.devices import Device, usable_devices
from models.errors import NetworkError
from models.gpu_engine import GpuEngine
from models.making import Progress
from models.sizes import Size

__all__ = ["Device", "Engine", "Size", "load_engine", "load_engines", "usable_devices"]

_MAKING = 0.8  # the part of all progress that making forms takes, where some have to be made


class Engine(Protocol):
    """A network that runs. Used by one thread at a time.

    `network`: which, `input` being the size of its pictures. `device`: "cpu", "cuda" or "mps". `precision`: of the
    numbers it calculates with. `note`: why another device than the wanted one is used, in a sentence, or "". The last
    three change when a device fails.
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
    size: Size | None = None,
) -> Engine:
    """One engine, as `load_engines` gives them; `size`: as there, None = the network's usual one."""
    engines = load_engines(
        [key],
        device=device,
        cache=cache,
        threads=threads,
        precision=precision,
        progress=progress,
        sizes={} if size is None else {key: size},
    )
    return engines[key]


def load_engines(
    keys: Sequence[str],
    *,
    device: str = "auto",
    cache: Path,
    threads: int,
    precision: Precision | None = None,
    progress: Progress | None = None,
    sizes: Mapping[str, Size] | None = None,
) -> dict[str, Engine]:
    """Engines of the networks `keys` (of `NETWORKS`), each checked against its stored answer.

    `device`: "auto", "cpu", "cuda" or "mps"; where it does not work the processor is used, and `note` says why.
    `cache`: the user's cache folder. `threads`: for networks on the processor. `precision`: on the processor, whatever
    the catalogue allows, for measurements; None = the one that this machine's trial chose. `progress`: what is being
    done and how far, 0..1, never falling. `sizes`: (height, width) of the pictures of networks that take several, or
    "auto" for what the machine is fast enough for (`models.sizes`; the largest on a graphics device); the others take
    their usual ones. What is missing, damaged or wrong in the cache is made in a child process, which takes seconds.
    Raises NetworkError.
    """
    report = _rising(progress)
    wanted = dict(sizes or {})
    networks = [_named(key) for key in keys]
    for network in networks:
        _at(network, wanted.get(network.key), network.input)  # refused before anything is made
        if precision == "int8" and not precisions.has_int8(network):
            raise NetworkError(f"{network.title} has no form for int8.")
    if device != "cpu":
        report("Looking for a graphics device", 0.0)
    name, note = devices.choose(device)
    if name != "cpu":
        try:
            return _on_gpu(networks, wanted, name, cache, threads, precision, report)
        except (RuntimeError, ImportError, AssertionError) as error:  # AssertionError: torch without that device
            note = f"The graphics device ({name}) is not used: {devices.first_line(error).rstrip('.')}."
    return dict(_on_cpu(networks, wanted, cache, threads, precision, note, report))


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


def _at(network: Network, size: Size | None, auto: tuple[int, int]) -> Network:
    """The network at a size, `auto` being that of "auto". Raises NetworkError where it does not take it."""
    if size is None or (size == "auto" and not network.multiple):
        return network
    return network.at(auto if size == "auto" else size)


def _on_gpu(
    networks: Sequence[Network],
    wanted: Mapping[str, Size],
    device: str,
    cache: Path,
    threads: int,
    forced: Precision | None,
    report: Progress,
) -> dict[str, Engine]:
    """Raises RuntimeError, ImportError or AssertionError where the device does not do."""

    def instead(network: Network) -> CpuEngine:
        size: dict[str, Size] = {network.key: network.input}
        return _on_cpu([NETWORKS[network.key]], size, cache, threads, forced, "", lambda _text, _part: None)[
            network.key
        ]

    engines: dict[str, Engine] = {}
    for done, network in enumerate(networks):
        report(f"Loading {network.title}", done / len(networks))
        engine = GpuEngine(network, device, fallback=instead)
        error = checking.check(engine)
        if engine.device != device or error > checking.TOLERANCES[engine.precision]:
            raise RuntimeError(engine.note or f"{network.key} gives wrong answers on it (off by {error:.1e} of range)")
        engine.resize(_at(network, wanted.get(network.key), (sizes.SIZES[-1], sizes.SIZES[-1])))
        engines[network.key] = engine
    report("Networks are ready", 1.0)
    return engines


def _on_cpu(
    networks: Sequence[Network],
    wanted: Mapping[str, Size],
    cache: Path,
    threads: int,
    forced: Precision | None,
    note: str,
    report: Progress,
) -> dict[str, CpuEngine]:
    auto = [network for network in networks if wanted.get(network.key) == "auto" and network.multiple]
    with contextlib.ExitStack() as stack:
        folder, share = cache, 0.0
        if any(_undone(networks, auto, cache, threads, forced)):
            folder, share = stack.enter_context(making.writable(cache)), _MAKING
            missing, untimed, unsized = _undone(networks, auto, folder, threads, forced)
            making.prepare(
                missing, untimed, folder, threads, lambda text, part: report(text, share * part), sizes=unsized
            )
        engines = {}
        for done, network in enumerate(networks):
            report(f"Loading {network.title}", share + (1 - share) * done / len(networks))
            size = wanted.get(network.key)
            engine = _ready(network, size, folder, threads, forced) or _made_again(
                network, size, folder, threads, forced
            )
            engine.note = note
            engines[network.key] = engine
    report("Networks are ready", 1.0)
    return engines


def _undone(
    networks: Sequence[Network], auto: Sequence[Network], cache: Path, threads: int, forced: Precision | None
) -> tuple[list[Network], list[Network], list[Network]]:
    """The networks without a form, those whose precision has yet to be measured, and those of `auto` whose size has."""
    missing = [network for network in networks if shelf.find(network, cache) is None]
    untimed = [network for network in networks if forced is None and precisions.chosen(network, cache) is None]
    unsized = [network for network in auto if forced is None and _side(network, cache, threads) is None]
    return missing, untimed, unsized


def _side(network: Network, cache: Path, threads: int) -> int | None:
    """The side that this machine is fast enough for in the precision that it chose, or None: not measured."""
    precision = precisions.chosen(network, cache)
    return None if precision is None else sizes.chosen(network, precision, cache, threads)


def _ready(
    network: Network, size: Size | None, cache: Path, threads: int, forced: Precision | None
) -> CpuEngine | None:
    """The engine of a form that is at hand; None where none is good."""
    side = sizes.chosen(network, forced, cache, threads) if forced else _side(network, cache, threads)
    at_size = _at(network, size, network.input if side is None else (side, side))
    wanted = forced or precisions.chosen(network, cache) or "f32"
    for folder in (shelf.shipped(network), shelf.place(network, cache)):
        if folder is None or not folder.is_dir():
            continue
        engine = _tried(network, at_size, folder, wanted, threads)
        if engine is None and wanted != "f32" and forced is None:
            engine = _tried(network, at_size, folder, "f32", threads)
            if engine is not None:  # the form is good, the low precision is not
                precisions.keep(network, cache, "f32", {})
        if engine is not None:
            return engine
    return None


def _made_again(network: Network, size: Size | None, cache: Path, threads: int, forced: Precision | None) -> CpuEngine:
    """The engine of a form that takes the place of a damaged one. Raises NetworkError."""
    with making.writable(cache) as folder:
        for _ in range(2):  # another process may take ours for the damaged one and remove it
            shelf.discard(shelf.place(network, folder))
            making.prepare([network], [], folder, threads, lambda _text, _part: None)
            engine = _ready(network, size, folder, threads, forced)
            if engine is not None:
                return engine
    raise NetworkError(f"{network.title} gives wrong answers on this machine; onlooker self-check tells more.")


def _tried(network: Network, at_size: Network, folder: Path, precision: Precision, threads: int) -> CpuEngine | None:
    """The engine of a form for the network `at_size`; None where the form is damaged or its answers are wrong.

    It is checked at the network's usual size, which is that of the stored picture.
    """
    try:
        form = _form(network, precision, folder)
        if form is None:
            return None
        engine = CpuEngine(network, form, precision=precision, threads=threads)
        if not checking.check(engine) <= checking.TOLERANCES[precision]:
            return None
        if at_size.input != network.input:
            engine = CpuEngine(at_size, form, precision=precision, threads=threads)
    except (OSError, RuntimeError):
        return None
    return engine


def _form(network: Network, precision: Precision, folder: Path) -> tuple[bytes, bytes] | None:
    """The form for a precision, f32's being in a folder; None where the one that shipped for int8 is damaged."""
    form = shelf.read(folder)
    try:
        return precisions.form_of(network, precision, form)
    except NetworkError:
        return None
