"""`onlooker models add` and `remove`: a detector of one's own, shown on a picture before it is taken."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from desktop import cores, folders
from desktop.commands.options import Debug, Json, Quiet
from desktop.commands.talk import Talk, table
from models.errors import NetworkError

if TYPE_CHECKING:
    from desktop.frame import Pixels
    from models.importing.inspecting import Recognised, Wishes

_SHOWN = 20  # things in the table
_PREVIEWS = "previews"
_LEAST = 0.25
"""Least score of what is drawn: lower ones would hide the picture."""


def add(
    file: Annotated[Path, typer.Argument(metavar="FILE.onnx", help="The network: one ONNX file.", show_default=False)],
    name: Annotated[str | None, typer.Option(metavar="NAME", help="What it shall be called.")] = None,
    picture: Annotated[
        str | None, typer.Option(metavar="FILE", help="A picture or video to show it on; without: the demo.")
    ] = None,
    preview: Annotated[
        Path | None, typer.Option(metavar="FILE.png", help="Where the picture with the boxes is written.")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Add it without a question.")] = False,
    licence: Annotated[str | None, typer.Option(metavar="LICENCE", help="Under which it may be used.")] = None,
    classes: Annotated[
        str | None, typer.Option(metavar="LIST", help="Names of its classes, by commas, or a file, one a line.")
    ] = None,
    layout: Annotated[str | None, typer.Option(metavar="LAYOUT", help="Its layout, where it is guessed wrong.")] = None,
    colour: Annotated[str | None, typer.Option(metavar="rgb|bgr", help="The order of its colours.")] = None,
    white: Annotated[
        float | None, typer.Option("--range", metavar="1|255", help="What white is in its pictures.")
    ] = None,
    fit: Annotated[
        str | None, typer.Option(metavar="stretch|letterbox|corner", help="How pictures are brought to its size.")
    ] = None,
    mean: Annotated[str | None, typer.Option(metavar="A,B,C", help="What is taken off each colour.")] = None,
    std: Annotated[str | None, typer.Option(metavar="A,B,C", help="What each colour is divided by.")] = None,
    size: Annotated[
        str | None, typer.Option(metavar="WIDTHxHEIGHT", help="Size of its input, where it leaves that free.")
    ] = None,
    json: Json = False,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Add a detector of your own, from an ONNX file.

    What it is is found out by running it, and what it sees in a picture is shown first. See docs/models.md for the
    layouts that are known. It is copied: the file is not needed afterwards.
    """
    from desktop.sources.glance import glance
    from models.importing import added
    from models.importing.inspecting import inspect

    talk = Talk(quiet=quiet, debug=debug)
    wishes = _wishes(layout=layout, colour=colour, white=white, fit=fit, mean=mean, std=std, size=size, classes=classes)
    key = added.free_key(folders.networks(), file.name) if name is None else name
    added.check_key(key)
    if (folders.networks() / key).exists():
        raise NetworkError(f"There is a network {key} already: choose another --name, or remove that one first.")
    pixels = glance() if picture is None else glance(picture)
    talk.say(f"Trying {file.name} in a process of its own…")
    threads = cores.set_up().budget.inference
    recognised = inspect(file, pixels, wishes, threads=threads)
    shown = _write_preview(recognised, pixels, preview, key)
    if json:
        talk.answer_json(_described(recognised, key, shown))
    else:
        _tell(talk, recognised, shown)
    if not yes:
        _ask(key, shown)
    one = added.add(folders.networks(), recognised, key, licence)
    talk.say(f"Added: --detector {one.key} looks with it. `onlooker models remove {one.key}` removes it.")


