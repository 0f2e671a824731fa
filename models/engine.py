"""Networks ready to run: compiled by OpenVINO for the processor."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from models import checking, child, shelf
from models.catalogue import NETWORKS, Network, Precision
from models.cpu_engine import CpuEngine
from models.errors import NetworkError

Progress = Callable[[str, float], None]

_MAKING_TIMEOUT = 300.0  # seconds for all forms together; they take ten


class Engine(Protocol):
    """A network that runs. Used by one thread at a time.

    `network`: which. `device`: "cpu", "cuda" or "mps". `precision`: of the numbers it calculates with. `note`: why
    another device than the wanted one is used, in a sentence, or "".
    """

    @property
    def network(self) -> Network: ...
    @property
    def device(self) -> str: ...
    @property
    def precision(self) -> str: ...
    @property
    def note(self) -> str: ...

    def run(self, pictures: NDArray[np.uint8]) -> Mapping[str, NDArray[np.float32]]:
        """(N, height, width, 3) BGR uint8 -> the network's outputs by name, float32, N first."""
        ...


def load_engine(
    key: str, *, device: str = "auto", cache: Path, threads: int, progress: Progress | None = None
) -> Engine:
    """One engine, as `load_engines` gives them."""
    return load_engines([key], device=device, cache=cache, threads=threads, progress=progress)[key]


def load_engines(
    keys: Sequence[str], *, device: str = "auto", cache: Path, threads: int, progress: Progress | None = None
) -> dict[str, Engine]:
    """Engines of the networks `keys` (of `NETWORKS`), checked against stored answers.

    `cache`: the user's cache folder. `threads`: for networks. `progress`: what is being done and how far, 0..1. Forms
    that are missing, damaged or wrong are made in a child process, which takes seconds. Raises NetworkError.
    """
    del device
    report = progress or (lambda _text, _part: None)
    networks = [NETWORKS[key] for key in keys]
    missing = [network for network in networks if shelf.find(network, cache) is None]
    share = 0.8 if missing else 0.0
    if missing:
        _make(missing, cache, lambda text, part: report(text, share * part))
    engines: dict[str, Engine] = {}
    for done, network in enumerate(networks):
        report(f"Loading {network.title}", share + (1 - share) * done / len(networks))
        engines[network.key] = _load(network, cache, threads)
    report("Networks are ready", 1.0)
    return engines


def _load(network: Network, cache: Path, threads: int) -> CpuEngine:
    folder = shelf.find(network, cache)
    engine = _tried(network, folder, "f32", threads) if folder is not None else None
    if engine is None:
        shelf.discard(shelf.place(network, cache))
        _make([network], cache, lambda _text, _part: None)
        engine = _tried(network, shelf.place(network, cache), "f32", threads)
    if engine is None:
        raise NetworkError(f"{network.title} gives wrong answers on this machine.")
    return engine


def _tried(network: Network, folder: Path, precision: Precision, threads: int) -> CpuEngine | None:
    """The engine of a form; None where the form is damaged or answers wrongly."""
    try:
        engine = CpuEngine(network, shelf.read(folder), precision=precision, threads=threads)
        good = checking.check(engine) <= checking.TOLERANCES[precision]
    except (OSError, RuntimeError):
        return None
    return engine if good else None


def _make(networks: Sequence[Network], cache: Path, report: Progress) -> None:
    """Have forms made in a child process. Raises NetworkError."""
    from models.forms import ERROR

    if importlib.util.find_spec("torch") is None:
        raise NetworkError(f"{networks[0].title} is not prepared, and torch, which prepares it, is not installed.")
    sentences: list[str] = []

    def line(text: str) -> None:
        if text.startswith(ERROR):
            sentences.append(text.removeprefix(ERROR).strip())
            return
        part, _, what = text.strip().partition(" ")
        try:
            report(what, float(part))
        except ValueError:
            return  # some library's own talk

    keys = [network.key for network in networks]
    command = child.command("models.forms", "--cache", str(cache), *keys)
    try:
        status, last = child.run(command, env=child.environment(), timeout=_MAKING_TIMEOUT, line=line)
    except OSError as error:
        raise NetworkError(f"Networks could not be prepared: no child process could be started ({error}).") from error
    if status != 0:
        words = last.strip().splitlines()[-1:] or [f"it ended with status {status}"]
        raise NetworkError(sentences[0] if sentences else f"Networks could not be prepared: {words[0]}")
    shelf.prune(cache)
