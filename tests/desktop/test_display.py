"""A window that cannot be opened is refused in a sentence, before Qt ends the process."""

from __future__ import annotations

import importlib.util
import socket
import struct
import sys
from importlib.machinery import ModuleSpec
from pathlib import Path

import pytest

from desktop.commands import display
from models.errors import DisplayError

linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only on Linux Qt needs things of the system")


@pytest.mark.parametrize(
    ("environ", "platforms"),
    [
        ({}, []),  # a bare server
        ({"DISPLAY": ":0"}, ["xcb"]),
        ({"WAYLAND_DISPLAY": "wayland-0"}, ["wayland"]),
        ({"WAYLAND_DISPLAY": "wayland-0", "DISPLAY": ":0"}, ["wayland", "xcb"]),
        ({"QT_QPA_PLATFORM": "offscreen"}, ["offscreen"]),  # tests, CI
        ({"QT_QPA_PLATFORM": "wayland;xcb", "DISPLAY": ":0"}, ["wayland", "xcb"]),
        ({"QT_QPA_PLATFORM": "vnc:size=800x600"}, ["vnc"]),
        ({"QT_QPA_PLATFORM": "wayland-egl"}, ["wayland"]),
    ],
)
def test_the_ways_to_the_screen_are_those_that_qt_tries(environ: dict[str, str], platforms: list[str]) -> None:
    assert display.wanted(environ) == platforms


@linux
def test_without_a_display_the_sentence_names_the_command_that_needs_none() -> None:
    with pytest.raises(DisplayError, match=r"no display .*onlooker annotate"):
        display.check({})


@linux
def test_a_display_that_nobody_answers_on_is_named(tmp_path: Path) -> None:
    if display.missing([*display.ALWAYS, *display.X11, *display.WAYLAND]):
        pytest.skip("libraries of X11 or Wayland are missing here")
    with pytest.raises(DisplayError, match="The display :987 cannot be reached"):
        display.check({"DISPLAY": ":987"})
    with pytest.raises(DisplayError, match="The display wayland-7 cannot be reached"):
        display.check({"WAYLAND_DISPLAY": "wayland-7", "XDG_RUNTIME_DIR": str(tmp_path)})


@linux
def test_one_way_to_the_screen_that_works_is_enough(tmp_path: Path) -> None:
    if display.missing([*display.ALWAYS, *display.WAYLAND]):
        pytest.skip("libraries of Wayland are missing here")
    with socket.socket(socket.AF_UNIX) as compositor:
        compositor.bind(str(tmp_path / "w"))
        compositor.listen()
        display.check({"WAYLAND_DISPLAY": "w", "XDG_RUNTIME_DIR": str(tmp_path), "DISPLAY": ":987"})


@linux
def test_offscreen_needs_no_display() -> None:
    if display.missing(display.ALWAYS):
        pytest.skip("libraries that Qt always needs are missing here")
    display.check({"QT_QPA_PLATFORM": "offscreen"})


@linux
def test_missing_libraries_are_named_with_the_packages_that_bring_them() -> None:
    with pytest.raises(DisplayError, match=r"libnone\.so\.9 and libnil\.so\.8, .*apt install libnone9 libnil8`"):
        display.refuse_missing({"libnone.so.9": "libnone9", "libm.so.6": "libc6", "libnil.so.8": "libnil8"})
    with pytest.raises(DisplayError, match=r"libnone\.so\.9, which this system lacks: install it "):
        display.refuse_missing({"libnone.so.9": "libnone9"})


@linux
def test_every_library_that_qt_asks_the_system_for_is_known() -> None:
    pyside = pytest.importorskip("PySide6")
    folder = Path(pyside.__path__[0])
    known = {*display.ALWAYS, *display.X11, *display.WAYLAND}
    always_there = ("libc.so", "libm.so", "libgcc_s", "libstdc++", "libz.so", "ld-linux", "libgthread-2.0", "libdl.so")
    looked_at = [
        *(folder / "Qt" / "lib" / f"libQt6{name}.so.6" for name in ("Core", "Gui", "Widgets", "DBus", "XcbQpa")),
        *(folder / "Qt" / "plugins" / "platforms" / f"libq{name}.so" for name in ("xcb", "offscreen", "wayland")),
    ]
    unknown = {
        (path.name, library)
        for path in looked_at
        if path.exists()
        for library in _needed(path)
        if library not in known and not library.startswith(("libQt6", "libicu", "libpthread", *always_there))
    }
    assert unknown == set()


def _needed(path: Path) -> list[str]:
    """The DT_NEEDED names of a 64-bit little-endian ELF library: System V ABI, "Dynamic Section"."""
    data = path.read_bytes()
    table, size, count = struct.unpack_from("<Q", data, 40)[0], *struct.unpack_from("<HH", data, 58)
    sections = [struct.unpack_from("<IIQQQQIIQQ", data, table + size * one) for one in range(count)]
    dynamic = next(section for section in sections if section[1] == 6)
    strings = sections[dynamic[6]][4]
    names = []
    for place in range(dynamic[4], dynamic[4] + dynamic[5], 16):
        tag, value = struct.unpack_from("<QQ", data, place)
        if tag == 1:
            names.append(data[strings + value : data.index(b"\0", strings + value)].decode())
    return names


def test_an_opencv_with_a_qt_of_its_own_is_refused_with_the_remedy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """T20: "Could not load the Qt platform plugin xcb", from which nobody learns what to do."""
    (tmp_path / "qt").mkdir()
    spec = ModuleSpec("cv2", None, origin=str(tmp_path / "__init__.py"), is_package=True)
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: spec)
    with pytest.raises(DisplayError, match="opencv-python-headless"):
        display.check({"QT_QPA_PLATFORM": "offscreen"})
