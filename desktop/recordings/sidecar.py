"""The sidecar: what was found, frame by frame, as JSON Lines beside the video.

UTF-8, one object a line, flushed line by line: a header, one line per frame, an end line. Times are seconds from the
first frame, coordinates pixels of the recorded picture. `annotate --data` writes the same lines, with the input's name
in each; a picture there is one line with its size.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from desktop.recordings.pixels import Size
from desktop.recordings.reasons import why
from desktop.recordings.syncing import sync
from models.errors import RecordingError
from models.scene import Body, Detection, Face, Scene

VERSION = 1

_CARRIED = re.compile("[\udc80-\udcff]+")


class SidecarWriter:
    """Writes sidecar lines to `path`, which is overwritten: `Placing` cares for names. Used by one thread.

    `face_points` False leaves out the 468 points of each face (about 10 kB a face and line). Names of files that are
    no UTF-8 are written with U+FFFD for the bytes that are none. Every method raises RecordingError when the file
    cannot be written.
    """

    def __init__(self, path: Path, *, face_points: bool = True) -> None:
        self.path = path
        self._face_points = face_points
        try:
            self._file: IO[str] | None = path.open("w", encoding="utf-8", errors="replace", newline="\n")
        except OSError as error:
            raise RecordingError(f"The data file {path} cannot be written: {why(error)}.") from error

    def header(
        self,
        *,
        program: str,
        source: str,
        size: Size,
        start: str,
        networks: Mapping[str, str],
        file: str | None = None,
    ) -> None:
        """The first line of a recording. `start`: of the first frame, ISO 8601, UTC; `networks`: kind -> name."""
        self._write(
            _named(file)
            | {
                "onlooker": VERSION,
                "program": program,
                "source": source,
                "size": list(size),
                "start": start,
                "networks": dict(networks),
            }
        )

    def line(
        self,
        frame: int,
        time: float,
        scene: Scene | None,
        *,
        position: float | None = None,
        index: int | None = None,
        file: str | None = None,
        interpolated: bool = False,
    ) -> None:
        """One frame, `time` seconds after the first, with its `scene`, None where it was not analysed.

        `position`: seconds in a file being watched. `index` of the frame in its session, written where it is not
        `frame`. `interpolated`: of a frame that was not analysed, whose marks lie between those of the scenes before
        and after it; readers find them by `between`, so they are not stored.
        """
        entry: dict[str, Any] = _named(file) | {"frame": frame, "time": round(time, 6), "analysed": scene is not None}
        if position is not None:
            entry["position"] = round(position, 6)
        if index is not None and index != frame:
            entry["index"] = index
        if interpolated and scene is None:
            entry["interpolated"] = True
        self._write(entry | (scene_lists(scene, self._face_points) if scene is not None else {}))

    def picture(self, file: str, size: Size, scene: Scene) -> None:
        """A single picture, analysed."""
        entry: dict[str, Any] = {"file": file, "size": list(size), "frame": 0, "analysed": True}
        self._write(entry | scene_lists(scene, self._face_points))

    def end(self, *, frames: int, dropped: int = 0, skipped: int = 0, late: int = 0, file: str | None = None) -> None:
        """The last line of a recording."""
        self._write(
            _named(file) | {"end": True, "frames": frames, "dropped": dropped, "skipped": skipped, "late": late}
        )

    def fileno(self) -> int:
        """The file's descriptor while it is open. Raises ValueError afterwards."""
        if self._file is None:
            raise ValueError(f"{self.path} is closed")
        return self._file.fileno()

    def close(self) -> None:
        """Close the file, on the disk; more than once is fine. An end line is not written by itself."""
        file, self._file = self._file, None
        if file is not None:
            try:
                with file:
                    sync(file.fileno())
            except OSError as error:
                raise RecordingError(f"The data file {self.path} cannot be written: {why(error)}.") from error

    def _write(self, entry: dict[str, Any]) -> None:
        if self._file is None:
            raise RecordingError(f"The data file {self.path} is closed already.")
        try:
            line = json.dumps(entry, ensure_ascii=False, separators=(", ", ": "), allow_nan=False)
            self._file.write(_readable(line) + "\n")
            self._file.flush()
        except OSError as error:
            raise RecordingError(f"The data file {self.path} cannot be written further: {why(error)}.") from error
        except ValueError as error:  # a number that JSON has no word for
            raise RecordingError(f"The data file {self.path} cannot be written further: {error}.") from error


def scene_lists(scene: Scene, face_points: bool = True) -> dict[str, Any]:
    """A scene as the lists of a sidecar line: coordinates to 0.1 pixel, scores and metres to 3 digits."""
    return {
        "objects": [_object(thing) for thing in scene.objects],
        "faces": [_face(face, face_points) for face in scene.faces],
        "bodies": [_body(body) for body in scene.bodies],
    }


def _readable(line: str) -> str:
    """The line with the bytes that Python carries in names as surrogates read as UTF-8, U+FFFD for those that are none.

    Such a byte is 0x80 or above: whatever becomes of it is no sign of JSON's.
    """
    return _CARRIED.sub(lambda found: found[0].encode("utf-8", "surrogateescape").decode("utf-8", "replace"), line)


def _named(file: str | None) -> dict[str, Any]:
    return {} if file is None else {"file": file}


def _object(thing: Detection) -> dict[str, Any]:
    return {
        "track": thing.track,
        "label": thing.label,
        "score": round(thing.score, 3),
        "box": rounded(thing.box, 1),
    }


def _face(face: Face, points: bool) -> dict[str, Any]:
    entry = {"track": face.track, "score": round(face.score, 3), "box": rounded(face.box, 1)}
    return entry | {"points": rounded(face.points, 1)} if points else entry


def _body(body: Body) -> dict[str, Any]:
    points = rounded(body.points, 1)
    visibility = rounded(body.points[:, 3], 3)
    return {
        "track": body.track,
        "score": round(body.score, 3),
        "box": rounded(body.box, 1),
        "points": [[*point[:3], seen] for point, seen in zip(points, visibility, strict=True)],
        "world": rounded(body.world, 3),
    }


def rounded(values: NDArray[np.float32], digits: int) -> list[Any]:
    """An array as nested lists, rounded; what is not finite is None (JSON has no word for it)."""
    exact = np.round(values.astype(np.float64), digits) + 0.0  # + 0.0 makes -0.0 plain 0.0
    if np.isfinite(exact).all():
        lists: list[Any] = exact.tolist()
        return lists
    objects = exact.astype(object)
    objects[~np.isfinite(exact)] = None
    nested: list[Any] = objects.tolist()
    return nested
