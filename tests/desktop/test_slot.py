"""A slot holds the newest value and never makes anybody wait for a slow taker."""

from __future__ import annotations

import threading

from desktop.live.slot import Slot


def test_a_newer_value_replaces_an_older_and_the_replaced_one_is_counted() -> None:
    slot: Slot[int] = Slot()
    for value in range(5):
        slot.put(value)
    assert slot.get(0.0) == 4
    assert slot.replaced == 4


def test_a_value_is_taken_once() -> None:
    slot: Slot[int] = Slot()
    slot.put(1)
    assert (slot.get(0.0), slot.get(0.0)) == (1, None)
    slot.put(2)
    assert slot.replaced == 0


def test_a_waiting_taker_gets_the_value_as_it_comes() -> None:
    slot: Slot[int] = Slot()
    got: list[int | None] = []
    started = threading.Event()

    def take() -> None:
        started.set()
        while (value := slot.get(1.0)) is None and not slot.over:
            pass
        got.append(value)

    thread = threading.Thread(target=take)
    thread.start()
    assert started.wait(10)
    slot.put(7)
    thread.join(10)
    assert got == [7]


def test_after_the_end_what_is_in_can_be_taken_and_nothing_goes_in() -> None:
    slot: Slot[int] = Slot()
    slot.put(1)
    slot.end()
    slot.put(2)
    before, value, after = slot.over, slot.get(100.0), slot.over
    assert (before, value, after) == (False, 1, True)
    assert slot.get(100.0) is None  # at once: nothing will come


def test_the_end_wakes_whoever_waits() -> None:
    slot: Slot[int] = Slot()
    thread = threading.Thread(target=slot.get, args=(1.0,))
    thread.start()
    slot.end()
    thread.join(10)
    assert not thread.is_alive()
