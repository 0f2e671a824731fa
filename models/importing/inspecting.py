"""What a file is, found out by running it in a child process on a picture; nothing of it is opened here."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models import child
from models.cells import Things
from models.errors import NetworkError
from models.importing import trial
from models.importing.layouts import named
from models.importing.look import Look, Triple
from models.importing.onnx_file import MOST_BYTES
from models.importing.recipe import Recipe, check_size, classes_in

Pixels = NDArray[np.uint8]

TIMEOUT = 90.0
"""Seconds in which a detector has to answer; small ones take two."""


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the user says of a file that it does not say itself, or says wrongly; None: as the layout usually is.

    `size`: (height, width) of an input that leaves it free. `labels`: the names of the classes, by place. The others:
    see `look.Look`. Raises NetworkError for what makes no sense.
    """

    layout: str | None = None
    colour: str | None = None
    range: float | None = None
    fit: str | None = None
    mean: Triple | None = None
    std: Triple | None = None
    size: tuple[int, int] | None = None
    labels: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        if self.layout is not None:
            named(self.layout)
        if self.size is not None:
            check_size(self.size)
        Look("bgr", 255.0, "stretch").changed(**self.look)

    @property
    def look(self) -> dict[str, Any]:
        """What is said of the look."""
        return {"colour": self.colour, "range": self.range, "fit": self.fit, "mean": self.mean, "std": self.std}


@dataclass(frozen=True, slots=True, eq=False)
class Recognised:
    """What a file is. `recipe`: how to use it. `classes_from`: who named its classes. `sha256`, `bytes`: of what was
    tried. `seconds`: for the picture, the network alone. `found`: what it sees there, in pixels of that picture."""

    file: Path
    recipe: Recipe
    classes_from: str
    sha256: str
    bytes: int
    seconds: float
    found: Things = field(repr=False)

    @property
    def layout(self) -> str:
        """The key of its layout."""
        return self.recipe.layout

    @property
    def title(self) -> str:
        """Its layout, for people."""
        return named(self.recipe.layout).title


def inspect(
    path: Path,
    picture: Pixels | None = None,
    wishes: Wishes | None = None,
    *,
    threads: int = 1,
    timeout: float = TIMEOUT,
    begun: Callable[[Callable[[], None]], None] | None = None,
) -> Recognised:
    """What the ONNX file is, and what it sees in `picture` (H, W, 3) BGR uint8, without one in a made-up picture.

    Takes a second or more; `begun` is given what ends it, which may be called from another thread. Raises NetworkError
    with the reason, one sentence, where it cannot be used.
    """
    wanted = Wishes() if wishes is None else wishes
    name = path.name
    try:
        size = path.stat().st_size
        if not path.is_file():
            raise NetworkError(f"{name} is no file.")
    except OSError as error:
        raise NetworkError(f"{name} cannot be read: {error.strerror or error}.") from error
    if size > MOST_BYTES:
        raise NetworkError(f"{name} is larger than {MOST_BYTES // 2**20} MB, which no detector for live pictures is.")
    request = {
        "file": str(path.absolute()),
        "layout": wanted.layout,
        "look": wanted.look,
        "size": wanted.size,
        "labels": wanted.labels,
        "threads": threads,
    }
    shown = _made_up() if picture is None or not picture.size else picture
    answer = _asked(name, request, shown, timeout, begun)
    if "refused" in answer:
        raise NetworkError(f"{name} {str(answer['refused']).rstrip('.')}.")
    return Recognised(
        file=path,
        recipe=Recipe.of(answer["recipe"]),
        classes_from=str(answer["classes_from"]),
        sha256=str(answer["sha256"]),
        bytes=int(answer["bytes"]),
        seconds=float(answer["seconds"]),
        found=Things(
            np.array(answer["boxes"], np.float32).reshape(-1, 4),
            np.array(answer["scores"], np.float32),
            np.array(answer["classes"], np.intp),
        ),
    )


def _asked(
    name: str,
    request: dict[str, Any],
    picture: Pixels,
    timeout: float,
    begun: Callable[[Callable[[], None]], None] | None,
) -> dict[str, Any]:
    """The child's answer. Raises NetworkError where there is none."""
    with tempfile.TemporaryDirectory(prefix="onlooker-", ignore_cleanup_errors=True) as temporary:
        folder = Path(temporary)
        try:
            (folder / trial.REQUEST).write_text(json.dumps(request), encoding="utf-8")
            np.save(folder / trial.PICTURE, picture)
            command = child.command("models.importing.trial", str(folder))
            status, last = child.run(command, env=child.environment(), timeout=timeout, begun=begun)
        except OSError as error:
            raise NetworkError(f"{name} cannot be tried: {error.strerror or error}.") from error
        try:
            answer: dict[str, Any] = json.loads((folder / trial.ANSWER).read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise NetworkError(_without_answer(name, status, last, timeout)) from error
        return answer


def _without_answer(name: str, status: int, last: str, timeout: float) -> str:
    if status in (-9, 1) and not last.strip():
        return f"{name} gave no answer within {timeout:.0f} seconds: it is too slow for live pictures, or it hangs."
    if status < 0 or status >= 0xC0000000:
        return f"{name} ended the process that tried it (signal {-status}): it is damaged, or takes too much memory."
    end = (last.strip().splitlines() or [f"status {status}"])[-1]
    return f"{name} cannot be tried: {end[:200].rstrip('.')}."


def _made_up() -> Pixels:
    """A picture of blurred noise: not grey, not regular."""
    noise = np.random.default_rng(0).integers(0, 256, (12, 16, 3))
    return np.kron(noise, np.ones((40, 40, 1))).astype(np.uint8)


def read_classes(words: str, file: Path | None = None) -> tuple[str, ...]:
    """The classes of a list, or of a file. Raises NetworkError where there are none."""
    if file is None:
        return classes_in(words)
    try:
        with file.open(encoding="utf-8") as text:
            return classes_in(text.read(300_000))
    except (OSError, UnicodeError) as error:
        raise NetworkError(f"The classes in {file} cannot be read: {error}.") from error
