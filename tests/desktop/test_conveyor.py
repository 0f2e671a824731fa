"""A conveyor keeps every value in order within its bytes, and counts what it could not keep."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from desktop.live.conveyor import Conveyor


def test_values_come_out_in_the_order_they_went_in() -> None:
    conveyor: Conveyor[bytes] = Conveyor(100, len)
    for value in (b"a", b"bb", b"ccc"):
        assert conveyor.put(value)
    assert [conveyor.get(0.0) for _ in range(4)] == [b"a", b"bb", b"ccc", None]


def test_a_full_conveyor_drops_the_newest_and_counts_it() -> None:
    conveyor: Conveyor[bytes] = Conveyor(10, len)
    assert conveyor.put(b"x" * 6)
    assert not conveyor.put(b"y" * 5)
    assert conveyor.put(b"z" * 4)
    assert (conveyor.dropped, conveyor.waiting, conveyor.filled) == (1, 2, 1.0)


def test_a_value_larger_than_the_whole_conveyor_passes_alone() -> None:
    conveyor: Conveyor[bytes] = Conveyor(10, len)
    assert conveyor.put(b"x" * 50)
    assert not conveyor.put(b"y")
    assert conveyor.get(0.0) == b"x" * 50
    assert conveyor.put(b"y")


def test_while_the_first_value_has_waited_for_too_long_new_ones_are_dropped() -> None:
    conveyor: Conveyor[int] = Conveyor(100, lambda _value: 1, stale=lambda first, new: new - first > 10)
    assert [conveyor.put(value) for value in (0, 10, 11)] == [True, True, False]
    assert conveyor.get(0.0) == 0
    assert conveyor.put(12)
    assert (conveyor.offered, conveyor.dropped, conveyor.waiting) == (4, 1, 2)


def test_the_end_mark_lies_behind_what_waits() -> None:
    conveyor: Conveyor[bytes] = Conveyor(10, len)
    conveyor.put(b"a")
    conveyor.end()
    assert not conveyor.put(b"b")
    before, value, after = conveyor.over, conveyor.get(100.0), conveyor.over
    assert (before, value, after) == (False, b"a", True)
    assert conveyor.get(100.0) is None
    assert conveyor.offered == 1  # what comes after the end is nobody's


def test_a_cut_counts_what_waits_as_dropped() -> None:
    conveyor: Conveyor[bytes] = Conveyor(10, len)
    conveyor.put(b"a")
    conveyor.put(b"b")
    conveyor.cut()
    assert conveyor.over
    assert (conveyor.offered, conveyor.dropped, conveyor.waiting) == (2, 2, 0)


@given(
    st.integers(1, 20),
    st.lists(st.one_of(st.integers(1, 8), st.sampled_from(["get", "end", "cut"])), max_size=60),
)
def test_every_value_offered_is_taken_waiting_or_dropped(capacity: int, steps: list[int | str]) -> None:
    conveyor: Conveyor[bytes] = Conveyor(capacity, len)
    taken = 0
    for step in steps:
        if isinstance(step, int):
            conveyor.put(b"x" * step)
        elif step == "get":
            taken += conveyor.get(0.0) is not None
        elif step == "end":
            conveyor.end()
        else:
            conveyor.cut()
        assert conveyor.offered == taken + conveyor.waiting + conveyor.dropped
        assert conveyor.filled <= 1.0 or conveyor.waiting == 1
