"""The command line's words about objects mean what they say, and what cannot be meant is told in one sentence."""

from __future__ import annotations

import pytest
import typer

from desktop.commands.object_choice import DEFAULT, ObjectChoice, check_classes, object_choice
from desktop.commands.options import Device, analyzer_options
from desktop.commands.window import window
from desktop.settings import Settings


def test_without_a_word_all_classes_are_wanted() -> None:
    assert object_choice(DEFAULT, None, None, None) == ObjectChoice()


def test_classes_scores_and_size_are_understood() -> None:
    choice = object_choice(DEFAULT, 320, " dog, traffic light ,", ["dog=0.6", "cell phone = 0.25"])
    assert choice.classes == frozenset({"dog", "traffic light"})
    assert choice.class_scores == {"dog": 0.6, "cell phone": 0.25}
    assert choice.input_size == 320


@pytest.mark.parametrize(
    ("size", "classes", "scores", "words"),
    [
        (None, "dgo", None, "knows no class 'dgo': did you mean dog"),
        (None, None, ["traffic lihgt=0.5"], "did you mean traffic light"),
        (None, "dog,xyzzy", None, "knows no class 'xyzzy': `onlooker models --json` lists all that it knows."),
        (None, "TV", None, "did you mean tv? `onlooker models --json` lists all that it knows."),
        (None, ",", None, "names no class"),
        (None, None, ["dog"], "write --class-score dog=0.6"),
        (None, None, ["dog=7"], "write --class-score dog=0.6"),
        (None, None, ["=0.5"], "write --class-score dog=0.6"),
        (None, None, ["dog=nan"], "write --class-score dog=0.6"),
        (330, None, None, "no multiple of 32: take 320 or 352"),
    ],
)
def test_what_cannot_be_meant_is_told(size: int | None, classes: str | None, scores: list[str], words: str) -> None:
    with pytest.raises(typer.BadParameter) as told:
        object_choice(DEFAULT, size, classes, scores)
    assert words in str(told.value)
    assert "\n" not in str(told.value)


def test_classes_of_a_detector_of_ones_own_are_checked_once_it_is_read() -> None:
    choice = object_choice("mine", None, "bolt,nutt", None)
    check_classes(choice, ("bolt", "nutt"))
    with pytest.raises(typer.BadParameter, match="mine knows no class 'nutt': did you mean nut"):
        check_classes(choice, ("bolt", "nut"))
    with pytest.raises(typer.BadParameter, match="It knows screw"):
        check_classes(object_choice("mine", None, "wheel", None), ("screw",))


def test_the_options_of_the_analyzer_say_the_same() -> None:
    choice = object_choice(DEFAULT, 256, "dog", ["dog=0.6"])
    options = analyzer_options(
        no_objects=False, no_faces=True, no_bodies=False, score=0.3, max_faces=1, max_bodies=2, objects=choice
    )
    assert (options.objects, options.faces, options.classes, options.input_size) == (
        True,
        False,
        frozenset({"dog"}),
        256,
    )
    assert (options.object_score, options.class_scores) == (0.3, {"dog": 0.6})


def test_nothing_to_look_for_is_told() -> None:
    with pytest.raises(typer.BadParameter, match="nothing is left"):
        analyzer_options(no_objects=True, no_faces=True, no_bodies=True, score=None, max_faces=1, max_bodies=1)


def test_the_window_begins_as_the_command_line_says(monkeypatch: pytest.MonkeyPatch) -> None:
    begun: list[Settings] = []

    def run(source: str | None, settings: Settings, notice: str) -> int:
        assert (source, notice) == ("demo", "")
        begun.append(settings)
        return 0

    monkeypatch.setattr("desktop.window.application.run", run)
    with pytest.raises(typer.Exit):
        window("demo", no_faces=True, classes="dog,cat", class_score=["dog=0.6"], input_size=256, device=Device.CPU)
    with pytest.raises(typer.Exit):
        window("demo")
    said = Settings(faces=False, classes=["cat", "dog"], class_scores={"dog": 0.6}, input_size=256, device="cpu")
    assert begun == [said, Settings()]
