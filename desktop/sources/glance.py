"""One picture of a source that is not live, for those who want no more than that."""

from __future__ import annotations

from desktop.frame import Pixels
from desktop.sources.address import without_secrets
from desktop.sources.naming import DEMO, is_live, make_source
from models.errors import SourceError

_INTO_THE_DEMO = 30  # frames: by then there is something in it


def glance(name: str = DEMO) -> Pixels:
    """The first picture of a file, a video or a folder, of the demo a later one: (height, width, 3) BGR uint8,
    read-only. Raises SourceError for a live source, and where there is none."""
    if is_live(name):
        raise SourceError(f"{without_secrets(name)} is live: name a picture or a video.")
    source = make_source(name)
    source.open()
    try:
        pixels = None
        for _ in range(_INTO_THE_DEMO if name.strip() == DEMO else 1):
            frame = source.read()
            if frame is None:
                break
            pixels = frame.pixels
    finally:
        source.close()
    if pixels is None:
        raise SourceError(f"{name} shows no picture.")
    return pixels
