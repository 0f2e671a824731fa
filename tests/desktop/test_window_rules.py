"""Rules are made, drawn, judged and changed in the window, by mouse and by keys alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from fake_room import FakeRoom, events, watching, window
from fake_source import FakeSource
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QPushButton, QWidget
from scenes import scene
from window_keys import press

from desktop.recordings.rule import Rule
from desktop.recordings.rule_file import load, make, save
from desktop.settings import Settings
from desktop.window.main_window import MainWindow
from desktop.window.region_drawing import RegionDrawing
from desktop.window.regions import polygon_of
from desktop.window.rule_dialog import RuleDialog
from desktop.window.ruled import FILE, described, unseen
from desktop.window.rules_dialog import RulesDialog
from models.scene import EMPTY, Scene

SIZE = (320, 240)  # the dog of `scenes.thing` stands in the upper left quarter


class Dogs:
    """A room whose analyzer sees a dog while there is one."""

    def __init__(self) -> None:
        self.there = True
        self.room = FakeRoom(make=lambda: FakeSource(size=SIZE), find=lambda _number: self.scene)

    @property
    def scene(self) -> Scene:
        return scene() if self.there else EMPTY


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of settings and rules."""
    monkeypatch.setenv("ONLOOKER_CONFIG", str(tmp_path / "config"))
    return tmp_path / "config"


@pytest.fixture
def dogs() -> Dogs:
    return Dogs()


@pytest.fixture
def opened(qapp: QApplication, dogs: Dogs, tmp_path: Path, config: Path) -> Iterator[MainWindow]:
    assert not config.exists()
    with window(qapp, dogs.room, Settings(folder=str(tmp_path / "videos"))) as made:
        yield made


def dog(**said: object) -> Rule:
    return make({"name": "Dog", "what": ["dog"], "seconds": 0, "gap": 0, "cooldown": 0, **said})


def rules_dialog(opened: MainWindow) -> RulesDialog:
    press(opened, "U")
    dialog = opened.findChild(RulesDialog)
    assert dialog is not None
    return dialog


def rule_dialog(opened: MainWindow) -> RuleDialog:
    events(lambda: opened.findChild(RuleDialog) is not None, "the dialog of a rule is there")
    dialog = opened.findChild(RuleDialog)
    assert dialog is not None
    return dialog


def drawing(opened: MainWindow) -> RegionDrawing:
    made = opened.findChild(RegionDrawing)
    assert made is not None
    return made


def place(opened: MainWindow, x: float, y: float) -> QPoint:
    """Where this part of the picture is on the widget."""
    fit = opened.stage.preview.fit
    assert fit is not None
    return polygon_of([(x, y)], fit).first().toPoint()


def near(corners: object, wanted: tuple[tuple[float, float], ...]) -> bool:
    assert isinstance(corners, tuple)
    return len(corners) == len(wanted) and all(
        abs(x - a) < 0.01 and abs(y - b) < 0.01 for (x, y), (a, b) in zip(corners, wanted, strict=True)
    )


def button_of(dialog: QWidget, title: str) -> QPushButton:
    (button,) = (one for one in dialog.findChildren(QPushButton) if one.text().replace("&", "") == title)
    return button


def click(dialog: QWidget, title: str) -> None:
    button_of(dialog, title).click()


def press_space(dialog: QWidget, title: str) -> None:
    """Press a button by the keyboard, which must be able to reach it."""
    button = button_of(dialog, title)
    assert button.focusPolicy() & Qt.FocusPolicy.TabFocus
    button.setFocus(Qt.FocusReason.TabFocusReason)
    QTest.keyClick(button, Qt.Key.Key_Space)


def sentences(opened: MainWindow) -> list[str]:
    return [message.sentence for message in opened.stage.banner.messages]


def test_a_rule_is_made_by_hand_with_its_region_drawn_on_the_picture_and_judged_at_once(
    opened: MainWindow, dogs: Dogs, config: Path
) -> None:
    source = watching(opened, dogs.room)
    listed = rules_dialog(opened)
    click(listed, "Add…")
    asked = rule_dialog(opened)
    asked.name.setText("Dog in the corner")
    asked.what.check("dog", True)
    asked.seconds.setValue(0.0)
    asked.record.setChecked(False)
    click(asked, "Draw…")
    assert not asked.isVisible()
    assert not listed.isVisible()
    over = drawing(opened)
    QTest.mousePress(over, Qt.MouseButton.LeftButton, pos=place(opened, 0.1, 0.1))
    QTest.mouseMove(over, place(opened, 0.3, 0.3))
    QTest.mouseMove(over, place(opened, 0.5, 0.5))
    QTest.mouseRelease(over, Qt.MouseButton.LeftButton, pos=place(opened, 0.5, 0.5))
    assert asked.isVisible()
    assert near(asked.region, ((0.1, 0.1), (0.5, 0.5)))
    click(asked, "Add")
    (kept,) = load(config / FILE)
    assert kept.what == ("dog",)
    assert kept.region == asked.region
    source.give(2)
    events(lambda: "Dog in the corner: dog, 91% sure." in sentences(opened), "it is told")
    events(lambda: listed.events.count() == 1, "it is in the list")
    assert listed.events.item(0).text().endswith("Dog in the corner: dog, 91% sure.")
    events(lambda: [one.present for one in opened.stage.preview.regions] == [True], "its region is bright")
    listed.close()


