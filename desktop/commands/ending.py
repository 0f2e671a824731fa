"""How a command ends a session: everything is closed whole, and who asks again does not wait long."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from desktop.commands.interruption import Interrupted

if TYPE_CHECKING:
    from desktop.live.figures import Figures
    from desktop.live.session import Session

_LOOK = 0.2  # seconds between two looks how far recordings are
_PATIENCE = 30.0  # seconds after which the log names what still runs


def end(session: Session, progress: Callable[[Figures], None] = lambda _figures: None) -> None:
    """End it and wait until it has; asked once more meanwhile, recordings are closed after the frame in hand.

    `progress` is told how it stands while recordings write what waits.
    """
    session.request_stop()
    try:
        while not session.join_recordings(_LOOK):
            progress(session.figures())
        while not session.join(_PATIENCE):
            pass
    except Interrupted:
        session.request_stop()
        session.join(10.0)
        raise
