"""How the program starts itself as a child process: the same interpreter and modules, or the frozen program again.

Work that may stall, hang or kill a process (importing torch, trying instructions that a processor only promises) is
done in a child; this page says how to start one. Standard library only: it is used before numpy is imported.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from threading import Timer

# What can be run as a child: the module for an interpreter, the hidden command for a frozen program, which has no `-m`.
FROZEN_COMMANDS = {
    "models.forms": "make-form",
    "models.devices": "try-device",
    "models.importing.trial": "try-network",
    "desktop.trial": "try-processor",
    "desktop.recordings.encoder_trial": "try-encoder",
}


def command(module: str, *arguments: str) -> list[str]:
    """The command line that runs `module` (one of FROZEN_COMMANDS) with `arguments`."""
    if getattr(sys, "frozen", False):
        return [sys.executable, FROZEN_COMMANDS[module], *arguments]
    return [sys.executable, "-P", "-m", module, *arguments]


def environment(changes: Mapping[str, str] | None = None) -> dict[str, str]:
    """The child's environment: ours, with `changes`, and a module path that finds what this process finds.

    `-P` keeps folders of the user's, which may hold packages of our names, from being searched; in return our own
    module path is handed on, so that a checkout that is not installed works too.
    """
    found = {**os.environ, "PYTHONIOENCODING": "utf-8", **(changes or {})}
    if not getattr(sys, "frozen", False):
        found["PYTHONPATH"] = os.pathsep.join(path for path in sys.path if path)
    return found


def run(
    arguments: Sequence[str],
    *,
    env: Mapping[str, str],
    timeout: float,
    line: Callable[[str], None] | None = None,
    begun: Callable[[Callable[[], None]], None] | None = None,
) -> tuple[int, str]:
    """Run a child to its end, handing every line of its output to `line`; gives its exit status and its last words.

    The status is negative where a signal ended it (SIGILL: -4), and that of a killed process after `timeout` seconds.
    `begun` is given, once it runs, what ends it at once: it may be called from another thread. Its last words are the
    last twenty lines of what it wrote, to stdout and stderr together. Raises OSError where it cannot be started.
    """
    with subprocess.Popen(
        list(arguments),
        env=dict(env),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        errors="replace",
        creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
    ) as child:
        alarm = Timer(timeout, child.kill)
        alarm.daemon = True
        alarm.start()
        if begun is not None:
            begun(child.kill)
        last: list[str] = []
        try:
            assert child.stdout is not None
            for text in child.stdout:
                if line is not None:
                    line(text)
                last = [*last[-19:], text]
            status = child.wait()
        except BaseException:
            child.kill()
            raise
        finally:
            alarm.cancel()
            alarm.join()
    return status, "".join(last)
