"""The pictures of a frame that a recording stores: with marks, without, or both, and what is to be hidden hidden."""

from __future__ import annotations

from desktop.drawing.marks import marks_of
from desktop.drawing.privacy import Hide, Privacy, drawable
from desktop.drawing.renderer import draw
from desktop.frame import Frame, Pixels
from models.scene import Scene


class Pictures:
    """Used by one thread, but for `saw`.

    `annotated`: marks are wanted, `clean`: the picture without; `labels`: marks with numbers and names; `hide`: what no
    stored picture shows; `face_points`: marks of hidden faces show their shape all the same.
    """

    def __init__(self, *, annotated: bool, clean: bool, labels: bool, hide: Hide | None, face_points: bool) -> None:
        self._annotated, self._clean, self._labels, self._face_points = annotated, clean, labels, face_points
        self._hide = hide
        self._privacy = None if hide is None else Privacy(hide)

    def saw(self, frame: Frame, scene: Scene) -> None:
        """`scene` was found in `frame`: told as soon as it is known; more than once is fine."""
        if self._privacy is not None:
            self._privacy.saw(frame.time / 1e9, scene, frame.size)

    def of(self, frame: Frame, marked: Scene, held: bool) -> tuple[Pixels, Pixels | None]:
        """The frame with the marks of the scene `marked` where they are wanted, and where both are, without as well."""
        pixels = frame.pixels if self._privacy is None else self._privacy.hidden(frame.pixels, frame.time / 1e9)
        if not self._annotated:
            return pixels, None
        drawn = pixels
        if marked:
            drawn = pixels.copy() if self._clean or not pixels.flags.writeable else pixels
            draw(
                drawn,
                marks_of(drawable(marked, self._hide, face_points=self._face_points), held=held, labels=self._labels),
            )
        return drawn, pixels if self._clean else None
