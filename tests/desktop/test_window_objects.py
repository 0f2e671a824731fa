"""Objects in the window: which classes are wanted, how sure, by which network, and what the panel says of them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from fake_room import FakeAnalyzer, FakeRoom, events, watching, window
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from scenes import thing
from window_keys import press

from desktop.settings import Settings
from desktop.window.main_window import MainWindow
from desktop.window.objects_panel import SIZES, ObjectsPanel
from models.analyzer import AnalyzerOptions
from models.classes import COCO
from models.scene import Scene

STREET = Scene((thing("dog", track=1), thing("car", track=2), thing("dog", track=3)))


@pytest.fixture
def room() -> FakeRoom:
    return FakeRoom(find=lambda _number: STREET)


@pytest.fixture
def opened(qapp: QApplication, room: FakeRoom) -> Iterator[MainWindow]:
    with window(qapp, room, Settings(detector="mine")) as one:
        watching(one, room)
        events(lambda: one.panel.objects.classes.labels == COCO, "the classes are listed")
        yield one


def last(room: FakeRoom) -> AnalyzerOptions:
    """What was looked for in the last frame."""
    analyzer: FakeAnalyzer = room.loaded[-1][0]
    return analyzer.looked[-1][1]


def wanted(opened: MainWindow) -> list[str] | None:
    """The classes of the settings, as they are now."""
    return opened.settings.classes


def looked_again(opened: MainWindow, room: FakeRoom) -> AnalyzerOptions:
    """What is looked for in the next frame."""
    analyzer = room.loaded[-1][0]
    before = len(analyzer.looked)
    room.newest().give()
    events(lambda: len(analyzer.looked) > before, "the next frame is looked at")
    assert opened.isVisible()
    return last(room)


def test_objects_are_counted_all_and_by_class(opened: MainWindow) -> None:
    panel = opened.panel
    events(lambda: panel.seen == "3 seen", "they are counted")
    assert [panel.objects.classes.count_of(name) for name in ("dog", "car", "cat")] == ["2", "1", ""]


def test_objects_are_switched_by_a_key(opened: MainWindow, room: FakeRoom) -> None:
    press(opened, "O")
    assert not opened.settings.objects
    assert not opened.actions_by_id["objects"].isChecked()
    assert not looked_again(opened, room).objects
    events(lambda: opened.panel.seen == "", "none are counted")
    assert opened.panel.objects.state.text() == "Objects are switched off."


def test_classes_are_searched_and_one_of_them_wanted_alone(opened: MainWindow, room: FakeRoom) -> None:
    objects = opened.panel.objects
    opened.show_panel(False)
    press(opened, "Ctrl+F")
    assert not opened.panel.isHidden()
    QTest.keyClicks(objects.search, "DOG")
    assert objects.classes.shown == ("dog", "hot dog")
    QTest.keyClick(objects.search, Qt.Key.Key_Return)
    assert objects.classes.current == "dog"
    objects._only.click()
    assert wanted(opened) == ["dog"]
    assert looked_again(opened, room).classes == frozenset({"dog"})
    events(lambda: opened.panel.seen == "2 seen", "the car is not there any more")
    press(opened, "Shift+O")
    assert wanted(opened) is None
    assert looked_again(opened, room).classes is None


def test_a_class_is_checked_and_unchecked_by_itself(opened: MainWindow, room: FakeRoom) -> None:
    classes = opened.panel.objects.classes
    classes.check("car", False)
    assert wanted(opened) == [name for name in COCO if name != "car"]
    assert "car" not in (looked_again(opened, room).classes or ())
    classes.check("car", True)
    assert wanted(opened) is None
    opened.panel.objects._none.click()
    assert wanted(opened) == []
    classes.check("bus", True)
    assert wanted(opened) == ["bus"]


def test_the_space_key_checks_a_row_and_does_not_stop(opened: MainWindow) -> None:
    classes = opened.panel.objects.classes
    classes.choose("person")
    classes.setFocus()
    QTest.keyClick(classes, Qt.Key.Key_Space)
    assert wanted(opened) == list(COCO[1:])
    assert opened.actions_by_id["start-stop"].text() == "Stop"


def test_a_class_has_its_own_threshold(opened: MainWindow, room: FakeRoom) -> None:
    objects = opened.panel.objects
    assert not objects._score.isEnabled()
    objects.classes.choose("dog")
    objects._score.setValue(60)
    assert opened.settings.class_scores == {"dog": 0.6}
    assert looked_again(opened, room).class_scores == {"dog": 0.6}
    assert objects._score_text.text() == "60%"
    objects.classes.choose("car")
    assert objects._score_text.text() == "as all kinds"
    objects.classes.choose("dog")
    objects._score.setValue(0)
    assert opened.settings.class_scores == {}


def test_another_size_is_loaded_by_key_and_shown(opened: MainWindow, room: FakeRoom) -> None:
    events(lambda: opened.panel.objects._size.itemText(0) == "Automatic (320)", "the size that was taken is said")
    press(opened, "Ctrl+I")
    assert opened.settings.input_size == SIZES[0]
    events(lambda: room.loaded[-1][0].options.input_size == SIZES[0], "it is loaded")
    opened.settings.input_size = SIZES[-1]
    press(opened, "Ctrl+I")
    assert opened.settings.input_size is None


def test_another_detector_is_loaded_and_its_classes_are_listed_all_wanted(opened: MainWindow, room: FakeRoom) -> None:
    opened.deeds.want_only("dog")
    room.labels = ("bolt", "nut")
    opened.panel.objects.detector_wanted.emit("other")
    assert (opened.settings.detector, opened.settings.classes) == ("other", None)
    events(lambda: opened.panel.objects.classes.labels == ("bolt", "nut"), "its classes are listed")
    assert room.loaded[-1][0].options.detector == "other"


def test_a_detector_that_is_not_here_is_said(qapp: QApplication) -> None:
    room = FakeRoom(detectors=(("mine", "My own"),))
    with window(qapp, room, Settings(detector="gone")) as opened:
        watching(opened, room)
        events(lambda: "gone is not installed" in opened.panel.objects.state.text(), "it is said")
        assert opened.panel.objects._detector.currentText() == "gone (not here)"


def test_loading_is_said_and_the_list_is_empty_until_then(qapp: QApplication, room: FakeRoom) -> None:
    room.loading.clear()
    with window(qapp, room, Settings(detector="mine")) as opened:
        opened.open_source("fake")
        events(lambda: opened.panel.objects.state.text() == "The detector is being loaded…", "it is said")
        assert opened.panel.objects.classes.labels == ()
        room.loading.set()
        events(lambda: opened.panel.objects.state.text() == "", "it is loaded")
        assert opened.panel.objects.classes.labels == COCO


def test_what_was_chosen_is_shown_from_the_start(qapp: QApplication, room: FakeRoom) -> None:
    chosen = Settings(detector="mine", classes=["dog"], class_scores={"dog": 0.7}, input_size=256)
    with window(qapp, room, chosen) as opened:
        watching(opened, room)
        objects = opened.panel.objects
        events(lambda: objects.classes.labels == COCO, "the classes are listed")
        assert [objects.classes.checked(name) for name in ("dog", "cat")] == [True, False]
        assert objects.classes.score_of("dog") == "70%"
        assert objects._size.currentText() == "256 pixels"
        assert objects._detector.currentText() == "My own"


def test_a_device_that_cannot_be_used_is_not_offered(qapp: QApplication) -> None:
    room = FakeRoom(devices={"cpu": "", "cuda": "no driver is installed", "mps": "only Apple has it"})
    with window(qapp, room) as opened:
        assert opened.panel.devices == ("auto", "cpu")
        chosen = []
        for _ in range(2):
            press(opened, "Ctrl+D")
            chosen.append(opened.settings.device)
        assert chosen == ["cpu", "auto"]


def test_the_panel_stands_alone_and_has_no_class_at_first(qapp: QApplication) -> None:
    assert qapp is not None
    panel = ObjectsPanel()
    assert panel.classes.labels == ()
    assert panel.classes.current == ""
