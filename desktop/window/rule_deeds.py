"""What the commands do that are about rules; and what rules do, told over the picture and in their dialog."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktop import folders
from desktop.window.privacy_deeds import PrivacyDeeds
from desktop.window.regions import Corner, Region
from desktop.window.shell import Shell
from desktop.window.tray import Tray
from models.errors import RuleError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from desktop.live.ruling import Told
    from desktop.recordings.rule import Rule
    from desktop.window.rule_dialog import RuleDialog
    from desktop.window.ruled import Ruled
    from desktop.window.rules_dialog import RulesDialog


class RuleDeeds(PrivacyDeeds):
    """The handlers of these commands, for one window. What they need is imported once the engine room is there."""

    def __init__(self, window: Shell) -> None:
        super().__init__(window)
        self._ruled: Ruled | None = None
        self._rules_dialog: RulesDialog | None = None
        self._gone: tuple[int, Rule] | None = None
        self._tray = Tray(window)

    def begin_rules(self) -> None:
        """Read the rules. Once, when there is something to watch with."""
        from desktop.window.ruled import FILE, Ruled

        assert self._window.watch is not None
        self._ruled = Ruled(self._window.watch, folders.config() / FILE)
        if self._ruled.notice:
            self._window.tell(self._ruled.notice)

    def end_rules(self) -> None:
        """The window closes: nothing of rules is shown any more. They are judged until the session has ended."""
        self._tray.close()
        if self._rules_dialog is not None:
            self._rules_dialog.close()

    def tick_rules(self) -> None:
        """Judge the session on the screen, and show what rules did since the last call."""
        ruled, window = self._ruled, self._window
        if ruled is None:
            return
        ruled.follow()
        news = ruled.collect()
        for told in news:
            self._show_told(told)
        window.stage.preview.show_regions(self._regions(ruled))
        window.panel.set_rules(sum(rule.on for rule in ruled.rules))
        if self._rules_dialog is not None:
            self._rules_dialog.tell(news)
            self._rules_dialog.look_again()
            self._rules_dialog.dress(window.theme.colours)

    def _show_told(self, told: Told) -> None:
        if told.kind == "problem":
            self._window.tell(told.sentence, "warning")
        elif told.kind == "found" and told.notify:
            self._window.tell(told.sentence, "done", ("Rules", self.show_rules))
            self._tray.tell(told.sentence)

    def _regions(self, ruled: Ruled) -> tuple[Region, ...]:
        present = ruled.present
        return tuple(
            Region(rule.name, rule.corners, rule.name in present)
            for rule in ruled.rules
            if rule.on and rule.region is not None
        )

    # The list of rules

    def show_rules(self) -> None:
        """Show the rules and what they did."""
        ruled, window = self._ruled, self._window
        if ruled is None:
            return  # the first second: nothing can be watched yet either
        if self._rules_dialog is None:
            from desktop.window.ruled import unseen
            from desktop.window.rules_dialog import RulesDialog

            dialog = RulesDialog(lambda rule: unseen(rule, window.settings, self._labels), window)
            dialog.dress(window.theme.colours)
            dialog.set_rules(ruled.rules)
            dialog.set_events(ruled.events)
            dialog.added.connect(lambda: self._ask(None))
            dialog.changed.connect(self._ask)
            dialog.removed.connect(self._remove)
            dialog.switched.connect(self._switch_rule)
            dialog.restored.connect(self._restore)
            dialog.folder_wanted.connect(self.show_recordings)
            dialog.finished.connect(self._rules_closed)
            self._rules_dialog = dialog
        self._rules_dialog.show()
        self._to_front()

    def _to_front(self) -> None:
        """Let the list of rules have the keys, where it is shown."""
        if self._rules_dialog is not None:
            self._rules_dialog.raise_()
            self._rules_dialog.activateWindow()

    def _rules_closed(self) -> None:
        self._rules_dialog = self._gone = None

    @property
    def _labels(self) -> tuple[str, ...]:
        return self._window.watch.room.eyes.labels if self._window.watch is not None else ()

    def _keep(self, rules: Sequence[Rule]) -> str:
        """Keep these rules; why that cannot be, "" where it was done."""
        assert self._ruled is not None
        try:
            self._ruled.set_rules(rules)
        except RuleError as error:
            return str(error)
        return ""

    def _set_rules(self, rules: Sequence[Rule], *, removed: bool = False) -> None:
        """Keep these, and show what holds then."""
        refused = self._keep(rules)
        if self._rules_dialog is not None and self._ruled is not None:
            self._rules_dialog.set_rules(self._ruled.rules, removed=removed and not refused)
            self._rules_dialog.refuse(refused)
        self.tick_rules()

    def _switch_rule(self, place: int, on: bool) -> None:
        assert self._ruled is not None
        rules = list(self._ruled.rules)
        rules[place] = rules[place].model_copy(update={"on": on})
        self._set_rules(rules)

    def _remove(self, place: int) -> None:
        assert self._ruled is not None
        rules = list(self._ruled.rules)
        self._gone = place, rules.pop(place)
        self._set_rules(rules, removed=True)

    def _restore(self) -> None:
        if self._gone is None or self._ruled is None:
            return
        (place, rule), self._gone = self._gone, None
        rules = list(self._ruled.rules)
        rules.insert(place, rule)
        self._set_rules(rules)

    # One rule

    def _ask(self, place: int | None) -> None:
        """Ask for a rule: for another one, or how the one at this place is to be."""
        from desktop.window.rule_dialog import RuleDialog

        window, ruled = self._window, self._ruled
        assert ruled is not None
        before = None if place is None else ruled.rules[place]
        drawable = window.stage.preview.shown is not None
        dialog = RuleDialog(before, self._labels, drawable=drawable, parent=self._rules_dialog or window)

        def made(rule: Rule) -> None:
            rules = list(ruled.rules)
            if place is None:
                rules.append(rule)
            else:
                rules[place] = rule
            refused = self._keep(rules)
            if refused:
                dialog.refuse(refused)
                return
            dialog.accept()
            self._set_rules(rules)

        dialog.made.connect(made)
        dialog.finished.connect(self._to_front)
        dialog.region_wanted.connect(lambda: self._draw(dialog))
        self._show(dialog)

    def _draw(self, dialog: RuleDialog) -> None:
        """Have the region drawn on the picture; the dialogs make room for that."""
        from desktop.window.region_drawing import RegionDrawing

        window = self._window
        window.set_bare(False)
        hidden = [one for one in (dialog, self._rules_dialog) if one is not None]
        for one in hidden:
            one.hide()
        drawing = RegionDrawing(window.stage.preview)

        def back() -> None:
            for one in reversed(hidden):
                one.show()
            dialog.activateWindow()

        def drawn(corners: tuple[Corner, ...]) -> None:
            dialog.set_region(corners)
            back()

        drawing.drawn.connect(drawn)
        drawing.given_up.connect(back)
        window.activateWindow()
        drawing.setFocus()

    def _go_on_in_another_file(self) -> None:
        """What is hidden has changed: a recording that rules began stays theirs."""
        if self._ruled is not None and self._window.watch is not None and self._ruled.restart():
            self._window.watch.stop_recording()
        else:
            super()._go_on_in_another_file()
