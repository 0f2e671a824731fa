"""How long a look takes is measured, told by the session, and said on the picture where marks come too late for it."""

from __future__ import annotations

from functools import partial

import pytest
from fake_room import FakeRoom, events, watching, window
from fake_source import FakeLooker, FakeSource, finish, until
from PySide6.QtWidgets import QApplication, QLabel

from desktop.live.figures import LookTime
from desktop.live.session import Session
from desktop.settings import Settings
from desktop.window.colours import contrast

SECOND = 1_000_000_000
LATE = "Marks are late: a look takes"


def test_it_is_the_shorter_of_the_two_newest_looks_so_that_a_single_slow_one_says_nothing() -> None:
    looks, now, said = LookTime(), 0, []
    for length in (0.9, 0.2, 1.5, 1.2, 0.3):
        looks.begin(now)
        now += round(length * SECOND)
        looks.end(now)
        said.append(looks.at(now))
    assert said == [None, 0.2, 0.2, 1.2, 0.3]


def test_one_that_hangs_is_told_while_it_does() -> None:
    looks = LookTime()
    assert looks.at(9 * SECOND) is None
    looks.begin(10 * SECOND)
    assert looks.at(11 * SECOND) is None
    assert looks.at(14 * SECOND) == 4.0


def _analysed(session: Session, count: int) -> bool:
    return session.figures().analysed == count


def test_a_session_tells_how_long_its_looks_take() -> None:
    now = [0]
    source, looker = FakeSource(times=lambda number: number), FakeLooker(free=False)
    session = Session(source, look=lambda _progress: looker, clock=lambda: now[0])
    session.start()
    until(lambda: session.figures().analysis == "running", "the looker is loaded")
    assert session.figures().look is None
    for length in (0.7, 1.2):
        done = len(looker.seen)
        source.give()
        until(lambda: len(looker.taken) > len(looker.seen), "it looks")
        now[0] += round(length * SECOND)
        looker.allow()
        until(partial(_analysed, session, done + 1), "it has looked")
    until(lambda: session.figures().look == pytest.approx(0.7), "it is told")
    session.set_looker(None)
    assert session.figures().look is None
    assert finish(session, source)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_picture_says_that_marks_are_late_and_it_can_be_read(
    qapp: QApplication, theme: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    room = FakeRoom(make=lambda: FakeSource(size=(640, 480)))
    with window(qapp, room, Settings(theme=theme)) as opened:  # type: ignore[arg-type] # one of both
        source = watching(opened, room, 3)
        monkeypatch.setattr(LookTime, "at", lambda _self, _now: 1.24)

        def said() -> bool:
            source.give()
            return opened.stage.said[0] == f"{LATE} 1.2 s"

        events(said, "it is said")
        chip = next(one for one in opened.stage.findChildren(QLabel) if one.text().startswith(LATE))
        assert chip.isVisible()
        image = opened.stage.grab(chip.geometry()).toImage()
        ground = image.pixelColor(4, image.height() // 2).name()
        drawn = {image.pixelColor(x, y).name() for x in range(image.width()) for y in range(image.height())}
        assert max(contrast(colour, ground) for colour in drawn) >= 4.5
        monkeypatch.undo()
        events(lambda: opened.stage.said[0] == "", "it is gone once looks are quick again")
