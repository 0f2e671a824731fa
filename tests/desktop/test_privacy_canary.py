"""A face is searched in everything that leaves memory, whatever the analysis does, and is found nowhere."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import pytest
from canary import FOUND, SIDE, CanaryLooker, frames_of, likeness, picture, place_of
from clips import write_clip

from desktop.batch.annotate import Annotator, Outcome
from desktop.batch.plan import plan
from desktop.drawing.mosaic import How, hide_parts
from desktop.drawing.privacy import Hide

FRAMES = 30


def annotate(
    inputs: list[Path], output: Path, looker: CanaryLooker, hide: Hide | None, *, points: bool = False
) -> Outcome:
    planned = plan([str(one) for one in inputs], str(output), str(output.parent / "found.jsonl"))
    return Annotator(looker, networks={}, program="0", hide=hide, face_points=points).run(planned)


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    return write_clip(tmp_path / "in.mp4", [picture(n) for n in range(FRAMES)], [n / 30 for n in range(FRAMES)])


# The canary is no blind one


def test_the_canary_is_found_where_nothing_hides_it(tmp_path: Path, clip: Path) -> None:
    annotate([clip], tmp_path / "out.mp4", CanaryLooker(), None)
    assert min(map(likeness, frames_of(tmp_path / "out.mp4"))) > 0.9


@pytest.mark.parametrize("how", ["pixelate", "blur", "fill"])
def test_the_canary_is_not_found_where_it_is_hidden_but_is_when_a_quarter_of_it_is_not(how: How) -> None:
    x, y = place_of(7)
    whole = hide_parts(picture(7), [(x - 16, y - 16, x + SIDE + 16, y + SIDE + 16)], how)
    but_a_quarter = hide_parts(picture(7), [(x + SIDE / 2, y - 16, x + SIDE + 16, y + SIDE + 16)], how)
    assert likeness(whole) < FOUND - 0.1
    assert likeness(but_a_quarter) > 0.9


# What annotate writes


@pytest.mark.parametrize("how", ["pixelate", "blur", "fill"])
@pytest.mark.parametrize("missed", [(), (0, 1, 2, 3), (9, 10, 11), tuple(range(1, FRAMES, 2)), (26, 27, 28, 29)])
def test_an_annotated_video_shows_no_face_though_some_frames_miss_it(
    tmp_path: Path, clip: Path, missed: tuple[int, ...], how: How
) -> None:
    outcome = annotate([clip], tmp_path / "out.mp4", CanaryLooker(frozenset(missed)), Hide(how=how))
    assert outcome.frames == FRAMES
    assert max(map(likeness, frames_of(tmp_path / "out.mp4"))) < FOUND


def test_what_is_left_of_a_video_whose_analysis_died_shows_no_face(tmp_path: Path, clip: Path) -> None:
    with pytest.raises(ZeroDivisionError):
        annotate([clip], tmp_path / "out.mp4", CanaryLooker(fails=17), Hide())
    left = frames_of(tmp_path / "out.mp4")
    assert len(left) == 17
    assert max(map(likeness, left)) < FOUND


def test_annotated_pictures_show_no_face_each_by_itself(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    for number, suffix in enumerate(("png", "jpg", "webp", "bmp", "tif")):
        cv2.imwrite(str(folder / f"{number}.{suffix}"), picture(40 * number))
    outcome = annotate([folder], tmp_path / "out", CanaryLooker(), Hide())
    assert outcome.pictures == 5
    assert max(likeness(frames_of(path)[0]) for path in (tmp_path / "out").iterdir()) < FOUND


def test_data_of_hidden_faces_holds_their_boxes_and_no_points_unless_asked(tmp_path: Path, clip: Path) -> None:
    for points in (False, True):
        folder = tmp_path / f"{points}"
        folder.mkdir()
        annotate([clip], folder / "out.mp4", CanaryLooker(), Hide(), points=points)
        lines = [json.loads(line) for line in (folder / "found.jsonl").read_text().splitlines()]
        faces = [line["faces"][0] for line in lines if "faces" in line]
        assert len(faces) == FRAMES
        assert all("box" in face and ("points" in face) is points for face in faces)
