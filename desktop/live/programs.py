"""Programs that rules run: without a shell, a few at a time, none for ever, and none is left behind."""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from desktop.recordings.reasons import why

logger = logging.getLogger(__name__)

MOST = 4
"""Programs that run at a time; further ones are not run, and that is told."""

_GRACE = 2.0  # seconds from asking a program to end to ending it
_STEP = 0.1  # seconds between two looks whether it is to end

Failed = Callable[[str, str], None]
"""Called with the name of the rule and a sentence; from any thread."""


class Programs:
    """Runs programs, each watched by a thread of its own. `run` returns at once.

    `folder`: where they run; made where it is missing. They are given nothing of ours: no file that is open here, no
    input, no terminal; what they print goes nowhere. `failed` is told where one could not be run, ended badly or was
    ended. `most`: how many at a time.
    """

    def __init__(self, folder: Path, failed: Failed, *, most: int = MOST) -> None:
        self._folder, self._failed, self._most = folder, failed, most
        self._lock = threading.Lock()
        self._threads: list[threading.Thread] = []
        self._until: float | None = None  # moment at which all are ended, None while nobody asked

    def run(self, rule: str, arguments: Sequence[str], limit: float) -> None:
        """Run a program, for at most `limit` seconds."""
        with self._lock:
            self._threads = [thread for thread in self._threads if thread.is_alive()]
            full, closed = len(self._threads) >= self._most, self._until is not None
            if not full and not closed:
                thread = threading.Thread(
                    target=self._watched, args=(rule, list(arguments), limit), name=f"program of {rule}"
                )
                self._threads.append(thread)
                thread.start()
        if full and not closed:
            self._failed(rule, f"{_named(arguments, rule)} was not run: {self._most} programs of rules run already.")

    @property
    def running(self) -> int:
        """How many run now."""
        with self._lock:
            return sum(thread.is_alive() for thread in self._threads)

    def close(self, patience: float) -> None:
        """Run nothing any more. What runs may go on for `patience` seconds, then it is ended. Returns when all is."""
        with self._lock:
            self._until = time.monotonic() + patience
            threads = list(self._threads)
        for thread in threads:
            thread.join()

    def _watched(self, rule: str, arguments: list[str], limit: float) -> None:
        name = _named(arguments, rule)
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            process = _start(arguments, self._folder)
        except OSError as error:
            reason = "there is no such program" if isinstance(error, FileNotFoundError) else why(error)
            self._failed(rule, f"{name} cannot be run: {reason}.")
            return
        except ValueError as error:  # an argument that no program can be given
            self._failed(rule, f"{name} cannot be run: {error}.")
            return
        except Exception as error:  # top of a thread: told, the rest goes on
            logger.exception("a program could not be run")
            self._failed(rule, f"{name} cannot be run ({type(error).__name__}: {error}).")
            return
        end = time.monotonic() + limit
        while (status := _status(process, _STEP)) is None:
            now = time.monotonic()
            closing = self._until is not None and now > self._until
            if now > end or closing:
                _end(process)
                because = "since Onlooker ends" if closing else f"since it took more than {limit:g} seconds"
                self._failed(rule, f"{name} was ended {because}.")
                return
        if status:
            self._failed(rule, f"{name} ended with status {status}.")


def _named(arguments: Sequence[str], rule: str) -> str:
    return f"The program {arguments[0]} of the rule “{rule}”"


def _start(arguments: list[str], folder: Path) -> subprocess.Popen[bytes]:
    program = arguments[0]
    return subprocess.Popen(
        [str(Path(program).expanduser()) if program.startswith("~") else program, *arguments[1:]],
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        close_fds=True,
        start_new_session=True,  # Ctrl-C in our terminal is not meant for it, and what it starts can be ended with it
        creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
    )


def _status(process: subprocess.Popen[bytes], seconds: float) -> int | None:
    try:
        return process.wait(seconds)
    except subprocess.TimeoutExpired:
        return None


def _end(process: subprocess.Popen[bytes]) -> None:
    """Ask a program and what it started to end, then end them."""
    _signal(process, "SIGTERM")
    _status(process, _GRACE)
    _signal(process, "SIGKILL")  # its children too, though itself may be gone
    process.wait()


def _signal(process: subprocess.Popen[bytes], name: str) -> None:
    if sys.platform == "win32":
        # What it started is known to the system by its parent alone: ended together, at once.
        subprocess.run(["taskkill", "/T", "/F", "/PID", str(process.pid)], capture_output=True, check=False)
        process.kill()
        return
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, getattr(signal, name))  # it leads its own session, and so its group
