"""Marks are drawn where they belong, on any size of picture, and nowhere else."""

from __future__ import annotations

import threading

import numpy as np
import pytest
from numpy.typing import NDArray
from scenes import body, face, scene, thing

from desktop.drawing.marks import LEFT_COLOUR, NOTHING, Boxes, Label, Lines, Marks, Points, marks_of
from desktop.drawing.renderer import draw
from models.scene import Detection, Scene


def grey(width: int = 640, height: int = 480) -> NDArray[np.uint8]:
    return np.full((height, width, 3), 110, np.uint8)


def changed(pixels: NDArray[np.uint8]) -> NDArray[np.bool_]:
    return np.asarray((pixels != 110).any(2))


def test_a_line_a_point_and_a_box_are_where_their_coordinates_say() -> None:
    pixels = grey()
    line = Lines(np.array([[100, 50.5, 200, 50.5]], np.float32), (255, 0, 0), 1.0)
    point = Points(np.array([[300.5, 200.5]], np.float32), (0, 255, 0), 5.0)
    box = Boxes(np.array([[400, 300, 500, 400]], np.float32), (0, 0, 255), 2.0)
    draw(pixels, Marks((line,), (point,), (box,)))
    assert np.abs(pixels[50, 150].astype(int) - (0, 0, 255)).max() < 20  # colours are red, green, blue; pixels are BGR
    assert pixels[200, 300].tolist() == [0, 255, 0]
    assert pixels[300, 450].tolist() == [255, 0, 0]
    assert not changed(pixels)[52:190].any()
    rows, columns = np.nonzero(changed(pixels)[190:212])
    assert (rows.mean() + 190, columns.mean()) == pytest.approx((200.0, 300.0), abs=0.1)
    assert not changed(pixels)[310:390, 410:490].any()


def test_lines_are_drawn_between_pixels() -> None:
    upper, lower = grey(), grey()
    for pixels, y in ((upper, 100.5), (lower, 101.0)):
        draw(pixels, Marks((Lines(np.array([[100, y, 300, y]], np.float32), (255, 255, 255), 1.0),)))
    weight = [
        float((np.arange(480) * (pixels[:, 200, 0].astype(float) - 110)).sum() / (pixels[:, 200, 0] - 110.0).sum())
        for pixels in (upper, lower)
    ]
    assert weight[1] - weight[0] == pytest.approx(0.5, abs=0.1)


def test_half_transparent_marks_change_the_picture_half_as_much() -> None:
    own, held = grey(), grey()
    draw(own, marks_of(scene()))
    draw(held, marks_of(scene(), held=True))
    difference = (held.astype(int) - 110) * 2 - (own.astype(int) - 110)
    assert np.abs(difference).max() <= 2
    assert changed(held).any()


def test_faint_lines_change_the_picture_less() -> None:
    ends = np.array([[10, 10, 600, 400]], np.float32)
    full, faint = grey(), grey()
    draw(full, Marks((Lines(ends, (255, 255, 255), 2.0),)))
    draw(faint, Marks((Lines(ends, (255, 255, 255), 2.0, opacity=0.3),)))
    ratio = (faint.astype(float) - 110).sum() / (full.astype(float) - 110).sum()
    assert ratio == pytest.approx(0.3, abs=0.02)


def test_a_visible_joint_has_its_sides_colour() -> None:
    pixels = grey()
    draw(pixels, marks_of(Scene(bodies=(body(),)), labels=False))
    x, y = body().points[31, :2].astype(int)
    assert np.abs(pixels[y, x].astype(int) - LEFT_COLOUR[::-1]).max() <= 3


@pytest.mark.parametrize("size", [(1, 1), (17, 400), (320, 240), (3840, 2160)])
def test_marks_are_drawn_on_pictures_of_any_size(size: tuple[int, int]) -> None:
    pixels = grey(*size)
    draw(pixels, marks_of(scene(), tessellation=True))
    draw(pixels, marks_of(scene(), held=True))
    assert pixels.shape == (size[1], size[0], 3)
    assert changed(pixels).any() or size == (1, 1)


