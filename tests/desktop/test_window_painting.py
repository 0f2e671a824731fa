"""The preview shows marks where the renderer draws them, and finds under the mouse what it shows (TRAPS T18, T21)."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from fake_room import FakeRoom, events, watching, window
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QImage, QPainter
from PySide6.QtWidgets import QApplication
from scenes import body, face, scene, thing

from desktop.drawing.marks import Boxes, Label, Lines, Marks, Points, marks_of
from desktop.drawing.renderer import draw
from desktop.frame import Frame
from desktop.live.showing import Shown
from desktop.window.application import load_fonts
from desktop.window.fitting import fit
from desktop.window.painter import MarksPainter
from desktop.window.preview import Preview, image_of
from models.scene import Face, Scene

SIZE = (640, 480)


@pytest.fixture
def painter(qapp: QApplication) -> MarksPainter:
    assert qapp is not None
    load_fonts()
    return MarksPainter("Inter")


def grey(width: int = SIZE[0], height: int = SIZE[1]) -> NDArray[np.uint8]:
    return np.full((height, width, 3), 110, np.uint8)


def painted(painter: MarksPainter, marks: Marks, scale: float = 1.0, *, mirror: bool = False) -> NDArray[np.uint8]:
    """The marks over grey as a widget of the frame's size at this ratio of pixels would show them."""
    width, height = round(SIZE[0] * scale), round(SIZE[1] * scale)
    image = QImage(width, height, QImage.Format.Format_RGB32)
    image.setDevicePixelRatio(scale)
    image.fill(Qt.GlobalColor.black)
    fitted = fit(SIZE, SIZE, ratio=scale, mirror=mirror)
    with QPainter(image) as onto:
        onto.drawImage(fitted.target, image_of(grey()))
        painter.paint(onto, marks, fitted, scale)
    pixels = np.frombuffer(image.constBits(), np.uint8).reshape(height, image.bytesPerLine() // 4, 4)
    return np.ascontiguousarray(pixels[:, :width, :3])


def drawn(marks: Marks) -> NDArray[np.uint8]:
    pixels = grey()
    draw(pixels, marks)
    return pixels


def ink(pixels: NDArray[np.uint8]) -> NDArray[np.float64]:
    return np.asarray(np.abs(pixels.astype(float) - 110).sum(2))


def middle(pixels: NDArray[np.uint8]) -> tuple[float, float]:
    weight = ink(pixels)
    rows, columns = np.indices(weight.shape)
    return float((columns * weight).sum() / weight.sum()), float((rows * weight).sum() / weight.sum())


LINE = Marks(lines=(Lines(np.array([[100, 50, 300, 220]], np.float32), (230, 159, 0), 2.5, outlined=True),))
THIN = Marks(lines=(Lines(np.array([[100, 50, 300, 220]], np.float32), (230, 159, 0), 1.0, opacity=0.9),))
DISCS = Marks(points=(Points(np.array([[120, 90], [300, 200]], np.float32), (86, 180, 233), 3.0, outlined=True),))
DOTS = Marks(
    points=(Points(np.array([[120.5, 90.5], [300.5, 200.5]], np.float32), (244, 247, 250), 0.8, opacity=0.85),)
)
BOX = Marks(boxes=(Boxes(np.array([[100, 80, 300, 240]], np.float32), (0, 158, 115), 2.0),))
LABEL = Marks(labels=(Label("face 1", (200.0, 200.0), (0, 158, 115), 4.0),))
FADED = Marks(lines=(Lines(LINE.lines[0].ends, (230, 159, 0), 2.5, opacity=0.45, outlined=True),))


@pytest.mark.parametrize(
    ("marks", "difference"),
    [
        pytest.param(LINE, 0.15, id="a line with its rim"),
        pytest.param(THIN, 0.20, id="a thin line"),
        pytest.param(DISCS, 0.25, id="discs with their rims"),
        pytest.param(DOTS, 0.35, id="dots of a mesh"),
        pytest.param(BOX, 0.25, id="a box"),
        pytest.param(LABEL, 0.20, id="a label"),
        pytest.param(FADED, 0.15, id="a faded line, rim and all"),
    ],
)
def test_marks_lie_where_the_renderer_draws_them_and_weigh_as_much(
    painter: MarksPainter, marks: Marks, difference: float
) -> None:
    """`difference`: of the pixels, as a part of all that the renderer changed."""
    ours, theirs = painted(painter, marks), drawn(marks)
    assert middle(ours) == pytest.approx(middle(theirs), abs=0.5)
    assert ink(ours).sum() == pytest.approx(ink(theirs).sum(), rel=0.15)
    assert np.abs(ours.astype(float) - theirs).sum() <= difference * ink(theirs).sum()


@pytest.mark.parametrize("held", [False, True])
@pytest.mark.parametrize("visibility", [0.9, 0.6])
def test_a_whole_scene_looks_like_the_recording(painter: MarksPainter, held: bool, visibility: float) -> None:
    whole = Scene((thing(),), (face(),), (body(300, 200, visibility=visibility),))
    ours, theirs = painted(painter, marks_of(whole, held=held)), drawn(marks_of(whole, held=held))
    assert float(np.abs(ours.astype(float) - theirs).mean()) < (0.8 if held else 1.6)
    assert ink(ours).sum() == pytest.approx(ink(theirs).sum(), rel=0.12)


def test_held_marks_are_half_transparent_as_a_whole(painter: MarksPainter) -> None:
    own, held = painted(painter, marks_of(scene())), painted(painter, marks_of(scene(), held=True))
    difference = (held.astype(int) - 110) * 2 - (own.astype(int) - 110)
    assert np.abs(difference).max() <= 4


def test_a_small_window_keeps_labels_large_enough_to_be_read(painter: MarksPainter) -> None:
    image = QImage(160, 120, QImage.Format.Format_RGB32)
    image.fill(Qt.GlobalColor.black)
    with QPainter(image) as onto:
        painter.paint(onto, LABEL, fit(SIZE, (160.0, 120.0)))
    pixels = np.frombuffer(image.constBits(), np.uint8).reshape(120, 160, 4)[..., :3]
    rows = np.nonzero(pixels.any((1, 2)))[0]
    assert len(rows) >= 15  # letters of 11 pixels and the plate around


@pytest.mark.parametrize("ratio", [1.0, 1.25, 2.0])
def test_marks_are_sharp_and_in_place_at_every_ratio_of_pixels(painter: MarksPainter, ratio: float) -> None:
    at = middle(painted(painter, LINE, ratio))
    expected = middle(painted(painter, LINE))
    assert at == pytest.approx((ratio * expected[0], ratio * expected[1]), abs=ratio)


def test_a_mirrored_preview_mirrors_marks_but_not_letters(painter: MarksPainter) -> None:
    plain, mirrored = painted(painter, LINE), painted(painter, LINE, mirror=True)
    assert np.abs(plain[:, ::-1].astype(int) - mirrored).mean() < 0.2
    label, mirrored = painted(painter, LABEL), painted(painter, LABEL, mirror=True)
    width = np.ptp(np.nonzero(ink(label).any(0))[0])
    left = np.nonzero(ink(mirrored).any(0))[0]
    assert left.max() == pytest.approx(SIZE[0] - 200, abs=1)  # it ends where the mirrored box begins
    piece = label[:, 200 : 200 + width + 1]
    again = mirrored[:, left.min() : left.min() + width + 1]
    assert np.abs(piece.astype(int) - again).mean() < 2.0


@pytest.mark.parametrize("mirror", [False, True])
@pytest.mark.parametrize("ratio", [1.0, 1.25, 1.5, 2.0])
@pytest.mark.parametrize(("frame", "widget"), [((640, 480), (500, 300)), ((17, 4000), (800, 500)), ((1, 1), (50, 90))])
def test_the_transform_lands_on_pixels_and_can_be_turned_back(
    frame: tuple[int, int], widget: tuple[int, int], ratio: float, mirror: bool
) -> None:
    fitted = fit(frame, widget, ratio=ratio, margin=12.0, origin=(0.0, 51.0), mirror=mirror)
    for edge, offset in ((fitted.target.left(), 0.0), (fitted.target.top(), 51.0)):
        assert (edge + offset) * ratio == pytest.approx(round((edge + offset) * ratio), abs=1e-6)
    assert fitted.target.width() * ratio == pytest.approx(fitted.pixels[0])
    assert fitted.target.height() * ratio == pytest.approx(fitted.pixels[1])
    assert fitted.target.width() <= widget[0] - 24 + 1 / ratio or min(widget) <= 25
    for x, y in ((0.0, 0.0), (frame[0], frame[1]), (frame[0] / 3, frame[1] / 7)):
        back = fitted.to_frame(fitted.transform.map(QPointF(x, y)))
        assert (back.x(), back.y()) == pytest.approx((x, y), abs=1e-6 * max(frame))
    corner = fitted.transform.map(QPointF(0, 0))
    assert corner.x() == pytest.approx(fitted.target.right() if mirror else fitted.target.left())


class Scaled(Preview):
    """A preview on a screen with another ratio of pixels."""

    ratio = 1.0

    def devicePixelRatioF(self) -> float:  # noqa: N802 - Qt's name
        """The ratio of the test."""
        return self.ratio


@pytest.fixture(params=[1.0, 1.25, 2.0])
def preview(qapp: QApplication, request: pytest.FixtureRequest) -> Iterator[Scaled]:
    assert qapp is not None
    one = Scaled("Inter")
    one.ratio = request.param
    one.resize(700, 420)
    one.show()
    yield one
    one.close()
    one.deleteLater()


def shown(found: Scene | None, size: tuple[int, int] = SIZE, *, held: bool = False) -> Shown:
    frame = Frame(grey(*size), 0, 0)
    return Shown(frame, found, held)


@pytest.mark.parametrize("mirror", [False, True])
def test_the_mouse_finds_what_is_painted_under_it(preview: Scaled, mirror: bool) -> None:
    preview.mirror = mirror
    small = face(200, 150, 90)
    preview.show_frame(shown(Scene(faces=(small,), bodies=(body(180, 130),))))
    fitted = preview.fit
    assert fitted is not None
    found = preview.thing_at(fitted.transform.map(QPointF(245, 195)))
    assert isinstance(found, Face)  # the smaller one of the two
    for corner in ((201, 151), (289, 239)):
        assert isinstance(preview.thing_at(fitted.transform.map(QPointF(*corner))), Face)
    assert preview.thing_at(fitted.transform.map(QPointF(600, 20))) is None
    assert preview.thing_at(QPointF(-5, -5)) is None


def test_the_same_picture_is_not_painted_twice(preview: Scaled, qapp: QApplication) -> None:
    once = shown(scene())
    preview.show_frame(once)
    events(lambda: preview.painted > 0, "it is painted")
    qapp.processEvents()
    before = preview.painted
    preview.show_frame(Shown(once.frame, once.scene, once.held))
    qapp.processEvents()
    assert preview.painted == before
    preview.show_frame(Shown(once.frame, once.scene, True))
    events(lambda: preview.painted > before, "held marks are painted anew")


@pytest.mark.parametrize("size", [(1, 1), (17, 400), (641, 359), (7680, 4320)])
def test_any_size_of_picture_is_shown_whole(preview: Scaled, size: tuple[int, int]) -> None:
    preview.show_frame(shown(None, size))
    events(lambda: preview.painted > 0, "it is painted")
    fitted = preview.fit
    assert fitted is not None
    middle_of = fitted.target.center()
    picture = preview.grab().toImage()
    ratio = picture.devicePixelRatio()
    colour = picture.pixelColor(round(middle_of.x() * ratio), round(middle_of.y() * ratio))
    assert (colour.red(), colour.green(), colour.blue()) == (110, 110, 110)
    assert preview.rect().contains(fitted.target.toRect())


def test_a_picture_keeps_the_pixels_that_it_shows(qapp: QApplication) -> None:
    """T18: the image borrows the array's memory, rows included, whatever else is let go."""
    room = FakeRoom()
    with window(qapp, room) as opened:
        watching(opened, room, 3)
        on_screen = opened.stage.preview.shown
        assert on_screen is not None
        image = image_of(on_screen.frame.pixels)
        assert image.bytesPerLine() == on_screen.frame.pixels.strides[0]
        assert image.pixelColor(5, 5).blue() == 2  # the third frame's number
    with pytest.raises(ValueError, match="rows"):
        image_of(grey()[:, ::2])


def test_boxes_are_painted_below_lines(painter: MarksPainter) -> None:
    crossed = Marks(
        lines=(Lines(np.array([[200, 40, 200, 120]], np.float32), (255, 0, 0), 4.0),),
        boxes=(Boxes(np.array([[100, 80, 300, 240]], np.float32), (0, 0, 255), 4.0),),
    )
    pixels = painted(painter, crossed)
    assert pixels[80, 200].tolist() == [0, 0, 255]  # blue, green, red: the line
    assert pixels[80, 150].tolist() == [255, 0, 0]
