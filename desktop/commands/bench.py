"""`onlooker bench`: how fast it is on this machine."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from desktop import cores, folders
from desktop.commands import bars
from desktop.commands.annotate import load
from desktop.commands.options import (
    Debug,
    Device,
    Json,
    MaxBodies,
    MaxFaces,
    NoBodies,
    NoFaces,
    NoObjects,
    OnDevice,
    Quiet,
    analyzer_options,
)
from desktop.commands.talk import Talk, table
from desktop.commands.versions import machine, versions

if TYPE_CHECKING:
    from desktop.frame import Frame
    from models.analyzer import Analyzer
    from models.engine import Engine

_LEAST = 5  # runs, however short the time
_MEMORY = 512 * 2**20  # bytes of decoded frames that are held


@dataclass(frozen=True, slots=True)
class Figure:
    """How long one thing took. `median`, `tenth`: milliseconds, the latter the 10th percentile. `runs`: how many."""

    what: str
    device: str
    precision: str
    median: float
    tenth: float
    runs: int


def bench(
    seconds: Annotated[float, typer.Option(min=0.1, max=3600, metavar="S", help="How long to measure.")] = 10.0,
    no_objects: NoObjects = False,
    no_faces: NoFaces = False,
    no_bodies: NoBodies = False,
    max_faces: MaxFaces = 4,
    max_bodies: MaxBodies = 4,
    device: OnDevice = Device.AUTO,
    json: Json = False,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Measure how fast it is here.

    Each network alone on its stored picture, then everything together on the demo clip, decoded beforehand; all warm.
    """
    talk = Talk(quiet=quiet, debug=debug)
    options = analyzer_options(
        no_objects=no_objects,
        no_faces=no_faces,
        no_bodies=no_bodies,
        score=None,
        max_faces=max_faces,
        max_bodies=max_bodies,
    )
    looker = load(options, device, talk)
    keys = options.networks()
    share = seconds / 2 / len(keys)
    figures = []
    for key, engine in _engines(keys, device, talk).items():
        talk.say(f"Measuring {engine.network.title}")
        figures.append(_network(key, engine, share))
    frames = _demo()
    talk.say(f"Measuring everything together on {len(frames)} frames of the demo clip")
    figures.append(_together(looker, frames, seconds / 2))
    if json:
        answer = {
            "machine": machine(),
            "cores": cores.describe(),
            "versions": versions(),
            "frames": len(frames),
            "size": list(frames[0].size),
            "milliseconds": [asdict(figure) for figure in figures],
        }
        talk.answer_json(answer)
        return
    rows = [("", "DEVICE", "PRECISION", "MEDIAN", "10TH PERCENTILE", "PER SECOND")]
    rows += [
        (one.what, one.device, one.precision, f"{one.median:.2f} ms", f"{one.tenth:.2f} ms", f"{1000 / one.median:.0f}")
        for one in figures
    ]
    talk.answer(machine())
    talk.answer(cores.describe())
    talk.answer(", ".join(f"{name} {text}" for name, text in versions().items() if text))
    talk.answer("")
    talk.answer(table(rows))


def measure(run: Callable[[], object], seconds: float, clock: Callable[[], float] = time.perf_counter) -> list[float]:
    """How long each call of `run` took, in seconds: calls for `seconds`, at least five, after two that warm up."""
    for _ in range(2):
        run()
    taken: list[float] = []
    begun = now = clock()
    while len(taken) < _LEAST or now - begun < seconds:
        before = clock()
        run()
        now = clock()
        taken.append(now - before)
    return taken


def percentile(values: Sequence[float], part: float) -> float:
    """The value below which `part` (0..1) of `values` lie, interpolated between two."""
    ordered = sorted(values)
    place = part * (len(ordered) - 1)
    low = int(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)


def _figure(what: str, device: str, precision: str, taken: Sequence[float]) -> Figure:
    median, tenth = (round(1000 * percentile(taken, part), 3) for part in (0.5, 0.1))
    return Figure(what, device, precision, median, tenth, len(taken))


def _engines(keys: Sequence[str], device: Device, talk: Talk) -> dict[str, Engine]:
    from models.engine import load_engines

    threads = cores.set_up().budget.inference
    with bars.loading(talk):
        return load_engines(keys, device=device.value, cache=folders.cache(), threads=threads)


def _network(key: str, engine: Engine, seconds: float) -> Figure:
    from models.checking import stored

    picture = stored(engine.network)[0][None]
    taken = measure(lambda: engine.run(picture), seconds)
    return _figure(key, engine.device, engine.precision, taken)


def _demo() -> list[Frame]:
    """The demo clip, decoded, as much of it as memory should hold."""
    from desktop.sources.naming import make_source

    source = make_source("demo")
    frames: list[Frame] = []
    try:
        source.open()
        held = 0
        while held < _MEMORY and (frame := source.read()) is not None:
            frames.append(frame)
            held += frame.pixels.nbytes
    finally:
        source.close()
    return frames


def _together(looker: Analyzer, frames: Sequence[Frame], seconds: float) -> Figure:
    """The analyzer on one frame after the other, the clip again and again; time goes on as in one long video."""
    count = len(frames)
    span = frames[-1].time + (frames[-1].time // max(1, count - 1))
    done = 0

    def run() -> None:
        nonlocal done
        turn, place = divmod(done, count)
        if place == 0:
            looker.reset()
        looker.analyze(frames[place].pixels, turn * span + frames[place].time)
        done += 1

    taken = measure(run, seconds)
    return _figure("everything, a frame", looker.device, looker.precision, taken)
