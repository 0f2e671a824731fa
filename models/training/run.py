"""A whole training: pictures read, a teacher asked, steps made, the best weights written."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from models.detector import Detector
from models.errors import OnlookerError
from models.training import checkpoint, evaluation, examples, exporting, half_precision, start, teacher
from models.training.annotations import read
from models.training.augmentation import Augmentation
from models.training.batches import Plan
from models.training.examples import Example
from models.training.labelled import Dataset
from models.training.loop import Course, Report, Trainer
from models.training.module_detector import ModuleDetector

Note = Callable[[str], None]
Progress = Callable[[str, int, int], None]

WEIGHTS = "weights"
TEACHER_SIDE = 416
NEW = 20.0
"""How many times as fast heads learn that begin anew on a trunk that is trained (docs/training.md)."""
REPORTS = 50
"""Steps between two reports; short runs tell more often, twenty times in all."""
JUDGED_AT = 256
"""The side of the input, in pixels, at which a run is validated on its way."""


@dataclass(frozen=True, slots=True)
class Options:
    """What a training is told.

    `data`: labelled pictures, as `annotations.read` takes them; `repeats`: how often each is seen in a pass (once
    unless given). `out`: the folder of the run. `classes`: the names to be learned, those of the data unless given.
    `design`: what is trained, of `start.DESIGNS`; `init`: what to start from, None = nothing. `teacher`: weights of
    Onlooker-M that it learns from, `init` unless given. `teach`: let the teacher guess the classes that pictures are
    not labelled for. `dense`: weight of the teacher's cells in the loss. `validation`: pictures that are never learned
    from; `judged`: how many of each at most. `sides`, `odds`: of the input, in pixels; `wide`: part of batches whose
    input is wider than high. The rest: see `Course` and `Augmentation`.
    """

    data: tuple[Path, ...]
    out: Path
    init: Path | None = None
    design: str = "medium"
    teacher: Path | None = None
    repeats: tuple[int, ...] = ()
    classes: tuple[str, ...] | None = None
    teach: bool = False
    validation: tuple[Path, ...] = ()
    judged: int = 150
    steps: int = 2000
    batch: int = 20
    rate: float = 5e-5
    warm_up: int = 50
    decay: float = 0.998
    keep: int = 300
    sides: tuple[int, ...] = (192, 224, 256, 288, 320, 352, 416)
    odds: tuple[float, ...] = (0.20, 0.18, 0.20, 0.12, 0.15, 0.05, 0.10)
    wide: float = 0.2
    mosaic: float = 0.0
    mixed: float = 0.0
    dense: float = 0.0
    seed: int = 1
    device: str = "auto"
    threads: int = 2
    low_precision: bool = True


def train(options: Options, *, tell: Callable[[Report], None], note: Note, progress: Progress | None = None) -> Path:
    """Train as told and give the file of weights, `out`/weights.npz; with safetensors installed another in 16 bits lies
    beside it, with onnx installed weights.onnx, which is a detector to be added (`models.importing`). Goes on where an
    earlier call with the same options stopped.

    `tell`: of each report; `note`: of what was left out or done, in sentences; `progress`: of long preparations, what,
    done, of how many. Raises OnlookerError; KeyboardInterrupt once the state is kept.
    """
    _check(options)
    torch.set_num_threads(options.threads)
    torch.manual_seed(options.seed)
    random.seed(options.seed)
    where = start.device(options.device)
    datasets = _read(options, note)
    names = datasets[0].names
    network = start.network(names, options.init, options.design)
    learned = _examples(options, datasets, names, note, progress)
    settings = _settings(options, names)
    reports = max(1, min(options.steps // 20, REPORTS))
    course = Course(
        options.steps,
        options.rate,
        options.warm_up,
        options.decay,
        dense=options.dense,
        new=NEW if start.anew(names, options.init) else 1.0,
        report=reports,
        keep=options.keep,
    )
    low = settings["low_precision"] = options.low_precision and _half(options, where, note)
    cells_of = _teacher(options, names) if options.dense else None
    trainer = Trainer(network, course, options.out, settings, device=where, low_precision=low, teacher=cells_of)
    if trainer.resume():
        note(f"Going on after step {trainer.step} of {options.steps}.")
    how = Augmentation(mosaic=options.mosaic, mixed=options.mixed)
    plan = Plan(options.batch, options.sides, options.odds, options.wide, how, options.seed)
    trainer.run(learned, plan, tell, _judge(options, names, note))
    written = _write(trainer.averaged(), options.out, note)
    try:
        exporting.export(trainer.averaged(), names, options.out / f"{WEIGHTS}.onnx")
    except ImportError:
        note("onnx is not installed: there is no weights.onnx, which `onlooker models add` would take.")
    return written


def _check(options: Options) -> None:
    if not options.data:
        raise OnlookerError("Say which pictures to learn from: --data FOLDER.")
    if len(options.sides) != len(options.odds) or any(side % 32 or side < 64 for side in options.sides):
        raise OnlookerError("Sides of the input must be multiples of 32 from 64 on, with as many odds.")
    if min(options.steps, options.batch, options.keep) < 1 or not 0 < options.rate < 1:
        raise OnlookerError("Steps, batch and keep must be at least 1, the rate between 0 and 1.")
    if options.repeats and len(options.repeats) != len(options.data):
        raise OnlookerError("Give as many repeats as data.")
    if options.design not in start.DESIGNS:
        raise OnlookerError(f"There is no design {options.design}: take {' or '.join(start.DESIGNS)}.")
    if options.design == "small" and options.batch < 2:
        raise OnlookerError("The small design learns from at least 2 pictures at once: its batch norms compare them.")
    if (options.teach or options.dense) and _taught_by(options) is None:
        raise OnlookerError("A teacher needs weights of Onlooker-M: give --teacher with --teach and --dense.")
    if options.dense < 0:
        raise OnlookerError("The weight of the teacher's cells, --dense, is 0 or more.")
    try:
        options.out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OnlookerError(f"The folder {options.out} cannot be made: {error.strerror or error}.") from error


def _half(options: Options, where: torch.device, note: Note) -> bool:
    """Whether 16 bits are taken: what the run began with, else what this processor is better at."""
    kept = checkpoint.load(options.out / "state")
    if kept is not None:
        return bool(kept.settings.get("low_precision", True))
    low = where.type != "cpu" or half_precision.helps()
    if not low:
        note("This processor does not train faster in 16 bits: 32 are taken.")
    return low


def _read(options: Options, note: Note) -> list[Dataset]:
    wanted = options.classes
    datasets = []
    for path in options.data:
        dataset = read(path, wanted)
        wanted = dataset.names
        datasets.append(dataset)
        for sentence in dataset.notes:
            note(f"{path}: {sentence}")
    return datasets


def _examples(
    options: Options, datasets: Sequence[Dataset], names: tuple[str, ...], note: Note, progress: Progress | None
) -> list[Example]:
    groups = []
    for number, (path, dataset) in enumerate(zip(options.data, datasets, strict=True)):
        guesses = None
        if options.teach and not all(picture.labelled.all() for picture in dataset.pictures):
            guesses = _guesses(options, dataset, names, options.out / f"guesses-{number}.npz", progress)
        told = None if progress is None else _telling(progress, "Reading pictures")
        group, unreadable = examples.load(dataset, guesses, told)
        if unreadable:
            shown = ", ".join(unreadable[:5]) + (", …" if len(unreadable) > 5 else "")
            note(f"{path}: {len(unreadable)} pictures cannot be read and are left out: {shown}")
        groups.append(group)
    return examples.passes(groups, options.repeats or (1,) * len(groups))


def _guesses(
    options: Options, dataset: Dataset, names: tuple[str, ...], kept: Path, progress: Progress | None
) -> dict[str, Any]:
    if kept.is_file():
        return teacher.load(kept)
    side = (TEACHER_SIDE, TEACHER_SIDE)
    looking = ModuleDetector(_teacher(options, names), side, names)
    guesses = teacher.look(looking, dataset, None if progress is None else _telling(progress, "Asking the teacher"))
    teacher.save(guesses, kept)
    return guesses


def _taught_by(options: Options) -> Path | None:
    """The teacher's weights: what is started from may be one where it is the teacher's design."""
    return options.teacher or (options.init if options.design == "medium" else None)


def _teacher(options: Options, names: tuple[str, ...]) -> Detector:
    return start.network(names, _taught_by(options))


def _telling(progress: Progress, what: str) -> Callable[[int, int], None]:
    return lambda done, count: progress(what, done, count)


def _judge(options: Options, names: tuple[str, ...], note: Note) -> Callable[[Detector], dict[str, float]] | None:
    """Average precision of a detector on the pictures held back, by the data's name."""
    if not options.validation:
        return None
    held_back = []
    for path in options.validation:
        dataset = read(path, names)
        chosen = np.random.default_rng(options.seed).permutation(len(dataset.pictures))[: options.judged]
        some = tuple(dataset.pictures[place] for place in sorted(chosen))
        held_back.append((path.stem, Dataset(dataset.names, some)))
        note(f"{path}: {len(some)} pictures are held back and judged.")

    def judge(detector: Detector) -> dict[str, float]:
        scores: dict[str, float] = {}
        for called, dataset in held_back:
            try:
                found = evaluation.evaluate(ModuleDetector(detector, (JUDGED_AT, JUDGED_AT), names), dataset)
            except OnlookerError as error:  # the pictures are gone; what is learned from lies in memory
                note(f"{called} cannot be judged: {error}")
                continue
            scores |= {f"{called} AP": found.ap, f"{called} VOC AP": found.voc_ap}
        return scores

    return judge


