"""What can be chosen of a video: how good, how large, by which encoder."""

from __future__ import annotations

from dataclasses import dataclass

from models.errors import RecordingError

BEST, WORST = 10, 40
"""The ends of the scale of quality: below 10 files grow for nothing that is seen, above 40 little is recognised."""

LOWEST = 64
"""Pixels: the smallest height that can be asked for."""

AUTO = "auto"
"""The first encoder of this machine that works."""

X264 = "libx264"
"""The encoder that is always there."""

HARDWARE = ("h264_nvenc", "h264_qsv", "h264_amf", "h264_videotoolbox")
"""Encoders of graphics cards and processors, in the order in which they are tried: NVIDIA, Intel, AMD, Apple."""


@dataclass(frozen=True, slots=True)
class VideoOptions:
    """Raises RecordingError where one of them cannot be.

    `quality`: x264's scale (CRF), 10 the best, 40 the smallest file, six steps about half the size; other encoders are
    asked for what comes near it. `height`: the largest of the video in pixels, None as the frames come; higher frames
    are made smaller, in their proportions, never larger. `encoder`: "auto", one of `HARDWARE`, or "libx264". `threads`
    of the encoder x264, 0 for one a core.
    """

    quality: int = 21
    height: int | None = None
    encoder: str = AUTO
    threads: int = 1

    def __post_init__(self) -> None:
        if not BEST <= self.quality <= WORST:
            raise RecordingError(
                f"The quality of a video is a number from {BEST} (best) to {WORST} (smallest), not {self.quality}."
            )
        if self.height is not None and self.height < LOWEST:
            raise RecordingError(f"A video is at least {LOWEST} pixels high, not {self.height}.")
        if self.encoder not in (AUTO, X264, *HARDWARE):
            known = ", ".join((AUTO, *HARDWARE))
            raise RecordingError(f"There is no encoder {self.encoder}: choose {known} or {X264}.")
        if self.threads < 0:
            raise RecordingError(f"An encoder has 0 threads (one a core) or more, not {self.threads}.")


PLAIN = VideoOptions(encoder=X264)
"""The same file on every machine: for videos that are made from files, where nothing hurries."""
