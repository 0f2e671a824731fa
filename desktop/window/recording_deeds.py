"""What the commands do that keep something: recordings and snapshots."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QFileDialog

from desktop.window.detector_deeds import DetectorDeeds
from models.errors import OnlookerError


class RecordingDeeds(DetectorDeeds):
    """The handlers of these commands, for one window."""

    def record(self) -> None:
        """Begin to record, end it, or end it now where it still writes what waits."""
        watch = self._window.watch
        if watch is None:
            return
        try:
            if watch.recording is not None or watch.draining is not None:
                watch.stop_recording()
            else:
                watch.start_recording()
        except OnlookerError as error:
            self._window.tell(str(error))
        self._window.refresh()

    def pause_or_resume(self) -> None:
        """Leave frames out of the recording, or go on with it."""
        if self._window.watch is not None:
            self._window.watch.pause_or_resume()
        self._window.refresh()

    def take_snapshot(self) -> None:
        """Write the picture on the screen, with its marks, into a file."""
        window, shown = self._window, self._window.stage.preview.shown
        if shown is None or window.watch is None:
            return
        folder, labels, moment = window.watch.folder, window.settings.labels, datetime.now().astimezone()

        def write() -> Path:
            from desktop.live.snapshot import take

            return take(shown, folder, moment, labels=labels)

        def done(path: Path) -> None:
            window.tell(f"Snapshot: {path}", "done", ("Show in folder", self.show_recordings))

        window.errands.run("snapshot", write, done)

    def show_recordings(self) -> None:
        """Show the folder of recordings and snapshots in the system's own program."""
        window = self._window
        if window.watch is None:
            return
        folder = window.watch.folder
        if not folder.is_dir():
            window.tell(f"Nothing was recorded yet: recordings will be in {folder}.", "warning")
        elif not QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder))):
            window.tell(f"No program shows folders here: recordings are in {folder}.", "warning")

    def choose_recordings_folder(self) -> None:
        """Ask where recordings go."""
        window = self._window
        dialog = QFileDialog(window, "Record into")
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        if window.watch is not None and window.watch.folder.is_dir():
            dialog.setDirectory(str(window.watch.folder))

        def chosen(folder: str) -> None:
            window.settings.folder = folder
            window.tell(f"Recordings and snapshots go into {folder}.", "done")

        dialog.fileSelected.connect(chosen)
        self._show(dialog)

    # How recordings are made: from the next one on

    def set_video(self, video: str) -> None:
        """The picture with marks ("annotated"), without ("clean"), or both."""
        self._set("video", video)

    def set_quality(self, quality: int) -> None:
        """On x264's scale: lower looks better and takes more room."""
        self._set("quality", quality)

    def set_height(self, height: int) -> None:
        """Most lines of the video, 0 for as they come."""
        self._set("height", height or None)

    def set_encoder(self, encoder: str) -> None:
        """What makes the video, by name."""
        self._set("encoder", encoder)

    def set_before(self, seconds: int) -> None:
        """Seconds that a recording holds from before it was begun, 0 for none."""
        self._set("before", seconds)
