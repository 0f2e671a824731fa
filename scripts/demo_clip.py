"""Renders resources/demo.mp4: a camera that moves over one portrait, from the whole picture to the face and back.

The portrait is of the astronaut Eileen Collins, taken by NASA and in the public domain; scikit-image ships it.
Run: python scripts/demo_clip.py [OUT]. The same versions of the libraries give the same bytes.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import skimage.data
from av.video.reformatter import ColorRange, Colorspace, Interpolation, VideoReformatter
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]

SIZE = (1280, 720)
FPS = 30
SECONDS = 10
CRF = 21
MARGIN = 256
"""Columns by which the portrait (512x512) is extended at the left and at the right, in its own pixels."""
FINER = 2
"""How many times finer than the portrait the canvas is that the views are taken from."""

# second, middle of the view (x, y) and its height in pixels of the portrait, tilt in degrees
VIEWS = (
    (0.0, 256, 256, 512, 0.0),
    (0.5, 256, 256, 512, 0.0),
    (3.6, 228, 140, 240, 0.0),
    (4.6, 226, 130, 224, -5.0),
    (5.8, 236, 136, 232, 5.0),
    (9.6, 256, 256, 512, 0.0),
    (10.0, 256, 256, 512, 0.0),
)

BEGIN = 7.7
"""Second of the views that is the clip's first: near. From the whole picture alone the body network takes the suit's
collar for shoulders, and would keep to it.
"""


def canvas() -> Pixels:
    """The portrait, FINER times as large, its background carried on to both sides, ever softer and darker."""
    portrait: Callable[[], Pixels] = skimage.data.astronaut
    picture = np.ascontiguousarray(portrait()[..., ::-1])
    wide = cv2.copyMakeBorder(picture, 0, 0, MARGIN, MARGIN, cv2.BORDER_REPLICATE).astype(np.float32)
    columns = np.arange(wide.shape[1], dtype=np.float32)
    outside = np.maximum(MARGIN - columns, columns - (wide.shape[1] - 1 - MARGIN)).clip(0)[None, :, None]
    for sigma, distance in ((4.0, 10.0), (12.0, 40.0), (30.0, 110.0)):
        soft = cv2.GaussianBlur(wide, (0, 0), sigma, borderType=cv2.BORDER_REPLICATE)
        share = _rising(outside / distance)
        wide = wide * (1 - share) + soft * share
    # At the left the flag would be drawn out into stripes: it goes over into the wall that is at the right.
    wall = cv2.GaussianBlur(wide[:, -MARGIN:][:, ::-1], (0, 0), 20.0, borderType=cv2.BORDER_REPLICATE)
    share = _rising(outside[:, :MARGIN] / 130)
    wide[:, :MARGIN] = wide[:, :MARGIN] * (1 - share) + wall * share
    wide *= 1 - 0.35 * _rising(outside / MARGIN)
    size = (wide.shape[1] * FINER, wide.shape[0] * FINER)
    return np.asarray(cv2.resize(wide, size, interpolation=cv2.INTER_CUBIC).clip(0, 255).round(), np.uint8)


def _rising(part: NDArray[np.float32]) -> NDArray[np.float32]:
    """From 0 to 1, without an edge at either end (smoothstep)."""
    part = np.clip(part, 0, 1)
    return part * part * (3 - 2 * part)


def view(second: float) -> tuple[float, float, float, float]:
    """Middle (x, y), height and tilt of what is seen at `second`: from one of VIEWS to the next, gently."""
    times = [row[0] for row in VIEWS]
    later = min(int(np.searchsorted(times, second, side="right")), len(VIEWS) - 1)
    before, after = VIEWS[later - 1], VIEWS[later]
    part = (second - before[0]) / (after[0] - before[0])
    part = part * part * (3 - 2 * part)
    height = before[3] * (after[3] / before[3]) ** part  # a zoom is even when it multiplies
    # The middle follows the height where that changes, so that the point zoomed at stays where it is.
    along = (height - before[3]) / (after[3] - before[3]) if after[3] != before[3] else part
    x, y = (a + (b - a) * along for a, b in zip(before[1:3], after[1:3], strict=True))
    return x, y, height, before[4] + (after[4] - before[4]) * part


def frames() -> Iterator[Pixels]:
    """The clip's pictures, BGR; the one after the last would be the first again."""
    whole = canvas()
    for index in range(FPS * SECONDS):
        x, y, height, tilt = view((index / FPS + BEGIN) % SECONDS)
        middle = ((x + MARGIN + 0.5) * FINER - 0.5, (y + 0.5) * FINER - 0.5)
        move = cv2.getRotationMatrix2D(middle, tilt, SIZE[1] / (height * FINER))
        move[:, 2] += np.array([(SIZE[0] - 1) / 2 - middle[0], (SIZE[1] - 1) / 2 - middle[1]])
        yield np.asarray(
            cv2.warpAffine(whole, move, SIZE, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT_101), np.uint8
        )


def render(path: Path) -> None:
    """Write the clip: H.264, BT.709, ready to be played while it is read."""
    options = {"preset": "slow", "crf": str(CRF), "tune": "film"}
    to_yuv = VideoReformatter()
    with av.open(str(path), "w", format="mp4", container_options={"movflags": "faststart"}) as container:
        stream = container.add_stream("libx264", rate=FPS, options=options)
        stream.width, stream.height = SIZE
        stream.pix_fmt = "yuv420p"
        context = stream.codec_context
        context.thread_count = 1  # more would give other bytes
        context.colorspace = context.color_primaries = context.color_trc = Colorspace.ITU709
        context.color_range = ColorRange.MPEG
        for index, pixels in enumerate(frames()):
            frame = to_yuv.reformat(
                av.VideoFrame.from_ndarray(pixels, format="bgr24"),
                format="yuv420p",
                dst_colorspace=Colorspace.ITU709,
                dst_color_range=ColorRange.MPEG,
                interpolation=Interpolation.BICUBIC | Interpolation.ACCURATE_RND | Interpolation.FULL_CHR_H_INT,
            )
            frame.pts, frame.time_base = index, Fraction(1, FPS)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def main(arguments: list[str]) -> None:
    """Render to the path given, or to where the program looks for it."""
    out = Path(arguments[0]) if arguments else Path(__file__).resolve().parents[1] / "resources" / "demo.mp4"
    render(out)
    print(f"{out}: {out.stat().st_size / 1e6:.2f} MB")


if __name__ == "__main__":
    main(sys.argv[1:])
