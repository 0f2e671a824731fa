"""`onlooker train`: teaches the detector of objects further, or classes of one's own, from labelled pictures."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from desktop.commands import bars
from desktop.commands.interruption import Interrupted
from desktop.commands.options import Debug, LabelledPictures, Quiet
from desktop.commands.talk import Talk

if TYPE_CHECKING:
    from models.training.loop import Report

_EVERY = 200  # pictures read between two lines where there is no bar

USUAL: dict[str, Any] = {
    "steps": 2000,
    "batch": 20,
    "rate": 5e-5,
    "warm_up": 50,
    "decay": 0.998,
    "keep": 300,
    "judged": 150,
    "seed": 1,
}
"""As `models.training.run.Options` has them, which is not imported for a help text; a test holds them equal."""


def train(
    data: LabelledPictures,
    out: Annotated[
        Path, typer.Option(metavar="FOLDER", help="The folder of the run: its state and weights.", show_default=False)
    ],
    init: Annotated[
        Path | None,
        typer.Option(
            metavar="WEIGHTS",
            help="What to start from: .safetensors or .npz of our design, an .onnx of NanoDet-Plus-m or -1.5x, or the "
            "folder of another run; without: our own weights. `none` starts from nothing.",
            show_default=False,
        ),
    ] = None,
    design: Annotated[
        str,
        typer.Option(metavar="medium|small", help="What is trained; small starts from nothing unless --init is given."),
    ] = "medium",
    teacher: Annotated[
        Path | None,
        typer.Option(
            metavar="WEIGHTS",
            help="What --teach and --dense learn from; without: what is started from, for small our own weights.",
            show_default=False,
        ),
    ] = None,
    classes: Annotated[
        str | None,
        typer.Option(
            metavar="dog,cat", help="The classes to be learned; without: those of the data.", show_default=False
        ),
    ] = None,
    coco: Annotated[bool, typer.Option("--coco", help="Keep COCO's 80 classes.")] = False,
    teach: Annotated[
        bool, typer.Option("--teach", help="Let the teacher guess what pictures are not labelled for, and keep that.")
    ] = False,
    validation: Annotated[
        list[Path] | None, typer.Option(metavar="PATH", help="Pictures that are held back and judged on the way.")
    ] = None,
    judged: Annotated[int, typer.Option(min=1, metavar="N", help="How many of them.")] = USUAL["judged"],
    repeats: Annotated[
        list[int] | None, typer.Option(min=1, metavar="N", help="How often each --data is seen in a pass.")
    ] = None,
    steps: Annotated[int, typer.Option(min=1, metavar="N", help="How many batches are learned.")] = USUAL["steps"],
    batch: Annotated[int, typer.Option(min=1, metavar="N", help="Pictures in each.")] = USUAL["batch"],
    rate: Annotated[float, typer.Option(metavar="R", help="The learning rate at its highest.")] = USUAL["rate"],
    warm_up: Annotated[int, typer.Option(min=0, metavar="N", help="Steps on which it rises to that.")] = USUAL[
        "warm_up"
    ],
    decay: Annotated[float, typer.Option(metavar="D", help="Of the average of weights.")] = USUAL["decay"],
    keep: Annotated[
        int, typer.Option(min=1, metavar="N", help="Steps between two states kept, and two judgements.")
    ] = USUAL["keep"],
    side: Annotated[
        list[int] | None,
        typer.Option(min=64, max=1024, metavar="N", help="Height and width of the input; several: mixed evenly."),
    ] = None,
    mosaic: Annotated[float, typer.Option(min=0, max=1, help="Part of the pictures that are four in one.")] = 0.0,
    mixed: Annotated[float, typer.Option(min=0, max=1, help="Part of them that are two laid over each other.")] = 0.0,
    dense: Annotated[
        float,
        typer.Option(min=0, metavar="W", help="Weight of what the teacher sees in every cell; 0: it is not asked."),
    ] = 0.0,
    seed: Annotated[int, typer.Option(metavar="N", help="The same seed gives the same curve.")] = USUAL["seed"],
    threads: Annotated[int, typer.Option(min=1, metavar="N", help="Threads of the processor.")] = 2,
    device: Annotated[str, typer.Option(metavar="auto|cpu|cuda", help="Where it is trained.")] = "auto",
    full: Annotated[bool, typer.Option("--f32", help="Calculate in 32 bits throughout.")] = False,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Train the detector of objects further, or on your own classes.

    Ctrl-C keeps the state: the same command goes on from there, exactly. At the end FOLDER holds weights.safetensors
    (16 bits) and weights.npz (32); the answer is their path. Pictures are decoded once and kept in memory: 0.4 MB each
    at 416 x 312 pixels. `python -m models.training` is the same where only torch, numpy and OpenCV are installed.
    """
    from models.training.run import Options
    from models.training.run import train as run

    if device not in ("auto", "cpu", "cuda"):
        raise typer.BadParameter("--device is auto, cpu or cuda.")
    if design not in ("medium", "small"):
        raise typer.BadParameter("--design is medium or small.")
    if coco and classes is not None:
        raise typer.BadParameter("--coco are classes already: leave --classes out.")
    talk = Talk(quiet=quiet, debug=debug)
    options: dict[str, Any] = {
        "data": tuple(data),
        "out": out,
        "init": None if design == "small" and init is None else _start(init),
        "design": design,
        "teacher": _start(None) if design == "small" and teacher is None and (teach or dense) else teacher,
        "repeats": tuple(repeats or ()),
        "classes": _classes(classes, coco=coco),
        "teach": teach,
        "validation": tuple(validation or ()),
        "judged": judged,
        "steps": steps,
        "batch": batch,
        "rate": rate,
        "warm_up": warm_up,
        "decay": decay,
        "keep": keep,
        "mosaic": mosaic,
        "mixed": mixed,
        "dense": dense,
        "seed": seed,
        "threads": threads,
        "device": device,
        "low_precision": not full,
    }
    if side:
        options |= {"sides": tuple(side), "odds": (1.0,) * len(side), "wide": 0.0}
    with _bar(talk, steps) as (tell, progress):
        try:
            written = run(Options(**options), tell=tell, note=talk.say, progress=progress)
        except (Interrupted, KeyboardInterrupt):
            talk.say(f"Interrupted. What was kept lies in {out}: the same command goes on from there.")
            raise
    halves = written.with_suffix(".safetensors")
    talk.answer(str(halves if halves.is_file() else written))
    added = written.with_suffix(".onnx")
    if added.is_file():
        talk.say(f"To watch with it: onlooker models add {added}")


