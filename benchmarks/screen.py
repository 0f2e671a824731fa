"""A virtual screen for benchmarks and pictures: Xvfb, started on a free display, and ended."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext


@contextmanager
def virtual_screen(width: int, height: int, *, managed: bool = False) -> Iterator[dict[str, str]]:
    """The environment of programs that shall appear on a screen of this size in pixels.

    Xvfb chooses a free display and says which once it answers. `managed`: with openbox, where that is installed. Ends
    the program with a sentence where there is no Xvfb.
    """
    if shutil.which("Xvfb") is None:
        sys.exit("Xvfb is not installed: on Debian, apt-get install xvfb.")
    reading, writing = os.pipe()
    with subprocess.Popen(
        ["Xvfb", "-displayfd", str(writing), "-screen", "0", f"{width}x{height}x24", "-nolisten", "tcp"],
        pass_fds=(writing,),
        stderr=subprocess.DEVNULL,
    ) as server:
        os.close(writing)
        try:
            with os.fdopen(reading, encoding="ascii") as said:
                number = said.readline().strip()
            if not number:
                sys.exit("Xvfb does not start.")
            environment = {name: value for name, value in os.environ.items() if name != "WAYLAND_DISPLAY"}
            environment |= {"DISPLAY": f":{number}", "QT_QPA_PLATFORM": "xcb"}
            with _window_manager(environment) if managed and shutil.which("openbox") else nullcontext():
                yield environment
        finally:
            server.terminate()


@contextmanager
def _window_manager(environment: dict[str, str]) -> Iterator[None]:
    with subprocess.Popen(["openbox"], env=environment, stderr=subprocess.DEVNULL) as manager:
        try:
            yield
        finally:
            manager.terminate()