def test_all_of_it_can_be_done_by_keys(opened: MainWindow, dogs: Dogs, config: Path) -> None:
    watching(opened, dogs.room)
    save(config / FILE, [dog()])
    opened.deeds.begin_rules()
    listed = rules_dialog(opened)
    events(listed.isActiveWindow, "the list is in front")
    listed.list.setFocus()
    QTest.keyClick(listed.list, Qt.Key.Key_Space)
    assert not load(config / FILE)[0].on
    QTest.keyClick(listed.list, Qt.Key.Key_Return)
    asked = rule_dialog(opened)
    events(asked.isActiveWindow, "the dialog of the rule is in front")
    press_space(asked, "Draw…")
    over = drawing(opened)
    QTest.keyClick(over, Qt.Key.Key_Left, Qt.KeyboardModifier.ShiftModifier)
    QTest.keyClick(over, Qt.Key.Key_Space)
    QTest.keyClick(over, Qt.Key.Key_Down)
    QTest.keyClick(over, Qt.Key.Key_Space)
    QTest.keyClick(over, Qt.Key.Key_Backspace)
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Up):
        QTest.keyClick(over, key, Qt.KeyboardModifier.ShiftModifier)
    QTest.keyClick(over, Qt.Key.Key_Space)
    QTest.keyClick(over, Qt.Key.Key_Return)
    assert asked.region == ((0.4, 0.5), (0.5, 0.41))
    QTest.keyClick(asked, Qt.Key.Key_Return)
    assert load(config / FILE)[0].region == ((0.4, 0.5), (0.5, 0.41))
    events(listed.isActiveWindow, "the list is in front again")
    listed.list.setFocus()
    QTest.keyClick(listed.list, Qt.Key.Key_Delete)
    assert load(config / FILE) == ()
    press_space(listed, "Undo")
    assert [rule.name for rule in load(config / FILE)] == ["Dog"]
    QTest.keyClick(listed, Qt.Key.Key_Escape)
    events(lambda: opened.findChild(RulesDialog) is None, "the list is gone")


def test_corners_are_clicked_one_by_one_and_the_first_closes_the_region(opened: MainWindow, dogs: Dogs) -> None:
    watching(opened, dogs.room)
    over = RegionDrawing(opened.stage.preview)
    drawn: list[object] = []
    over.drawn.connect(drawn.append)
    wanted = ((0.2, 0.2), (0.8, 0.2), (0.5, 0.9))
    for corner in wanted:
        QTest.mouseClick(over, Qt.MouseButton.LeftButton, pos=place(opened, *corner))
    QTest.mouseClick(over, Qt.MouseButton.RightButton, pos=place(opened, 0.1, 0.1))
    QTest.mouseClick(over, Qt.MouseButton.LeftButton, pos=place(opened, *wanted[2]))
    QTest.mouseClick(over, Qt.MouseButton.LeftButton, pos=place(opened, 0.2, 0.2))
    assert near(drawn[0], wanted)
    assert not over.isVisible()


def test_in_a_mirrored_picture_the_region_lies_where_it_is_seen(opened: MainWindow, dogs: Dogs) -> None:
    watching(opened, dogs.room)
    opened.deeds.switch_mirror()
    over = RegionDrawing(opened.stage.preview)
    drawn: list[object] = []
    over.drawn.connect(drawn.append)
    fit = opened.stage.preview.fit
    assert fit is not None
    target = fit.target
    for across, down in ((0.1, 0.1), (0.4, 0.1), (0.4, 0.6)):  # on the screen: at the left
        at = target.topLeft() + QPointF(across * target.width(), down * target.height())
        QTest.mouseClick(over, Qt.MouseButton.LeftButton, pos=at.toPoint())
    QTest.keyClick(over, Qt.Key.Key_Return)
    assert near(drawn[0], ((0.9, 0.1), (0.6, 0.1), (0.6, 0.6)))


