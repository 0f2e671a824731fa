"""The watermark lets a frame pass when its analysis is done, skipped, or will not come."""

from __future__ import annotations

import threading

import pytest

from desktop.live.watermark import Passage, Watermark


def test_without_an_analysis_everything_passes() -> None:
    watermark = Watermark()
    assert watermark.state == "open"
    assert watermark.wait(1000, 0.0) is Passage.FREE


@pytest.mark.parametrize(
    ("index", "passage", "reason"),
    [
        (9, Passage.FREE, "captured before the analysis began"),
        (10, Passage.COUNTED, "the first it counts"),
        (14, Passage.COUNTED, "the level itself"),
        (15, Passage.WAITING, "not looked at"),
    ],
)
def test_while_counting_a_frame_passes_up_to_the_level(index: int, passage: Passage, reason: str) -> None:
    watermark = Watermark()
    turn = watermark.begin(10)
    watermark.raise_to(14, turn)
    assert watermark.wait(index, 0.0) is passage, reason


def test_the_level_never_falls() -> None:
    watermark = Watermark()
    turn = watermark.begin(0)
    watermark.raise_to(5, turn)
    watermark.raise_to(3, turn)
    assert watermark.wait(5, 0.0) is Passage.COUNTED


def test_when_the_analysis_has_ended_the_rest_passes_uncounted() -> None:
    watermark = Watermark()
    turn = watermark.begin(0)
    watermark.raise_to(5, turn)
    watermark.close(turn)
    assert watermark.wait(5, 0.0) is Passage.COUNTED
    assert watermark.wait(6, 0.0) is Passage.FREE


def test_an_analysis_whose_turn_is_over_changes_nothing() -> None:
    watermark = Watermark()
    old = watermark.begin(0)
    new = watermark.begin(10)
    watermark.raise_to(50, old)
    watermark.close(old)
    assert watermark.state == "counting"
    assert watermark.wait(10, 0.0) is Passage.WAITING
    watermark.raise_to(10, new)
    assert watermark.wait(10, 0.0) is Passage.COUNTED


def test_switching_the_analysis_off_opens_it() -> None:
    watermark = Watermark()
    turn = watermark.begin(0)
    watermark.open()
    watermark.close(turn)
    assert watermark.state == "open"
    assert watermark.wait(0, 0.0) is Passage.FREE


def test_finished_it_is_closed_for_good() -> None:
    watermark = Watermark()
    watermark.finish()
    watermark.begin(0)
    watermark.open()
    assert watermark.state == "closed"
    assert watermark.wait(7, 0.0) is Passage.FREE


@pytest.mark.parametrize("way", ["raise", "close", "open", "finish"])
def test_whoever_waits_is_woken(way: str) -> None:
    watermark = Watermark()
    turn = watermark.begin(0)
    passed: list[Passage] = []

    def wait() -> None:
        while (passage := watermark.wait(0, 1.0)) is Passage.WAITING:
            pass
        passed.append(passage)

    thread = threading.Thread(target=wait)
    thread.start()
    {
        "raise": lambda: watermark.raise_to(0, turn),
        "close": lambda: watermark.close(turn),
        "open": watermark.open,
        "finish": watermark.finish,
    }[way]()
    thread.join(10)
    assert passed == [Passage.COUNTED if way == "raise" else Passage.FREE]
