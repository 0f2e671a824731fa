"""Figures in words: what bars, panel and signs on the picture say. Pure functions."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path

from desktop.live.figures import Figures, RecordingFigures, RingFigures
from desktop.recordings.guards import amount
from desktop.settings import Settings

NOTHING = "-"
_SILENT = 2.0  # seconds without a frame after which a running source is said to be silent


def clock(seconds: float) -> str:
    """Seconds as 0:07, 12:34 or 1:02:03."""
    whole = int(seconds)
    hours, minutes = whole // 3600, whole // 60 % 60
    return f"{hours}:{minutes:02}:{whole % 60:02}" if hours else f"{minutes}:{whole % 60:02}"


def milliseconds(age: float | None) -> str:
    """An age in seconds as 34 ms or 2.1 s; "-" for none."""
    if age is None:
        return NOTHING
    return f"{round(1000 * age)} ms" if age < 1.0 else f"{age:.1f} s"


def counted(number: int, word: str) -> str:
    """1 frame, 2 frames."""
    return f"{number:,} {word}" if number == 1 else f"{number:,} {word}s"


def in_short(figures: Figures, age: float | None) -> str:
    """For the bar: size, rate, age."""
    if figures.state not in ("running", "ended") or figures.size is None:
        return ""
    parts = [f"{figures.size[0]} × {figures.size[1]}"]  # noqa: RUF001 - that is the sign
    if figures.state == "running" and figures.capture_fps:
        parts.append(f"{figures.capture_fps:.0f} fps")
        parts.append(milliseconds(age))
    return "   ·   ".join(parts)


def in_full(figures: Figures, age: float | None, device: str) -> dict[str, str]:
    """For the panel, by the keys of `panel.FIGURES`."""
    running = figures.state == "running"
    return {
        "capture": f"{figures.capture_fps:.1f} fps" if running and figures.capture_fps else NOTHING,
        "analysed": f"{figures.analysed_fps:.1f} fps" if running and figures.analysed_fps else NOTHING,
        "age": milliseconds(age) if running else NOTHING,
        "skipped": f"{figures.skipped:,}",
        "dropped": f"{figures.dropped:,}",
        "late": f"{figures.late:,}",
        "size": f"{figures.size[0]} × {figures.size[1]}" if figures.size else NOTHING,  # noqa: RUF001 - that is the sign
        "device": device or NOTHING,
    }


def networks(figures: Figures, device: str) -> tuple[str, float | None]:
    """What the networks are doing, and how far their loading is, None while nothing is loaded."""
    if figures.analysis == "loading":
        text = figures.loading or "Loading the networks"
        return f"{text}… {figures.progress:.0%}", figures.progress
    if figures.analysis == "failed":
        return "Nothing is looked for: see the message", None
    if figures.state not in ("running", "opening", "ended"):
        return "", None
    if figures.analysis == "off" and figures.state != "ended":
        return "Nothing is looked for", None
    return (f"Runs on {device}" if device else ""), None


def objects(wanted: bool, detector: str, there: Collection[str] | None, *, loading: bool, known: bool) -> str:
    """Why objects are not found, or not yet; "" where they are. `there`: the detectors that there are, None: not known.

    `known`: the classes are, so that the detector was loaded once.
    """
    if there is not None and detector not in there:
        return f"The detector {detector} is not installed here: no objects are found."
    if not wanted:
        return "Objects are switched off."
    if loading:
        return "The detector is being loaded…"
    return "" if known else "The classes are listed once something is watched."


def hiding(settings: Settings) -> str:
    """What hiding is worth, or why nothing but hidden pictures is seen; "" while nothing is hidden."""
    if not settings.hide_faces and not settings.hidden_classes:
        return ""
    all_of_it = "so the whole picture is hidden."
    if settings.hide_faces and not settings.faces:
        return f"Faces are not looked for, {all_of_it}"
    if settings.hidden_classes and not settings.objects:
        return f"Objects are not looked for, {all_of_it}"
    if settings.classes is not None and (missing := set(settings.hidden_classes) - set(settings.classes)):
        return f"Not looked for: {', '.join(sorted(missing))}, {all_of_it}"
    return (
        "Hidden here, in recordings and in snapshots, as well as it is found. What is missed can be seen: "
        "this helps, it promises nothing. Look at what you pass on."
    )


def hidden_objects(names: Sequence[str]) -> str:
    """Which objects are hidden, on a button."""
    return "none" if not names else names[0] if len(names) == 1 else f"{len(names)} classes"


def sign(figures: Figures, title: str, *, seen: bool, live: bool, hidden: bool = False) -> tuple[str, str]:
    """What the picture's corner and the middle of the stage say.

    `seen`: there is a picture. `live`: of a camera. `hidden`: nothing of it may be seen.
    """
    if figures.state in ("idle", "opening"):
        return "", f"Opening {title}…"
    if figures.state == "running":
        if figures.silent is None:
            return "", f"Waiting for the first picture of {title}…"
        silent = live and figures.silent > _SILENT
        late = "Hidden whole: it was not analysed in time" if hidden else _late(figures)
        return (f"No new picture for {figures.silent:.0f} s" if silent else late), figures.trouble
    if not seen:
        return "", {"lost": f"{title} cannot be watched", "stopped": "Stopped"}.get(figures.state, "")
    words = {"ended": "At its end" if figures.captured > 1 else "", "lost": "Lost", "stopped": "Stopped"}
    return words.get(figures.state, ""), ""


def _late(figures: Figures) -> str:
    """Why no marks are seen though something looks: they are known too late to be shown on any picture."""
    from desktop.live.showing import HELD  # with numpy, for which the window does not wait

    look = figures.look
    if figures.analysis != "running" or look is None or look <= HELD / 1e9 or look * figures.capture_fps <= 1.0:
        return ""
    return f"Marks are late: a look takes {look:.1f} s"


def recording(figures: RecordingFigures) -> str:
    """How a recording stands, for the sign on the picture."""
    if figures.state == "draining":
        return f"Finishing: {counted(figures.waiting, 'frame')} left"
    paused = "Paused   " if figures.paused else ""
    return f"{paused}{clock(figures.duration)}   {counted(figures.frames, 'frame')}, {figures.dropped:,} dropped"


def kept(folder: Path, free: int | None, ring: RingFigures | None) -> str:
    """Where recordings go, how many bytes are free there, and what is kept in memory for the next one."""
    room = "" if free is None else f", {amount(free)} free"
    held = "" if ring is None else f". In memory: {ring.seconds:.1f} s, {amount(ring.bytes)}"
    return f"Into {folder}{room}{held}"


def recorded(figures: RecordingFigures) -> str:
    """A recording that is over, as a sentence."""
    if not figures.files:
        return "Nothing was recorded: no frame came while the recording ran."
    lost = f"; {counted(figures.dropped, 'frame')} dropped" if figures.dropped else ""
    return f"Recorded {clock(figures.duration)}, {counted(figures.frames, 'frame')}{lost}: {figures.path.name}"


def finishing(draining: RecordingFigures | None) -> str:
    """What is said while a closed window still writes."""
    if draining is None:
        return "Closing…"
    return f"Finishing the recording: {counted(draining.waiting, 'frame')} left. Close again to end it now."
