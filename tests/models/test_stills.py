"""Where a detector looks in a still picture, and what it proposes there."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from models import regions, stills
from models.decoding import Candidates
from models.kinds import FaceKind
from models.regions import Region

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float32]


@pytest.mark.parametrize("size", [(1920, 1080), (416, 300), (17, 4000), (7680, 4320), (1, 1)])
def test_windows_are_few_and_each_scale_covers_the_whole_picture(size: tuple[int, int]) -> None:
    width, height = size
    looks = stills.windows(width, height, 4)
    assert 4 <= len(looks) <= stills.MOST_WINDOWS
    for side in {look.width for look in looks}:
        same = [look for look in looks if look.width == side]
        for x in np.linspace(0, width, 23):
            for y in np.linspace(0, height, 23):
                assert any(max(abs(look.x - x), abs(look.y - y)) <= side / 2 + 1e-6 for look in same)


def test_the_whole_picture_is_looked_at_in_all_directions_first() -> None:
    looks = stills.windows(640, 480, 4)[:4]
    assert [round(math.degrees(look.angle)) % 360 for look in looks] == [0, 90, 180, 270]
    assert {(look.x, look.y, look.width) for look in looks} == {(320, 240, 640)}


def test_the_number_of_scales_may_be_limited() -> None:
    assert len(stills.windows(1920, 1080, scales=0)) == 1
    one, two = (stills.windows(1920, 1080, scales=scales) for scales in (1, 2))
    assert {round(look.width) for look in one} == {1920, 1152}
    assert len({round(look.width) for look in two}) == 3


class Nothing:
    """Stands for a network that is not asked."""

    def run(self, pictures: Pixels) -> Mapping[str, Floats]:
        raise AssertionError(f"nobody asks for {pictures.shape}")


class Seeing(FaceKind):
    """Faces whose detector sees, in every window, one level face of a chosen width in the window's middle."""

    def __init__(self, width: float) -> None:
        super().__init__(Nothing(), Nothing())
        self._width = width

    def detect(self, pixels: Pixels, windows: Sequence[Region], threshold: float) -> list[Candidates]:
        del pixels, threshold
        half = np.array([self._width, self._width], np.float32) / 2
        found = []
        for window in windows:
            middle = np.array([window.x, window.y], np.float32)
            box = np.concatenate([middle - half, middle + half])[None]
            step = half * [0.5, 0]
            eyes = np.stack([middle - step, middle + step])[None].astype(np.float32)
            found.append(Candidates(box, eyes, np.array([0.9], np.float32)))
        return found


def test_a_thing_must_fit_a_window_of_a_part_but_not_that_of_the_whole_picture() -> None:
    picture = np.zeros((600, 600, 3), np.uint8)
    whole, part = regions.region_of_picture(600, 600), regions.region_of_window(0, 0, 200, 200)
    large = stills.propose(Seeing(500), picture, [whole, part], 0.5)
    assert [(place.x, place.y) for _, place in large] == [(300, 300)]
    small = stills.propose(Seeing(100), picture, [whole, part], 0.5)
    assert [(place.x, place.y) for _, place in small] == [(300, 300), (100, 100)]


def test_what_two_windows_show_is_proposed_once() -> None:
    picture = np.zeros((600, 600, 3), np.uint8)
    twice = [regions.region_of_picture(600, 600), regions.region_of_window(3, 3, 596, 596)]
    assert len(stills.propose(Seeing(100), picture, twice, 0.5)) == 1


class Everywhere(FaceKind):
    """Faces whose detector sees a face of its own size in every place, faint as they are."""

    def __init__(self) -> None:
        super().__init__(Nothing(), Nothing())
        self.asked: list[float] = []

    def detect(self, pixels: Pixels, windows: Sequence[Region], threshold: float) -> list[Candidates]:
        assert pixels.size
        assert len(windows) == 1
        self.asked.append(threshold)
        places = np.arange(2000, dtype=np.float32)
        middles = np.stack([places * 7 % 1900, places * 13 % 1000], axis=1)
        boxes = np.concatenate([middles, middles + 40], axis=1)
        points = np.repeat(middles[:, None], 6, axis=1)
        points[:, 1, 0] += 20
        return [Candidates(boxes, points, np.linspace(0.9, 0.1, 2000, dtype=np.float32))]


def test_however_low_the_wanted_score_the_work_is_bounded_and_the_best_are_kept() -> None:
    kind = Everywhere()
    proposals = stills.propose(kind, np.zeros((1080, 1920, 3), np.uint8), stills.windows(1920, 1080)[:1], 0.0)
    assert kind.asked == [stills.FAINTEST]
    assert len(proposals) == stills.MOST_PROPOSALS
    assert [score for score, _ in proposals] == sorted((score for score, _ in proposals), reverse=True)
    assert proposals[0][0] == pytest.approx(0.9)
