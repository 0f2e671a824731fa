"""Pictures that are changed for training: what was painted lands where its box says, the same with the same seed."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from models import fitting
from models.training import batches
from models.training.augmentation import (
    PLAIN,
    SEEN,
    SMALLEST,
    Augmentation,
    augment,
    coloured,
    cut,
    mixed,
    mosaic,
    moved,
    placed,
)
from models.training.examples import Example, Pixels
from models.training.labelled import Floats

SIDES = st.integers(40, 300)
INPUTS = st.integers(2, 8).map(lambda multiple: 32 * multiple)
SEEDS = st.integers(0, 2**32 - 1)
BRIGHT = 127
"""Half of white, where an edge lies however it was scaled; what is empty is darker."""


def painted(
    columns: int, rows: int, box: tuple[int, int, int, int], channel: int | None = None, **more: bool
) -> Example:
    """Black, with a white (or a one-coloured) rectangle exactly in its box."""
    pixels = np.zeros((rows, columns, 3), np.uint8)
    x1, y1, x2, y2 = box
    pixels[y1:y2, x1:x2, slice(None) if channel is None else channel] = 255
    return Example(
        pixels,
        np.array([box], np.float32),
        np.array([0 if channel is None else channel], np.intp),
        np.ones(1, np.float32),
        np.array([more.get("ignored", False)]),
        np.ones(3, bool),
    )


@st.composite
def pictures(draw: st.DrawFn, channel: int | None = None) -> Example:
    """A rectangle of at least a quarter of each side somewhere in a picture of any size."""
    columns, rows = draw(SIDES), draw(SIDES)
    width, height = draw(st.integers(columns // 4, columns)), draw(st.integers(rows // 4, rows))
    x, y = draw(st.integers(0, columns - width)), draw(st.integers(0, rows - height))
    return painted(columns, rows, (x, y, x + width, y + height), channel)


def bright(pixels: Pixels, channel: int = 0) -> Floats:
    """The box around everything bright; no numbers where nothing is."""
    y, x = np.nonzero(pixels[:, :, channel] > BRIGHT)
    if not len(x):
        return np.full(4, np.nan, np.float32)
    return np.array([x.min(), y.min(), x.max() + 1, y.max() + 1], np.float32)


def sound(example: Example, size: tuple[int, int]) -> None:
    """Of the size that was asked for, every box within it and of some area, as much of everything as boxes."""
    assert example.pixels.shape == (*size, 3)
    assert example.pixels.dtype == np.uint8
    assert example.boxes.dtype == np.float32
    assert (example.boxes >= 0).all()
    assert (example.boxes <= np.array([size[1], size[0]] * 2)).all()
    assert (example.boxes[:, 2:] > example.boxes[:, :2]).all()
    assert len(example.boxes) == len(example.classes) == len(example.weights) == len(example.ignored)


@given(pictures(), INPUTS, INPUTS, SEEDS)
@settings(max_examples=15, deadline=None)
def test_a_rectangle_lands_where_its_box_says(example: Example, height: int, width: int, seed: int) -> None:
    made = placed(example, (height, width), Augmentation(scaled=1.0), np.random.default_rng(seed))
    sound(made, (height, width))
    assume(len(made.boxes) and (made.boxes[0, 2:] - made.boxes[0, :2]).min() >= 4)
    assert np.abs(bright(made.pixels) - made.boxes[0]).max() <= 1.5


@given(pictures(), INPUTS, INPUTS, st.booleans(), SEEDS)
@settings(max_examples=15, deadline=None)
def test_each_part_of_a_mosaic_lands_where_its_box_says(
    example: Example, height: int, width: int, flip: bool, seed: int
) -> None:
    size = (height, width)
    rows, columns = example.pixels.shape[:2]
    x1, y1, x2, y2 = (int(side) for side in example.boxes[0])
    fitted = [
        moved(painted(columns, rows, (x1, y1, x2, y2), channel), size, (width, height), (0, 0), flip=flip)
        for channel in (0, 1, 2, 0)
    ]
    made = mosaic(fitted, size, np.random.default_rng(seed))
    sound(made, size)
    for channel in (1, 2):  # of the first colour there are two
        for one in made.boxes[made.classes == channel]:
            if (one[2:] - one[:2]).min() >= 4:
                assert np.abs(bright(made.pixels, channel) - one).max() <= 2


@given(pictures(), INPUTS, INPUTS)
@settings(max_examples=15, deadline=None)
def test_a_turned_picture_is_the_mirror_of_itself(example: Example, height: int, width: int) -> None:
    straight, turned = (moved(example, (height, width), (width, height), (0, 0), flip=flip) for flip in (False, True))
    np.testing.assert_array_equal(straight.pixels[:, ::-1], turned.pixels)
    mirrored = np.array([width, 0, width, 0]) + straight.boxes[:, [2, 1, 0, 3]] * [-1, 1, -1, 1]
    np.testing.assert_allclose(turned.boxes, mirrored, atol=1e-3)


@given(pictures(), INPUTS, INPUTS, SEEDS)
@settings(max_examples=20, deadline=None)
def test_without_any_change_a_picture_is_stretched_as_it_is_in_use(
    example: Example, height: int, width: int, seed: int
) -> None:
    made = augment([example], 0, (height, width), PLAIN, np.random.default_rng(seed))
    shown, fit = fitting.stretch(example.pixels, height, width)
    np.testing.assert_array_equal(made.pixels, shown)
    np.testing.assert_allclose(made.boxes, fit.forward(example.boxes), atol=1e-3)


@given(st.lists(pictures(), min_size=1, max_size=3), INPUTS, INPUTS, SEEDS)
@settings(max_examples=20, deadline=None)
def test_the_same_seed_changes_pictures_the_same_way_and_leaves_them_as_they_were(
    pool: list[Example], height: int, width: int, seed: int
) -> None:
    how = Augmentation(mosaic=0.5, mixed=0.5)
    before = [(one.pixels.copy(), one.boxes.copy()) for one in pool]
    first, again = (augment(pool, 0, (height, width), how, np.random.default_rng(seed)) for _ in range(2))
    sound(first, (height, width))
    np.testing.assert_array_equal(first.pixels, again.pixels)
    np.testing.assert_array_equal(first.boxes, again.boxes)
    for one, (pixels, boxes) in zip(pool, before, strict=True):
        np.testing.assert_array_equal(one.pixels, pixels)
        np.testing.assert_array_equal(one.boxes, boxes)


@given(st.integers(0, 99))
@settings(max_examples=30, deadline=None)
def test_what_is_mostly_cut_away_is_ignored_and_what_is_outside_is_gone(shift: int) -> None:
    shown = moved(painted(100, 100, (0, 0, 50, 50)), (100, 100), (100, 100), (-shift, 0), flip=False)
    left = 50 - shift
    if left <= 1:  # a fiftieth or less is nothing
        assert not len(shown.boxes)
    else:
        assert shown.boxes.tolist() == [[0, 0, left, 50]]
        assert shown.ignored.tolist() == [left / 50 < SEEN or left < SMALLEST]


def test_boxes_that_nobody_need_name_stay_so() -> None:
    made = moved(painted(64, 64, (4, 4, 60, 60), ignored=True), (64, 64), (64, 64), (0, 0), flip=True)
    assert made.ignored.tolist() == [True]
    tiny = moved(painted(64, 64, (4, 4, 7, 60)), (64, 64), (64, 64), (0, 0), flip=False)
    assert tiny.ignored.tolist() == [True]


def test_a_picture_without_boxes_can_be_changed_in_every_way() -> None:
    one = painted(64, 48, (1, 1, 2, 2))
    empty = Example(
        one.pixels, np.zeros((0, 4), np.float32), one.classes[:0], one.weights[:0], one.ignored[:0], one.labelled
    )
    made = augment([empty], 0, (64, 96), Augmentation(mosaic=1, mixed=1), np.random.default_rng(0))
    sound(made, (64, 96))
    assert not len(made.boxes)
    assert not len(cut(empty).boxes)


@given(pictures(), st.floats(0, 1))
@settings(max_examples=20, deadline=None)
def test_two_pictures_laid_over_each_other_keep_the_boxes_of_both(example: Example, share: float) -> None:
    size = example.pixels.shape[:2]
    other = painted(size[1], size[0], (0, 0, 8, 8), 1)
    made = mixed(example, other, share)
    sound(made, size)
    np.testing.assert_array_equal(made.boxes, np.concatenate([example.boxes, other.boxes]))
    expected = share * example.pixels.astype(np.float64) + (1 - share) * other.pixels
    assert np.abs(made.pixels - expected).max() <= 1


def test_a_class_that_one_part_is_not_labelled_for_is_a_guess_in_the_whole() -> None:
    one, other = painted(32, 32, (0, 0, 9, 9)), painted(32, 32, (0, 0, 9, 9))
    other.labelled[1] = False
    assert mixed(one, other, 0.5).labelled.tolist() == [True, False, True]
    assert mosaic([one, one, other, one], (32, 32), np.random.default_rng(0)).labelled.tolist() == [True, False, True]


@given(pictures(), SEEDS)
@settings(max_examples=20, deadline=None)
def test_light_changes_and_nothing_else(example: Example, seed: int) -> None:
    made = coloured(example, np.random.default_rng(seed))
    sound(made, example.pixels.shape[:2])
    np.testing.assert_array_equal(made.boxes, example.boxes)
    assert made.pixels[example.pixels == 255].min(initial=255) >= made.pixels[example.pixels == 0].max(initial=0)


@pytest.mark.parametrize("start", [0, 3, 7])
def test_batches_go_on_from_any_number_as_if_they_had_begun_at_the_first(start: int) -> None:
    pool = [painted(60 + number, 50, (5, 5, 40, 40)) for number in range(5)]
    plan = batches.Plan(2, (64, 96), (0.5, 0.5), 0.5, Augmentation(mosaic=0.5), 9)
    whole = list(batches.stream(pool, plan, 0, 9))
    rest = list(batches.stream(pool, plan, start, 9))
    assert len(rest) == 9 - start
    for one, other in zip(whole[start:], rest, strict=True):
        assert one.pictures.equal(other.pictures)
        assert one.truth.boxes.equal(other.truth.boxes)
    assert len({tuple(one.pictures.shape) for one in whole}) > 1
