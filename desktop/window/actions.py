"""All that can be done in the window, as data: menus, buttons, tooltips and the list of shortcuts stand on it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Protocol

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QIcon, QKeySequence
from PySide6.QtWidgets import QWidget


@dataclass(frozen=True, slots=True)
class Command:
    """Something that can be done.

    `id`: its name in the program. `title`: for menus. `shortcuts`: keys, portable text of QKeySequence, the first is
    shown. `handler`: what does it, called without arguments. `group`: the heading it stands under. `icon`: the name of
    its drawing, "" for none. `checkable`: it is on or off; the handler changes that.
    """

    id: str
    title: str
    shortcuts: tuple[str, ...]
    handler: Callable[[], None]
    group: str
    icon: str = ""
    checkable: bool = False


class Deeds(Protocol):
    """Who does the commands: the main window."""

    def choose_source(self) -> None: ...
    def open_file(self) -> None: ...
    def open_folder(self) -> None: ...
    def open_by_name(self) -> None: ...
    def choose_part(self) -> None: ...
    def open_demo(self) -> None: ...
    def start_or_stop(self) -> None: ...
    def record(self) -> None: ...
    def pause_or_resume(self) -> None: ...
    def take_snapshot(self) -> None: ...
    def switch_hide_faces(self) -> None: ...
    def show_recordings(self) -> None: ...
    def choose_recordings_folder(self) -> None: ...
    def switch_loop(self) -> None: ...
    def show_rules(self) -> None: ...
    def switch_objects(self) -> None: ...
    def search_classes(self) -> None: ...
    def want_all_classes(self) -> None: ...
    def next_input_size(self) -> None: ...
    def add_detector(self) -> None: ...
    def fetch_detector(self) -> None: ...
    def switch_faces(self) -> None: ...
    def switch_bodies(self) -> None: ...
    def switch_smooth(self) -> None: ...
    def raise_score(self) -> None: ...
    def lower_score(self) -> None: ...
    def reset_score(self) -> None: ...
    def next_device(self) -> None: ...
    def switch_labels(self) -> None: ...
    def switch_mirror(self) -> None: ...
    def switch_panel(self) -> None: ...
    def switch_controls(self) -> None: ...
    def switch_full_screen(self) -> None: ...
    def next_theme(self) -> None: ...
    def dismiss(self) -> None: ...
    def open_menu(self) -> None: ...
    def show_shortcuts(self) -> None: ...
    def show_about(self) -> None: ...
    def quit(self) -> None: ...


SOURCE, WATCHING, LOOKING, VIEW, PROGRAM = "Source", "Watching", "What is looked for", "View", "Program"
GROUPS = (SOURCE, WATCHING, LOOKING, VIEW, PROGRAM)


def commands_of(do: Deeds) -> tuple[Command, ...]:
    """Every command, in the order of menus and of the overview. No two share a key."""
    return (
        Command("choose-source", "Choose a source", ("C",), do.choose_source, SOURCE, "camera"),
        Command("open-file", "Open a file…", ("Ctrl+O",), do.open_file, SOURCE, "file"),
        Command("open-folder", "Open a folder of pictures…", ("Ctrl+Shift+O",), do.open_folder, SOURCE, "folder"),
        Command("open-name", "Open by name…", ("Ctrl+L",), do.open_by_name, SOURCE, "type"),
        Command("screen-part", "Watch a part of the screen…", ("Shift+C",), do.choose_part, SOURCE, "part"),
        Command("demo", "Play the demo clip", ("D",), do.open_demo, SOURCE, "demo"),
        Command("start-stop", "Start or stop", ("Space",), do.start_or_stop, WATCHING, "start"),
        Command("record", "Record", ("R",), do.record, WATCHING, "record", checkable=True),
        Command("pause", "Pause the recording", ("Shift+R",), do.pause_or_resume, WATCHING, checkable=True),
        Command("snapshot", "Take a snapshot", ("S",), do.take_snapshot, WATCHING, "snapshot"),
        Command("hide-faces", "Hide faces", ("X",), do.switch_hide_faces, WATCHING, checkable=True),
        Command("loop", "Start files over at their end", ("Shift+L",), do.switch_loop, WATCHING, checkable=True),
        Command("rules", "Rules…", ("U",), do.show_rules, WATCHING),
        Command("recordings", "Show the recordings", ("Ctrl+R",), do.show_recordings, WATCHING, "folder"),
        Command(
            "recordings-folder", "Record into…", ("Ctrl+Shift+R",), do.choose_recordings_folder, WATCHING, "folder"
        ),
        Command("objects", "Objects", ("O",), do.switch_objects, LOOKING, "object", checkable=True),
        Command("classes", "Choose classes of objects", ("Ctrl+F",), do.search_classes, LOOKING),
        Command("all-classes", "All classes of objects", ("Shift+O",), do.want_all_classes, LOOKING),
        Command("input-size", "Next size of what objects are found in", ("Ctrl+I",), do.next_input_size, LOOKING),
        Command("add-detector", "Add a detector…", ("Ctrl+Shift+A",), do.add_detector, LOOKING),
        Command("fetch-detector", "Fetch a detector…", ("Ctrl+Shift+F",), do.fetch_detector, LOOKING),
        Command("faces", "Faces", ("F",), do.switch_faces, LOOKING, "face", checkable=True),
        Command("bodies", "Bodies", ("B",), do.switch_bodies, LOOKING, "body", checkable=True),
        Command("score-up", "Higher score threshold", ("Ctrl+Up",), do.raise_score, LOOKING),
        Command("score-down", "Lower score threshold", ("Ctrl+Down",), do.lower_score, LOOKING),
        Command("score-reset", "Standard score threshold", ("Ctrl+0",), do.reset_score, LOOKING),
        Command("smooth", "Smooth movements", ("Shift+S",), do.switch_smooth, LOOKING, checkable=True),
        Command("device", "Next device", ("Ctrl+D",), do.next_device, LOOKING),
        Command("labels", "Names and numbers", ("L",), do.switch_labels, VIEW, checkable=True),
        Command("mirror", "Mirror the preview", ("M",), do.switch_mirror, VIEW, checkable=True),
        Command("panel", "Side panel", ("P",), do.switch_panel, VIEW, "panel", checkable=True),
        Command("controls", "Hide all controls", ("H",), do.switch_controls, VIEW, checkable=True),
        Command("full-screen", "Full screen", ("F11",), do.switch_full_screen, VIEW, checkable=True),
        Command("theme", "Next theme: system, light, dark", ("T",), do.next_theme, VIEW),
        Command("dismiss", "Dismiss messages, leave full screen", ("Esc",), do.dismiss, VIEW),
        Command("menu", "Menu", ("F10",), do.open_menu, PROGRAM, "menu"),
        Command("shortcuts", "Keyboard shortcuts", ("F1", "?"), do.show_shortcuts, PROGRAM, "help"),
        Command("about", "About Onlooker", ("Shift+F1",), do.show_about, PROGRAM),
        Command("quit", "Quit", ("Ctrl+Q", "Ctrl+W"), do.quit, PROGRAM),
    )


def keys_of(command: Command) -> tuple[str, ...]:
    """The shortcuts as this system writes them."""
    return tuple(QKeySequence(keys).toString(QKeySequence.SequenceFormat.NativeText) for keys in command.shortcuts)


def actions_of(commands: Iterable[Command], parent: QWidget) -> dict[str, QAction]:
    """An action for each command, by its id, whose shortcuts hold in the whole window of `parent`."""
    actions = {}
    for command in commands:
        action = QAction(command.title, parent)
        action.setObjectName(command.id)
        action.setIconText(f" {command.title}")  # some air between drawing and words
        action.setShortcuts([QKeySequence(keys) for keys in command.shortcuts])
        action.setShortcutContext(Qt.ShortcutContext.WindowShortcut)
        action.setAutoRepeat(command.id.startswith("score-"))
        action.setCheckable(command.checkable)
        action.setToolTip(f"{command.title} ({keys_of(command)[0]})")
        # A click has switched a checkable action already; what is on is only decided by the handler.
        action.triggered.connect(_without_argument(command.handler))
        parent.addAction(action)
        actions[command.id] = action
    return actions


def _without_argument(handler: Callable[[], None]) -> Callable[[bool], None]:
    def call(_checked: bool) -> None:
        handler()

    return call


def retitle(action: QAction, title: str, icon: QIcon | None = None) -> None:
    """Give an action another title (and icon): what it does now, as "Stop" in place of "Start"."""
    action.setText(title)
    keys = action.shortcuts()
    shown = f" ({keys[0].toString(QKeySequence.SequenceFormat.NativeText)})" if keys else ""
    action.setToolTip(title + shown)
    if icon is not None:
        action.setIcon(icon)
