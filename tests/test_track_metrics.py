"""The measures of tracks give what can be worked out by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from flicker import flicker, trembling
from track_metrics import Kept, Marked, checked, judge

from models.scene import Detection


def marked(**people: float) -> Marked:
    """People by name, each in a box whose left edge is given."""
    boxes = np.array([[x, 0, x + 10, 20] for x in people.values()], np.float32).reshape(-1, 4)
    return Marked(boxes, list(people))


def test_tracks_that_keep_to_people_have_no_switch_and_those_that_swap_have_two() -> None:
    truth = {frame: marked(anna=0, bert=100) for frame in range(4)}
    right = {frame: marked(one=1, two=101) for frame in range(4)}
    swapped = {frame: marked(one=1, two=101) if frame < 2 else marked(two=1, one=101) for frame in range(4)}
    assert judge(truth, right) == Kept(8, 8, 0, 2, 1.0)
    assert judge(truth, swapped) == Kept(8, 8, 2, 2, 0.5)


def test_a_person_without_a_track_is_missed_and_one_found_again_by_another_is_a_switch() -> None:
    truth = {frame: marked(anna=0) for frame in range(4)}
    seen = {0: marked(one=0), 2: marked(two=2), 3: marked(two=40)}
    assert judge(truth, seen) == Kept(4, 2, 1, 2, 2 * 1 / 6)


def test_the_checked_people_are_read_as_they_were_written(tmp_path: Path) -> None:
    table = tmp_path / "people.csv"
    table.write_text("frame,person,x1,y1,x2,y2\n0,A,1,2,3,4\n5,A,2,2,4,4\n5,B,9,9,12,12\n", encoding="utf-8")
    truth = checked(table)
    assert {frame: list(one.names) for frame, one in truth.items()} == {0: ["A"], 5: ["A", "B"]}
    assert truth[5].boxes[1].tolist() == [9, 9, 12, 12]


def still(label: str = "cup", track: int = 1, x: float = 50) -> Detection:
    return Detection(np.array([x, 50, x + 40, 90], np.float32), 0.8, label, track)


def test_what_stands_still_and_keeps_its_name_does_not_flicker() -> None:
    found = flicker([(step / 10, [still()]) for step in range(100)])
    assert (found.places, found.changes, found.appearances, found.rate) == (1, 0, 0, 0.0)


def test_names_that_change_and_things_that_come_again_count_under_any_number() -> None:
    scenes = [
        (step / 10, [] if step == 40 else [still("cup" if step < 70 else "vase", 1 if step < 40 else 2)])
        for step in range(121)
    ]
    found = flicker(scenes)
    assert (found.places, found.changes, found.appearances) == (1, 1, 1)
    assert found.rate == 2 / 0.2


def test_what_moves_is_not_counted_as_a_still_thing() -> None:
    found = flicker([(step / 10, [still(x=4.0 * step)]) for step in range(100)])
    assert (found.places, found.moving) == (0, 1)


def test_a_still_picture_trembles_a_little_and_alike_for_one_seed() -> None:
    picture = np.full((48, 64, 3), 128, np.uint8)
    frames = [pixels for pixels, _ in trembling(picture, 1)]
    assert len(frames) == 120
    assert 1 < np.abs(frames[3].astype(int) - 128).mean() < 20
    assert (next(trembling(picture, 1))[0] == frames[0]).all()
