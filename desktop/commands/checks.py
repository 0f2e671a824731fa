"""What `self-check` tries: each function tries one part and says how it went, or raises with what is wrong."""

from __future__ import annotations

import importlib
import os
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from desktop import __version__, cores, folders
from desktop.commands import display, versions
from models.catalogue import NETWORKS, Precision
from models.errors import DisplayError, NetworkError, OnlookerError, RecordingError

Report = Callable[[str, float], None]


@dataclass(frozen=True, slots=True)
class Check:
    """One part that is tried. `run` gives a sentence; it raises OnlookerError, or anything, where the part fails."""

    name: str
    run: Callable[[Report], str]


def checks(*, device: str, window: bool) -> Iterator[Check]:
    """All there is to try, in the order in which one thing stands on another."""
    yield Check("packages", packages)
    yield Check("processor", processor)
    yield Check("folders", own_folders)
    yield Check("resources", own_resources)
    yield Check("networks", partial(networks, device))
    for key in NETWORKS:
        yield Check(key, partial(network, key, device))
    yield Check("pictures", pictures)
    yield Check("video", video)
    yield Check("demo", partial(demo, device))
    if window:
        yield Check("window", qt)


def packages(_report: Report) -> str:
    """The libraries are there, and nothing that overwrites them."""
    found = versions.versions()
    rivals = versions.conflicts()
    if rivals:
        raise OnlookerError(
            f"Other wheels overwrite parts of ours: `pip uninstall {' '.join(rivals)}`, then "
            "`pip install --force-reinstall opencv-python-headless openvino`."
        )
    return ", ".join(f"{name} {text}" for name, text in found.items() if text)


def processor(_report: Report) -> str:
    """Threads and instructions."""
    return f"{versions.machine()}. {cores.describe()}"


def own_folders(_report: Report) -> str:
    """What is kept can be kept."""
    for folder in (folders.cache(), folders.config()):
        there = folder
        while not there.exists() and there != there.parent:
            there = there.parent
        if not there.is_dir() or not os.access(there, os.W_OK):
            raise OnlookerError(f"The folder {folder} cannot be written to: networks and settings cannot be kept.")
    return f"{folders.cache()} and {folders.config()} can be written to."


def own_resources(_report: Report) -> str:
    """What ships with the program is there, and the weights, or the forms made of them, are whole."""
    import resources
    from models import shelf, weights

    try:
        for name in SHIPPED:
            resources.path(name)
    except FileNotFoundError as error:  # which has a sentence of its own
        raise OnlookerError(str(error)) from error
    ready = [network.key for network in NETWORKS.values() if shelf.shipped(network) is not None]
    for network in NETWORKS.values():
        if network.key not in ready:
            weights.load(network)
    prepared = f", {len(ready)} of them ready to run" if ready else ""
    return f"{len(NETWORKS)} networks{prepared}, their answers, the typeface and the demo clip are there."


SHIPPED = ("demo.mp4", "fonts/Inter-SemiBold.otf", "weights/manifest.json", "weights/answers.npz")


def networks(device: str, report: Report) -> str:
    """All networks can be prepared, in one go: one after the other would take much longer the first time."""
    from models.engine import load_engines

    threads = cores.set_up().budget.inference
    engines = load_engines(list(NETWORKS), device=device, cache=folders.cache(), threads=threads, progress=report)
    notes = " ".join(dict.fromkeys(engine.note for engine in engines.values() if engine.note))
    used = ", ".join(dict.fromkeys(engine.device for engine in engines.values()))
    return f"All {len(engines)} are prepared and run on {used}. {notes}".rstrip()


def network(key: str, device: str, report: Report) -> str:
    """A network answers as the original does."""
    from models.checking import check
    from models.engine import load_engine

    threads = cores.set_up().budget.inference
    engine = load_engine(key, device=device, cache=folders.cache(), threads=threads, progress=report)
    error = check(engine)
    most = allowed(engine.precision)
    if not error <= most:
        raise NetworkError(
            f"{engine.network.title} gives wrong answers on {engine.device}: off by {error:.2g} of the output's range."
        )
    return f"Off by {error:.1g} of its range in {engine.precision} on {engine.device} (allowed: {most:g})."


