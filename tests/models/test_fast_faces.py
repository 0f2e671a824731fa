"""A face that runs half out of its region between two looks, as on a slow machine, is still one face."""

from __future__ import annotations

import pytest
from counting_engine import CountingEngine
from cutouts import HEIGHT, astronaut, backdrop

from models.analyzer import Analyzer, AnalyzerOptions
from models.scene import Scene

FACE = 109
"""Pixels: the length of her face in the portrait."""

RUNS = range(4, 10)
"""The looks at which it moves; before and afterwards it stands."""


@pytest.fixture
def analyzer(compiled: dict[str, CountingEngine]) -> Analyzer:
    return Analyzer(compiled, AnalyzerOptions(objects=False, bodies=False))


def watch(analyzer: Analyzer, size: float, step: float, looks_a_second: float) -> list[Scene]:
    """A person of `size` runs to the right, `step` lengths of the face between two looks."""
    person = astronaut().scaled(size)
    face = FACE * size
    scenes = []
    for index in range(18):
        pixels = backdrop()
        moved = sum(1 for run in RUNS if run <= index)
        person.paste(pixels, 200 + moved * step * face, 420)
        scenes.append(analyzer.analyze(pixels, round(index * 1e9 / looks_a_second)))
    return scenes


@pytest.mark.parametrize("looks_a_second", [3.3, 6.7])
@pytest.mark.parametrize(("size", "step"), [(0.3, 0.4), (0.3, 0.6), (0.5, 0.6), (0.5, 0.8)])
def test_a_fast_face_is_counted_once(analyzer: Analyzer, size: float, step: float, looks_a_second: float) -> None:
    scenes = watch(analyzer, size, step, looks_a_second)
    assert max(len(scene.faces) for scene in scenes) == 1
    assert len(scenes[-1].faces) == 1


@pytest.mark.parametrize(("size", "step"), [(0.3, 0.6), (0.5, 0.8)])
def test_a_fast_face_keeps_its_number(analyzer: Analyzer, size: float, step: float) -> None:
    scenes = watch(analyzer, size, step, 3.3)
    assert {face.track for scene in scenes for face in scene.faces} == {1}


@pytest.mark.parametrize("looks_a_second", [3.3, 30.0])
@pytest.mark.parametrize("apart", [0.85, 1.0])
def test_a_face_that_comes_to_lie_half_before_another_or_beside_it_is_a_second_one(
    analyzer: Analyzer, apart: float, looks_a_second: float
) -> None:
    behind, before = astronaut().mirrored().recoloured().scaled(0.6), astronaut().scaled(0.6)
    alone = backdrop()
    behind.paste(alone, 500, HEIGHT)
    both = alone.copy()
    between_faces = (1 - 2 * 225 / 512) * before.pixels.shape[1]  # were the two cut-outs in one place
    before.paste(both, 500 + between_faces - apart * FACE * 0.6, HEIGHT)
    scenes = [
        analyzer.analyze(alone if index < 5 else both, round(index * 1e9 / looks_a_second)) for index in range(25)
    ]
    assert all([face.track for face in scene.faces] == [1] for scene in scenes[:5])
    assert all([face.track for face in scene.faces] == [1, 2] for scene in scenes[-8:])
    assert scenes[-1].faces[0].box[0] > scenes[-1].faces[1].box[0]


def test_two_small_faces_one_half_before_the_other_stay_two_though_the_detector_sees_one_between_them(
    analyzer: Analyzer,
) -> None:
    behind, before = astronaut().mirrored().recoloured().scaled(0.3), astronaut().scaled(0.3)
    between_faces = (1 - 2 * 225 / 512) * before.pixels.shape[1]
    for index in range(20):
        pixels = backdrop()
        if index >= 5:
            behind.paste(pixels, 500, HEIGHT)
        before.paste(pixels, 500 + between_faces - 0.8 * FACE * 0.3, HEIGHT)
        scene = analyzer.analyze(pixels, index * 300_000_000)
        if index >= 8:
            assert [face.track for face in scene.faces] == [1, 2]
