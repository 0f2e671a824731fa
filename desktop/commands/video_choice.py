"""How videos are to be recorded, as the command line says it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from models.errors import RecordingError

if TYPE_CHECKING:
    from desktop.recordings.options import VideoOptions

Clean = Annotated[bool, typer.Option("--clean", help="A video without marks; what was seen is beside it.")]
Both = Annotated[bool, typer.Option("--both", help="Two videos: with marks, and NAME.clean.mp4 without.")]
Quality = Annotated[
    int,
    typer.Option("--quality", min=10, max=40, metavar="Q", help="Of the video: 10 is the best, 40 the smallest file."),
]
Height = Annotated[
    int | None,
    typer.Option(
        "--height",
        min=64,
        metavar="N",
        help="Scale a higher picture down to this height; without: as it comes.",
        show_default=False,
    ),
]
Encoder = Annotated[
    str,
    typer.Option("--encoder", metavar="NAME", help="The encoder of the video, such as h264_nvenc or libx264."),
]


def video_choice(quality: int, height: int | None, encoder: str, *, clean: bool, both: bool) -> VideoOptions:
    """What these switches ask of the video. Raises typer.BadParameter, in one sentence, for what cannot be meant."""
    if clean and both:
        raise typer.BadParameter("--clean and --both exclude each other: --both makes the clean video, too.")
    from desktop.recordings.options import VideoOptions

    try:
        return VideoOptions(quality, height, encoder)
    except RecordingError as error:
        raise typer.BadParameter(str(error)) from error


def choose_encoder(video: VideoOptions) -> None:
    """Find out which encoder works, before there are frames that would wait for it."""
    from desktop.recordings.encoders import TIMEOUT, chooser

    chooser.choice(video.encoder, TIMEOUT)
