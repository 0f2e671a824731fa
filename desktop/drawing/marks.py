"""What is to be drawn for a scene: lines, points, boxes and labels, as pure data for any painter.

A painter draws the groups of a kind in their order: boxes, lines, points, labels. Coordinates are pixels of the frame.
Sizes (widths, radii) are in units: `unit_of(size)` says how many pixels of a picture one unit is, so that marks look
the same on a small and on a large picture. A group's `most` bounds its size in pixels of the frame, so that the marks
of a small face do not hide it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from desktop.drawing.class_colours import class_colour
from desktop.drawing.connections import (
    BODY_CENTRE,
    BODY_LEFT,
    BODY_RIGHT,
    FACE,
    HEAD_CENTRE,
    HEAD_JOINTS,
    HEAD_LEFT,
    HEAD_RIGHT,
    LEFT_JOINTS,
    RIGHT_JOINTS,
)
from desktop.drawing.people import without_bodies
from models.scene import Body, Detection, Face, Scene

Floats = NDArray[np.float32]
Colour = tuple[int, int, int]
"""Red, green, blue, 0..255."""

# Colours that people of every colour vision tell apart: Okabe and Ito, "Color Universal Design" (2008).
ORANGE: Colour = (230, 159, 0)
SKY: Colour = (86, 180, 233)
GREEN: Colour = (0, 158, 115)
YELLOW: Colour = (240, 228, 66)
BLUE: Colour = (0, 114, 178)
VERMILION: Colour = (213, 94, 0)
PURPLE: Colour = (204, 121, 167)
LIGHT: Colour = (244, 247, 250)

TRACK_COLOURS = (GREEN, PURPLE, YELLOW, VERMILION, BLUE, SKY, ORANGE)
LEFT_COLOUR, RIGHT_COLOUR = ORANGE, SKY

VISIBLE = 0.5
"""Joints of less visibility are not drawn."""
CLEAR = 0.7
"""Joints of less visibility are drawn faded, so that they do not pop in and out."""
FADED = 0.45
HELD = 0.5
_GAP = 4.0  # units between what has no box of its own and its label


@dataclass(frozen=True, slots=True, eq=False)
class Lines:
    """Straight lines of one style. `ends`: (N, 4) x1, y1, x2, y2. `width` in units, at most `most` pixels of the frame.

    `opacity` 0..1. `outlined`: a thin dark rim makes them readable on any background.
    """

    ends: Floats
    colour: Colour
    width: float
    most: float = np.inf
    opacity: float = 1.0
    outlined: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Points:
    """Discs of one style. `centres`: (N, 2) x, y. `radius` in units, at most `most` pixels of the frame."""

    centres: Floats
    colour: Colour
    radius: float
    most: float = np.inf
    opacity: float = 1.0
    outlined: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Boxes:
    """Rectangles of one style. `corners`: (N, 4) x1, y1, x2, y2. `width` in units."""

    corners: Floats
    colour: Colour
    width: float
    opacity: float = 1.0


@dataclass(frozen=True, slots=True)
class Label:
    """A line of text on a plate of `colour`.

    The plate's lower left corner is `gap` units above `at` (x, y); painters keep it in the frame (`labels.place`).
    """

    text: str
    at: tuple[float, float]
    colour: Colour
    gap: float = 0.0
    opacity: float = 1.0


@dataclass(frozen=True, slots=True, eq=False)
class Marks:
    """Everything to be drawn on one frame. `alpha`: 1, or 0.5 where the marks are held; it applies to all of them."""

    lines: tuple[Lines, ...] = field(default=())
    points: tuple[Points, ...] = field(default=())
    boxes: tuple[Boxes, ...] = field(default=())
    labels: tuple[Label, ...] = field(default=())
    alpha: float = 1.0

    def __bool__(self) -> bool:
        """True where there is anything to draw."""
        return bool(self.lines or self.points or self.boxes or self.labels)


NOTHING = Marks()


def unit_of(size: tuple[int, int]) -> float:
    """Pixels per unit in a picture of `size` (width, height): 1 at 640x480 and 1.5 at 1280x720, never under 0.75."""
    width, height = size
    return max(0.75, min(width, height, 0.75 * max(width, height)) / 480)


def colour_of(track: int) -> Colour:
    """The colour of a track, always the same; things that are not followed (track 0) have the first."""
    return TRACK_COLOURS[(track - 1) % len(TRACK_COLOURS)] if track > 0 else TRACK_COLOURS[0]


def text_on(colour: Colour) -> Colour:
    """Black or white, whichever reads better on `colour` (relative luminance of WCAG 2.1, at equal contrast)."""
    linear = [(c / 255 / 12.92) if c <= 10 else ((c / 255 + 0.055) / 1.055) ** 2.4 for c in colour]
    luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    return (16, 18, 20) if luminance > 0.179 else (255, 255, 255)


def marks_of(
    scene: Scene,
    *,
    held: bool = False,
    labels: bool = True,
    tessellation: bool = False,
) -> Marks:
    """The marks of a scene: faces as contours and points, bodies as skeletons, objects as boxes with labels.

    `held`: the scene was carried over from an earlier frame; its marks are half transparent. `labels`: with track
    numbers and names. A person's box is left out where a skeleton shows that person (`people.without_bodies`): both
    would say the same, and boxes cut through one another where people stand together. Where a face's mesh lies on a
    skeleton's head, the lines of the head are left out and its joints are small, so that the face stays readable.
    `tessellation`: faces with the triangles between their points as well. Points that are not finite are left out.
    """
    lines: list[Lines] = []
    points: list[Points] = []
    boxes: list[Boxes] = []
    texts: list[Label] = []
    for body in scene.bodies:
        meshed = any(_holds(face.box, body.points[0, :2]) for face in scene.faces)
        lines += _body_lines(body, head=not meshed)
        points += _body_points(body, head=not meshed)
    for face in scene.faces:
        lines += _face_lines(face, tessellation=tessellation)
        points += _face_points(face)
        boxes += _face_box(face)
        if labels:
            texts += _face_label(face)
    if labels:  # after the faces': where both lie on one head, a body's is the upper one
        for body in scene.bodies:
            texts += _body_label(body)
    things = without_bodies(scene.objects, scene.bodies)
    boxes += _object_boxes(things)
    if labels:
        for thing in things:
            texts += _object_label(thing)
    return Marks(tuple(lines), tuple(points), tuple(boxes), tuple(texts), HELD if held else 1.0)


def _ends(points: Floats, edges: NDArray[np.intp]) -> Floats:
    """(N, 2) points and (E, 2) edges -> (E', 4), edges with an end that is not finite left out."""
    ends = points[edges].reshape(-1, 4)
    return np.ascontiguousarray(ends[np.isfinite(ends).all(1)], np.float32)


def _extent(points: Floats) -> float:
    """The larger side, in pixels, of what the finite ones of (N, 2) points span; 0 for none."""
    finite = points[np.isfinite(points).all(1)]
    return float(np.ptp(finite, axis=0).max()) if len(finite) else 0.0


def _face_lines(face: Face, *, tessellation: bool) -> Iterator[Lines]:
    points = face.points[:, :2]
    extent = _extent(points)
    colour = _lighter(colour_of(face.track))
    if tessellation:
        from desktop.drawing.tessellation import TESSELLATION  # 1322 edges, only where wanted

        yield Lines(_ends(points, TESSELLATION), LIGHT, 0.5, 0.004 * extent, opacity=0.3)
    yield Lines(_ends(points, FACE), colour, 1.0, 0.010 * extent, opacity=0.9)


def _face_box(face: Face) -> Iterator[Boxes]:
    """A face whose points were not stored is shown by its box."""
    if not np.isfinite(face.points).any() and np.isfinite(face.box).all():
        yield Boxes(face.box.reshape(1, 4), colour_of(face.track), 1.5)


def _face_points(face: Face) -> Iterator[Points]:
    points = face.points[:, :2]
    finite = points[np.isfinite(points).all(1)]
    if len(finite):
        yield Points(np.ascontiguousarray(finite), LIGHT, 0.8, 0.004 * _extent(points), opacity=0.85)


def _lighter(colour: Colour) -> Colour:
    red, green, blue = ((c + 2 * 255) // 3 if c < 128 else (c + 255) // 2 for c in colour)
    return (red, green, blue)


def _holds(box: Floats, point: Floats) -> bool:
    return bool(box[0] <= point[0] <= box[2] and box[1] <= point[1] <= box[3])


def _body_lines(body: Body, *, head: bool) -> Iterator[Lines]:
    points = body.points[:, :2]
    visibility = body.points[:, 3]
    most, most_on_head = 0.02 * _extent(points), 0.06 * _extent(points[HEAD_JOINTS])
    centre = colour_of(body.track)
    limbs = [(BODY_CENTRE, centre, most), (BODY_RIGHT, RIGHT_COLOUR, most), (BODY_LEFT, LEFT_COLOUR, most)]
    if head:
        limbs += [
            (HEAD_CENTRE, centre, most_on_head),
            (HEAD_RIGHT, RIGHT_COLOUR, most_on_head),
            (HEAD_LEFT, LEFT_COLOUR, most_on_head),
        ]
    for edges, colour, bound in limbs:
        least = visibility[edges].min(1)
        clear, faded = least >= CLEAR, (least >= VISIBLE) & (least < CLEAR)
        for chosen, opacity in ((faded, FADED), (clear, 1.0)):
            ends = _ends(points, edges[chosen])
            if len(ends):
                yield Lines(ends, colour, 2.5, bound, opacity, outlined=True)


def _body_points(body: Body, *, head: bool) -> Iterator[Points]:
    points = body.points[:, :2]
    visibility = body.points[:, 3]
    most, most_on_head = 0.016 * _extent(points), 0.05 * _extent(points[HEAD_JOINTS])
    finite = np.isfinite(points).all(1)
    joints = np.arange(len(points))
    on_head = np.isin(joints, HEAD_JOINTS)
    faded, clear = (visibility >= VISIBLE) & (visibility < CLEAR), visibility >= CLEAR
    sides = ((np.array([0]), LIGHT), (RIGHT_JOINTS, RIGHT_COLOUR), (LEFT_JOINTS, LEFT_COLOUR))
    for side, colour in sides:
        here = finite & np.isin(joints, side)
        for small in (False, True):
            part = here & (on_head if small else ~on_head)
            size = 0.45 if small and not head else 1.0
            bound = min(most, most_on_head) if small else most
            for chosen, opacity in ((part & faded, FADED), (part & clear, 1.0)):
                centres = np.ascontiguousarray(points[chosen])
                if len(centres):
                    yield Points(centres, colour, 2.2 * size, bound * size, opacity, outlined=size == 1.0)


def _number(track: int) -> str:
    return f" {track}" if track > 0 else ""


def _face_label(face: Face) -> Iterator[Label]:
    x1, y1, _, _ = face.box.tolist()
    if np.isfinite([x1, y1]).all():
        yield Label(f"face{_number(face.track)}", (x1, y1), colour_of(face.track), _GAP)


def _body_label(body: Body) -> Iterator[Label]:
    """Over the crown, not quite the ears' distance above the eyes, where the head is seen; else over the box."""
    head = body.points[HEAD_JOINTS]
    seen = (head[:, 3] >= VISIBLE) & np.isfinite(head[:, :2]).all(1)
    if seen.sum() > len(head) / 2:
        x1, y1 = head[seen, :2].min(0).tolist()
        y1 -= 0.75 * _extent(head[seen, :2])
    else:
        x1, y1 = body.box[:2].tolist()
    if np.isfinite([x1, y1]).all():
        yield Label(f"body{_number(body.track)}", (x1, y1), colour_of(body.track), _GAP)


def _object_boxes(things: Sequence[Detection]) -> Iterator[Boxes]:
    """One group for each colour: a painter needs as many calls."""
    groups: dict[Colour, list[Floats]] = {}
    for thing in things:
        if np.isfinite(thing.box).all():
            groups.setdefault(class_colour(thing.label), []).append(thing.box)
    for colour, corners in groups.items():
        yield Boxes(np.stack(corners), colour, 2.0)


def _object_label(thing: Detection) -> Iterator[Label]:
    x1, y1, _, _ = thing.box.tolist()
    if np.isfinite([x1, y1]).all():
        text = f"{thing.label}{_number(thing.track)}  {thing.score:.0%}"
        yield Label(text, (x1, y1), class_colour(thing.label))
