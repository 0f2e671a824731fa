"""`onlooker annotate`: files in, the same files with what was seen in them out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from desktop import __version__, cores, folders
from desktop.commands import bars
from desktop.commands.hide_choice import (
    Hidden,
    HideHow,
    How,
    KeepFacePoints,
    check_hidden,
    check_kept,
    hide_choice,
    looking_well,
)
from desktop.commands.interruption import Interrupted, between_steps
from desktop.commands.object_choice import DEFAULT, check_classes, object_choice
from desktop.commands.options import (
    Classes,
    ClassScores,
    Debug,
    Detector,
    Device,
    InputSize,
    MaxBodies,
    MaxFaces,
    NoBodies,
    NoFaces,
    NoObjects,
    NoSound,
    OnDevice,
    Quiet,
    Score,
    analyzer_options,
)
from desktop.commands.source_choice import refuse_unreadable
from desktop.commands.talk import Talk

if TYPE_CHECKING:
    from desktop.batch.annotate import Outcome
    from models.analyzer import Analyzer, AnalyzerOptions

_NAMED = 20  # files that are named one by one


def annotate(
    inputs: Annotated[
        list[str],
        typer.Argument(metavar="INPUT", help="Videos, pictures, folders of them, or demo.", show_default=False),
    ],
    output: Annotated[
        str,
        typer.Option(
            "--output",
            "-o",
            metavar="OUT",
            help="The annotated video (.mp4) or picture; a folder where there are several.",
        ),
    ],
    data: Annotated[
        str | None,
        typer.Option(metavar="OUT.jsonl", help="Write what was found as well, one JSON line a frame."),
    ] = None,
    no_labels: Annotated[bool, typer.Option("--no-labels", help="Draw no names and track numbers.")] = False,
    hide: Hidden = None,
    hide_how: HideHow = How.PIXELATE,
    keep_face_points: KeepFacePoints = False,
    no_sound: NoSound = False,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace files that exist.")] = False,
    no_objects: NoObjects = False,
    no_faces: NoFaces = False,
    no_bodies: NoBodies = False,
    score: Score = None,
    classes: Classes = None,
    class_score: ClassScores = None,
    detector: Detector = DEFAULT,
    input_size: InputSize = None,
    max_faces: MaxFaces = 4,
    max_bodies: MaxBodies = 4,
    no_smooth: Annotated[
        bool,
        typer.Option("--no-smooth", help="Do not smooth what moves (pictures never are)."),
    ] = False,
    device: OnDevice = Device.AUTO,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Draw what is seen into videos and pictures.

    Every frame is analysed. A video of N frames becomes an MP4 of N frames at the same times, with its sound.
    Ctrl-C ends it, and what was done so far is whole.
    """
    talk = Talk(quiet=quiet, debug=debug)
    check_kept(hide, keep_face_points=keep_face_points)
    choice = object_choice(detector, input_size, classes, class_score)
    options = analyzer_options(
        no_objects=no_objects,
        no_faces=no_faces,
        no_bodies=no_bodies,
        score=score,
        max_faces=max_faces,
        max_bodies=max_bodies,
        smooth=not no_smooth,
        objects=choice,
    )
    hidden = hide_choice(hide, hide_how, options)
    options = looking_well(options, hidden)

    from desktop.batch.annotate import Annotator
    from desktop.batch.plan import plan

    chosen = plan(inputs, output, data, overwrite=overwrite)
    refuse_unreadable([job.name for job in chosen.jobs], talk)
    looker = load(options, device, talk)
    if looker.labels:
        check_classes(choice, looker.labels)
        check_hidden(frozenset() if hidden is None else hidden.labels, choice.detector, looker.labels)
    said = looker.note
    with between_steps() as stop, bars.frames(talk) as progress:
        outcome = Annotator(
            looker,
            networks=options.kinds(),
            program=__version__,
            labels=not no_labels,
            hide=hidden,
            face_points=hidden is None or not hidden.faces or keep_face_points,
            sound=not no_sound,
            stopped=stop,
            progress=progress,
            failed=talk.fail,
            noted=talk.say,
        ).run(chosen)
    if looker.note and looker.note not in said:
        talk.say(looker.note)  # the device failed on the way
    _tell(outcome, talk)
    if stop.asked:
        raise Interrupted(stop.asked)
    if outcome.failures:
        raise typer.Exit(1)


def load(options: AnalyzerOptions, device: Device, talk: Talk) -> Analyzer:
    """The analyzer for `options`, with a bar while it loads, and a word where another device is used."""
    from models.analyzer import load_analyzer

    threads = cores.set_up().budget.inference
    cores.apply_to_opencv()
    with bars.loading(talk) as progress:
        looker = load_analyzer(
            options,
            device=device.value,
            cache=folders.cache(),
            threads=threads,
            added=folders.networks(),
            progress=progress,
        )
    if looker.note:
        talk.say(looker.note)
    return looker


def _tell(outcome: Outcome, talk: Talk) -> None:
    counts = ((outcome.frames, "frame"), (outcome.pictures, "picture"))
    done = " and ".join(f"{count} {word}{'' if count == 1 else 's'}" for count, word in counts if count)
    for path in outcome.written[:_NAMED]:
        talk.say(f"Wrote {path}")
    if len(outcome.written) > _NAMED:
        talk.say(f"and {len(outcome.written) - _NAMED} more files.")
    if outcome.interrupted:
        talk.say(f"Interrupted after {done}: what was done so far is whole." if done else "Interrupted.")
    elif done:
        talk.say(f"{done} annotated.")
