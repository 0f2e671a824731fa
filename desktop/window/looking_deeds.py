"""What the commands do that change what is looked for."""

from __future__ import annotations

from typing import Any

from desktop.window.objects_panel import SIZES
from desktop.window.panel import STANDARD
from desktop.window.shell import Shell

_STEP = 5  # per cent
_FIRST = 50  # per cent: where the threshold begins when it leaves the standard


class LookingDeeds:
    """The handlers of these commands, for one window."""

    def __init__(self, window: Shell) -> None:
        self._window = window

    # Objects

    def switch_objects(self) -> None:
        """Look for objects, or do not."""
        self._switch("objects", look=True)

    def search_classes(self) -> None:
        """Go to the list of classes."""
        self._window.set_bare(False)
        self._window.show_panel(True)
        self._window.panel.go_to_classes()

    def want_all_classes(self) -> None:
        """Show objects of every class."""
        self._set("classes", None, look=True)

    def want_no_class(self) -> None:
        """Show objects of no class, until some are chosen."""
        self._set("classes", [], look=True)

    def want_only(self, name: str) -> None:
        """Show objects of this class alone."""
        self._set("classes", [name], look=True)

    def want_class(self, name: str, on: bool) -> None:
        """Show objects of a class too, or no more."""
        labels = self._window.panel.objects.classes.labels
        before = labels if self._window.settings.classes is None else self._window.settings.classes
        wanted = [one for one in before if one != name] + ([name] if on else [])
        self._set("classes", None if set(labels) <= set(wanted) else wanted, look=True)

    def set_class_score(self, name: str, place: int) -> None:
        """The least score of a class: per cent, or STANDARD for that of all kinds."""
        others = {one: score for one, score in self._window.settings.class_scores.items() if one != name}
        self._set("class_scores", others | ({} if place == STANDARD else {name: place / 100}), look=True)

    def set_detector(self, key: str) -> None:
        """The network that finds objects; classes that were chosen of the one before are all wanted again."""
        settings = self._window.settings
        if key != settings.detector:
            settings.classes = None
            self._set("detector", key, look=True)

    def set_input_size(self, size: int) -> None:
        """The size of what it looks at in pixels, 0 for what this machine does in time."""
        self._set("input_size", size or None, look=True)

    def next_input_size(self) -> None:
        """The next larger size, then automatic again."""
        now = self._window.settings.input_size
        self.set_input_size(next((size for size in SIZES if size > (now or 0)), 0))

    # Faces and bodies

    def switch_faces(self) -> None:
        """Look for faces, or do not."""
        self._switch("faces", look=True)

    def switch_bodies(self) -> None:
        """Look for bodies, or do not."""
        self._switch("bodies", look=True)

    def switch_smooth(self) -> None:
        """Smooth movements, or do not."""
        self._switch("smooth", look=True)

    def set_most_faces(self, most: int) -> None:
        """How many faces are followed."""
        self._set("max_faces", most, look=True)

    def set_most_bodies(self, most: int) -> None:
        """How many bodies are followed."""
        self._set("max_bodies", most, look=True)

    def set_score(self, place: int) -> None:
        """The least score: per cent, or STANDARD for each kind's own."""
        self._set("score", None if place == STANDARD else place / 100, look=True)

    def raise_score(self) -> None:
        """Show less."""
        self._move_score(_STEP)

    def lower_score(self) -> None:
        """Show more."""
        self._move_score(-_STEP)

    def _move_score(self, step: int) -> None:
        score = self._window.settings.score
        place = _FIRST if score is None else round(100 * score) + step
        self.set_score(min(max(place, _STEP), 95))

    def reset_score(self) -> None:
        """Each kind's own threshold."""
        self.set_score(STANDARD)

    def set_device(self, device: str) -> None:
        """Where the networks run."""
        if device != self._window.settings.device:
            self._set("device", device, look=True)

    def next_device(self) -> None:
        """The next of the devices that can be used, then the first again."""
        keys, device = list(self._window.panel.devices), self._window.settings.device
        self.set_device(keys[(keys.index(device) + 1) % len(keys)] if device in keys else keys[0])

    # What they have in common

    def _switch(self, key: str, *, look: bool = False) -> None:
        self._set(key, not getattr(self._window.settings, key), look=look)

    def _set(self, key: str, value: Any, *, look: bool = False) -> None:
        window = self._window
        setattr(window.settings, key, value)
        window.apply_settings()
        if look and window.watch is not None:
            window.watch.look_anew()
        window.refresh()