def remove(
    name: Annotated[str, typer.Argument(metavar="NAME", help="A network that was added.", show_default=False)],
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Remove a detector that was added."""
    from models.importing import added

    talk = Talk(quiet=quiet, debug=debug)
    added.remove(folders.networks(), name)
    talk.say(f"Removed: {name}.")


def _ask(key: str, shown: Path) -> None:
    if not sys.stdin.isatty():
        raise NetworkError(f"Nothing is added unseen: look at {shown}, and where it is right run it again with --yes.")
    if not typer.confirm(f"Are the boxes right? Add it as {key}?", err=True):
        raise NetworkError("Nothing was added. Colour, range, fit and classes can be told: see --help.")


def _wishes(
    *,
    layout: str | None,
    colour: str | None,
    white: float | None,
    fit: str | None,
    mean: str | None,
    std: str | None,
    size: str | None,
    classes: str | None,
) -> Wishes:
    """What the switches say. Raises typer.BadParameter and NetworkError for what makes no sense."""
    from models.importing.inspecting import Wishes, read_classes

    labels = None
    if classes is not None:
        path = Path(classes).expanduser()
        labels = read_classes("", path) if "," not in classes and _is_file(path) else read_classes(classes)
    return Wishes(
        layout=layout,
        colour=colour,
        range=white,
        fit=fit,
        mean=_triple("--mean", mean),
        std=_triple("--std", std),
        size=_size(size),
        labels=labels,
    )


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False


def _triple(option: str, text: str | None) -> tuple[float, float, float] | None:
    if text is None:
        return None
    try:
        first, second, third = (float(part) for part in text.split(","))
    except ValueError as error:
        raise typer.BadParameter(f"{option} {text} is not three numbers: write {option} 104,117,124.") from error
    return first, second, third


def _size(text: str | None) -> tuple[int, int] | None:
    """(height, width) of what is written as people write sizes."""
    if text is None:
        return None
    found = re.fullmatch(r"(\d{1,6})(?:[xX](\d{1,6}))?", text.strip())
    if found is None:
        raise typer.BadParameter(f"--size {text} is no size: write --size 640x384, or --size 640.")
    return int(found[2] or found[1]), int(found[1])


def _write_preview(recognised: Recognised, pixels: Pixels, target: Path | None, key: str) -> Path:
    """The picture with the boxes, in a file. Raises RecordingError."""
    from desktop.batch.outputs import write_picture
    from desktop.drawing.marks import marks_of
    from desktop.drawing.renderer import draw
    from models.importing.showing import scene

    drawn = pixels.copy()
    draw(drawn, marks_of(scene(recognised, _LEAST)))
    path = folders.cache() / _PREVIEWS / f"{key}.png" if target is None else target
    if target is None:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise NetworkError(f"{path.parent} cannot be made: name another place with --preview.") from error
    return write_picture(path, drawn, overwrite=True)


def _tell(talk: Talk, recognised: Recognised, shown: Path) -> None:
    recipe = recognised.recipe
    some = ", ".join(recipe.labels[:5]) + (", …" if len(recipe.labels) > 5 else "")
    talk.answer(f"{recognised.file.name}: {recognised.title}")
    free = ", others possible" if recipe.free else ""
    talk.answer(f"Pictures: {recipe.size[1]} x {recipe.size[0]}{free}; {recipe.look.described}")
    talk.answer(f"Classes: {len(recipe.labels)} ({some}), named by {recognised.classes_from}")
    talk.answer(f"Time: {recognised.seconds * 1000:.0f} ms for the picture, once, the network alone")
    talk.answer("")
    rows = [("WHAT", "SCORE", "LEFT", "TOP", "RIGHT", "BOTTOM")]
    found = recognised.found
    seen = [place for place in range(len(found)) if found.scores[place] >= _LEAST]
    for place in seen[:_SHOWN]:
        left, top, right, bottom = (f"{side:.0f}" for side in found.boxes[place])
        rows.append((recipe.labels[int(found.classes[place])], f"{found.scores[place]:.2f}", left, top, right, bottom))
    talk.answer(table(rows) if seen else f"It sees nothing in the picture with a score of {_LEAST} or more.")
    if len(seen) > _SHOWN:
        talk.answer(f"and {len(seen) - _SHOWN} more")
    talk.answer("")
    talk.answer(f"The picture with the boxes: {shown}")


def _described(recognised: Recognised, key: str, shown: Path) -> dict[str, Any]:
    found = recognised.found
    return {
        "key": key,
        "file": str(recognised.file),
        "sha256": recognised.sha256,
        **recognised.recipe.described(),
        "classes_from": recognised.classes_from,
        "preview": str(shown),
        "found": [
            {
                "label": recognised.recipe.labels[int(found.classes[place])],
                "score": round(float(found.scores[place]), 4),
                "box": [round(float(side), 1) for side in found.boxes[place]],
            }
            for place in range(len(found))
        ],
    }
