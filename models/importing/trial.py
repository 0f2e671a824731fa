"""The child process in which a file of somebody else's is opened and run for the first time.

    python -m models.importing.trial FOLDER

The folder holds request.json and picture.npy; answer.json is written there. A hostile file may hang, take all memory or
kill the process that runs it: time is bounded by whoever starts the child, memory here (where the system can, which
Windows and macOS cannot).
"""

from __future__ import annotations

import hashlib
import json
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.classes import COCO
from models.errors import NetworkError
from models.importing import layouts, onnx_file
from models.importing.family import Answers, Family
from models.importing.look import Look
from models.importing.recipe import Recipe, classes_in
from models.object_detector import within

REQUEST, PICTURE, ANSWER = "request.json", "picture.npy", "answer.json"
MOST_MEMORY = 4 * 1024**3
"""Bytes that may be written to, what libraries take for themselves included; not addresses, of which threads reserve
many."""
LEAST_SHOWN = 0.05
"""Things of less score are not handed back."""
_SURELY_COCO = 40  # where labels up to here and none beyond COCO's are given, they are taken for COCO's
_TASKS = ("", "detect", "detection", "object-detection")


def main(argv: Sequence[str]) -> int:
    """Try what the request of the folder `argv[0]` names; 0 where there is an answer, be it a refusal."""
    folder = Path(argv[0])
    _bound_memory()
    request = json.loads((folder / REQUEST).read_text(encoding="utf-8"))
    try:
        answer = _tried(request, np.load(folder / PICTURE))
    except NetworkError as error:
        answer = {"refused": str(error)}
    except MemoryError:
        answer = {"refused": "takes more memory than a detector may"}
    except (
        RuntimeError,
        ValueError,
        IndexError,
        TypeError,
    ) as error:  # OpenVINO's own, and what numpy makes of answers
        answer = {"refused": f"cannot be run by OpenVINO ({_first_line(error)})"}
    (folder / ANSWER).write_text(json.dumps(answer), encoding="utf-8")
    return 0


def _bound_memory() -> None:
    if sys.platform == "win32":
        return
    import resource

    with suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_DATA, (MOST_MEMORY, MOST_MEMORY))


def _first_line(error: BaseException) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    # OpenVINO begins with the places in its own sources; what went wrong comes last.
    said = next((line for line in reversed(lines) if "src/" not in line and ".cpp" not in line), "")
    return (said or type(error).__name__)[:200].rstrip(".:")


def _tried(request: dict[str, Any], picture: NDArray[np.uint8]) -> dict[str, Any]:
    from models.importing.running import Running

    data = _bytes(Path(request["file"]))
    said = onnx_file.read(data)
    task = said.metadata.get("task", "").strip().lower()
    if task not in _TASKS:
        raise NetworkError(f"says that it was made for another task ({task[:40]!r}): it is no detector of boxes")
    told = _told(request, said.metadata)
    wanted = _size(request["size"], said.metadata)
    running = Running(data, wanted, request["threads"])
    family, classes = _family(running, picture, told, request)
    if running.free and wanted is None and running.size != (family.usual, family.usual):
        running = Running(data, (family.usual, family.usual), request["threads"])
        family, classes = _family(running, picture, told, request)
    look = family.look.changed(**request["look"])
    pixels, fit = look.fitted(picture, running.size)
    started = time.perf_counter()
    answers = running.run(look.values(pixels))
    seconds = time.perf_counter() - started
    labels, origin = _labels(told, classes, family, running, picture, look)
    recipe = Recipe(family.key, look, running.size, running.free, labels)
    with np.errstate(over="ignore", invalid="ignore"):
        found = family.decode(answers, running.size, len(labels), LEAST_SHOWN)
    known = found.classes < len(labels)
    seen = within(
        type(found)(fit.back(found.boxes[known]), found.scores[known], found.classes[known]),
        picture.shape[1],
        picture.shape[0],
    )
    return {
        "recipe": recipe.described(),
        "classes_from": origin,
        "sha256": hashlib.sha256(data).hexdigest(),
        "bytes": len(data),
        "seconds": seconds,
        "boxes": seen.boxes.astype(float).round(2).tolist(),
        "scores": seen.scores.astype(float).round(4).tolist(),
        "classes": seen.classes.tolist(),
    }


def _bytes(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            data = file.read(onnx_file.MOST_BYTES + 1)
    except OSError as error:
        raise NetworkError(f"cannot be read: {error.strerror or error}") from error
    if len(data) > onnx_file.MOST_BYTES:
        raise NetworkError(f"is larger than {onnx_file.MOST_BYTES // 2**20} MB, which no detector for live pictures is")
    return data


def _told(request: dict[str, Any], metadata: dict[str, str]) -> tuple[tuple[str, ...], str] | None:
    """The classes that the user or the file named, and who it was."""
    if request["labels"] is not None:
        return tuple(request["labels"]), "the user"
    if "names" in metadata:
        with suppress(NetworkError):
            return classes_in(metadata["names"]), "the file"
    return None


def _size(wanted: list[int] | None, metadata: dict[str, str]) -> tuple[int, int] | None:
    """The size (height, width) that the user or the file names, where it is free."""
    if wanted is not None:
        return wanted[0], wanted[1]
    with suppress(ValueError, TypeError):
        height, width = json.loads(metadata.get("imgsz", ""))
        return int(height), int(width)
    return None


def _family(
    running: Any, picture: NDArray[np.uint8], told: tuple[tuple[str, ...], str] | None, request: dict[str, Any]
) -> tuple[Family, int]:
    grey = np.full_like(picture, 114)

    def looks(look: Look) -> list[Answers]:
        own = look.changed(**request["look"])
        return [running.run(own.values(own.fitted(pixels, running.size)[0])) for pixels in (grey, picture)]

    first = running.run(np.zeros((1, 3, *running.size), np.float32))
    known = None if told is None else len(told[0])
    with np.errstate(over="ignore", invalid="ignore"):
        return layouts.recognise(first, looks, running.size, known, request["layout"])


def _labels(
    told: tuple[tuple[str, ...], str] | None,
    classes: int,
    family: Family,
    running: Any,
    picture: NDArray[np.uint8],
    look: Look,
) -> tuple[tuple[str, ...], str]:
    """The names of the classes, and who says so."""
    if told is not None:
        return told
    if not classes:  # labels alone tell: all of them, those of no score too
        pictures = [picture, picture[:, ::-1], np.full_like(picture, 114)]
        seen = [
            family.decode(running.run(look.values(look.fitted(one, running.size)[0])), running.size, 0, 0.0).classes
            for one in pictures
        ]
        highest = max((int(one.max()) for one in seen if len(one)), default=0)
        classes = len(COCO) if _SURELY_COCO <= highest < len(COCO) else highest + 1
    if classes == len(COCO):
        return COCO, "COCO, as it has 80"
    return tuple(f"class {place}" for place in range(classes)), "their numbers"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
