"""`onlooker watch`: rules without a window. It looks, and does what the rules say."""

from __future__ import annotations

import json as jsonlib
import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from desktop import __version__, folders
from desktop.commands.annotate import load
from desktop.commands.ending import end
from desktop.commands.hide_choice import (
    FACES,
    Hidden,
    HideHow,
    How,
    KeepFacePoints,
    check_hidden,
    check_kept,
    hide_choice,
)
from desktop.commands.interruption import Interrupted, Stop, between_steps
from desktop.commands.object_choice import DEFAULT, known_labels, object_choice
from desktop.commands.options import (
    Debug,
    Detector,
    Device,
    InputSize,
    Json,
    MaxBodies,
    MaxFaces,
    OnDevice,
    Quiet,
    StopBelow,
    WarnBelow,
    limits_of,
)
from desktop.commands.source_choice import check_opens
from desktop.commands.talk import Talk
from desktop.commands.troubles import Troubles
from desktop.commands.video_choice import Both, Clean, Encoder, Height, Quality, choose_encoder, video_choice
from models.errors import OnlookerError, RuleError, SourceError

if TYPE_CHECKING:
    from desktop.live.recording import RecordingOptions
    from desktop.live.ruling import Told
    from desktop.live.session import Session
    from desktop.live.showing import Shown
    from desktop.recordings.rule import Rule
    from models.analyzer import AnalyzerOptions

_LOOK = 0.2  # seconds between two looks how the session stands
_SAID = frozenset({"found", "gone", "recorded", "snapshot"})  # of what rules do; the rest is for programs
_LAST = 5.0  # seconds for which the analysis of a file's last frame is waited for


