"""MediaPipe beside us, for comparison: an environment of its own, made once, and a child process in it.

`python benchmarks/mediapipe_environment.py` makes the environment and prints the versions in it. It needs the package
index and about a gigabyte in the cache folder; a folder that holds no whole environment is made afresh.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from desktop import folders
from models.errors import OnlookerError

Floats = NDArray[np.float32]
Pixels = NDArray[np.uint8]

VERSION = "0.10.21"
PYTHONS = ("3.12", "3.11", "3.10", "3.9")
"""Those that this version of MediaPipe has wheels for."""


class PeerError(OnlookerError):
    """A program that we compare with cannot be had or does not answer."""


def interpreter() -> Path:
    """The Python of MediaPipe's environment, which is made first where it is not whole. Raises PeerError."""
    return own_environment("mediapipe", VERSION, _base)


def own_environment(package: str, version: str, base: Callable[[], str] = lambda: sys.executable) -> Path:
    """The Python of an environment that holds a package, which is made first where it is not whole.

    `base`: gives the Python that it is made with. Raises PeerError.
    """
    folder = folders.cache() / "benchmarks" / f"{package}-{version}"
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    whole = folder / "whole"
    if not whole.exists():
        maker = base()
        print(f"Installing {package} {version} into an environment of its own, once …", file=sys.stderr)
        shutil.rmtree(folder, ignore_errors=True)
        try:
            subprocess.run([maker, "-m", "venv", str(folder)], check=True)
            wanted = [str(python), "-m", "pip", "install", "--quiet", f"{package}=={version}"]
            subprocess.run(wanted, check=True, stdout=sys.stderr)
        except (OSError, subprocess.CalledProcessError) as error:
            raise PeerError(f"{package} {version} could not be installed, see above: {error}") from error
        whole.touch()
    return python


def _base() -> str:
    """A Python that MediaPipe has wheels for: this one, or another on the path."""
    if ".".join(map(str, sys.version_info[:2])) in PYTHONS:
        return sys.executable
    for version in PYTHONS:
        found = shutil.which(f"python{version}")
        if found is not None:
            return found
    raise PeerError(f"mediapipe {VERSION} needs one of Python {', '.join(PYTHONS)} on the path, beside this one.")


class Peer:
    """MediaPipe in a child process; used in a `with` block. Pictures are (height, width, 3) BGR uint8."""

    def __init__(self) -> None:
        self._talk = tempfile.TemporaryFile()  # noqa: SIM115 (closed by __exit__)
        child = Path(__file__).with_name("mediapipe_child.py")
        self._child = subprocess.Popen(
            [str(interpreter()), str(child)],
            env={name: value for name, value in os.environ.items() if name != "PYTHONPATH"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._talk,
        )

    def __enter__(self) -> Peer:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._child.stdin is not None:
            self._child.stdin.close()
        try:
            self._child.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait()
        if self._child.stdout is not None:
            self._child.stdout.close()
        self._talk.close()

    @property
    def pid(self) -> int:
        """The child's process number."""
        return self._child.pid

    def versions(self) -> dict[str, str]:
        """Of "mediapipe", "numpy" and "python"."""
        answer, _ = self._ask({"do": "versions"})
        return {name: str(answer[name]) for name in ("mediapipe", "numpy", "python")}

    def open_pose(self, name: str, *, static: bool) -> None:
        """Pose, complexity 1, to be asked by `name`: every picture by itself (`static`) or frame after frame."""
        self._ask({"do": "open", "name": name, "kind": "pose", "static": static, "most": 1})

    def open_faces(self, name: str, *, static: bool, most: int = 1) -> None:
        """Face mesh for at most `most` faces, to be asked by `name`."""
        self._ask({"do": "open", "name": name, "kind": "face", "static": static, "most": most})

    def see(self, name: str, pixels: Pixels) -> list[Floats]:
        """What it finds in a picture: (468, 3) for each face or (33, 4) for each body, x, y, z in pixels."""
        answer, values = self._ask({"do": "see", "name": name}, pixels)
        points = np.frombuffer(values, np.float32).reshape(answer["shape"])
        return [np.asarray(one, np.float32) for one in points]

    def keep(self, pixels: Pixels) -> None:
        """Keep a frame in the child's memory for `time`."""
        self._ask({"do": "keep"}, pixels)

    def forget(self) -> None:
        """Forget the kept frames."""
        self._ask({"do": "forget"})

    def time(self, names: Sequence[str], first: int, count: int) -> tuple[list[float], float]:
        """Seconds that each of the kept frames from `first` on takes through all of `names`, one after the other; and
        seconds of processor time for all frames together.
        """
        answer, _ = self._ask({"do": "time", "names": list(names), "first": first, "count": count})
        return [float(seconds) for seconds in answer["seconds"]], float(answer["worked"])

    def _ask(self, request: dict[str, Any], pixels: Pixels | None = None) -> tuple[dict[str, Any], bytes]:
        payload = b""
        if pixels is not None:
            height, width = pixels.shape[:2]
            payload = np.ascontiguousarray(pixels[..., ::-1]).tobytes()  # MediaPipe takes RGB
            request = {**request, "height": height, "width": width}
        head = json.dumps({**request, "bytes": len(payload)}).encode()
        requests, answers = self._child.stdin, self._child.stdout
        if requests is None or answers is None:
            raise PeerError("MediaPipe's process has no pipes.")
        try:
            requests.write(len(head).to_bytes(4, "little") + head + payload)
            requests.flush()
            length = answers.read(4)
            answer = json.loads(answers.read(int.from_bytes(length, "little")))
            values = answers.read(answer["bytes"])
        except (OSError, ValueError) as error:
            self._talk.seek(0)
            last = self._talk.read().decode(errors="replace").strip().splitlines()[-5:]
            raise PeerError("MediaPipe's process ended: " + " / ".join(last)) from error
        return answer, values


def main() -> None:
    """Make the environment, start MediaPipe once and print what it is."""
    with Peer() as peer:
        print(" ".join(f"{name} {version}" for name, version in peer.versions().items()))


if __name__ == "__main__":
    main()
