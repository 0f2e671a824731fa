"""What --hide may say, and what it says where it cannot be meant."""

from __future__ import annotations

import pytest
import typer

from desktop.commands.hide_choice import How, check_hidden, hide_choice, looking_well
from desktop.drawing.privacy import Hide
from models.analyzer import AnalyzerOptions


def test_without_the_switch_nothing_is_hidden() -> None:
    assert hide_choice(None, How.PIXELATE, AnalyzerOptions()) is None


@pytest.mark.parametrize(
    ("text", "hide"),
    [
        ("faces", Hide()),
        ("faces, person", Hide(labels=frozenset({"person"}))),
        ("car,dog,", Hide(faces=False, labels=frozenset({"car", "dog"}))),
    ],
)
def test_faces_and_classes_are_named_with_commas(text: str, hide: Hide) -> None:
    assert hide_choice(text, How.PIXELATE, AnalyzerOptions()) == hide


@pytest.mark.parametrize("how", How)
def test_every_way_of_hiding_can_be_asked_for(how: How) -> None:
    chosen = hide_choice("faces", how, AnalyzerOptions())
    assert chosen is not None
    assert chosen.how == how.value


@pytest.mark.parametrize(
    ("text", "options", "sentence"),
    [
        (" , ", AnalyzerOptions(), "names nothing"),
        ("faces", AnalyzerOptions(faces=False), "leave --no-faces out"),
        ("dog", AnalyzerOptions(objects=False), "leave --no-objects out"),
        ("dog,cat", AnalyzerOptions(classes=frozenset({"cat"})), "add dog to --classes"),
        ("persn", AnalyzerOptions(), "did you mean person"),
        ("face", AnalyzerOptions(), "did you mean faces"),
    ],
)
def test_what_cannot_be_hidden_is_refused_in_one_sentence(text: str, options: AnalyzerOptions, sentence: str) -> None:
    with pytest.raises(typer.BadParameter, match=sentence):
        hide_choice(text, How.PIXELATE, options)


def test_no_threshold_or_limit_leaves_out_what_is_to_be_hidden() -> None:
    options = AnalyzerOptions(face_score=0.9, max_faces=1, object_score=0.8, class_scores={"cat": 0.9, "cow": 0.9})
    spared = looking_well(options, Hide(labels=frozenset({"cat", "dog"})))
    assert (spared.face_score, spared.max_faces, spared.object_score) == (0.5, 32, 0.8)
    assert spared.class_scores == {"cat": 0.4, "dog": 0.4, "cow": 0.9}
    lower = AnalyzerOptions(face_score=0.2)
    assert looking_well(lower, Hide()).face_score == 0.2
    assert looking_well(options, None) is options


def test_classes_of_a_detector_that_was_added_are_checked_when_it_is_loaded() -> None:
    options = AnalyzerOptions(detector="mine")
    assert hide_choice("gizmo", How.FILL, options) == Hide(faces=False, labels=frozenset({"gizmo"}), how="fill")
    check_hidden(frozenset({"gizmo"}), "mine", ("gizmo", "widget"))
    with pytest.raises(typer.BadParameter, match="did you mean gizmo"):
        check_hidden(frozenset({"gismo"}), "mine", ("gizmo", "widget"))
