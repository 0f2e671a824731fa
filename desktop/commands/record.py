"""`onlooker record`: a source into a video and what was seen in it beside it, without a window."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from desktop import __version__, cores, folders
from desktop.commands import bars
from desktop.commands.annotate import load
from desktop.commands.ending import end
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
from desktop.commands.interruption import Interrupted, Stop, between_steps
from desktop.commands.object_choice import DEFAULT, check_classes, object_choice
from desktop.commands.options import (
    Classes,
    ClassScores,
    Debug,
    Detector,
    Device,
    InputSize,
    Json,
    MaxBodies,
    MaxFaces,
    NoBodies,
    NoFaces,
    NoObjects,
    OnDevice,
    Quiet,
    Score,
    StopBelow,
    WarnBelow,
    analyzer_options,
    limits_of,
)
from desktop.commands.source_choice import check_opens
from desktop.commands.talk import Talk
from desktop.commands.troubles import Troubles
from desktop.commands.video_choice import Both, Clean, Encoder, Height, Quality, choose_encoder, video_choice
from desktop.sources.address import without_secrets
from models.errors import RecordingError, SourceError

if TYPE_CHECKING:
    from desktop.live.figures import Figures, RecordingFigures
    from desktop.live.session import Session
    from desktop.recordings.guards import Limits

_LOOK = 0.1  # seconds between two looks how it stands
_SUFFIX = ".mp4"


def record(
    source: Annotated[
        str,
        typer.Argument(
            metavar="SOURCE",
            help="camera:0, camera:NAME, a stream, the screen, a video, or demo.",
            show_default=False,
        ),
    ],
    output: Annotated[
        str | None,
        typer.Option(
            "--output",
            "-o",
            metavar="OUT.mp4",
            help="The video, or a folder for it (NAME/ is made); without: the folder of the window's recordings.",
            show_default=False,
        ),
    ] = None,
    duration: Annotated[
        float | None,
        typer.Option(min=0.001, metavar="S", help="End after so many seconds; without: at Ctrl-C.", show_default=False),
    ] = None,
    clean: Clean = False,
    both: Both = False,
    quality: Quality = 21,
    height: Height = None,
    encoder: Encoder = "auto",
    microphone: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="Record the sound of a microphone too: default, or what the system calls it.",
            show_default=False,
        ),
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace files that exist.")] = False,
    warn_below: WarnBelow = 5.0,
    stop_below: StopBelow = 1.0,
    hide: Hidden = None,
    hide_how: HideHow = How.PIXELATE,
    keep_face_points: KeepFacePoints = False,
    no_face_points: Annotated[
        bool,
        typer.Option("--no-face-points", help="Leave the points of faces out of the data: 10 kB a face and frame."),
    ] = False,
    no_labels: Annotated[bool, typer.Option("--no-labels", help="Draw no names and track numbers.")] = False,
    no_between: Annotated[
        bool, typer.Option("--no-between", help="Draw nothing between two looks: hold the marks of the one before.")
    ] = False,
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
    device: OnDevice = Device.AUTO,
    json: Json = False,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Record a source: every frame at its own time, with marks, without, or both.

    What was seen in each frame goes into OUT.jsonl. Nothing is looked for with --no-objects --no-faces --no-bodies.
    It ends at Ctrl-C, at the end of the source or after --duration; the files are whole then. With --json a report on
    stdout says how many frames there were and what became of them.
    """
    talk = Talk(quiet=quiet, debug=debug)
    video = video_choice(quality, height, encoder, clean=clean, both=both)
    limits = limits_of(warn_below, stop_below)

    check_kept(hide, keep_face_points=keep_face_points)
    if keep_face_points and no_face_points:
        raise typer.BadParameter("--keep-face-points and --no-face-points exclude each other.")
    seeing = not (no_objects and no_faces and no_bodies)
    options = None
    if seeing:
        choice = object_choice(detector, input_size, classes, class_score)
        options = analyzer_options(
            no_objects=no_objects,
            no_faces=no_faces,
            no_bodies=no_bodies,
            score=score,
            max_faces=max_faces,
            max_bodies=max_bodies,
            objects=choice,
        )
    elif hide is not None:
        raise typer.BadParameter(f"--hide {hide} needs something to be looked for: whole pictures would be hidden.")
    hidden = None if options is None else hide_choice(hide, hide_how, options)
    options = None if options is None else looking_well(options, hidden)
    from desktop.sources.naming import make_source

    found = make_source(source)
    place = _place(output, source)
    check_opens(found)
    place(lambda path: _refuse(path, limits, both=both, overwrite=overwrite))
    looker = None
    if options is None:
        cores.set_up()
        cores.apply_to_opencv()
    else:
        looker = load(options, device, talk)
        if looker.labels:
            check_classes(choice, looker.labels)
            check_hidden(frozenset() if hidden is None else hidden.labels, detector, looker.labels)

    from desktop.live.recording import RecordingOptions
    from desktop.live.session import Session

    choose_encoder(video)
    session = Session(found, look=None if looker is None else lambda _progress: looker)
    wanted = RecordingOptions(
        video,
        annotated=not clean,
        clean=clean or both,
        labels=not no_labels,
        face_points=False if no_face_points else keep_face_points or None,
        interpolate=not no_between,
        hide=hidden,
        limits=limits,
        microphone=microphone,
    )

    def begin(path: Path) -> None:
        session.start_recording(
            path,
            wanted,
            program=__version__,
            networks={} if options is None else options.kinds(),
            overwrite=overwrite,
            seconds=duration,
        )

    _Run(session, talk, json=json).run(lambda: place(begin))


