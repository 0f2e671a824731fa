"""A recording of the window holds what led to it, as much as the settings or the rules want."""

from __future__ import annotations

from pathlib import Path

from fake_room import FakeRoom, events, watching, window
from PySide6.QtWidgets import QApplication
from window_keys import press

from desktop.recordings.sidecar_reader import Line, read_sidecar
from desktop.settings import Settings


def test_a_recording_begins_before_its_key_was_pressed(qapp: QApplication, tmp_path: Path) -> None:
    room = FakeRoom()
    with window(qapp, room, Settings(folder=str(tmp_path), before=60)) as opened:
        source = watching(opened, room)

        def kept() -> bool:
            session = opened.watch.session if opened.watch is not None else None
            ring = session.figures().ring if session is not None else None
            source.give()
            return ring is not None and ring.frames >= 10

        events(kept, "ten frames are kept")
        press(opened, "R")
        source.give()
        press(opened, "R")
        events(lambda: bool(list(tmp_path.glob("*.mp4"))), "it is written")
    (data,) = tmp_path.glob("*.jsonl")
    assert sum(isinstance(entry, Line) for entry in read_sidecar(data)) >= 10


def test_nothing_is_kept_where_nobody_wants_it_and_what_is_wanted_more_by_rules_is(
    qapp: QApplication, tmp_path: Path
) -> None:
    room = FakeRoom()
    with window(qapp, room, Settings(folder=str(tmp_path))) as opened:
        source = watching(opened, room)
        watch = opened.watch
        assert watch is not None
        session = watch.session
        assert session is not None
        assert session.figures().ring is None
        watch.before = 3.0
        opened.refresh()
        source.give(2)
        events(lambda: (ring := session.figures().ring) is not None and ring.wanted == 3.0, "three seconds are kept")
        watch.before = 0.0
        opened.refresh()
        assert session.figures().ring is None
