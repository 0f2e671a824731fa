"""Objects in the analyzer: what is wanted is given out, the rest keeps its track, boxes of people lead to bodies."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import pytest
from counting_engine import CountingEngine
from cutouts import astronaut, backdrop
from numpy.typing import NDArray
from stated_detector import StatedDetector

from models.analyzer import Analyzer, AnalyzerOptions
from models.followers import PERIOD, TRIES
from models.scene import Scene

Pixels = NDArray[np.uint8]
Engines = dict[str, CountingEngine]
FRAME = 33_000_000  # ns
EMPTY = np.zeros((120, 160, 3), np.uint8)
CUP, DOG = ([10.0, 10.0, 40.0, 60.0], 0.8, "cup"), ([80.0, 30.0, 150.0, 110.0], 0.9, "dog")

stated = AnalyzerOptions(faces=False, bodies=False, detector="stated")


def watch(analyzer: Analyzer, pixels: Pixels, frames: int, begin: int = 0) -> list[Scene]:
    return [analyzer.analyze(pixels, (begin + place) * FRAME) for place in range(frames)]


def names(scene: Scene) -> list[tuple[str, int]]:
    return [(one.label, one.track) for one in scene.objects]


def looking(detector: StatedDetector, options: AnalyzerOptions = stated) -> Analyzer:
    return Analyzer({}, options, detectors=lambda _key, _size: detector)


def test_objects_are_followed_in_a_moving_picture_and_have_no_tracks_in_a_still_one() -> None:
    analyzer = looking(StatedDetector(CUP, DOG))
    assert names(watch(analyzer, EMPTY, 3)[-1]) == [("dog", 1), ("cup", 2)]
    assert names(analyzer.look(EMPTY)) == [("dog", 0), ("cup", 0)]


def test_a_class_that_is_not_wanted_keeps_its_track() -> None:
    analyzer = looking(StatedDetector(CUP, DOG))
    watch(analyzer, EMPTY, 3)
    analyzer.options = AnalyzerOptions(faces=False, bodies=False, detector="stated", classes=frozenset({"cup"}))
    assert names(watch(analyzer, EMPTY, 40, 3)[-1]) == [("cup", 2)]
    analyzer.options = stated
    assert names(watch(analyzer, EMPTY, 1, 43)[-1]) == [("dog", 1), ("cup", 2)]
    assert names(analyzer.look(EMPTY)) == [("dog", 0), ("cup", 0)]


def test_a_scene_says_what_was_looked_for() -> None:
    detector = StatedDetector(CUP, DOG)
    analyzer = looking(detector)
    assert analyzer.analyze(EMPTY, 0).looked_for == frozenset({"objects", *detector.labels})
    analyzer.options = AnalyzerOptions(faces=False, bodies=False, detector="stated", classes=frozenset({"cup", "ufo"}))
    for scene in (analyzer.analyze(EMPTY, FRAME), analyzer.look(EMPTY)):
        assert scene.looked_for == frozenset({"objects", "cup"})
    analyzer.options = AnalyzerOptions(False, False, objects=False)
    assert analyzer.analyze(EMPTY, 2 * FRAME).looked_for == frozenset()


def test_a_class_may_have_a_least_score_of_its_own() -> None:
    detector = StatedDetector((CUP[0], 0.3, "cup"), (DOG[0], 0.6, "dog"))
    options = AnalyzerOptions(
        faces=False, bodies=False, detector="stated", class_scores={"cup": 0.2, "dog": 0.7, "unicorn": 0.1}
    )
    analyzer = looking(detector, options)
    assert names(analyzer.look(EMPTY)) == [("cup", 0)]
    assert names(watch(analyzer, EMPTY, 12)[-1]) == [("cup", 1)]
    assert min(detector.thresholds) == pytest.approx(0.05)  # unsure ones are seen too: they keep tracks alive


def test_the_least_score_of_all_may_be_given() -> None:
    analyzer = looking(StatedDetector(CUP, DOG), AnalyzerOptions(False, False, detector="stated", object_score=0.85))
    assert names(analyzer.look(EMPTY)) == [("dog", 0)]


def test_another_detector_or_size_is_loaded_when_the_options_ask_for_it() -> None:
    detectors = {"stated": StatedDetector(CUP), "other": StatedDetector((CUP[0], 0.9, "mug"), labels=("jug", "mug"))}
    asked: list[tuple[str, int | None]] = []

    def load(key: str, size: int | None) -> StatedDetector:
        asked.append((key, size))
        return detectors[key]

    analyzer = Analyzer({}, stated, detectors=load)
    assert names(watch(analyzer, EMPTY, 3)[-1]) == [("cup", 1)]
    analyzer.options = AnalyzerOptions(faces=False, bodies=False, detector="other", input_size=256)
    assert names(watch(analyzer, EMPTY, 3, 3)[-1]) == [("mug", 2)]  # numbers are not used again
    analyzer.options = AnalyzerOptions(faces=False, bodies=False, detector="other", input_size=256, object_score=0.5)
    assert asked == [("stated", None), ("other", 256)]


def test_no_objects_are_looked_for_where_none_are_wanted() -> None:
    detector = StatedDetector(CUP)
    analyzer = looking(detector, AnalyzerOptions(False, False, objects=False))
    assert not analyzer.analyze(EMPTY, 0)
    assert not analyzer.look(EMPTY)
    assert not detector.thresholds
    assert AnalyzerOptions(False, False, objects=False).networks() == ()


def test_a_new_session_counts_from_one_and_a_reset_does_not() -> None:
    analyzer = looking(StatedDetector(CUP))
    assert names(analyzer.analyze(EMPTY, 0)) == [("cup", 1)]
    analyzer.reset()
    assert names(analyzer.analyze(EMPTY, FRAME)) == [("cup", 2)]
    analyzer.begin()
    assert names(analyzer.analyze(EMPTY, 0)) == [("cup", 1)]


def far_away() -> tuple[Pixels, list[float]]:
    """Somebody so small in a large picture that the body detector does not see them; and the box they are in."""
    picture = np.asarray(cv2.resize(backdrop(), (1920, 1080)), np.uint8)
    astronaut().scaled(0.25).paste(picture, 1000, 700)
    return picture, [950.0, 598.0, 1042.0, 700.0]


@pytest.fixture
def with_bodies(compiled: Engines) -> Callable[[StatedDetector], Analyzer]:
    options = AnalyzerOptions(faces=False, detector="stated", body_score=0.4)
    return lambda detector: Analyzer(compiled, options, detectors=lambda _key, _size: detector)


def test_somebody_far_away_has_a_skeleton_where_a_person_is_seen(
    with_bodies: Callable[[StatedDetector], Analyzer],
) -> None:
    picture, box = far_away()
    assert not any(scene.bodies for scene in watch(with_bodies(StatedDetector()), picture, 20))
    scenes = watch(with_bodies(StatedDetector((box, 0.9, "person"))), picture, 20)
    (body,) = scenes[-1].bodies
    assert body.track == 1
    assert box[0] - 10 < float(body.points[[11, 12], 0].mean()) < box[2] + 10
    assert len(with_bodies(StatedDetector((box, 0.9, "person"))).look(picture).bodies) == 1


def test_boxes_of_people_where_nobody_is_raise_no_bodies_and_take_little_time(
    with_bodies: Callable[[StatedDetector], Analyzer], compiled: Engines
) -> None:
    boxes = [[40.0 + 90 * place, 100.0, 110.0 + 90 * place, 300.0] for place in range(9)]
    analyzer = with_bodies(StatedDetector(*((box, 0.9, "person") for box in boxes)))
    before = compiled["body-landmarks"].runs
    scenes = watch(analyzer, backdrop(), 30)
    assert not any(scene.bodies for scene in scenes)
    seconds = 30 * FRAME / 1e9
    assert compiled["body-landmarks"].runs - before <= 2 * TRIES * (seconds / PERIOD + 1)
    assert not analyzer.look(backdrop()).bodies


def test_who_is_followed_is_not_looked_for_again_in_their_box(
    with_bodies: Callable[[StatedDetector], Analyzer], compiled: Engines
) -> None:
    picture = backdrop()
    astronaut().paste(picture, 480, 540)
    analyzer = with_bodies(StatedDetector(([300.0, 130.0, 660.0, 540.0], 0.9, "person")))
    watch(analyzer, picture, 3)
    before = compiled["body-landmarks"].runs
    scenes = watch(analyzer, picture, 20, 3)
    assert [len(scene.bodies) for scene in scenes] == [1] * 20
    assert compiled["body-landmarks"].runs - before <= 20 + 4  # and a few looks at newcomers