def test_marks_grow_with_the_picture() -> None:
    heights = []
    for size in ((320, 240), (1280, 720), (3840, 2160)):
        pixels = grey(*size)
        draw(pixels, Marks(labels=(Label("dog", (size[0] / 2, size[1] / 2), (240, 228, 66)),)))
        heights.append(int(changed(pixels).any(1).sum()))
    assert heights[0] >= 12  # still readable
    assert heights[1] / 720 == pytest.approx(heights[2] / 2160, rel=0.15)


def test_marks_beyond_the_picture_do_no_harm() -> None:
    pixels = grey()
    far = np.array([[-1e9, -1e9, 1e9, 1e9], [5000, 5000, 6000, 6000]], np.float32)
    boxes = Boxes(far, (255, 255, 255), 2.0, opacity=0.5)
    points = Points(far[:, :2], (255, 255, 255), 3.0, opacity=0.5)
    label = Label("far", (9999.0, -9999.0), (255, 255, 255))
    draw(pixels, Marks((Lines(far[1:], (9, 9, 9), 2.0, opacity=0.5),), (points,), (boxes,), (label,)))
    assert changed(pixels[:40, 500:]).any()  # the label was moved into the picture


@pytest.mark.parametrize("upright", [True, False])
def test_marks_far_out_in_a_very_large_picture_are_drawn_as_near_its_corner(upright: bool) -> None:
    # OpenCV's fixed-point coordinates end at 16384 pixels.
    far = (0, 18_700) if upright else (18_700, 0)
    pixels = grey(400 + far[0], 300 + far[1])
    near = grey(400, 300)
    one = Lines(np.array([[50, 200, 350, 210]], np.float32), (255, 0, 0), 1.0)
    dot = Points(np.array([[200, 150]], np.float32), (0, 255, 0), 2.0)
    box = Boxes(np.array([[20, 120, 380, 280]], np.float32), (0, 0, 255), 1.0)
    corner = np.array([*far, *far], np.float32)
    moved = Marks(
        (Lines(one.ends + corner, one.colour, 1.0),),
        (Points(dot.centres + corner[:2], dot.colour, 2.0),),
        (Boxes(box.corners + corner, box.colour, 1.0),),
        (Label("here", (60.0 + far[0], 100.0 + far[1]), (255, 255, 0)),),
    )
    draw(pixels, moved)
    draw(near, Marks((one,), (dot,), (box,)))
    part = pixels[far[1] :, far[0] :]
    assert (part[120:] != near[120:]).any(2).mean() < 0.02  # a unit is a little larger in a larger picture
    assert changed(part)[60:100].sum() > 300  # the label
    assert changed(pixels).sum() == changed(part).sum()


@pytest.mark.parametrize("text", ["", "Straßenhund 91%", "собака", "σκύλος", "犬", "🐕", "a\nb", "x" * 500])
def test_labels_of_any_text_are_drawn(text: str) -> None:
    pixels = grey()
    draw(pixels, marks_of(Scene((Detection(thing().box, 0.9, text, 1),))))
    assert changed(pixels).any()


def test_different_letters_look_different() -> None:
    pictures = []
    for text in ("犬", "猫", "ß", "?"):
        pixels = grey()
        draw(pixels, Marks(labels=(Label(text, (100.0, 100.0), (240, 228, 66)),)))
        pictures.append(pixels)
    assert len({picture.tobytes() for picture in pictures}) == 4


def test_nothing_is_drawn_for_no_marks() -> None:
    pixels = grey()
    draw(pixels, NOTHING)
    assert not changed(pixels).any()


def test_read_only_pixels_are_refused() -> None:
    pixels = grey()
    pixels.setflags(write=False)
    with pytest.raises(ValueError, match="read-only"):
        draw(pixels, marks_of(scene()))


def test_a_small_face_is_not_hidden_by_its_points() -> None:
    small = grey()
    draw(small, marks_of(Scene(faces=(face(side=30.0),)), labels=False))
    part = small[80:110, 100:130].astype(float)
    assert (part - 110).mean() < 0.7 * (244 - 110)


def test_threads_draw_the_same() -> None:
    def render(into: list[NDArray[np.uint8]]) -> None:
        for _ in range(20):
            pixels = grey()
            draw(pixels, marks_of(scene()))
        into.append(pixels)

    results: list[NDArray[np.uint8]] = []
    threads = [threading.Thread(target=render, args=(results,)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(results) == 3
    assert all(np.array_equal(result, results[0]) for result in results)
