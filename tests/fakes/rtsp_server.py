"""RTSP servers that nobody here wrote: GStreamer's, run by Debian's own Python, whose packages hold it.

As a program it is what runs there; as a module it starts itself so.
"""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

PATIENCE = 30.0
"""Seconds after which something that should have happened is taken to hang."""
PYTHON = "/usr/bin/python3"
PACKAGES = "python3-gi gir1.2-gst-rtsp-server-1.0 gstreamer1.0-plugins-base gstreamer1.0-plugins-good"
"""Debian's packages that hold it; those that hold x264 (plugins-ugly) are not needed."""

_PICTURE = "video/x-raw,width={width},height={height},framerate={fps}/1"
_CODED = {
    "mjpeg": "videoconvert ! video/x-raw,format=I420 ! jpegenc ! rtpjpegpay",
    "vp8": "vp8enc deadline=1 keyframe-max-dist=25 ! rtpvp8pay",
    "h264": "x264enc tune=zerolatency speed-preset=ultrafast key-int-max=25 ! rtph264pay",
}


def missing(codec: str) -> str:
    """Why it cannot run here, "" where it can."""
    if shutil.which(PYTHON) is None:
        return f"{PYTHON} is not installed"
    try:
        with RtspServer(codec=codec, dry=True).running():
            return ""
    except RuntimeError as error:
        return f"GStreamer's RTSP server does not run here ({PACKAGES}): {error}"


@dataclass(slots=True)
class RtspServer:
    """Shows a clock and a moving ball at `url`. `password`: of the user eve, "" for none. `udp`: it knows no TCP.

    `dry`: it ends once it is clear that it could run. It keeps its port from one start to the next.
    """

    codec: str = "mjpeg"
    size: tuple[int, int] = (320, 240)
    fps: int = 25
    password: str = ""
    udp: bool = False
    dry: bool = False
    port: int = 0
    _process: subprocess.Popen[str] | None = field(default=None, repr=False)

    @property
    def url(self) -> str:
        """Its address, with the password."""
        user = f"eve:{self.password}@" if self.password else ""
        return f"rtsp://{user}127.0.0.1:{self.port}/live"

    def start(self) -> None:
        """Start it and wait until it listens. Raises RuntimeError where it cannot run."""
        width, height = self.size
        picture = _PICTURE.format(width=width, height=height, fps=self.fps)
        launch = f"( videotestsrc is-live=true pattern=ball ! {picture} ! {_CODED[self.codec]} name=pay0 pt=96 )"
        self._process = subprocess.Popen(
            [PYTHON, "-I", __file__, str(self.port), launch, self.password, str(self.udp), str(self.dry)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        said = self._process.stdout.readline().strip()
        if not said.isdecimal():
            self.kill()
            raise RuntimeError(said or "it said nothing")
        self.port = int(said)

    @property
    def pid(self) -> int:
        """Of the process that runs."""
        assert self._process is not None
        return self._process.pid

    def kill(self) -> None:
        """End it at once, in the middle of whatever it does."""
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        process.wait(PATIENCE)
        for pipe in (process.stdout, process.stderr):
            if pipe is not None:
                pipe.close()

    @contextmanager
    def running(self) -> Iterator[RtspServer]:
        """Within it, it runs."""
        self.start()
        try:
            yield self
        finally:
            self.kill()


def free_port() -> int:
    """A port at which nothing listens now."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def _serve(port: str, launch: str, password: str, udp: str, dry: str) -> None:
    """What runs in Debian's Python: prints the port, or one line of what is missing."""
    try:
        import gi

        gi.require_version("Gst", "1.0")
        gi.require_version("GstRtspServer", "1.0")
        from gi.repository import GLib, Gst, GstRtsp, GstRtspServer
    except (ImportError, ValueError) as error:
        _say(str(error))
        return
    Gst.init(None)
    try:
        Gst.parse_launch(launch.strip("( )"))
    except GLib.Error as error:
        _say(error.message)
        return
    if dry == "True":
        _say("0")
        return
    server = GstRtspServer.RTSPServer()
    server.set_address("127.0.0.1")
    server.set_service(port)
    factory = GstRtspServer.RTSPMediaFactory()
    factory.set_launch(launch)
    factory.set_shared(True)
    if udp == "True":
        factory.set_protocols(GstRtsp.RTSPLowerTrans.UDP)
    if password:
        _lock(GstRtspServer, server, factory, password)
    server.get_mount_points().add_factory("/live", factory)
    server.attach(None)
    _say(str(server.get_bound_port()))
    GLib.MainLoop().run()


def _lock(rtsp: Any, server: Any, factory: Any, password: str) -> None:
    """Let nobody but eve in."""
    auth, token, permissions = rtsp.RTSPAuth(), rtsp.RTSPToken(), rtsp.RTSPPermissions()
    token.set_string("media.factory.role", "user")
    auth.add_basic(rtsp.RTSPAuth.make_basic("eve", password), token)
    for right in ("access", "construct"):
        permissions.add_permission_for_role("user", f"media.factory.{right}", True)
    factory.set_permissions(permissions)
    server.set_auth(auth)


def _say(line: str) -> None:
    with suppress(BrokenPipeError):
        sys.stdout.write(line.replace("\n", " ") + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    _serve(*sys.argv[1:])
