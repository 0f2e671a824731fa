"""Whether what is named can be opened, looked at before networks are loaded for it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from desktop.commands.talk import Talk
from models.errors import SourceError

if TYPE_CHECKING:
    from desktop.sources.source import Source


def check_opens(source: Source) -> None:
    """Open it and close it again. Raises SourceError where it cannot be opened.

    Of what is live it is only looked whether a camera is there: to open it takes seconds, and a server may let in one.
    """
    from desktop.sources.camera import CameraSource

    if isinstance(source, CameraSource):
        source.find()
    if not source.live:
        source.open()
        source.close()


def refuse_unreadable(names: Sequence[str], talk: Talk) -> None:
    """Raise SourceError where none of these can be opened, after all but the last are told. One that can is enough."""
    from desktop.sources.naming import make_source

    refused: list[SourceError] = []
    for name in names:
        try:
            check_opens(make_source(name))
        except SourceError as error:
            refused.append(error)
        else:
            return
    for told in refused[:-1]:
        talk.fail(str(told))
    if refused:
        raise refused[-1]