def _start(init: Path | None) -> Path | None:
    """What is started from: ours unless something is named. Raises NetworkError where ours are not there."""
    from models.catalogue import NETWORKS
    from models.errors import NetworkError
    from models.objects import DEFAULT

    if init is not None:
        return None if str(init) == "none" else init
    if DEFAULT not in NETWORKS:
        raise NetworkError("Our own weights are not installed here: name what to start from with --init.")
    import resources

    return resources.path(f"weights/{NETWORKS[DEFAULT].weights}")


def _classes(listed: str | None, *, coco: bool) -> tuple[str, ...] | None:
    from models.classes import COCO

    if coco:
        return COCO
    if listed is None:
        return None
    names = tuple(name.strip() for name in listed.split(",") if name.strip())
    if not names or len(set(names)) < len(names):
        raise typer.BadParameter("--classes takes different names, with commas between them.")
    return names


def _said(report: Report) -> str:
    """A report in a line."""
    scores = "".join(f", {name} {100 * value:.1f}" for name, value in report.scores.items())
    return f"loss {report.losses['total']:.4f}, {report.speed:.1f} pictures/s{scores}"


@contextmanager
def _bar(talk: Talk, steps: int) -> Iterator[tuple[Callable[[Report], None], Callable[[str, int, int], None]]]:
    """What reports of steps and of preparations go to: a bar with the time that is left, lines without a terminal.

    Accuracies stay as lines above the bar.
    """
    if not talk.shows_progress:

        def prepared(what: str, done: int, count: int) -> None:
            if done == count or done % _EVERY == 0:
                talk.say(f"{what}: {done} of {count}")

        yield (
            (lambda report: talk.say(f"Step {report.step} of {steps}: {_said(report)}, {_time(report.left)}")),
            prepared,
        )
        return
    with bars.counting(talk) as count:

        def trained(report: Report) -> None:
            count(f"Training, {_said(report)}", report.step, steps)
            if report.scores:
                talk.say(f"Step {report.step}: {_said(report)}")

        yield trained, count


def _time(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02d} left"