def _settings(options: Options, names: tuple[str, ...]) -> dict[str, Any]:
    """What makes a run this run; where it runs, and how often it is judged, does not."""
    free = {"out", "device", "threads", "validation", "judged", "keep", "classes"}
    told = {name: value for name, value in asdict(options).items() if name not in free}
    if not options.dense:
        del told["dense"]  # runs that were begun before there was such a thing go on
    usual = Options((), Path())
    for name in ("design", "teacher", "warm_up"):  # the same
        if told[name] == getattr(usual, name):
            del told[name]
    told["names"] = names
    plain: dict[str, Any] = {}
    for name, value in told.items():
        listed = list(value) if isinstance(value, tuple) else [value]
        texts = [str(one) if isinstance(one, Path) else one for one in listed]
        plain[name] = texts if isinstance(value, tuple) else texts[0]
    return plain


def _write(network: Detector, out: Path, note: Note) -> Path:
    file = out / f"{WEIGHTS}.npz"
    tensors = {name: value.numpy() for name, value in network.state_dict().items()}
    checkpoint.write(tensors, file)
    try:
        from safetensors.numpy import save_file
    except ImportError:
        note("safetensors is not installed: the weights are written as .npz alone.")
        return file
    halves = {name: np.ascontiguousarray(value.astype(np.float16)) for name, value in tensors.items()}
    save_file(halves, out / f"{WEIGHTS}.safetensors")
    return file
