"""The demo clip: ours, small, loops without a jump, and shows a face from afar and near."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

import resources
from desktop.sources.naming import make_source


@dataclass(frozen=True)
class Glimpse:
    """A frame of the clip, its picture 16 times smaller: all 300 whole ones would be a gigabyte."""

    size: tuple[int, int]
    time: int
    small: NDArray[np.float32]


def difference(one: Glimpse, other: Glimpse) -> float:
    """Mean difference of two pictures, of 255."""
    return float(np.abs(one.small - other.small).mean())


@pytest.fixture(scope="module")
def clip() -> list[Glimpse]:
    source = make_source("demo")
    source.open()
    seen = []
    while (frame := source.read()) is not None:
        small = cv2.resize(frame.pixels, (80, 45), interpolation=cv2.INTER_AREA).astype(np.float32)
        seen.append(Glimpse(frame.size, frame.time, small))
    source.close()
    return seen


def test_it_is_ten_seconds_of_1280_by_720_at_30_frames_a_second(clip: list[Glimpse]) -> None:
    source = make_source("demo")
    info = source.open()
    source.close()
    assert (info.size, info.fps, info.frames, info.duration) == ((1280, 720), 30.0, 300, 10.0)
    assert {seen.size for seen in clip} == {(1280, 720)}
    assert [round(seen.time * 30 / 1e9) for seen in clip] == list(range(300))


def test_it_is_small_enough_to_ship() -> None:
    assert resources.path("demo.mp4").stat().st_size < 2_000_000


def test_it_ends_where_it_began_and_never_jumps(clip: list[Glimpse]) -> None:
    speeds = [difference(before, after) for before, after in pairwise([*clip, *clip[:2]])]  # from end to start too
    assert max(speeds) < 12
    assert max(abs(after - before) for before, after in pairwise(speeds)) < 2


def test_it_has_no_bars_and_comes_close(clip: list[Glimpse]) -> None:
    for seen in clip:
        edges = (seen.small[:, 0], seen.small[:, -1], seen.small[0], seen.small[-1])
        assert min(edge.mean() for edge in edges) > 5
        assert min(edge.std() for edge in edges) > 2
    assert difference(clip[0], clip[120]) > 20


def test_a_looped_demo_goes_on_in_time() -> None:
    source = make_source("demo", loop=True)
    source.open()
    frame = None
    for _ in range(301):
        frame = source.read()
    source.close()
    assert frame is not None
    assert frame.time == pytest.approx(10e9, abs=1000)
    assert (frame.index, frame.position) == (300, 0)
