"""What the commands do that bring in further detectors: from a file, or fetched."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QDialog

from desktop import cores, folders
from desktop.window.looking_deeds import LookingDeeds
from models.errors import OnlookerError, SourceError

if TYPE_CHECKING:
    from desktop.fetching.entries import Entry
    from desktop.frame import Pixels
    from desktop.window.detector_dialog import DetectorDialog

_DEMO_FRAME = 30  # by then there is something in it


class DetectorDeeds(LookingDeeds):
    """The handlers of these commands, for one window. What they need is imported with the first of them."""

    def add_detector(self) -> None:
        """Ask for a file, and show what it sees before it is added."""
        self._show(self._adding())

    def fetch_detector(self) -> None:
        """Ask what to fetch; what came whole is shown and added as any file."""
        from desktop.fetching.entries import listed
        from desktop.window.fetch_dialog import FetchDialog

        try:
            entries = listed()
        except OnlookerError as error:
            self._window.tell(str(error))
            entries = ()
        dialog = FetchDialog(entries, folders.fetched(), self._window)
        dialog.fetched.connect(self._fetched)
        self._show(dialog)

    def _fetched(self, path: Path, entry: Entry) -> None:
        dialog = self._adding()
        dialog.choose(path)
        dialog.lines["name"].setText(entry.name)
        dialog.lines["licence"].setText(entry.licence)
        dialog.added.connect(lambda _key: path.unlink(missing_ok=True))  # a copy of it was added
        self._show(dialog)

    def _adding(self) -> DetectorDialog:
        from desktop.window.detector_dialog import DetectorDialog

        dialog = DetectorDialog(
            folders.networks(),
            self._picture,
            threads=cores.set_up().budget.inference,
            family=self._window.theme.family,
            parent=self._window,
        )
        dialog.added.connect(self._added)
        return dialog

    def _picture(self) -> Pixels:
        """What is on the screen when it is asked for, hidden as it is there; the demo where nothing can be seen."""
        shown = self._window.stage.preview.shown
        return demo_picture() if shown is None or shown.hidden else shown.frame.pixels

    def _added(self, key: str) -> None:
        self._window.tell(f"{key} was added, and finds the objects now.", "done")
        self.set_detector(key)
        self._window.look_for_detectors()

    def _show(self, dialog: QDialog) -> None:
        """Show a dialog and go on: nothing waits for it."""
        dialog.open()


def demo_picture() -> Pixels:
    """A picture of the demo clip: what a detector is tried on while nothing is to be seen. Raises SourceError."""
    from desktop.sources.naming import DEMO, make_source

    source = make_source(DEMO)
    source.open()
    try:
        pixels = None
        for _ in range(_DEMO_FRAME):
            if (frame := source.read()) is None:
                break
            pixels = frame.pixels
    finally:
        source.close()
    if pixels is None:
        raise SourceError("The demo clip shows no picture: install Onlooker again.")
    return pixels
