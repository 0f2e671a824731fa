"""The analyzer on real pictures: what is there is found, what is not there is not, and nothing breaks it."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import pytest
import skimage.data
from counting_engine import CountingEngine
from cutouts import HEIGHT, WIDTH, astronaut, backdrop
from numpy.typing import NDArray

from models.analyzer import Analyzer, AnalyzerOptions
from models.scene import Scene

Pixels = NDArray[np.uint8]
Engines = dict[str, CountingEngine]
FRAME = 33_000_000  # ns

portrait: Callable[[], Pixels] = skimage.data.astronaut
cat: Callable[[], Pixels] = skimage.data.chelsea
coffee: Callable[[], Pixels] = skimage.data.coffee


def bgr(picture: Pixels) -> Pixels:
    return np.ascontiguousarray(picture[..., ::-1])


@pytest.fixture
def analyzer(compiled: Engines) -> Analyzer:
    return Analyzer(compiled, AnalyzerOptions(objects=False))


def watch(analyzer: Analyzer, pixels: Pixels, frames: int) -> list[Scene]:
    return [analyzer.analyze(pixels, index * FRAME) for index in range(frames)]


@pytest.mark.parametrize("still", [True, False])
def test_a_portrait_holds_one_face_and_one_body_where_they_are(analyzer: Analyzer, still: bool) -> None:
    picture = bgr(portrait())
    scene = analyzer.look(picture) if still else analyzer.analyze(picture, 0)
    assert len(scene.faces) == len(scene.bodies) == 1
    face, body = scene.faces[0], scene.bodies[0]
    assert face.track == body.track == (0 if still else 1)
    assert face.score > 0.5
    assert body.score > 0.5
    # Outer corners of the eyes and tip of the nose, marked by hand.
    assert np.allclose(face.points[[33, 263], :2], [[193, 100], [259, 103]], atol=4)
    assert np.allclose(body.points[0, :2], [224, 128], atol=12)
    left, right = body.points[11], body.points[12]
    assert right[0] < 160 < 290 < left[0]
    assert min(left[3], right[3]) > 0.9
    assert body.points[[27, 28], 3].max() < 0.5  # the ankles are not in the picture


@pytest.mark.parametrize("empty", [lambda: bgr(cat()), lambda: bgr(coffee()), backdrop])
def test_where_nobody_is_nobody_is_found(analyzer: Analyzer, empty: Callable[[], Pixels]) -> None:
    assert not analyzer.look(empty())
    assert not any(watch(analyzer, empty(), 2))


@pytest.mark.parametrize("shape", [(1, 1), (4000, 17), (17, 4000), (4320, 7680), (2, 40_000)])
def test_odd_sizes_in_black_are_empty_scenes(analyzer: Analyzer, shape: tuple[int, int]) -> None:
    picture = np.zeros((*shape, 3), np.uint8)
    assert not analyzer.look(picture)
    assert not analyzer.analyze(picture, 0)


def test_pixels_may_be_read_only_and_are_left_as_they_are(analyzer: Analyzer) -> None:
    picture = bgr(portrait())
    before = picture.copy()
    picture.setflags(write=False)
    assert analyzer.analyze(picture, 0)
    assert (picture == before).all()


def test_small_people_in_a_large_still_picture_are_all_found(analyzer: Analyzer) -> None:
    picture = np.asarray(cv2.resize(backdrop(), (1920, 1080)), np.uint8)
    small = astronaut().scaled(0.25)
    for place in range(5):
        small.paste(picture, 250 + 350 * place, 600 + 60 * (place % 2))
    scene = analyzer.look(picture)
    assert len(scene.faces) == 5
    assert {round((float(face.points[:, 0].mean()) - 250) / 350) for face in scene.faces} == {0, 1, 2, 3, 4}
    assert len(scene.bodies) == 5


def test_somebody_upside_down_in_a_still_picture_is_found(analyzer: Analyzer) -> None:
    picture = backdrop()
    astronaut().paste(picture, WIDTH / 2, HEIGHT)
    turned = np.ascontiguousarray(picture[::-1, ::-1])
    (upright,), (body,) = analyzer.look(picture).bodies, analyzer.look(turned).bodies
    back = np.array([WIDTH, HEIGHT]) - body.points[[0, 11, 12], :2]
    assert np.allclose(back, upright.points[[0, 11, 12], :2], atol=25)


def test_a_still_scene_does_not_jitter(analyzer: Analyzer) -> None:
    scenes = watch(analyzer, bgr(portrait()), 40)[20:]
    points = np.stack([scene.faces[0].points[:, :2] for scene in scenes])
    assert np.abs(np.diff(points, axis=0)).max() < 0.1
    shoulders = np.stack([scene.bodies[0].points[11:13, :2] for scene in scenes])
    assert np.abs(np.diff(shoulders, axis=0)).max() < 0.5


def test_detectors_rest_while_all_are_followed(compiled: Engines) -> None:
    analyzer = Analyzer(compiled, AnalyzerOptions(objects=False))
    analyzer.analyze(bgr(portrait()), 0)
    before = {key: engine.runs for key, engine in compiled.items()}
    for index in range(1, 8):  # less than a quarter of a second
        assert analyzer.analyze(bgr(portrait()), index * FRAME)
    ran = {key: engine.runs - before[key] for key, engine in compiled.items()}
    assert ran["face-detector-full"] == ran["body-detector"] == 0
    assert ran["face-mesh"] == ran["body-landmarks"] == 7


def test_a_newcomer_is_found_soon_though_another_is_followed(analyzer: Analyzer) -> None:
    alone, both = backdrop(), backdrop()
    person = astronaut().scaled(0.7)
    for picture, places in ((alone, [250]), (both, [250, 700])):
        for place in places:
            person.paste(picture, place, HEIGHT)
    for index in range(10):
        scene = analyzer.analyze(alone, index * FRAME)
    assert [face.track for face in scene.faces] == [1]
    for index in range(10, 30):
        scene = analyzer.analyze(both, index * FRAME)
    assert [face.track for face in scene.faces] == [1, 2]
    assert [body.track for body in scene.bodies] == [1, 2]


def test_no_more_are_followed_than_wanted(compiled: Engines) -> None:
    picture = backdrop()
    for place in (250, 700):
        astronaut().scaled(0.7).paste(picture, place, HEIGHT)
    analyzer = Analyzer(compiled, AnalyzerOptions(objects=False, max_faces=1, max_bodies=1))
    for scene in watch(analyzer, picture, 20):
        assert len(scene.faces) == len(scene.bodies) == 1


def test_a_lost_face_is_gone_at_once_and_regains_its_number_when_it_returns(analyzer: Analyzer) -> None:
    there, gone = bgr(portrait()), np.full((512, 512, 3), 90, np.uint8)
    scenes = [analyzer.analyze(gone if 5 <= index < 20 else there, index * FRAME) for index in range(40)]
    assert [[face.track for face in scene.faces] for scene in scenes[:5]] == [[1]] * 5
    assert not any(scene.faces for scene in scenes[5:20])
    assert [face.track for face in scenes[-1].faces] == [1]


def test_a_reset_forgets_who_was_there_but_not_which_numbers_were_used(analyzer: Analyzer) -> None:
    picture = bgr(portrait())
    assert analyzer.analyze(picture, 0).faces[0].track == 1
    analyzer.reset()
    scene = analyzer.analyze(picture, FRAME)
    assert scene.faces[0].track == scene.bodies[0].track == 2


def test_options_may_change_between_two_frames(analyzer: Analyzer) -> None:
    picture = bgr(portrait())
    analyzer.options = AnalyzerOptions(objects=False, bodies=False)
    scene = analyzer.analyze(picture, 0)
    assert scene.faces
    assert not scene.bodies
    analyzer.options = AnalyzerOptions(objects=False, faces=False)
    scene = analyzer.analyze(picture, FRAME)
    assert scene.bodies
    assert not scene.faces
    analyzer.options = AnalyzerOptions(objects=False, face_score=1.0, body_score=1.0)
    assert not analyzer.analyze(np.full((64, 64, 3), 60, np.uint8), 2 * FRAME)


def test_networks_are_asked_for_when_the_options_come_to_need_them(compiled: Engines) -> None:
    asked = []

    def more(key: str) -> CountingEngine:
        asked.append(key)
        return compiled[key]

    analyzer = Analyzer({}, AnalyzerOptions(objects=False, bodies=False), more=more)
    assert asked == ["face-detector-full", "face-mesh"]
    analyzer.options = AnalyzerOptions(objects=False, masks=True)
    assert asked[2:] == ["body-detector", "body-mask"]
    assert (analyzer.device, analyzer.precision, analyzer.note) == ("cpu", "f32", "")
    with pytest.raises(KeyError, match="body-detector"):
        Analyzer({}, AnalyzerOptions(objects=False, faces=False))


def test_a_mask_covers_the_person_and_not_the_wall(compiled: Engines) -> None:
    picture = backdrop()
    person = astronaut()
    person.paste(picture, WIDTH / 2, HEIGHT)
    analyzer = Analyzer(compiled, AnalyzerOptions(objects=False, faces=False, masks=True))
    for scene in (analyzer.look(picture), analyzer.analyze(picture, 0)):
        mask = scene.bodies[0].mask
        assert mask is not None
        assert mask.shape == (HEIGHT, WIDTH)
        share = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
        astronaut().paste(share, WIDTH / 2, HEIGHT)
        truth = share.max(axis=2) > 40
        found = mask > 127
        assert (truth & found).sum() / (truth | found).sum() > 0.8
    analyzer.options = AnalyzerOptions(objects=False, faces=False)
    assert analyzer.look(picture).bodies[0].mask is None
