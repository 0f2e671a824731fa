"""What the commands do."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QFileDialog

from desktop.window.about import About
from desktop.window.detector_deeds import DetectorDeeds
from desktop.window.naming_dialog import NamingDialog
from desktop.window.shortcuts import Shortcuts
from desktop.window.theme import CHOICES
from models.errors import OnlookerError


class WindowDeeds(DetectorDeeds):
    """The handlers of all commands, for one window."""

    # Sources

    def choose_source(self) -> None:
        """Open the menu of sources."""
        self._window.set_bare(False)
        self._window.header.open_sources()

    def open_file(self) -> None:
        """Ask for a video or a picture."""
        self._ask_for_path("Open a video or a picture", QFileDialog.FileMode.ExistingFile)

    def open_folder(self) -> None:
        """Ask for a folder of pictures."""
        self._ask_for_path("Open a folder of pictures", QFileDialog.FileMode.Directory)

    def _ask_for_path(self, title: str, mode: QFileDialog.FileMode) -> None:
        dialog = QFileDialog(self._window, title)
        dialog.setFileMode(mode)
        dialog.fileSelected.connect(self._window.open_source)
        self._show(dialog)

    def open_by_name(self) -> None:
        """Ask for the name of a source."""
        dialog = NamingDialog(self._window.name, self._window)

        def opened(name: str) -> None:
            refused = self._window.why_not(name)
            if refused:
                dialog.refuse(refused)
            else:
                dialog.accept()

        dialog.chosen.connect(opened)
        self._show(dialog)

    def open_demo(self) -> None:
        """Watch the demo clip."""
        self._window.open_source("demo")

    # Watching

    def start_or_stop(self) -> None:
        """Stop watching, or watch what was watched last, at its end from the beginning; where that is nothing, ask."""
        window = self._window
        if window.watch is not None and window.watch.running:
            window.watch.stop()
            window.refresh()
        elif window.name:
            window.open_source(window.name)
        else:
            self.choose_source()

    def try_again(self) -> None:
        """Watch the same once more."""
        if self._window.name:
            self._window.open_source(self._window.name)

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

    def take_snapshot(self) -> None:
        """Write the picture on the screen, with its marks, into a file."""
        window, shown = self._window, self._window.stage.preview.shown
        if shown is None or window.watch is None:
            return
        folder, labels, moment = window.watch.folder, window.settings.labels, datetime.now().astimezone()

        def write() -> Path:
            from desktop.window.snapshot import take

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

    def switch_loop(self) -> None:
        """Whether files start over: from the next start on, and at once for a file that came to its end."""
        window = self._window
        self._switch("loop")
        watch = window.watch
        ended = watch is not None and watch.session is not None and watch.session.figures().state == "ended"
        if window.settings.loop and ended:
            self.try_again()

    # View

    def switch_labels(self) -> None:
        """Names and numbers on the picture, or none."""
        self._switch("labels")

    def switch_mirror(self) -> None:
        """Left and right exchanged in the preview; recordings are never mirrored."""
        self._switch("mirror")

    def switch_panel(self) -> None:
        """Show the side panel, or hide it."""
        self._window.show_panel(self._window.panel.isHidden())

    def switch_controls(self) -> None:
        """Nothing but the picture, or everything again."""
        self._window.set_bare(not self._window.bare)

    def switch_full_screen(self) -> None:
        """Nothing but the picture on the whole screen, or everything again."""
        window = self._window
        full = not window.isFullScreen()
        window.set_bare(full)
        if full:
            window.showFullScreen()
        else:
            window.showNormal()
        window.actions_by_id["full-screen"].setChecked(full)

    def next_theme(self) -> None:
        """As the system, light, dark, and as the system again."""
        window = self._window
        choice = CHOICES[(CHOICES.index(window.theme.choice) + 1) % len(CHOICES)]
        window.settings.theme = choice
        window.theme.choose(choice)

    def dismiss(self) -> None:
        """Take the newest message away; where there is none, leave the full screen and show the controls."""
        window = self._window
        if window.stage.banner.dismiss():
            return
        if window.isFullScreen():
            self.switch_full_screen()
        elif window.bare:
            window.set_bare(False)

    # The program

    def open_menu(self) -> None:
        """Open the menu."""
        self._window.set_bare(False)
        self._window.header.open_menu()

    def show_shortcuts(self) -> None:
        """Every command with its keys."""
        self._show(Shortcuts(self._window.commands, self._window))

    def show_about(self) -> None:
        """What this is."""
        self._show(About(self._window.devicePixelRatioF(), self._window))

    def quit(self) -> None:
        """Close the window, which ends the program."""
        self._window.close()
