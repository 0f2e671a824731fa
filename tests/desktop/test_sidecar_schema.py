"""The published schema says what sidecars hold: real ones pass it, and wrong ones do not."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from clips import numbered, write_clip
from cut_off import cut_off
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from jsonschema.validators import validator_for
from scenes import body, face, scene, thing

import resources
from desktop.batch.annotate import Annotator
from desktop.batch.plan import plan
from desktop.frame import Pixels
from desktop.recordings.leftovers import leftover_of
from desktop.recordings.recording import Recording
from desktop.recordings.repair import repair
from desktop.recordings.sidecar import VERSION, SidecarWriter, scene_lists
from desktop.recordings.sidecar_reader import read_sidecar
from models.scene import Body, Face, Scene


@cache
def validator() -> Draft202012Validator:
    """Of the schema that ships."""
    return Draft202012Validator(json.loads(resources.path("sidecar.schema.json").read_text(encoding="utf-8")))


def complaints(line: object) -> list[str]:
    return [error.message for error in validator().iter_errors(line)]


def lines_of(path: Path) -> list[Any]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


class Sees:
    """A looker that sees the same in all."""

    def analyze(self, _pixels: Pixels, _time_ns: int) -> Scene:
        return scene()

    def look(self, _pixels: Pixels) -> Scene:
        return scene()

    def begin(self) -> None:
        pass

    def reset(self) -> None:
        pass


def test_the_schema_is_one_and_is_of_the_version_that_is_written() -> None:
    schema = validator().schema
    assert validator_for(schema) is Draft202012Validator
    Draft202012Validator.check_schema(schema)
    assert schema["$defs"]["header"]["properties"]["onlooker"] == {
        "const": VERSION,
        "description": "The version of this format.",
    }


def test_a_recording_passes(tmp_path: Path) -> None:
    recording = Recording(tmp_path / "a.mp4", source="camera:0", networks={"faces": "face-mesh"}, program="0.1.0")
    for number, picture in enumerate(numbered(4)):
        analysed = number % 2 == 0
        recording.write(
            picture,
            number / 25,
            scene=scene() if analysed else None,
            analysed=analysed,
            index=3 * number,
            position=60.0 + number / 25,
        )
    recording.close(dropped=8, skipped=2)
    lines = lines_of(tmp_path / "a.jsonl")
    assert [complaints(line) for line in lines] == [[]] * 6


def test_a_repaired_recording_passes(tmp_path: Path) -> None:
    leftover = leftover_of(cut_off(tmp_path))
    assert leftover is not None
    repair(leftover)
    lines = lines_of(tmp_path / "walk.jsonl")
    assert lines[-1]["repaired"] is True
    assert [complaints(line) for line in lines] == [[]] * len(lines)


def test_the_data_of_annotate_passes(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "clip.mp4", numbered(3), [0.0, 0.04, 0.1])
    picture = tmp_path / "one.png"
    cv2.imwrite(str(picture), numbered(1)[0])
    made = plan([str(clip), str(picture)], str(tmp_path / "out"), str(tmp_path / "all.jsonl"))
    Annotator(Sees(), networks={}, program="0.1.0").run(made)
    lines = lines_of(tmp_path / "all.jsonl")
    assert len(lines) == 6
    assert [complaints(line) for line in lines] == [[]] * 6


def test_what_is_not_finite_and_points_that_are_left_out_pass(tmp_path: Path) -> None:
    points, joints = face().points.copy(), body().points.copy()
    points[3], joints[4] = np.nan, np.inf
    odd = Scene(
        faces=(Face(face().box, 0.5, points, 1),), bodies=(Body(body().box, 1.0, joints, body().world * np.nan, 1),)
    )
    for number, shown in enumerate((True, False)):
        writer = SidecarWriter(tmp_path / f"{number}.jsonl", face_points=shown)
        writer.line(0, 0.0, odd)
        writer.line(1, 0.1, None, interpolated=True)
        writer.close()
        assert [complaints(line) for line in lines_of(tmp_path / f"{number}.jsonl")] == [[], []]


FRAME = {"frame": 0, "time": 0.0, "analysed": True, **scene_lists(scene())}
HEADER = {
    "onlooker": 1,
    "program": "0.1.0",
    "source": "demo",
    "size": [64, 48],
    "start": "2026-11-22T10:00:00.000Z",
    "networks": {},
}
END = {"end": True, "frames": 3, "dropped": 0, "skipped": 0, "late": 0}


@pytest.mark.parametrize("line", [HEADER, FRAME, END, END | {"repaired": True, "mood": 1}, FRAME | {"mood": [1]}])
def test_keys_that_are_not_known_pass(line: dict[str, Any]) -> None:
    assert complaints(line) == []


@pytest.mark.parametrize(
    "line",
    [
        [],
        {},
        HEADER | {"onlooker": 2},
        HEADER | {"size": [64]},
        HEADER | {"start": "yesterday"},
        HEADER | {"networks": {"faces": 1}},
        {key: value for key, value in HEADER.items() if key != "size"},
        HEADER | {"frame": 0},
        FRAME | {"frame": -1},
        FRAME | {"frame": 0.5},
        FRAME | {"time": -0.1},
        FRAME | {"time": None},
        FRAME | {"analysed": False},
        FRAME | {"analysed": 1},
        FRAME | {"interpolated": True},
        {key: value for key, value in FRAME.items() if key != "bodies"},
        FRAME | {"objects": [{"track": 1, "label": "dog", "score": 1.1, "box": [0, 0, 1, 1]}]},
        FRAME | {"objects": [{"track": 1, "label": "dog", "score": 0.5, "box": [0, 0, 1]}]},
        FRAME | {"objects": [{"track": -1, "label": "dog", "score": 0.5, "box": [0, 0, 1, 1]}]},
        FRAME | {"objects": [{"track": 1, "score": 0.5, "box": [0, 0, 1, 1]}]},
        FRAME | {"faces": [{"track": 1, "score": 0.5, "box": [0, 0, 1, 1], "points": [[0, 0, 0]] * 467}]},
        FRAME | {"bodies": [{"track": 1, "score": 0.5, "box": [0, 0, 1, 1], "points": [[0, 0, 0, 0]] * 33}]},
        {"frame": 0, "time": 0.0, "analysed": False, "objects": []},
        END | {"end": False},
        END | {"frames": 2.5},
    ],
)
def test_what_is_wrong_does_not_pass(line: object) -> None:
    assert complaints(line) != []


shares = st.floats(0, 1)
boxes = st.lists(st.one_of(st.none(), st.floats(-1e5, 1e5), st.integers(-9, 9)), min_size=4, max_size=4)
objects = st.lists(
    st.fixed_dictionaries(
        {"track": st.integers(0, 1 << 40), "label": st.text(max_size=5), "score": shares, "box": boxes}
    ),
    max_size=3,
)


@given(
    st.fixed_dictionaries(
        {"frame": st.integers(0, 1 << 40), "time": st.floats(0, 1e6), "analysed": st.just(True), "objects": objects},
        optional={"position": st.floats(0, 1e6), "index": st.integers(0, 1 << 40), "file": st.text(max_size=5)},
    )
)
def test_whatever_passes_is_read(tmp_path_factory: pytest.TempPathFactory, line: dict[str, Any]) -> None:
    whole = line | {"faces": [], "bodies": []}
    assert complaints(whole) == []
    path = tmp_path_factory.mktemp("read") / "a.jsonl"
    path.write_text(json.dumps(whole) + "\n", encoding="utf-8")
    (entry,) = read_sidecar(path)
    assert entry.file == line.get("file")


def test_a_thing_that_the_writer_writes_has_no_key_that_the_schema_lacks() -> None:
    named = validator().schema["$defs"]
    lists = scene_lists(Scene((thing(),), (face(),), (body(),)))
    for kind, what in (("objects", "object"), ("faces", "face"), ("bodies", "body")):
        assert set(lists[kind][0]) == set(named[what]["properties"])
