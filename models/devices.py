"""Which devices networks can run on here: where a graphics card may be, a child process runs a real kernel on it.

    python -m models.devices cuda

A driver that is too old, a card that is too new or a library that is missing shows only then, at times by the end of
the process. The child says the card's name, or in a sentence why it does not work.
"""

from __future__ import annotations

import ctypes
import importlib.util
import platform
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal, get_args

from models import child
from models.errors import NetworkError
from models.shelf import version

DeviceName = Literal["cpu", "cuda", "mps"]

_TIMEOUT = 60.0  # seconds; torch and a driver that has slept take ten
_NAME, _WHY = "name: ", "why: "


@dataclass(frozen=True, slots=True)
class Device:
    """One device. `title`: its name for people. `reason`: why it cannot be used, the end of a sentence, or "".

    `there`: whether there is such hardware as far as can be told without trying.
    """

    name: DeviceName
    title: str
    reason: str = ""
    there: bool = True

    @property
    def usable(self) -> bool:
        return not self.reason


def choose(wanted: str) -> tuple[DeviceName, str]:
    """The device to use for "auto", "cpu", "cuda" or "mps", and why it is not the wanted one ("" where it is).

    May start a child process and wait for it. Raises NetworkError for another word.
    """
    if wanted not in ("auto", *get_args(DeviceName)):
        raise NetworkError(f"There is no device {wanted!r}. Choose auto, {', '.join(get_args(DeviceName))}.")
    asked = [name for name in ("cuda", "mps") if wanted in ("auto", name)]
    notes = []
    for name in asked:
        device = look(name)
        if device.usable:
            return device.name, ""
        if wanted == name:
            notes.append(f"{name} was asked for, but {device.reason}; the processor is used.")
        elif device.there:
            notes.append(f"The graphics device ({name}) is not used: {device.reason}.")
    return "cpu", " ".join(notes)


def usable_devices() -> tuple[Device, ...]:
    """All devices, with the reason of each that cannot be used. May take seconds the first time."""
    return tuple(look(name) for name in get_args(DeviceName))


@cache
def look(name: str) -> Device:
    """One device by its name; tried once in a process."""
    if name == "cpu":
        return Device("cpu", platform.processor() or "Processor")
    known: DeviceName = "mps" if name == "mps" else "cuda"
    absent = _absent(known)
    if absent:
        return Device(known, known.upper(), absent, there=False)
    reason = _without_torch(known)
    if reason:
        return Device(known, known.upper(), reason)
    return _tried(known)


def _absent(name: DeviceName) -> str:
    """Why there can be no such device, without starting anything; "" where there may be one."""
    if name == "mps":
        apple = sys.platform == "darwin" and platform.machine() == "arm64"
        return "" if apple else "only Apple's own processors have it"
    if sys.platform == "darwin":
        return "there is none for macOS"
    if Path("/dev/kfd").exists():  # AMD's driver; torch for its cards calls them cuda
        return ""
    try:
        ctypes.CDLL("nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1")
    except OSError:
        return "no driver of an NVIDIA card is installed"
    return ""


def _without_torch(name: DeviceName) -> str:
    if importlib.util.find_spec("torch") is None:
        return "torch, which graphics devices need, is not installed"
    if name == "cuda" and version("torch").endswith("+cpu"):
        return "the installed torch is made for processors only"
    return ""


def _tried(name: DeviceName) -> Device:
    words: dict[str, str] = {}

    def line(text: str) -> None:
        for start in (_NAME, _WHY):
            if text.startswith(start):
                words[start] = text.removeprefix(start).strip()

    try:
        status, last = child.run(
            child.command("models.devices", name), env=child.environment(), timeout=_TIMEOUT, line=line
        )
    except OSError as error:
        return Device(name, name.upper(), f"it could not be tried ({error})")
    if status == 0 and _NAME in words:
        return Device(name, words[_NAME])
    end = last.strip().splitlines()[-1:] or [f"status {status}"]
    return Device(name, name.upper(), words.get(_WHY) or f"its trial failed ({end[0]})")


def first_line(error: BaseException) -> str:
    """The first line of what an error of a driver says, its kind where it says nothing."""
    return (str(error).strip() or type(error).__name__).splitlines()[0]


def main(argv: Sequence[str]) -> int:
    """Run a convolution on the device `argv[0]` and compare it with the processor's; 0 where it works."""
    import torch

    name = argv[0] if argv else ""
    try:
        picture, kernel = torch.rand(1, 8, 32, 32), torch.rand(8, 8, 3, 3)
        expected = torch.nn.functional.conv2d(picture, kernel)
        found = torch.nn.functional.conv2d(picture.to(name), kernel.to(name)).cpu()
        good = torch.allclose(found, expected, rtol=1e-2, atol=1e-2)
        title = torch.cuda.get_device_name() if name == "cuda" else "Apple graphics (Metal)"
    except (RuntimeError, AssertionError) as error:  # AssertionError: a torch that is built without it
        good, title = False, ""
        sys.stdout.write(f"{_WHY}{first_line(error).rstrip('.')}\n")
    else:
        sys.stdout.write(f"{_NAME}{title}\n" if good else f"{_WHY}it calculates wrongly\n")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
