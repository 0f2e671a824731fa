"""MediaPipe, answering over pipes: run by `mediapipe_environment.Peer` inside an environment that has mediapipe.

It wants an older numpy than Onlooker does, so that the two never share a process. Standard input brings messages,
standard output takes answers: four bytes with the length of a JSON object, the object, and as many raw bytes as its
"bytes" says. What MediaPipe prints goes to standard error.

Requests by "do": "versions"; "open" (`name`, `kind` "pose" or "face", `static`, `most` faces); "see" (`name`, `height`,
`width`, RGB bytes) gives points in pixels of the picture; "keep" (a frame for `time`); "forget" (all of them); "time"
(`names`, `first`, `count`) gives seconds for each kept frame through all of `names` in turn, and seconds of processor
time for all frames together.
"""

from __future__ import annotations

import json
import os
import sys
import time
from typing import Any, BinaryIO

import mediapipe as mp
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Pixels = NDArray[np.uint8]


class Eyes:
    """The solutions that are open, by name, and the frames that are kept."""

    def __init__(self) -> None:
        self._open: dict[str, tuple[str, Any]] = {}
        self._kept: list[Pixels] = []

    def answer(self, request: dict[str, Any], payload: bytes) -> tuple[dict[str, Any], bytes]:
        """The answer to one request: a JSON object and raw bytes."""
        what = request["do"]
        if what == "versions":
            return {"mediapipe": mp.__version__, "numpy": np.__version__, "python": sys.version.split()[0]}, b""
        if what == "open":
            self._open[request["name"]] = (request["kind"], _solution(request))
            return {}, b""
        if what == "see":
            points = self._see(request["name"], _picture(request, payload))
            return {"shape": list(points.shape)}, points.tobytes()
        if what == "keep":
            self._kept.append(_picture(request, payload))
            return {}, b""
        if what == "time":
            first, count = request["first"], request["count"]
            worked = time.process_time()
            seconds = [self._timed(request["names"], self._kept[place]) for place in range(first, first + count)]
            return {"seconds": seconds, "worked": time.process_time() - worked}, b""
        if what == "forget":
            self._kept.clear()
            return {}, b""
        raise ValueError(f"unknown request {what}")

    def _see(self, name: str, picture: Pixels) -> Floats:
        """(N, 468, 3) or (N, 33, 4): x, y, z in pixels, and the visibility of a body's points."""
        kind, solution = self._open[name]
        height, width = picture.shape[:2]
        result = solution.process(picture)
        if kind == "face":
            found = [face.landmark for face in result.multi_face_landmarks or ()]
            places = [[(p.x * width, p.y * height, p.z * width) for p in points] for points in found]
            return np.asarray(places, np.float32).reshape(-1, 468, 3)
        found = [result.pose_landmarks.landmark] if result.pose_landmarks else []
        seen = [[(p.x * width, p.y * height, p.z * width, p.visibility) for p in points] for points in found]
        return np.asarray(seen, np.float32).reshape(-1, 33, 4)

    def _timed(self, names: list[str], picture: Pixels) -> float:
        start = time.perf_counter()
        for name in names:
            self._open[name][1].process(picture)
        return time.perf_counter() - start


def _solution(request: dict[str, Any]) -> Any:
    solutions = mp.solutions
    if request["kind"] == "face":
        return solutions.face_mesh.FaceMesh(static_image_mode=request["static"], max_num_faces=request["most"])
    return solutions.pose.Pose(static_image_mode=request["static"], model_complexity=1)


def _picture(request: dict[str, Any], payload: bytes) -> Pixels:
    return np.frombuffer(payload, np.uint8).reshape(request["height"], request["width"], 3)


def _read(stream: BinaryIO, length: int) -> bytes:
    read = stream.read(length)
    if len(read) < length:
        raise EOFError
    return read


def main() -> None:
    """Answer until standard input ends."""
    requests, answers = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # MediaPipe's native code prints too
    eyes = Eyes()
    while True:
        try:
            request = json.loads(_read(requests, int.from_bytes(_read(requests, 4), "little")))
            payload = _read(requests, request.get("bytes", 0))
        except EOFError:
            return
        answer, values = eyes.answer(request, payload)
        head = json.dumps({**answer, "bytes": len(values)}).encode()
        answers.write(len(head).to_bytes(4, "little") + head + values)
        answers.flush()


if __name__ == "__main__":
    main()
