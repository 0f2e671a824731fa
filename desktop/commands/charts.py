"""The picture of `onlooker evaluate`: precision against recall, and accuracy against time, by matplotlib."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from desktop.batch.outputs import write_picture
from desktop.recordings.placing import Placing
from models.errors import RecordingError, SettingsError, WrongNameError

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from models.training.trial import Trial

MISSING = "Pictures are drawn by matplotlib, which is not installed: pip install 'onlooker[training]' brings it."
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
"""Okabe and Ito's, which colour-blind people tell apart ("Color Universal Design", 2008); yellow is too faint here."""
LINES = ("-", "--", ":", "-.")
_INK, _FAINT = "#222222", "#D9D9D9"
_MOST_CURVES = 6  # in one picture; more cannot be told apart
_DOTS = 150  # an inch


def check(target: Path, *, overwrite: bool) -> None:
    """Refuse now what would be refused after minutes of work.

    Raises SettingsError where matplotlib is missing, RecordingError where the picture cannot be written.
    """
    try:
        import matplotlib.figure  # noqa: F401 - only whether it is there
    except ImportError as error:
        raise SettingsError(MISSING) from error
    if target.suffix.lower() != ".png":
        raise WrongNameError(f"{target} cannot hold the picture: give it a name that ends in .png.")
    if target.exists() and not overwrite:
        raise RecordingError(f"{target} exists: choose another name, or allow it to be replaced with --overwrite.")
    Placing(target, overwrite=overwrite).abort()


def write(target: Path, trials: Sequence[Trial], *, overwrite: bool) -> Path:
    """Draw the trials and write the picture. Raises RecordingError."""
    return write_picture(target, draw(trials), overwrite=overwrite)


def draw(trials: Sequence[Trial]) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """(H, W, 3) BGR: a row for each set of pictures, on the left precision against recall at an overlap of 0.5, the
    mean over classes; on the right average precision against the time that a picture takes."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    sets = list(dict.fromkeys(trial.data for trial in trials))
    figure = Figure(figsize=(11, 4.6 * len(sets)), dpi=_DOTS, layout="constrained")
    canvas = FigureCanvasAgg(figure)
    axes = figure.subplots(len(sets), 2, squeeze=False)
    for row, data in zip(axes, sets, strict=True):
        shown = [trial for trial in trials if trial.data == data]
        _curves(row[0], shown)
        _front(row[1], shown)
    drawn = io.BytesIO()
    canvas.print_figure(drawn, format="rgba")
    width, height = canvas.get_width_height()
    pixels = np.frombuffer(drawn.getvalue(), np.uint8).reshape(height, width, 4)
    return np.ascontiguousarray(pixels[..., 2::-1])


def _curves(axes: Axes, trials: Sequence[Trial]) -> None:
    from models.training.coco_measure import RECALLS
    from models.training.precision_recall import curve

    best = sorted(trials, key=lambda trial: -trial.scores.ap)[:_MOST_CURVES]
    for place, trial in enumerate(best):
        label = f"{100 * trial.scores.ap50:.1f}  {trial.key} {trial.size[1]}, {trial.precision}"
        colour, line = COLOURS[place % len(COLOURS)], LINES[place // len(COLOURS)]
        axes.plot(RECALLS, curve(trial.scores.coco, 0), line, color=colour, linewidth=1.8, label=label)
    axes.set(xlim=(0, 1), ylim=(0, 1.02), xlabel="recall", ylabel="precision")
    left_out = f", the best {_MOST_CURVES} of {len(trials)}" if len(trials) > _MOST_CURVES else ""
    _plain(axes, f"{trials[0].data}: precision and recall{left_out}")
    axes.legend(title="AP50", frameon=False, fontsize=9, title_fontsize=9, loc="best", alignment="left")


def _front(axes: Axes, trials: Sequence[Trial]) -> None:
    """One line for each detector and precision, a dot for each size."""
    lines: dict[tuple[str, str], list[Trial]] = {}
    for trial in trials:
        lines.setdefault((trial.key, trial.precision), []).append(trial)
    for place, ((key, precision), own) in enumerate(lines.items()):
        own.sort(key=lambda trial: trial.whole.median)
        times = [trial.whole.median for trial in own]
        points = [100 * trial.scores.ap for trial in own]
        colour, line = COLOURS[place % len(COLOURS)], LINES[place // len(COLOURS) % len(LINES)]
        axes.plot(times, points, f"o{line}", color=colour, linewidth=1.8, markersize=5, label=f"{key}, {precision}")
        for trial, time, point in zip(own, times, points, strict=True):
            axes.annotate(
                str(trial.size[1]),
                (time, point),
                xytext=(-6, 3),
                textcoords="offset points",
                ha="right",
                fontsize=8,
                color=colour,
            )
    axes.set(xlabel="ms a picture, the whole way", ylabel="AP (0.5 to 0.95), points")
    axes.set_xlim(0, 1.12 * max(trial.whole.median for trial in trials))
    axes.margins(y=0.12)
    _plain(axes, f"{trials[0].data}: accuracy and time, input sizes at the dots")
    axes.legend(frameon=False, fontsize=9, loc="lower right")


def _plain(axes: Axes, title: str) -> None:
    axes.set_title(title, fontsize=11, color=_INK, loc="left")
    axes.grid(color=_FAINT, linewidth=0.6)
    axes.set_axisbelow(True)
    axes.tick_params(colors=_INK, labelsize=9)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
