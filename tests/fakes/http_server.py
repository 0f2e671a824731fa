"""An HTTP server of Motion JPEG that nobody here wrote: ffmpeg, which shows a test picture to one caller."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass, field

import psutil
from fake_source import until
from rtsp_server import PATIENCE, free_port


def missing() -> str:
    """Why it cannot run here, "" where it can."""
    return "" if shutil.which("ffmpeg") else "ffmpeg is not installed"


@dataclass(slots=True)
class HttpServer:
    """Shows a moving test picture at `url` to who calls first; ends when that one goes. Its port stays the same."""

    fps: int = 25
    port: int = field(default_factory=free_port)
    _process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    @property
    def url(self) -> str:
        """Its address; what stands before the host it does not ask for."""
        return f"http://eve:canary@127.0.0.1:{self.port}/video"

    def start(self) -> None:
        """Start it and wait until it listens: asking would be the one call."""
        picture = f"testsrc=size=320x240:rate={self.fps}"
        command = [
            "ffmpeg",
            "-v",
            "quiet",
            "-nostdin",
            "-re",
            "-f",
            "lavfi",
            "-i",
            picture,
            "-f",
            "mpjpeg",
            "-listen",
            "1",
        ]
        process = self._process = subprocess.Popen([*command, f"http://127.0.0.1:{self.port}/video"])

        def listens() -> bool:
            assert process.poll() is None, "ffmpeg ended"
            connections = psutil.Process(process.pid).net_connections()
            return any(one.status == psutil.CONN_LISTEN for one in connections)

        until(listens, "ffmpeg listens")

    def kill(self) -> None:
        """End it at once."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait(PATIENCE)
