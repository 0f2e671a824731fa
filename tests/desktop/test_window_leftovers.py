"""What a crash left is offered when the window is up, and becomes whole beside it."""

from __future__ import annotations

from pathlib import Path

from clips import times_of
from cut_off import cut_off, cut_off_video, recorded
from fake_room import FakeRoom, events, watching, window
from PySide6.QtWidgets import QApplication, QPushButton

from desktop.settings import Settings
from desktop.window.leftovers import offer
from desktop.window.main_window import MainWindow
from desktop.window.room import list_leftovers


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def press_on_card(opened: MainWindow, title: str) -> None:
    (card,) = opened.stage.banner.cards
    (button,) = (one for one in card.findChildren(QPushButton) if one.text() == title)
    button.click()


def test_a_cut_off_recording_is_offered_and_repaired(qapp: QApplication, tmp_path: Path) -> None:
    cut_off(tmp_path)
    with window(qapp, FakeRoom(leftovers=list_leftovers), Settings(folder=str(tmp_path))) as opened:
        events(lambda: bool(opened.stage.banner.messages), "it is offered")
        assert "walk was cut off" in opened.stage.banner.messages[0].sentence
        assert names(tmp_path) == ["walk.jsonl.part", "walk.mp4.part"]
        press_on_card(opened, "Repair")
        events(lambda: not opened.errands, "it is repaired")
        (told,) = opened.stage.banner.messages
        assert "39 frames, 1.3 s" in told.sentence
        assert told.action is not None
        assert told.action[0] == "Show in folder"
    assert names(tmp_path) == ["walk.jsonl", "walk.mp4"]
    assert len(times_of(tmp_path / "walk.mp4")) == 39


def test_later_leaves_all_as_it_is_and_the_next_window_offers_it_again(qapp: QApplication, tmp_path: Path) -> None:
    cut_off(tmp_path)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    for _ in range(2):
        with window(qapp, FakeRoom(leftovers=list_leftovers), Settings(folder=str(tmp_path))) as opened:
            banner = opened.stage.banner
            events(lambda: bool(banner.messages), "it is offered")  # noqa: B023 - called in this round alone
            press_on_card(opened, "Later")
            assert opened.stage.banner.messages == ()
            assert not opened.errands
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_nothing_is_offered_that_is_being_recorded_or_of_which_nothing_plays(
    qapp: QApplication, tmp_path: Path
) -> None:
    running = recorded(tmp_path, name="running")
    (tmp_path / "empty.mp4.part").write_bytes(b"")
    room = FakeRoom(leftovers=list_leftovers)
    with window(qapp, room, Settings(folder=str(tmp_path))) as opened:
        watching(opened, room)
        assert not opened.errands
        assert opened.stage.banner.messages == ()
    running.close()
    assert list_leftovers(tmp_path / "missing") == []


def test_several_are_offered_in_one_sentence_and_what_fails_is_told_beside_the_rest(
    qapp: QApplication, tmp_path: Path
) -> None:
    for name in ("a", "b", "c", "d"):
        cut_off_video(tmp_path / f"{name}.mp4.part")
    with window(qapp, FakeRoom(leftovers=list_leftovers), Settings(folder=str(tmp_path))) as opened:
        events(lambda: bool(opened.stage.banner.messages), "they are offered")
        assert "4 recordings were cut off when the program ended: a, b, c and 1 more." in (
            opened.stage.banner.messages[0].sentence
        )
        (tmp_path / "c.mp4.part").unlink()
        press_on_card(opened, "Repair")
        events(lambda: not opened.errands, "they are repaired")
        good, bad = opened.stage.banner.messages
        assert "3 recordings were repaired: a.mp4, b.mp4 and d.mp4." in good.sentence
        assert "meanwhile" in bad.sentence
    assert names(tmp_path) == ["a.mp4", "b.mp4", "d.mp4"]


def test_two_are_both_named(tmp_path: Path) -> None:
    for name in ("a", "b"):
        cut_off_video(tmp_path / f"{name}.mp4.part")
    assert ": a and b. " in offer(list_leftovers(tmp_path))
