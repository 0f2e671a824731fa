"""Progress bars, drawn on stderr where that is a terminal and the user wants talk."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from desktop.commands.talk import Talk

if TYPE_CHECKING:
    from rich.console import Console

    from desktop.batch.annotate import Progress
    from desktop.fetching.download import Progress as Fetched
    from desktop.live.figures import Figures

_LONG = 2.0  # seconds


@contextmanager
def loading(talk: Talk) -> Iterator[Callable[[str, float], None]]:
    """A bar for work that reports (what, 0..1), gone at its end.

    Without a terminal each new `what` is said, but not what is done before one begins to wonder.
    """
    if not talk.shows_progress:
        last, said = time.monotonic(), ""

        def tell(what: str, _part: float) -> None:
            nonlocal last, said
            if what and what != said and time.monotonic() - last > _LONG:
                last, said = time.monotonic(), what
                talk.say(what)

        yield tell
        return
    from rich.console import Console
    from rich.progress import BarColumn, TextColumn
    from rich.progress import Progress as Bars

    columns = (TextColumn("{task.description}", markup=False), BarColumn())
    console = Console(stderr=True)
    with Bars(*columns, console=console, transient=True) as shown, talk.by(_above(console)):
        task = shown.add_task("Loading the networks", total=1.0)
        yield lambda what, part: shown.update(task, description=what, completed=part)


def _above(console: Console) -> Callable[[str], None]:
    """Writes sentences above the bar that a console shows, as they are."""

    def write(sentence: str) -> None:
        console.print(sentence, markup=False, highlight=False, emoji=False, soft_wrap=True)

    return write


@contextmanager
def frames(talk: Talk) -> Iterator[Callable[[Progress], None]]:
    """A bar with frames done, frames a second and the time that is left; pictures of many are counted instead."""
    if not talk.shows_progress:
        yield lambda _progress: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, ProgressColumn, Task, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bars
    from rich.text import Text

    class Rate(ProgressColumn):
        """Done a second."""

        def render(self, task: Task) -> Text:
            return Text(f"{task.speed:.1f}/s" if task.speed else "")

    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        Rate(),
        TimeRemainingColumn(),
    )
    console = Console(stderr=True)
    with Bars(*columns, console=console) as shown, talk.by(_above(console)):
        task = shown.add_task("", total=None)
        name = ""

        def report(progress: Progress) -> None:
            nonlocal name
            counted = progress.total == 1 and progress.inputs > 1
            total = progress.inputs if counted else progress.total
            if not counted and name and name != progress.name:
                shown.reset(task)
            name = progress.name
            if total is not None:
                total = max(total, progress.frames)  # the number of frames that a file is said to have is no promise
            place = f" ({progress.number} of {progress.inputs})" if progress.inputs > 1 else ""
            done = progress.number if counted else progress.frames
            shown.update(task, description=f"{name}{place}", completed=done, total=total)

        yield report


@contextmanager
def recording(talk: Talk) -> Iterator[Callable[[Figures], None]]:
    """A line that says how a recording stands; none without a terminal."""
    if not talk.shows_progress:
        yield lambda _figures: None
        return
    from rich.console import Console
    from rich.progress import Progress as Bars
    from rich.progress import SpinnerColumn, TextColumn

    console = Console(stderr=True)
    columns = (SpinnerColumn(), TextColumn("{task.description}", markup=False))
    with Bars(*columns, console=console, transient=True) as shown, talk.by(_above(console)):
        task = shown.add_task("Opening the source", total=None)
        yield lambda figures: shown.update(task, description=_standing(figures))


def _standing(figures: Figures) -> str:
    from desktop.recordings.guards import amount, span

    recording = figures.recording
    if figures.trouble or recording is None or not recording.captured:
        return figures.trouble or "Waiting for the first frame"
    if recording.state == "draining":
        return f"Writing {recording.waiting} frames that wait; Ctrl-C leaves them out"
    minutes, seconds = divmod(int(recording.duration), 60)
    told = [f"{minutes}:{seconds:02d}", f"{recording.frames} frames", f"{figures.capture_fps:.1f}/s"]
    if recording.dropped:
        told.append(f"{recording.dropped} dropped")
    if recording.free is not None:
        lasts = "" if recording.left is None else f", enough for {span(recording.left)}"
        told.append(f"{amount(recording.free)} free{lasts}")
    return "  ".join(told)


@contextmanager
def fetching(talk: Talk, name: str) -> Iterator[Callable[[Fetched], None]]:
    """A bar with bytes done, bytes a second and the time that is left; none without a terminal."""
    if not talk.shows_progress:
        yield lambda _progress: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, TextColumn, TimeRemainingColumn, TransferSpeedColumn
    from rich.progress import Progress as Bars

    said = TextColumn("{task.description}", markup=False)
    columns = (said, BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn())
    console = Console(stderr=True)
    with Bars(*columns, console=console, transient=True) as shown, talk.by(_above(console)):
        task = shown.add_task(name, total=None)
        yield lambda progress: shown.update(task, completed=progress.done, total=progress.total)


@contextmanager
def counting(talk: Talk) -> Iterator[Callable[[str, int, int], None]]:
    """A bar on a terminal for work that reports (what, done, of how many), with the time that is left. Work of another
    number begins the bar anew."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bars

    said = TextColumn("{task.description}", markup=False)
    columns = (said, BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(elapsed_when_finished=True))
    console = Console(stderr=True)
    with Bars(*columns, console=console, transient=True, speed_estimate_period=600) as shown, talk.by(_above(console)):
        task = shown.add_task("", total=None)
        last = 0

        def report(what: str, done: int, count: int) -> None:
            nonlocal last
            if done < last:
                shown.reset(task)
            last = done
            shown.update(task, description=what, completed=done, total=count)

        yield report