def test_drawing_is_given_up_by_escape_and_where_the_picture_goes_and_takes_no_shortcut(
    opened: MainWindow, dogs: Dogs
) -> None:
    watching(opened, dogs.room)
    over, ends = RegionDrawing(opened.stage.preview), []
    over.given_up.connect(lambda: ends.append("given up"))
    over.drawn.connect(lambda _corners: ends.append("drawn"))
    faces = opened.settings.faces
    QTest.keyClick(over, Qt.Key.Key_F)
    QTest.keyClick(over, Qt.Key.Key_Return)  # nothing is drawn yet
    assert opened.settings.faces == faces
    assert ends == []
    QTest.keyClick(over, Qt.Key.Key_Escape)
    assert ends == ["given up"]
    other = RegionDrawing(opened.stage.preview)
    other.given_up.connect(lambda: ends.append("gone"))
    opened.stage.show_picture(False)
    assert ends == ["given up", "gone"]


def test_regions_are_seen_on_the_picture_while_their_rules_are_on(opened: MainWindow, dogs: Dogs, config: Path) -> None:
    source = watching(opened, dogs.room)
    plain = opened.stage.preview.grab().toImage()
    save(config / FILE, [dog(region=[[0.5, 0.5], [0.9, 0.9]])])
    opened.deeds.begin_rules()
    opened.refresh()
    source.give(1)
    events(lambda: bool(opened.stage.preview.regions), "it is shown")
    edge = place(opened, 0.5, 0.7)
    assert opened.stage.preview.grab().toImage().pixelColor(edge) != plain.pixelColor(edge)
    listed = rules_dialog(opened)
    listed.list.item(0).setCheckState(Qt.CheckState.Unchecked)
    assert opened.stage.preview.regions == ()
    listed.close()


def test_what_is_missing_or_wrong_in_a_rule_is_said_in_its_dialog(opened: MainWindow, dogs: Dogs, config: Path) -> None:
    watching(opened, dogs.room)
    save(config / FILE, [dog()])
    opened.deeds.begin_rules()
    listed = rules_dialog(opened)
    click(listed, "Add…")
    asked = rule_dialog(opened)
    said = []
    for step in range(5):
        if step == 1:
            asked.name.setText("Dog")
        elif step == 2:
            asked.what.check("dog", True)
        elif step == 3:
            asked.name.setText("Cat")
            asked.program.setPlainText("say\n{lable}")
        elif step == 4:
            asked.program.clear()
            for box in asked.days.values():
                box.setChecked(False)
        click(asked, "Add")
        said.append(asked.refused.partition(":")[0])
    assert said == [
        "The rule has no name",
        "Nothing is chosen that is to be seen",
        "Two rules are called “Dog”",
        "The rule “Cat”",
        "No day is chosen",
    ]
    assert len(load(config / FILE)) == 1
    asked.reject()
    listed.close()


def test_what_was_missing_is_said_no_longer_once_it_is_filled_in(opened: MainWindow, dogs: Dogs) -> None:
    watching(opened, dogs.room)
    listed = rules_dialog(opened)
    click(listed, "Add…")
    asked = rule_dialog(opened)
    fills: tuple[Callable[[], object], ...] = (
        lambda: QTest.keyClicks(asked.name, "Dog"),
        lambda: asked.what.check("dog", True),
        lambda: asked.days["mon"].setChecked(True),
        lambda: asked.program.setPlainText("say"),
    )
    for box in asked.days.values():
        box.setChecked(False)
    asked.program.setPlainText("say\n{lable}")
    for fill in fills:
        click(asked, "Add")
        assert asked.refused
        fill()
        assert asked.refused == ""
    asked.reject()
    listed.close()


def test_what_a_dialog_does_not_show_stays_as_it_was(opened: MainWindow, dogs: Dogs, config: Path) -> None:
    watching(opened, dogs.room)
    exact = dog(score=0.655, seconds=0.25, limit=300, hours="0:00-24:00", run=["a", "", "b c"], what=["dog", "yeti"])
    save(config / FILE, [exact])
    opened.deeds.begin_rules()
    listed = rules_dialog(opened)
    listed.changed.emit(0)
    asked = rule_dialog(opened)
    asked.least.setValue(2)
    click(asked, "Change")
    (kept,) = load(config / FILE)
    assert kept == exact.model_copy(update={"least": 2})
    listed.close()


def test_rules_that_cannot_be_read_are_told_and_set_aside_only_by_others(
    qapp: QApplication, dogs: Dogs, config: Path
) -> None:
    config.mkdir(parents=True)
    (config / FILE).write_text("version = 1\n[[rule]]\nname = 'Dog'\n")
    with window(qapp, dogs.room) as opened:
        (sentence,) = sentences(opened)
        assert "The rule “Dog”: what is missing." in sentence
        assert (config / FILE).exists()
        opened.deeds._set_rules([dog()])
        assert load(config / FILE) == (dog(),)
        assert "name = 'Dog'" in (config / f"{FILE}.damaged").read_text()


