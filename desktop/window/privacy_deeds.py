"""What the commands do that change what is hidden."""

from __future__ import annotations

from typing import Any

from desktop.window.recording_deeds import RecordingDeeds
from models.errors import OnlookerError


class PrivacyDeeds(RecordingDeeds):
    """The handlers of these commands, for one window."""

    def switch_hide_faces(self) -> None:
        """Hide faces in all that is shown and stored, or do not."""
        self._hide("hide_faces", not self._window.settings.hide_faces)

    def hide_class(self, name: str, on: bool) -> None:
        """Hide objects of a class too, or no more."""
        others = [one for one in self._window.settings.hidden_classes if one != name]
        self._hide("hidden_classes", [*others, name] if on else others)

    def set_hide_how(self, how: str) -> None:
        """How things are hidden."""
        self._hide("hide_how", how)

    def _hide(self, key: str, value: Any) -> None:
        """Change what is hidden, at once: what is recorded goes on in another file, for one file keeps one rule."""
        window, watch = self._window, self._window.watch
        if getattr(window.settings, key) == value:
            return
        setattr(window.settings, key, value)
        window.apply_settings()
        if watch is not None and watch.session is not None:
            hidden = watch.hide_anew()
            window.stage.preview.show_frame(watch.session.shown())
            if hidden and watch.recording is not None:
                self._go_on_in_another_file()
            watch.look_anew()
        window.refresh()

    def _go_on_in_another_file(self) -> None:
        window = self._window
        assert window.watch is not None
        try:
            window.watch.stop_recording()
            path = window.watch.start_recording()
        except OnlookerError as error:
            window.tell(str(error))
            return
        window.tell(f"What is hidden has changed: the recording goes on in {path.name}.", "warning")
