"""`onlooker evaluate`: how good detectors are on labelled pictures, and how fast."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from desktop import cores, folders
from desktop.commands import bars
from desktop.commands.options import Debug, Device, Json, LabelledPictures, OnDevice, Quiet
from desktop.commands.talk import Talk, table
from desktop.commands.versions import machine, version, versions

if TYPE_CHECKING:
    from models.catalogue import Precision
    from models.training.annotations import Dataset
    from models.training.trial import Trial

SIZES = (192, 224, 256, 320, 416)
"""Heights and widths that `--all` looks at, in pixels."""
_POINTS = 100  # average precision is told in points


@dataclass(frozen=True, slots=True)
class Wanted:
    """One detector at one size; None: its usual one."""

    key: str
    size: int | None


def evaluate(
    data: LabelledPictures,
    detector: Annotated[
        list[str] | None, typer.Option(metavar="KEY", help="A detector, as `onlooker models` lists them; several too.")
    ] = None,
    size: Annotated[
        list[int] | None,
        typer.Option(min=32, max=2048, metavar="N", help="Height and width of the network's input; several too."),
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="All detectors, ours at all usual sizes.")] = False,
    precision: Annotated[
        str | None, typer.Option(metavar="P", help="f32, bf16 or int8; else what is fastest here.")
    ] = None,
    per_class: Annotated[
        bool, typer.Option("--per-class", help="Tell of each class too; with --thresholds, at the usual one.")
    ] = False,
    thresholds: Annotated[
        bool, typer.Option("--thresholds", help="Tell precision, recall and false boxes at thresholds too.")
    ] = False,
    pictures: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="Take the first N pictures of each alone.")
    ] = None,
    picture: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE.png", help="Draw precision against recall, and accuracy against time. Needs matplotlib."
        ),
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace a picture that exists.")] = False,
    device: OnDevice = Device.AUTO,
    json: Json = False,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Measure how good detectors of objects are on labelled pictures, and how long they take.

    AP is COCO's average precision over overlaps from 0.5 to 0.95, AP50 and AP75 that at 0.5 and 0.75, VOC the one of
    VOC 2010 at 0.5, in points; each class counts only where pictures are labelled for it. Times are medians of a
    picture in memory: the whole way (resizing, network, decoding, suppression), and the network alone.
    """
    from desktop.commands import charts
    from models.training.annotations import read

    talk = Talk(quiet=quiet, debug=debug)
    wanted = _wanted(detector or [], size or [], everything)
    chosen = _precision(precision)
    if picture is not None:
        charts.check(picture, overwrite=overwrite)
    sets = [(_title(path), _first(read(path), pictures)) for path in data]
    trials = _tried(wanted, sets, chosen, device, talk)
    if picture is not None:
        charts.write(picture, trials, overwrite=overwrite)
    if json:
        talk.answer_json(_answer(trials))
        return
    talk.answer(machine())
    talk.answer(cores.describe())
    talk.answer(", ".join(f"{name} {text}" for name, text in versions().items() if text))
    talk.answer(_measured_by())
    for title, _ in sets:
        _tell([trial for trial in trials if trial.data == title], talk, per_class=per_class, thresholds=thresholds)


def _wanted(keys: Sequence[str], sizes: Sequence[int], everything: bool) -> list[Wanted]:
    """Which detectors at which sizes. Raises typer.BadParameter where --all stands beside names."""
    from models.objects import DEFAULT

    if everything and keys:
        raise typer.BadParameter("name detectors with --detector, or take --all of them.")
    named = _all() if everything else [(key, False) for key in keys or [DEFAULT]]
    usual: list[int | None] = [None]
    found = []
    for key, free in named:
        own = (*sizes,) or (SIZES if free else usual)
        found += [Wanted(key, size) for size in own]
    return found


def _all() -> list[tuple[str, bool]]:
    """The keys of all detectors, and whether the size of their input is free."""
    from models.catalogue import NETWORKS
    from models.importing.added import listed

    ours = [(key, network.multiple > 0) for key, network in NETWORKS.items() if network.labels]
    return ours + [(one.key, False) for one in listed(folders.networks())[0]]


def _precision(named: str | None) -> Precision | None:
    for known in ("f32", "bf16", "int8"):
        if named == known:
            return known
    if named is not None:
        raise typer.BadParameter(f"there is no precision {named!r}: it may be f32, bf16 or int8.")
    return None


def _title(path: Path) -> str:
    return path.resolve().name


def _first(dataset: Dataset, count: int | None) -> Dataset:
    from dataclasses import replace

    return dataset if count is None else replace(dataset, pictures=dataset.pictures[:count])