def _place(output: str | None, source: str) -> Callable[[Callable[[Path], None]], None]:
    """What does something with the video's name: as it is named, or one in a folder that is new each time.

    The folder is the one that is named, by what is there or by a / at the end, or the usual one. Raises RecordingError
    where the name is the source's own, typer.BadParameter where it is no name of an MP4.
    """
    from desktop.live.snapshot import in_new_name
    from desktop.sources.naming import expanded, path_of

    target = folders.videos() if output is None else expanded(output)
    if output is None or target.is_dir() or output.endswith(("/", os.sep)):
        return lambda do: in_new_name(target, datetime.now().astimezone(), _SUFFIX, do)
    if target.suffix != _SUFFIX:  # in small letters: what a crash leaves is found by its name
        raise typer.BadParameter(f"{output} is no name for a video: end it with {_SUFFIX}, or with / for a folder.")
    if target.exists() and path_of(source).exists() and target.samefile(path_of(source)):
        raise RecordingError(f"{output} is what is to be recorded: choose another name.")
    return lambda do: do(target)


def _refuse(path: Path, limits: Limits, *, both: bool, overwrite: bool) -> None:
    """Refuse now what would be refused after the networks were loaded. Raises RecordingError."""
    from desktop.recordings.files import names_of
    from desktop.recordings.guards import refuse_full
    from desktop.recordings.placing import Placing

    for name in names_of(path, annotated=True, clean=both).all:
        Placing(name, overwrite=overwrite).abort()
    refuse_full(path.parent, limits)


class _Run:
    """One recording from its first frame to its report."""

    def __init__(self, session: Session, talk: Talk, *, json: bool) -> None:
        self._session, self._talk, self._json = session, talk, json
        self._told = 0
        self._troubles = Troubles(session.source.name, lost=talk.fail, back=talk.say)

    def run(self, begin: Callable[[], None]) -> None:
        """Record until something ends it; everything is whole then. Raises what says how it ended."""
        session = self._session
        with between_steps() as stop, bars.recording(self._talk) as progress:
            try:
                session.start(begin)
                self._go_on(stop, progress)
            finally:
                end(session, progress)
        self._tell()
        (recording,) = session.recordings
        self._report(recording, stop)
        if stop.asked:
            raise Interrupted(stop.asked)
        if error := session.figures().error:
            raise SourceError(error)
        if recording.error or recording.full or session.figures().analysis == "failed" or not recording.frames:
            raise typer.Exit(1)  # told already

    def _go_on(self, stop: Stop, progress: Callable[[Figures], None]) -> None:
        while not stop():
            figures = self._session.figures()
            self._tell()
            self._troubles(figures)
            progress(figures)
            if figures.recording is None or figures.recording.state != "running":
                return
            time.sleep(_LOOK)

    def _tell(self) -> None:
        """What the session has told since the last time; what ended the source is told at the end."""
        notices = self._session.errors
        for notice in notices[self._told :]:
            if notice.about != "source":
                self._talk.fail(notice.sentence)
        self._told = len(notices)

    def _report(self, recording: RecordingFigures, stop: Stop) -> None:
        if self._json:
            self._talk.answer_json(_as_json(recording, self._session.figures().error, interrupted=bool(stop.asked)))
        if not recording.files:
            if not self._session.figures().error and not recording.error:
                self._talk.fail("No frame came: nothing was recorded.")
            return
        for path in recording.files:
            self._talk.say(f"{'Kept' if recording.error else 'Wrote'} {path}")
        self._talk.say(_summary(recording))


def _as_json(recording: RecordingFigures, error: str, *, interrupted: bool) -> dict[str, Any]:
    return {
        "files": [str(path) for path in recording.files],
        "whole": recording.state == "finished" and bool(recording.files),
        "duration": round(recording.duration, 6),
        "encoder": recording.encoder,
        "captured": recording.captured,
        "frames": recording.frames,
        "dropped": recording.dropped,
        "skipped": recording.skipped,
        "late": recording.late,
        "full": recording.full,
        "interrupted": interrupted,
        "error": recording.error or without_secrets(error),
    }


def _summary(recording: RecordingFigures) -> str:
    """One sentence: 300 frames in 10.0 seconds; 2 could not be kept, 40 were not looked at."""
    less = [
        f"{count} {words}"
        for count, words in (
            (recording.dropped, "could not be kept"),
            (recording.skipped, "were not looked at"),
            (recording.late, "did not wait to be looked at"),
        )
        if count
    ]
    frames = "1 frame" if recording.frames == 1 else f"{recording.frames} frames"
    return f"{frames} in {recording.duration:.1f} seconds{'; ' if less else ''}{', '.join(less)}."
