"""The menu behind the button at the upper right: all commands, by their groups."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QWidget

from desktop.window.actions import GROUPS, PROGRAM, Command


def menu_of(commands: Sequence[Command], actions: dict[str, QAction], parent: QWidget) -> QMenu:
    """A menu with a branch for each group; what belongs to the program itself stands below them."""
    menu = QMenu(parent)
    for group in GROUPS:
        here = [actions[command.id] for command in commands if command.group == group and command.id != "menu"]
        if group == PROGRAM:
            menu.addSeparator()
            menu.addActions(here)
        else:
            branch = menu.addMenu(group)
            branch.addActions(here)
    return menu