def test_rules_that_cannot_be_kept_change_nothing_and_that_is_said(opened: MainWindow, config: Path) -> None:
    config.write_text("a file where the folder should be")
    listed = rules_dialog(opened)
    opened.deeds._set_rules([dog()])
    assert listed.rules == ()
    assert "The rules cannot be saved" in listed.refused
    listed.close()


def test_a_rule_records_and_the_recording_lasts_as_long_as_it_wants(
    qapp: QApplication, dogs: Dogs, config: Path, tmp_path: Path
) -> None:
    save(config / FILE, [dog(record={"before": 0, "after": 0}, snapshot=True)])
    with window(qapp, dogs.room, Settings(folder=str(tmp_path / "videos"))) as opened:
        source = watching(opened, dogs.room)
        watch = opened.watch
        assert watch is not None
        events(lambda: watch.recording is not None, "it records")
        source.give(3)
        events(lambda: watch.recording is not None and watch.recording.frames == 3, "frames are in the file")
        dogs.there = False
        source.give(1)
        events(lambda: watch.recording is None and watch.draining is None, "the rule has ended it")
    assert sorted(path.suffix for path in (tmp_path / "videos").iterdir()) == [".jsonl", ".mp4", ".png"]


def test_a_recording_of_a_rule_stays_its_own_when_what_is_hidden_changes(
    qapp: QApplication, dogs: Dogs, config: Path, tmp_path: Path
) -> None:
    save(config / FILE, [dog(record={"before": 0, "after": 0})])
    with window(qapp, dogs.room, Settings(folder=str(tmp_path / "videos"))) as opened:
        source = watching(opened, dogs.room)
        watch = opened.watch
        assert watch is not None
        events(lambda: watch.recording is not None, "it records")
        source.give(3)
        events(lambda: watch.recording is not None and watch.recording.frames > 0, "frames are in the file")
        opened.deeds.switch_hide_faces()
        first = watch.session.recordings[0].path if watch.session is not None else None
        events(lambda: watch.recording is not None and watch.recording.path != first, "it goes on in another file")
        source.give(3)
        dogs.there = False
        source.give(2)
        events(lambda: watch.recording is None and watch.draining is None, "the rule has ended it")
    assert len(list((tmp_path / "videos").glob("*.mp4"))) == 2


def test_a_rule_that_waits_for_what_is_not_looked_for_says_so(opened: MainWindow, dogs: Dogs, config: Path) -> None:
    watching(opened, dogs.room)
    save(config / FILE, [dog(what=["face"])])
    opened.deeds.begin_rules()
    listed = rules_dialog(opened)
    assert listed.remark_of(0) == ""
    opened.deeds.switch_faces()
    assert listed.remark_of(0) == "face: not looked for now"
    listed.close()


def test_what_is_not_looked_for_is_known_of_each_kind() -> None:
    some = Settings(objects=True, faces=False, bodies=False, classes=["cat"])
    assert unseen(dog(), some, ["dog", "cat"]) == "dog: not looked for now"
    assert unseen(dog(what=["dog", "cat"]), some, ["dog", "cat"]) == ""
    assert unseen(dog(what=["person", "body"]), some, []) == "person and body: not looked for now"
    assert unseen(dog(what=["person"]), Settings(objects=False), []) == ""
    assert unseen(dog(what=["yeti"]), Settings(), ["dog"]) == "yeti: not looked for now"


def test_the_panel_says_how_many_rules_are_on_and_opens_their_list(opened: MainWindow, dogs: Dogs) -> None:
    watching(opened, dogs.room)
    button = opened.panel._rules
    assert button.text() == "None…"
    opened.deeds._set_rules([dog(), dog(name="Off", on=False)])
    assert button.text() == "1 on…"
    button.click()
    listed = opened.findChild(RulesDialog)
    assert listed is not None
    listed.close()


def test_a_rule_is_described_in_a_line() -> None:
    rule = dog(what=["dog", "cat"], least=2, region=[[0, 0], [1, 0.5]], hours="22:00-06:00", run=["/bin/say", "x"])
    assert described(rule) == "2 or more of dog or cat, in its region, 22:00-06:00: message, run say"


def test_everything_in_the_dialogs_that_can_have_the_focus_has_a_name(
    opened: MainWindow, dogs: Dogs, config: Path
) -> None:
    watching(opened, dogs.room)
    save(config / FILE, [dog()])
    opened.deeds.begin_rules()
    listed = rules_dialog(opened)
    listed.changed.emit(0)
    asked = rule_dialog(opened)
    for dialog in (listed, asked):
        reachable = [
            one
            for one in dialog.findChildren(QWidget)
            if one.isVisible() and one.focusPolicy() & Qt.FocusPolicy.TabFocus and not isinstance(one, QLabel)
        ]
        assert len(reachable) > 5
        assert [one for one in reachable if not (one.accessibleName() or getattr(one, "text", str)())] == []
    asked.reject()
    listed.close()