def allowed(precision: Precision) -> float:
    """How far from the original's answers a network may be, as a part of the output's range."""
    from models.checking import TOLERANCES

    return TOLERANCES[precision]


def pictures(_report: Report) -> str:
    """Pictures are written and read back."""
    import numpy as np

    from desktop.batch.outputs import PICTURE_SUFFIXES, write_picture
    from desktop.sources.pictures import read_picture

    ramp = np.linspace(0, 255, 48, dtype=np.uint8)
    picture = np.repeat(np.repeat(ramp[None, :, None], 32, 0), 3, 2)
    with tempfile.TemporaryDirectory(prefix="onlooker-") as folder:
        for suffix in PICTURE_SUFFIXES:
            file = write_picture(Path(folder) / f"ramp{suffix}", picture, overwrite=False)
            if np.abs(read_picture(file).astype(int) - picture.astype(int)).max() > 24:
                raise RecordingError(f"A picture written as {suffix} came back with other colours.")
    return f"Written and read back as {', '.join(PICTURE_SUFFIXES)}."


def video(_report: Report) -> str:
    """A recording is written and read back, at uneven times, by the encoder that works here."""
    import numpy as np

    from desktop.recordings import encoders
    from desktop.recordings.options import HARDWARE
    from desktop.recordings.recording import Recording
    from desktop.sources.naming import make_source
    from models.scene import EMPTY

    times = [0.0, 0.04, 0.08, 0.2, 0.25, 0.5]
    choice = encoders.chooser.choice(patience=encoders.TIMEOUT * len(HARDWARE))
    with tempfile.TemporaryDirectory(prefix="onlooker-") as folder:
        recording = Recording(Path(folder) / "check.mp4", source="self-check", networks={}, program=__version__)
        for number, time in enumerate(times):
            recording.write(np.full((240, 320, 3), 40 * number, np.uint8), time, scene=EMPTY, analysed=True)
        recording.close()
        source = make_source(str(recording.path))
        read = []
        try:
            source.open()
            while (frame := source.read()) is not None:
                read.append((frame.time / 1e9, int(frame.pixels.mean())))
        finally:
            source.close()
    if len(read) != len(times) or any(abs(time - found[0]) > 1e-3 for time, found in zip(times, read, strict=True)):
        raise RecordingError("A video came back with other frames or times than it was written with.")
    if any(abs(40 * number - found[1]) > 8 for number, found in enumerate(read)):
        raise RecordingError("A video came back with other colours than it was written with.")
    refused = "".join(f" {name}: {reason}." for name, reason in choice.refused)
    return f"{len(times)} frames written by {recording.encoder} and read back at their times.{refused}"


def demo(device: str, report: Report) -> str:
    """Everything together: the demo clip's face and body are seen."""
    from desktop.sources.naming import make_source
    from models.analyzer import load_analyzer

    threads = cores.set_up().budget.inference
    looker = load_analyzer(device=device, cache=folders.cache(), threads=threads, progress=report)
    source = make_source("demo")
    faces = bodies = frames = 0
    try:
        source.open()
        while frames < 10 and (frame := source.read()) is not None:
            scene = looker.analyze(frame.pixels, frame.time)
            frames, faces, bodies = frames + 1, faces + bool(scene.faces), bodies + bool(scene.bodies)
    finally:
        source.close()
    if not faces or not bodies:
        raise NetworkError(f"In the first {frames} frames of the demo clip no face, or no body, was seen.")
    return f"A face in {faces} and a body in {bodies} of the first {frames} frames of the demo clip."


def qt(_report: Report) -> str:
    """The window's library loads; whether there is a display is only told."""
    display.refuse_second_qt()
    display.refuse_missing_base()
    try:
        importlib.import_module("PySide6.QtWidgets")
    except ImportError as error:
        raise DisplayError(f"Qt does not load: {str(error).partition(chr(10))[0]}.") from error
    try:
        display.check()
    except DisplayError as error:
        return f"Qt loads. {error}"
    return "Qt loads, and a window can be opened."
