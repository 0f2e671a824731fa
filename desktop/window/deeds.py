"""What the commands do."""

from __future__ import annotations

from PySide6.QtWidgets import QFileDialog

from desktop.window.about import About
from desktop.window.naming_dialog import NamingDialog
from desktop.window.rule_deeds import RuleDeeds
from desktop.window.shortcuts import Shortcuts
from desktop.window.source_menu import whole_of
from desktop.window.theme import CHOICES


class WindowDeeds(RuleDeeds):
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
        self.ask_for(self._window.addresses.keep(self._window.name))

    def ask_for(self, name: str, refused: str = "") -> None:
        """Ask for the name of a source, `name` to begin with; `refused`: why that cannot be opened as it is."""
        dialog = NamingDialog(name, self._window.settings.recent, self._window)

        def opened(name: str) -> None:
            refused = self._window.why_not(name)
            if refused:
                dialog.refuse(refused)
            else:
                dialog.accept()

        dialog.chosen.connect(opened)
        self._show(dialog)
        if refused:
            dialog.refuse(refused)

    def choose_part(self) -> None:
        """Have the part of the screen drawn that is to be watched; where none is watched, offer that first."""
        window = self._window
        name, size = window.name, window.sources.size_of(window.name)
        if size is None or window.stage.preview.fit is None:
            watch = ("Watch the screen", lambda: window.open_source("screen:0"))
            window.tell("Watch the screen first, then choose the part of it.", "warning", watch)
            return
        whole = whole_of(name)
        if whole == name:
            self._draw_part(whole, size, name)
        else:  # another part may lie beside the one that is watched
            window.open_source(whole)
            window.once_seen = lambda: self._draw_part(whole, size, name)

    def _draw_part(self, whole: str, size: tuple[int, int], before: str) -> None:
        """Have a part of the whole screen drawn; where that is given up, what was watched before is watched again."""
        from desktop.sources.screen import part_of
        from desktop.window.region_drawing import RegionDrawing

        window = self._window

        def go_back() -> None:
            if before != whole == window.name:
                window.open_source(before)

        window.set_bare(False)
        drawing = RegionDrawing(window.stage.preview)
        drawing.drawn.connect(lambda corners: window.open_source(part_of(whole, size, corners)))
        drawing.given_up.connect(go_back)

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
