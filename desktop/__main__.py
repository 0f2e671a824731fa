"""`onlooker`, which is `python -m desktop`. What comes first here must come first: each line says why."""

from __future__ import annotations

import os
import sys


def main() -> int:
    """Run the program with the arguments of the command line; gives its exit status."""
    if getattr(sys, "frozen", False):
        import multiprocessing

        multiprocessing.freeze_support()  # a frozen program started as a worker goes no further
    _open_streams()
    arguments = sys.argv[1:]
    status = _child(arguments)  # before the processor is tried: a trial must not try again
    if status is not None:
        return status

    from desktop.commands.interruption import Interrupted, at_once

    try:
        with at_once():  # from here on: imports and the trial take long enough to be interrupted
            from desktop import cores, folders

            cores.set_up(folders.cache)  # before numpy, OpenCV or OpenVINO are imported: they read it as they load

            from desktop.commands.cli import run

            return run(arguments)
    except Interrupted as end:
        return end.status


def _open_streams() -> None:
    """Give the program the streams that it was started without (`2>&-`, a program without a console), leading nowhere.

    Else the next file that is opened would take their place, and what libraries write to stderr would go into it.
    """
    if sys.platform != "win32":
        while (file := os.open(os.devnull, os.O_RDWR)) <= 2:
            os.set_inheritable(file, True)
        os.close(file)
    for name in ("stdin", "stdout", "stderr"):
        if getattr(sys, name) is None:
            nowhere = os.open(os.devnull, os.O_RDWR)
            setattr(sys, name, os.fdopen(nowhere, "r" if name == "stdin" else "w", encoding="utf-8"))


def _child(arguments: list[str]) -> int | None:
    """Do the work of a child process that a frozen program starts itself for (`models.child`); None where it is none.

    The modules stand here by name, and not in a table, for whoever collects them into a frozen program.
    """
    word, rest = (arguments[0], arguments[1:]) if arguments else ("", [])
    if word == "make-form":
        from models import forms

        return forms.main(rest)
    if word == "try-device":
        from models import devices

        return devices.main(rest)
    if word == "try-network":
        from models.importing import trial as network_trial

        return network_trial.main(rest)
    if word == "try-processor":
        from desktop import trial

        return trial.main(rest)
    if word == "try-encoder":
        from desktop.recordings import encoder_trial

        return encoder_trial.main(rest)
    return None


if __name__ == "__main__":
    sys.exit(main())