def watch(
    source: Annotated[
        str | None,
        typer.Argument(
            metavar="SOURCE",
            help="camera:0, camera:NAME, a stream, the screen, a video, or demo.",
            show_default=False,
        ),
    ] = None,
    rules: Annotated[
        Path | None, typer.Option("--rules", metavar="FILE", help="The rules, a TOML file.", show_default=False)
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FOLDER",
            help="Where recordings and snapshots go; without: into the folder of the window's.",
            show_default=False,
        ),
    ] = None,
    check: Annotated[bool, typer.Option("--check", help="Only say whether the rules are in order.")] = False,
    everything: Annotated[
        bool, typer.Option("--all", help="Look for objects, faces and bodies, whatever the rules name.")
    ] = False,
    hide: Hidden = None,
    hide_how: HideHow = How.PIXELATE,
    keep_face_points: KeepFacePoints = False,
    no_labels: Annotated[bool, typer.Option("--no-labels", help="Draw no names and track numbers.")] = False,
    clean: Clean = False,
    both: Both = False,
    quality: Quality = 21,
    height: Height = None,
    encoder: Encoder = "auto",
    warn_below: WarnBelow = 5.0,
    stop_below: StopBelow = 1.0,
    detector: Detector = DEFAULT,
    input_size: InputSize = None,
    max_faces: MaxFaces = 4,
    max_bodies: MaxBodies = 4,
    device: OnDevice = Device.AUTO,
    json: Json = False,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Watch a source and do what rules say: record, take snapshots, run programs.

    docs/rules.md says what rules may hold. It goes on until Ctrl-C or the end of the source, then closes everything
    whole. With --json each event is a line of JSON on stdout.
    """
    talk = Talk(quiet=quiet, debug=debug)
    if rules is None:
        raise typer.BadParameter("--rules is missing: name the file of rules.")
    video = video_choice(quality, height, encoder, clean=clean, both=both)
    from desktop.recordings import rule_file

    check_kept(hide, keep_face_points=keep_face_points)
    choice = object_choice(detector, input_size, None, None)
    wished = rule_file.load(rules, known_labels(detector))
    if check:
        if known_labels(detector) is None:
            talk.say(f"The classes of {detector} are not known before it is loaded: their names were not checked.")
        _checked(rules, wished, talk, json=json)
        return
    if source is None:
        raise typer.BadParameter("SOURCE is missing: name what is watched, such as camera:0.")
    if not any(rule.on for rule in wished):
        raise RuleError(f"{rules}: no rule is switched on, so there is nothing to watch for.")
    options = options_for(
        wished,
        detector=choice.detector,
        input_size=input_size,
        max_faces=max_faces,
        max_bodies=max_bodies,
        everything=everything,
        hidden=frozenset() if hide is None else frozenset(name.strip() for name in hide.split(",")) - {""},
    )
    hidden = hide_choice(hide, hide_how, options)
    from desktop.sources.naming import make_source

    found = make_source(source)
    check_opens(found)
    looker = load(options, device, talk)
    if looker.labels:
        rule_file.check(wished, looker.labels)
        check_hidden(frozenset() if hidden is None else hidden.labels, detector, looker.labels)
    from desktop.live.recording import RecordingOptions
    from desktop.live.session import Session

    if any(rule.on and rule.record is not None for rule in wished):
        choose_encoder(video)
    session = Session(found, look=lambda _progress: looker)
    session.hide(hidden)
    folder = folders.videos() if output is None else output.expanduser()
    recording = RecordingOptions(
        video,
        annotated=not clean,
        clean=clean or both,
        labels=not no_labels,
        hide=hidden,
        face_points=keep_face_points or None,
        limits=limits_of(warn_below, stop_below),
    )
    _watch(session, wished, folder, _Answers(talk, json=json), options.kinds(), recording)


def _checked(path: Path, rules: Sequence[Rule], talk: Talk, *, json: bool) -> None:
    if json:
        talk.answer_json({"rules": [{"name": rule.name, "on": rule.on} for rule in rules]})
        return
    off = sum(not rule.on for rule in rules)
    many = "1 rule" if len(rules) == 1 else f"{len(rules)} rules"
    talk.answer(f"{path} is in order: {many}{f', {off} switched off' if off else ''}.")


def options_for(
    rules: Iterable[Rule],
    *,
    detector: str,
    input_size: int | None,
    max_faces: int,
    max_bodies: int,
    everything: bool = False,
    hidden: frozenset[str] = frozenset(),
) -> AnalyzerOptions:
    """What is looked for so that these rules can be judged, and `hidden` be hidden: no network runs for nothing."""
    from desktop.recordings.rule import BODY, FACE, PERSON
    from desktop.recordings.rules import wanted
    from models.analyzer import AnalyzerOptions

    active = [rule for rule in rules if rule.on]
    names = wanted(active)
    labels = known_labels(detector)
    boxed = labels is None or PERSON in labels  # of an added detector that is known later
    things = (names - {FACE, BODY} - (frozenset() if boxed else {PERSON})) | (hidden - {FACES})
    bodies = BODY in names or (PERSON in names and (labels is None or not boxed))
    scores = {name: least for name in names if (least := _least(name, active)) > 0.0}
    return AnalyzerOptions(
        objects=everything or bool(things),
        faces=everything or FACE in names or FACES in hidden,
        bodies=everything or bodies,
        face_score=scores.get(FACE),
        body_score=scores.get(BODY),
        max_faces=max_faces,
        max_bodies=max_bodies,
        classes=None if everything else things,
        class_scores={name: score for name, score in scores.items() if name in things},
        detector=detector,
        input_size=input_size,
    ).sparing(faces=FACES in hidden, labels=hidden - {FACES})


def _least(name: str, rules: Sequence[Rule]) -> float:
    """The least score that any rule asks of what is so named, 0 where one asks for none: the usual one holds then."""
    return min(rule.score for rule in rules if name in rule.what)


class _Answers:
    """Tells what rules do: lines of JSON on stdout, or sentences on stderr. May be called from any thread."""

    def __init__(self, talk: Talk, *, json: bool) -> None:
        self._talk, self._json = talk, json
        self._lock = threading.Lock()
        self.error: Exception | None = None

    def problem(self, sentence: str) -> None:
        """Tell what could not be done, on stderr."""
        with self._lock:
            self._talk.fail(sentence)

    def say(self, sentence: str) -> None:
        """Tell people something, on stderr."""
        with self._lock:
            self._talk.say(sentence)

    def __call__(self, told: Told) -> None:
        with self._lock:
            if told.kind == "problem":
                self._talk.fail(told.sentence)
            elif not self._json and told.kind in _SAID and (told.notify or told.files):
                self._talk.say(f"{told.moment:%H:%M:%S} {told.sentence}")
            if self._json and self.error is None:
                try:
                    self._talk.answer(jsonlib.dumps(told.as_json()))
                except (OSError, OnlookerError) as error:  # nobody reads it any more: the end, in the main thread
                    self.error = error


def _watch(
    session: Session,
    rules: Sequence[Rule],
    folder: Path,
    answers: _Answers,
    networks: Mapping[str, str],
    options: RecordingOptions,
) -> None:
    """Watch until the end of the source, or until asked to end; everything is whole then."""
    from desktop.live.ruling import Deeds, Ruling, longest_before
    from desktop.live.snapshot import in_new_name, take

    def record(before: float) -> Path:
        def begin(path: Path) -> Path:
            session.start_recording(path, options, program=__version__, networks=networks, before=before)
            return path

        return in_new_name(folder, datetime.now().astimezone(), ".mp4", begin)

    def snapshot(shown: Shown, moment: datetime) -> Path:
        return take(session.veiled(shown), folder, moment, labels=options.labels)

    deeds = Deeds(record=record, snapshot=snapshot, tell=answers, clock=time.perf_counter_ns)
    with between_steps() as stop:
        session.start()
        if (seconds := longest_before(rules)) > 0:
            session.arm(options, seconds)
        Ruling(session, rules, folder, deeds).start()
        try:
            _go_on(session, answers, stop)
        finally:
            end(session)
    if answers.error is not None:
        raise answers.error
    if stop.asked:
        raise Interrupted(stop.asked)
    figures = session.figures()
    if figures.error:
        raise SourceError(figures.error)
    if figures.analysis == "failed":
        raise typer.Exit(1)  # told already


def _go_on(session: Session, answers: _Answers, stop: Stop) -> None:
    told = 0
    ended = 0.0
    troubles = Troubles(session.source.name, lost=answers.problem, back=answers.say)
    while not stop() and answers.error is None:
        figures = session.figures()
        for notice in session.errors[told:]:
            told += 1
            if notice.about != "source":  # told at the end
                answers.problem(notice.sentence)
        troubles(figures)
        if figures.analysis == "failed":
            return
        if figures.state not in ("opening", "running"):
            ended = ended or time.monotonic()
            done = figures.analysed + figures.skipped >= figures.captured
            if figures.error or done or time.monotonic() - ended > _LAST:
                return
        time.sleep(_LOOK)
