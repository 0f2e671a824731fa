"""Shows how all stands: figures, signs on the picture, what the buttons do now, and what went wrong."""

from __future__ import annotations

from collections.abc import Callable
from statistics import median
from typing import TYPE_CHECKING

from PySide6.QtGui import QIcon

from desktop.window import words
from desktop.window.actions import retitle
from desktop.window.icons import icon
from desktop.window.shell import Shell

if TYPE_CHECKING:
    from desktop.live.figures import Figures, RecordingFigures
    from desktop.live.session import Session
    from desktop.window.watch import Watch

_RECENT_AGES = 15  # frames whose middle age is said: one alone jumps about


class Standing:
    """Asked by the window on its timer. `again`: what to do where a source is to be opened again, `show`: a folder."""

    def __init__(self, window: Shell, again: Callable[[], None], show: Callable[[], None]) -> None:
        self._window, self._again, self._show = window, again, show
        self._session: Session | None = None
        self._told = 0
        self._noted = ""
        self._shown: tuple[bool, bool] | None = None

    def dress(self) -> None:
        """Take the colours of the theme."""
        self._shown = None
        self._buttons()

    def show(self, watch: Watch) -> None:
        """Show how the session stands, if there is one."""
        session, window = watch.session, self._window
        if session is None:
            return
        figures = session.figures()
        self._errors(session, figures)
        device, note = watch.room.eyes.said
        ages = [age for _, age in list(window.stage.preview.ages)[-_RECENT_AGES:]]
        age = median(ages) if ages and figures.state == "running" else None
        window.header.set_state(*words.networks(figures, device))
        window.bar.set_figures(words.in_short(figures, age))
        info = session.info
        window.panel.set_figures(words.in_full(figures, age, device))
        window.panel.set_mode(f"{info.asked} {info.got}".strip() if info is not None else "")
        self._note(note)
        self._objects(watch, figures)
        if watch.waiting:
            window.stage.say("", f"Opening {window.title}…")
        else:
            shown = window.stage.preview.shown
            seen, hidden = shown is not None, shown is not None and shown.hidden
            window.stage.say(*words.sign(figures, window.title, seen=seen, live=session.source.live, hidden=hidden))
        current = watch.recording or watch.draining
        window.panel.recording.state.say(
            words.kept(watch.folder, current.free if current is not None else None, figures.ring)
        )
        window.stage.say_recording(words.recording(current) if current is not None else "")
        self._buttons()

    def recording_over(self, recording: RecordingFigures) -> None:
        """Tell what became of a recording."""
        show = ("Show in folder", self._show) if recording.files else None
        if recording.state == "failed":
            self._window.tell(recording.error, action=show)
        else:
            self._window.tell(words.recorded(recording), "done", show)

    def _note(self, note: str) -> None:
        """Say why another device is used; over the picture too, where the user had chosen one."""
        self._window.panel.set_note(note)
        if note and note != self._noted and self._window.settings.device != "auto":
            self._window.tell(note, "warning")
        self._noted = note

    def _objects(self, watch: Watch, figures: Figures) -> None:
        """What the panel says of objects: classes, how many of each are in the picture, why there are none."""
        window, panel, eyes = self._window, self._window.panel, watch.room.eyes
        shown = window.stage.preview.shown
        scene = shown.scene if shown is not None and figures.state in ("running", "ended") else None
        panel.set_seen([thing.label for thing in scene.objects] if scene is not None else ())
        if eyes.labels:
            panel.objects.set_labels(eyes.labels, window.settings)
            panel.privacy.set_labels(eyes.labels, window.settings)
        panel.objects.set_size(eyes.input_size if window.settings.input_size is None else None)
        loading, settings = figures.analysis == "loading", window.settings
        panel.objects.state.say(
            words.objects(
                settings.objects, settings.detector, panel.objects.detectors, loading=loading, known=bool(eyes.labels)
            )
        )

    def _errors(self, session: Session, figures: Figures) -> None:
        if session is not self._session:
            self._session, self._told = session, 0
        if figures.errors > self._told:
            for notice in session.errors[self._told : figures.errors]:
                again = ("Try again", self._again) if notice.about in ("source", "analysis") else None
                if notice.about != "recording":  # told when it is over, with what became of the file
                    self._window.tell(notice.sentence, action=again)
            self._told = figures.errors

    def _buttons(self) -> None:
        """Give the buttons the titles of what they do now."""
        window, watch = self._window, self._window.watch
        running = watch is not None and watch.running
        recording = watch is not None and (watch.recording or watch.draining) is not None
        actions, colours = window.actions_by_id, window.theme.colours
        if self._shown != (running, recording):
            self._shown = (running, recording)
            start = ("Stop", "stop") if running else ("Start", "start")
            retitle(actions["start-stop"], start[0], self._icon(start[1], colours.text, 22))
            record = ("Stop recording", "recording") if recording else ("Record", "record")
            retitle(actions["record"], record[0], self._icon(record[1], colours.danger, 34))
        actions["record"].setChecked(recording)
        figures = watch.session.figures() if watch is not None and watch.session is not None else None
        runs = figures is not None and figures.state in ("opening", "running")
        actions["record"].setEnabled(runs or recording)
        taken = watch.recording if watch is not None else None
        paused = taken is not None and taken.paused
        retitle(actions["pause"], "Go on recording" if paused else "Pause the recording")
        actions["pause"].setChecked(paused)
        actions["pause"].setEnabled(taken is not None)
        actions["snapshot"].setEnabled(window.stage.preview.shown is not None)

    def _icon(self, name: str, colour: str, size: int) -> QIcon:
        window = self._window
        return icon(name, colour, disabled=window.theme.colours.muted, size=size, ratio=window.devicePixelRatioF())
