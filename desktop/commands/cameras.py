"""`onlooker cameras`: which cameras there are, and what to call them."""

from __future__ import annotations

from dataclasses import asdict

from desktop.commands.options import Debug, Json, Quiet
from desktop.commands.talk import Talk, table


def cameras(json: Json = False, quiet: Quiet = False, debug: Debug = False) -> None:
    """List the cameras, with the SOURCE that opens each."""
    from cv2.videoio_registry import getBackendName

    from desktop.sources.cameras import list_cameras

    talk = Talk(quiet=quiet, debug=debug)
    found = list_cameras()
    if json:
        talk.answer_json([asdict(one) | {"backend": getBackendName(one.backend)} for one in found])
    elif found:
        talk.answer(table([("SOURCE", "NAME", "PATH"), *((one.source, one.name, one.path) for one in found)]))
    if not found:
        talk.say("No camera was found: plug one in, and see that no permission keeps it from being used.")