def _tried(
    wanted: Sequence[Wanted],
    sets: Sequence[tuple[str, Dataset]],
    precision: Precision | None,
    device: Device,
    talk: Talk,
) -> list[Trial]:
    """Every detector on every set of pictures."""
    from models.objects import load_detector
    from models.training.trial import run

    threads = cores.set_up().budget.inference
    cores.apply_to_opencv()
    trials: list[Trial] = []
    said: set[str] = set()
    steps = len(wanted) * len(sets)
    for one in wanted:
        with bars.loading(talk) as progress:
            detector = load_detector(
                one.key,
                size=one.size,
                device=device.value,
                cache=folders.cache(),
                threads=threads,
                added=folders.networks(),
                precision=precision,
                progress=progress,
            )
        for title, dataset in sets:
            what = f"{detector.key} {detector.size[1]}x{detector.size[0]} on {title} ({len(trials) + 1} of {steps})"
            with bars.loading(talk) as progress:
                trials.append(run(detector, dataset, title, _told(progress, what)))
            for note in (detector.note, *(f"{title}: {note}" for note in trials[-1].notes)):
                if note and note not in said:
                    said.add(note)
                    talk.say(note)
    return trials


def _told(progress: Callable[[str, float], None], what: str) -> Callable[[int, int], None]:
    return lambda done, of: progress(what, done / of)


def _tell(trials: Sequence[Trial], talk: Talk, *, per_class: bool, thresholds: bool) -> None:
    """The tables of one set of pictures."""
    scores = trials[0].scores
    talk.answer("")
    objects = sum(one.objects for one in scores.classes)
    talk.answer(f"{trials[0].data}: {scores.pictures} pictures, {objects} objects of {len(scores.classes)} classes")
    rows: list[tuple[str, ...]] = [
        ("DETECTOR", "INPUT", "DEVICE", "PRECISION", "AP", "AP50", "AP75", "VOC", "WHOLE WAY", "NETWORK ALONE")
    ]
    rows += [
        (
            *(trial.key, trial.input, trial.device, trial.precision),
            *_in_points(trial.scores.ap, trial.scores.ap50, trial.scores.ap75, trial.scores.voc_ap),
            f"{trial.whole.median:.1f} ms",
            "-" if trial.network is None else f"{trial.network.median:.1f} ms",
        )
        for trial in trials
    ]
    talk.answer(table(rows))
    for trial in trials:
        if per_class:
            talk.answer(f"\n{trial.key} {trial.input} on {trial.data}, by class")
            talk.answer(_by_class(trial, at_threshold=thresholds))
        if thresholds:
            talk.answer(f"\n{trial.key} {trial.input} on {trial.data}, by threshold (overlap 0.5)")
            talk.answer(_by_threshold(trial))


def _by_class(trial: Trial, *, at_threshold: bool) -> str:
    """`at_threshold`: with precision and recall of each class at the score from which things are shown."""
    from models.object_watch import SCORE
    from models.training import precision_recall

    scores = trial.scores
    rows: list[tuple[str, ...]] = [("CLASS", "OBJECTS", "AP", "AP50", "AP75", "VOC")]
    if at_threshold:
        rows[0] += (f"PRECISION AT {SCORE:.2f}", "RECALL")
    for one in scores.classes:
        row = (one.name, str(one.objects), *_in_points(one.ap, one.ap50, one.ap75, one.voc))
        if at_threshold:
            there = precision_recall.operation(scores.voc, SCORE, of=scores.names.index(one.name))
            row += (f"{there.precision:.3f}", f"{there.recall:.3f}")
        rows.append(row)
    return table(rows)


def _by_threshold(trial: Trial) -> str:
    rows = [("THRESHOLD", "PRECISION", "RECALL", "FALSE BOXES A PICTURE")]
    rows += [
        (f"{one.threshold:.2f}", f"{one.precision:.3f}", f"{one.recall:.3f}", f"{one.false_boxes:.2f}")
        for one in trial.scores.thresholds
    ]
    return table(rows)


def _in_points(*values: float) -> list[str]:
    return [f"{_POINTS * value:.1f}" for value in values]


def _measured_by() -> str:
    """Which measure the figures come from."""
    from models.training.coco_reference import MISSING

    found = version("pycocotools")
    if found:
        return f"AP by pycocotools {found}, VOC's by Onlooker"
    return f"AP and VOC's by Onlooker's own measure, which is equal to COCO's. {MISSING}"


def _answer(trials: Sequence[Trial]) -> dict[str, Any]:
    return {
        "machine": machine(),
        "cores": cores.describe(),
        "versions": versions() | {"pycocotools": version("pycocotools")},
        "trials": [trial.described() for trial in trials],
    }
