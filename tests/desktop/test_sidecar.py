"""Sidecars say exactly what was found, and are read back whatever happened to them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scenes import body, face, scene

from desktop.recordings.sidecar import SidecarWriter
from desktop.recordings.sidecar_reader import End, Header, Line, read_sidecar
from models.errors import RecordingError
from models.scene import Face, Scene


def write(path: Path, *, face_points: bool = True, end: bool = True) -> None:
    writer = SidecarWriter(path, face_points=face_points)
    writer.header(
        program="0.1.0",
        source="camera:Größe",
        size=(1280, 720),
        start="2026-11-22T10:00:00.000Z",
        networks={"faces": "face-mesh"},
    )
    writer.line(0, 0.0, scene())
    writer.line(1, 1 / 30, None, position=61.5)
    writer.line(2, 2 / 30, Scene(), index=5)
    if end:
        writer.end(frames=3, dropped=3, skipped=1, late=2)
    writer.close()


def lines_of(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_the_lines_are_those_of_the_format(tmp_path: Path) -> None:
    write(tmp_path / "a.jsonl")
    header, first, second, third, end = lines_of(tmp_path / "a.jsonl")
    assert header == {
        "onlooker": 1,
        "program": "0.1.0",
        "source": "camera:Größe",
        "size": [1280, 720],
        "start": "2026-11-22T10:00:00.000Z",
        "networks": {"faces": "face-mesh"},
    }
    assert set(first) == {"frame", "time", "analysed", "objects", "faces", "bodies"}
    assert first["objects"] == [{"track": 3, "label": "dog", "score": 0.914, "box": [10.2, 20.0, 110.0, 90.5]}]
    assert np.array(first["faces"][0]["points"]).shape == (468, 3)
    assert set(first["bodies"][0]) == {"track", "score", "box", "points", "world"}
    assert second == {"frame": 1, "time": 0.033333, "analysed": False, "position": 61.5}
    assert third == {
        "frame": 2,
        "time": 0.066667,
        "analysed": True,
        "index": 5,
        "objects": [],
        "faces": [],
        "bodies": [],
    }
    assert end == {"end": True, "frames": 3, "dropped": 3, "skipped": 1, "late": 2}


def test_every_line_is_on_disk_as_soon_as_it_is_written(tmp_path: Path) -> None:
    writer = SidecarWriter(tmp_path / "a.jsonl")
    for frame in range(3):
        writer.line(frame, float(frame), None)
        assert len(lines_of(tmp_path / "a.jsonl")) == frame + 1
    writer.close()


def test_names_that_are_no_text_are_written_as_text(tmp_path: Path) -> None:
    writer = SidecarWriter(tmp_path / "a.jsonl")
    name = "Gr\udcc3\udcb6\u00dfe\udcff\ud800.mp4"  # bytes of a name that were no UTF-8, as Python carries them
    writer.header(program="0", source=name, size=(4, 4), start="", networks={}, file=name)
    writer.close()
    (header,) = read_sidecar(tmp_path / "a.jsonl")
    assert isinstance(header, Header)
    assert (header.source, header.file) == ("Gr\u00f6\u00dfe\ufffd?.mp4",) * 2


def test_a_number_that_json_cannot_say_is_an_error_of_ours(tmp_path: Path) -> None:
    writer = SidecarWriter(tmp_path / "a.jsonl")
    with pytest.raises(RecordingError, match=r"a\.jsonl cannot be written further: .*float"):
        writer.line(0, float("nan"), Scene())
    writer.close()
    assert (tmp_path / "a.jsonl").read_bytes() == b""


def test_what_was_written_is_read_back_to_the_stated_digits(tmp_path: Path) -> None:
    write(tmp_path / "a.jsonl")
    header, first, second, third, end = read_sidecar(tmp_path / "a.jsonl")
    assert isinstance(header, Header)
    assert header.size == (1280, 720)
    assert header.networks == {"faces": "face-mesh"}
    assert isinstance(first, Line)
    assert first.scene is not None
    assert np.abs(first.scene.faces[0].points - face().points).max() <= 0.0501
    assert np.abs(first.scene.bodies[0].points[:, :3] - body().points[:, :3]).max() <= 0.0501
    assert np.abs(first.scene.bodies[0].points[:, 3] - body().points[:, 3]).max() <= 0.000501
    assert np.abs(first.scene.bodies[0].world - body().world).max() <= 0.000501
    assert (first.scene.objects[0].label, first.scene.objects[0].track) == ("dog", 3)
    assert isinstance(second, Line)
    assert (second.analysed, second.scene, second.position) == (False, None, 61.5)
    assert isinstance(third, Line)
    assert (third.analysed, bool(third.scene), third.index) == (True, False, 5)
    assert end == End(frames=3, dropped=3, skipped=1, late=2)


def test_a_frame_whose_marks_are_interpolated_says_so_and_stores_none(tmp_path: Path) -> None:
    writer = SidecarWriter(tmp_path / "a.jsonl")
    writer.line(0, 0.0, Scene(), interpolated=True)  # was analysed: its marks are its own
    writer.line(1, 0.5, None, interpolated=True)
    writer.line(2, 1.0, None)
    writer.close()
    assert lines_of(tmp_path / "a.jsonl")[1] == {"frame": 1, "time": 0.5, "analysed": False, "interpolated": True}
    read = [entry for entry in read_sidecar(tmp_path / "a.jsonl") if isinstance(entry, Line)]
    assert [line.interpolated for line in read] == [False, True, False]


def test_faces_points_can_be_left_out(tmp_path: Path) -> None:
    write(tmp_path / "a.jsonl", face_points=False)
    assert "points" not in lines_of(tmp_path / "a.jsonl")[1]["faces"][0]
    _, first, *_ = read_sidecar(tmp_path / "a.jsonl")
    assert isinstance(first, Line)
    assert first.scene is not None
    assert np.isnan(first.scene.faces[0].points).all()
    assert np.isfinite(first.scene.faces[0].box).all()


def test_coordinates_that_are_not_finite_are_null_and_the_file_stays_json(tmp_path: Path) -> None:
    points = face().points.copy()
    points[7] = (np.nan, np.inf, 1.0)
    writer = SidecarWriter(tmp_path / "a.jsonl")
    writer.line(0, 0.0, Scene(faces=(Face(face().box, 0.5, points, 1),)))
    writer.close()
    assert lines_of(tmp_path / "a.jsonl")[0]["faces"][0]["points"][7] == [None, None, 1.0]
    (line,) = read_sidecar(tmp_path / "a.jsonl")
    assert isinstance(line, Line)
    assert line.scene is not None
    assert np.isnan(line.scene.faces[0].points[7, :2]).all()


def test_data_of_annotate_names_the_file_in_every_line(tmp_path: Path) -> None:
    writer = SidecarWriter(tmp_path / "a.jsonl")
    writer.picture("a.png", (640, 480), scene())
    writer.header(program="0", source="b.mp4", size=(8, 8), start="", networks={}, file="b.mp4")
    writer.line(0, 0.0, Scene(), file="b.mp4")
    writer.end(frames=1, file="b.mp4")
    writer.close()
    picture, header, line, end = read_sidecar(tmp_path / "a.jsonl")
    assert isinstance(picture, Line)
    assert (picture.file, picture.size, picture.frame) == ("a.png", (640, 480), 0)
    assert [entry.file for entry in (header, line, end)] == ["b.mp4"] * 3


def test_a_cut_last_line_is_left_out_and_the_rest_is_read(tmp_path: Path) -> None:
    write(tmp_path / "a.jsonl", end=False)
    whole = (tmp_path / "a.jsonl").read_bytes()
    (tmp_path / "a.jsonl").write_bytes(whole[:-20])
    assert [type(entry) for entry in read_sidecar(tmp_path / "a.jsonl")] == [Header, Line, Line]


def test_unknown_keys_and_kinds_of_lines_are_ignored(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('{"weather": "rain"}\n{"frame": 0, "time": 0.5, "analysed": false, "mood": [1]}\n', "utf-8")
    (line,) = read_sidecar(path)
    assert isinstance(line, Line)
    assert (line.frame, line.time) == (0, 0.5)


GOOD = '{"frame": 0, "time": 0, "analysed": false}\n'


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "is empty"),
        ("no json\n", "Line 1 of"),
        ("half", "Line 1 of"),
        ("[1, 2]\n", "no JSON object"),
        (GOOD + "{}x\n" + GOOD, "Line 2 of"),
        ('{"onlooker": 2}\n', "newer Onlooker"),
        ('{"onlooker": 1}\n', "size does not hold"),
        ('{"onlooker": 1, "size": [1e9, true]}\n', "size does not hold"),
        ('{"frame": -1, "time": 0, "analysed": false}\n', "frame is no count"),
        ('{"frame": true, "time": 0, "analysed": false}\n', "frame is no count"),
        ('{"frame": 0, "time": NaN, "analysed": false}\n', "NaN is no number"),
        ('{"frame": 0, "time": 1e999, "analysed": false}\n', "time is no number"),
        ('{"frame": 0, "time": 0, "analysed": 1}\n', "analysed is neither"),
        ('{"frame": 0, "analysed": true, "faces": 3}\n', "faces is no list"),
        ('{"frame": 0, "analysed": true, "faces": [{"score": 2}]}\n', "box does not hold 4 numbers"),
        ('{"frame": 0, "analysed": true, "objects": [{"box": [0, 0, 1, 1], "score": 2, "label": ""}]}\n', "score 2"),
        ('{"frame": 0, "analysed": true, "objects": [{"box": [0, 0, 1, "1"], "score": 0}]}\n', "box does not hold"),
        ('{"frame": 0, "analysed": true, "objects": [{"box": [[0], 0, 1, 2], "score": 0}]}\n', "Line 1 of"),
        ("[" * 100_000 + "\n", "nested too deeply"),
        ('{"frame": ' + "9" * 5000 + "}\n", "Line 1 of"),
    ],
)
def test_what_is_no_sidecar_is_one_sentence(tmp_path: Path, text: str, sentence: str) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text(text, "utf-8")
    with pytest.raises(RecordingError, match=sentence) as caught:
        list(read_sidecar(path))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["missing.jsonl", "."])
def test_a_file_that_cannot_be_read_is_one_sentence(tmp_path: Path, name: str) -> None:
    with pytest.raises(RecordingError, match="cannot be read"):
        list(read_sidecar(tmp_path / name))


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_cuts_and_flipped_bytes_give_data_or_one_error(tmp_path: Path, data: st.DataObject) -> None:
    path = tmp_path / "a.jsonl"
    write(path, face_points=False)
    raw = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(0, 6))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(raw[: data.draw(st.integers(0, len(raw)))])
    entries: list[object] = []
    sentence = ""
    try:
        entries += read_sidecar(path)
    except RecordingError as error:
        sentence = str(error)
    assert "\n" not in sentence
    assert all(isinstance(entry, Header | Line | End) for entry in entries)


def test_a_closed_file_takes_no_more_and_closes_twice(tmp_path: Path) -> None:
    writer = SidecarWriter(tmp_path / "a.jsonl")
    writer.close()
    writer.close()
    with pytest.raises(RecordingError, match="closed already"):
        writer.end(frames=0)
