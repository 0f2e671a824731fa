"""What is exported is read back by each format's own reader, or by one that is strict, as it was in the sidecar."""

from __future__ import annotations

import csv
import json
import shutil
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pycocotools.coco import COCO
from scenes import body, face, scene, thing

from desktop.batch.export import export
from desktop.batch.exports.contents import Choice
from desktop.batch.exports.formats import Format, guessed
from desktop.batch.exports.joints import JOINTS
from desktop.commands import cli
from desktop.recordings.placing import temporary_name
from desktop.recordings.sidecar import SidecarWriter
from desktop.recordings.sidecar_reader import Entry, read_sidecar
from models.errors import RecordingError
from models.scene import Body, Detection, Face, Scene

SIZE = (320, 240)
SEEN = {0: scene(), 2: Scene(), 3: Scene((thing("cat", track=4),), (face(track=2), face(150.0)), ())}
TIMES = [0.0, 0.04, 0.0734, 0.2, 1.5]


@pytest.fixture
def sidecar(tmp_path: Path) -> Path:
    """A recording of five frames, of which three were analysed; in the middle one nothing was found."""
    writer = SidecarWriter(tmp_path / "clip.jsonl")
    writer.header(program="0.1.0", source="camera:0", size=SIZE, start="2026-11-22T10:00:00.000Z", networks={})
    for number, time in enumerate(TIMES):
        writer.line(number, time, SEEN.get(number), interpolated=number == 1)
    writer.end(frames=5)
    writer.close()
    return tmp_path / "clip.jsonl"


@pytest.fixture
def several(tmp_path: Path) -> Path:
    """The data of annotate: a video, two pictures of one name, and another video."""
    writer = SidecarWriter(tmp_path / "all.jsonl")
    for name in ("a/run.mp4", "b/run.mp4"):
        writer.header(program="0", source=name, size=SIZE, start="2026-11-22T10:00:00.000Z", networks={}, file=name)
        writer.line(0, 0.0, Scene((thing(track=1),)), file=name)
        writer.line(1, 0.5, Scene((thing(track=1), thing(track=2))), file=name)
        writer.end(frames=2, file=name)
        writer.picture(f"{name[0]}/one.png", (64, 48), Scene((thing(track=0), thing(track=0))))
    writer.close()
    return tmp_path / "all.jsonl"


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, strict=True))


def floats(row: dict[str, str], *columns: str) -> list[float]:
    return [float(row[column]) for column in columns]


BOX = ("x1", "y1", "x2", "y2")


def test_long_csv_has_a_row_for_each_thing_and_each_of_its_points(sidecar: Path, tmp_path: Path) -> None:
    export(sidecar, tmp_path / "out.csv", Format.CSV_LONG)
    rows = rows_of(tmp_path / "out.csv")
    assert {row["frame"] for row in rows} == {"0", "2", "3"}  # analysed ones alone
    things = [row for row in rows if row["kind"] and not row["point"]]
    assert [(row["frame"], row["kind"], row["track"], row["label"]) for row in things] == [
        ("0", "object", "3", "dog"),
        ("0", "face", "1", "face"),
        ("0", "body", "2", "body"),
        ("3", "object", "4", "cat"),
        ("3", "face", "2", "face"),
        ("3", "face", "1", "face"),
    ]
    assert floats(things[0], *BOX, "score") == [10.2, 20.0, 110.0, 90.5, 0.914]
    joints = [row for row in rows if row["kind"] == "body" and row["point"]]
    assert [row["point"] for row in joints] == list(JOINTS)
    found = np.array([floats(row, "x", "y", "z", "visibility") for row in joints])
    assert np.abs(found - body().points).max() <= 0.0501
    world = np.array([floats(row, "world_x", "world_y", "world_z") for row in joints])
    assert np.abs(world - body().world).max() <= 0.000501
    mesh = [row for row in rows if row["kind"] == "face" and row["point"] and row["frame"] == "0"]
    assert [row["point"] for row in mesh] == [str(point) for point in range(468)]
    assert np.abs(np.array([floats(row, "x", "y", "z") for row in mesh]) - face().points).max() <= 0.0501
    (nothing,) = [row for row in rows if not row["kind"]]
    assert (nothing["frame"], nothing["time"], nothing["x1"]) == ("2", "0.0734", "")


def test_wide_csv_has_a_row_for_each_frame_with_columns_for_each_track(sidecar: Path, tmp_path: Path) -> None:
    export(sidecar, tmp_path / "out.csv", Format.CSV_WIDE)
    first, nothing, last = rows_of(tmp_path / "out.csv")
    assert [row["time"] for row in (first, nothing, last)] == ["0", "0.0734", "0.2"]
    assert first["object_3_label"] == "dog"
    assert floats(first, *(f"object_3_{side}" for side in BOX)) == [10.2, 20.0, 110.0, 90.5]
    wrist = floats(first, *(f"body_2_left_wrist_{axis}" for axis in ("x", "y", "z", "visibility", "world_x")))
    joint = JOINTS.index("left_wrist")
    assert wrist == pytest.approx([*body().points[joint], body().world[joint][0]], abs=0.051)
    assert floats(last, "face_1_467_x")[0] == pytest.approx(face(150.0).points[467][0], abs=0.051)
    assert {value for key, value in nothing.items() if key not in ("frame", "time")} == {""}
    assert (last["object_3_label"], last["object_4_label"], first["object_4_label"]) == ("", "cat", "")


def test_things_that_are_not_followed_have_columns_of_their_own(several: Path, tmp_path: Path) -> None:
    export(several, tmp_path / "out.csv", Format.CSV_WIDE)
    rows = rows_of(tmp_path / "out.csv")
    assert [row["file"] for row in rows] == ["a/run.mp4"] * 2 + ["a/one.png"] + ["b/run.mp4"] * 2 + ["b/one.png"]
    assert [bool(row["object_0_label"]) and bool(row["object_0_2_label"]) for row in rows] == [False, False, True] * 2
    assert [row["object_2_label"] for row in rows] == ["", "dog", ""] * 2
    assert rows[2]["time"] == ""


def test_a_table_that_no_spreadsheet_shows_is_refused(tmp_path: Path) -> None:
    writer = SidecarWriter(tmp_path / "many.jsonl")
    for frame in range(12):
        writer.line(frame, float(frame), Scene(faces=(face(track=frame + 1),)))
    writer.close()
    with pytest.raises(RecordingError, match=r"16,912 columns, and spreadsheets show 16,384: .*csv-long"):
        export(tmp_path / "many.jsonl", tmp_path / "out.csv", Format.CSV_WIDE)
    assert not list(tmp_path.glob("out*"))
    export(tmp_path / "many.jsonl", tmp_path / "out.csv", Format.CSV_WIDE, Choice(points=False))
    assert len(rows_of(tmp_path / "out.csv")) == 12


def test_coco_is_read_by_pycocotools(sidecar: Path, tmp_path: Path) -> None:
    export(sidecar, tmp_path / "out.json", Format.COCO)
    data = COCO(str(tmp_path / "out.json"))
    images = data.loadImgs(data.getImgIds())
    assert [(image["file_name"], image["frame"], image["time"]) for image in images] == [
        ("clip_000000.jpg", 0, 0.0),
        ("clip_000002.jpg", 2, 0.0734),
        ("clip_000003.jpg", 3, 0.2),
    ]
    assert {(image["width"], image["height"]) for image in images} == {SIZE}
    named = {one["id"]: one["name"] for one in data.loadCats(data.getCatIds())}
    assert sorted(named.values()) == ["body", "cat", "dog", "face"]
    dog, mesh, skeleton = data.loadAnns(data.getAnnIds(imgIds=[images[0]["id"]]))
    assert (named[dog["category_id"]], dog["track_id"], dog["score"]) == ("dog", 3, 0.914)
    assert dog["bbox"] == [10.2, 20.0, 99.8, 70.5]
    assert dog["area"] == pytest.approx(99.8 * 70.5, abs=0.01)
    assert data.getAnnIds(imgIds=[images[1]["id"]]) == []
    (category,) = data.loadCats([skeleton["category_id"]])
    assert category["keypoints"] == list(JOINTS)
    edges = {frozenset((JOINTS[a - 1], JOINTS[b - 1])) for a, b in category["skeleton"]}
    assert frozenset(("left_shoulder", "left_elbow")) in edges
    assert len(edges) == 35
    points = np.array(skeleton["keypoints"]).reshape(33, 3)
    assert np.abs(points[:, :2] - body().points[:, :2]).max() <= 0.0501
    assert (points[:, 2] == 2).all()
    assert (len(mesh["keypoints"]), mesh["num_keypoints"]) == (468 * 3, 468)


def test_in_coco_what_is_hidden_or_outside_says_so_and_boxes_end_at_the_picture(tmp_path: Path) -> None:
    joints = body().points.copy()
    joints[0, 3], joints[1, 0], joints[2] = 0.2, -5.0, np.nan
    outside = Detection(np.array([-9.0, -9.0, -1.0, 5.0], np.float32), 0.5, "dog", 1)
    half = Detection(np.array([-10.0, 200.0, 30.0, 300.0], np.float32), 0.5, "dog", 2)
    writer = SidecarWriter(tmp_path / "a.jsonl")
    writer.header(program="0", source="", size=SIZE, start="2026-11-22T10:00:00.000Z", networks={})
    writer.line(0, 0.0, Scene((outside, half), (), (Body(body().box, 0.9, joints, body().world, 1),)))
    writer.close()
    export(tmp_path / "a.jsonl", tmp_path / "out.json", Format.COCO)
    data = COCO(str(tmp_path / "out.json"))
    dog, skeleton = data.loadAnns(data.getAnnIds())
    assert (dog["track_id"], dog["bbox"]) == (2, [0.0, 200.0, 30.0, 40.0])
    assert np.array(skeleton["keypoints"]).reshape(33, 3)[:4, 2].tolist() == [1, 0, 0, 2]
    assert skeleton["keypoints"][3:9] == [0, 0, 0, 0, 0, 0]
    assert skeleton["num_keypoints"] == 31


def yolo_of(folder: Path) -> dict[str, list[tuple[str, list[float]]]]:
    """A data set as its rules have it: for each picture the name and the box of each thing. Strict."""
    names = (folder / "classes.txt").read_text(encoding="utf-8").splitlines()
    assert len(set(names)) == len(names)
    found = {}
    for path in sorted((folder / "labels").iterdir()):
        assert path.suffix == ".txt"
        things = []
        for line in path.read_text(encoding="ascii").splitlines():
            number, *values = line.split(" ")
            assert number.isdecimal()
            assert len(values) == 4
            shares = [float(value) for value in values]
            assert all(0.0 <= share <= 1.0 for share in shares)
            assert min(shares[2:]) > 0.0
            things.append((names[int(number)], shares))
        found[path.stem] = things
    return found


def test_yolo_has_a_file_for_each_frame_and_names_its_classes(sidecar: Path, tmp_path: Path) -> None:
    done = export(sidecar, tmp_path / "set", Format.YOLO)
    assert (done.path, done.frames) == (tmp_path / "set", 3)
    found = yolo_of(tmp_path / "set")
    assert list(found) == ["clip_000000", "clip_000002", "clip_000003"]
    assert [name for name, _ in found["clip_000000"]] == ["dog", "face", "body"]
    left, top, right, bottom = 10.2 / 320, 20 / 240, 110 / 320, 90.5 / 240
    wanted = [(left + right) / 2, (top + bottom) / 2, right - left, bottom - top]
    assert found["clip_000000"][0][1] == pytest.approx(wanted, abs=1e-6)
    assert found["clip_000002"] == []
    told = (tmp_path / "set" / "data.yaml").read_text(encoding="utf-8")
    assert told.endswith('names:\n  0: "cat"\n  1: "dog"\n  2: "face"\n  3: "body"\n')


def test_yolo_tells_pictures_of_one_name_apart(several: Path, tmp_path: Path) -> None:
    export(several, tmp_path / "set", Format.YOLO)
    names = ["one", "one-2", "run-2_000000", "run-2_000001", "run_000000", "run_000001"]
    assert sorted(yolo_of(tmp_path / "set")) == names
    export(several, tmp_path / "out.json", Format.COCO)
    images = COCO(str(tmp_path / "out.json")).dataset["images"]
    assert [image["file_name"] for image in images[1:4]] == ["run_000001.jpg", "a/one.png", "run-2_000000.jpg"]


def mot_of(path: Path) -> dict[tuple[int, int], list[float]]:
    """(frame, id) -> left, top, width, height, score, by the rules of MOTChallenge: all count from 1, no id twice."""
    found = {}
    for line in path.read_text(encoding="ascii").splitlines():
        cells = line.split(",")
        assert len(cells) == 10
        frame, own = int(cells[0]), int(cells[1])
        assert frame >= 1
        assert own >= 1
        assert cells[7:] == ["-1"] * 3
        assert (frame, own) not in found
        found[frame, own] = [float(cell) for cell in cells[2:7]]
    return found


def test_mot_counts_from_1_and_gives_every_track_an_id_of_its_own(sidecar: Path, tmp_path: Path) -> None:
    export(sidecar, tmp_path / "out.txt", Format.MOT)
    found = mot_of(tmp_path / "out.txt")
    # frame 0: dog 3, face 1, body 2; frame 3: cat 4, face 2, face 1
    assert sorted(found) == [(1, 1), (1, 2), (1, 3), (4, 2), (4, 4), (4, 5)]
    assert found[1, 1] == pytest.approx([11.2, 21.0, 99.8, 70.5, 0.914], abs=1e-6)
    assert found[4, 2] == pytest.approx([151.0, 81.0, 90.0, 90.0, 0.987], abs=1e-6)


def test_mot_and_webvtt_of_several_videos_are_a_folder(several: Path, tmp_path: Path) -> None:
    export(several, tmp_path / "mot", Format.MOT)
    assert sorted(path.name for path in (tmp_path / "mot").iterdir()) == ["run-2.txt", "run.txt"]
    assert list(mot_of(tmp_path / "mot" / "run-2.txt")) == [(1, 1), (2, 1), (2, 2)]
    export(several, tmp_path / "vtt", Format.WEBVTT)
    assert [cue for *_, cue in cues_of(tmp_path / "vtt" / "run.vtt")] == ["dog 1", "dog 1\ndog 2"]


def cues_of(path: Path) -> list[tuple[float, float, str]]:
    """Begin, end and text of each cue, as FFmpeg reads them."""
    with av.open(str(path), format="webvtt") as file:
        (stream,) = file.streams
        unit = stream.time_base
        assert unit is not None
        return [
            (
                round(float(packet.pts * unit), 3),
                round(float((packet.pts + packet.duration) * unit), 3),
                bytes(packet).decode(),
            )
            for packet in file.demux(stream)
            if packet.size and packet.pts is not None and packet.duration is not None
        ]


def test_webvtt_says_what_is_seen_while_it_is_seen(sidecar: Path, tmp_path: Path) -> None:
    export(sidecar, tmp_path / "out.vtt", Format.WEBVTT)
    first, last = cues_of(tmp_path / "out.vtt")
    assert first == (0.0, 0.073, "dog 3\nface 1\nbody 2")
    assert last == (0.2, 0.7, "cat 4\nface 2\nface 1")


def test_webvtt_joins_what_stays_ends_what_was_lost_and_hides_no_sign(tmp_path: Path) -> None:
    writer = SidecarWriter(tmp_path / "a.jsonl")
    for frame, time in enumerate([0.0, 0.4, 0.8, 3600.5, 3600.7]):
        writer.line(frame, time, Scene((thing("a<b> & c -->\n\nd"),)))
    writer.close()
    export(tmp_path / "a.jsonl", tmp_path / "out.vtt", Format.WEBVTT)
    text = "a&lt;b&gt; &amp; c --&gt; d 3"
    assert cues_of(tmp_path / "out.vtt") == [
        (0.0, 1.3, text),
        (3600.5, 3601.2, text),
    ]


def test_what_is_not_wanted_is_left_out(sidecar: Path, tmp_path: Path) -> None:
    export(sidecar, tmp_path / "a.csv", Format.CSV_LONG, Choice(faces=False, points=False))
    assert [row["kind"] for row in rows_of(tmp_path / "a.csv")] == ["object", "body", "", "object"]
    export(sidecar, tmp_path / "b.csv", Format.CSV_LONG, Choice(faces=False, bodies=False, classes=frozenset({"cat"})))
    assert [row["label"] for row in rows_of(tmp_path / "b.csv")] == ["", "", "cat"]


def test_points_that_were_not_stored_or_are_not_finite_are_empty_cells(tmp_path: Path) -> None:
    joints = body().points.copy()
    joints[5] = np.nan
    writer = SidecarWriter(tmp_path / "a.jsonl", face_points=False)
    writer.line(0, 0.0, Scene((), (face(),), (Body(body().box, 0.9, joints, body().world, 1),)))
    writer.close()
    export(tmp_path / "a.jsonl", tmp_path / "out.csv", Format.CSV_LONG)
    rows = rows_of(tmp_path / "out.csv")
    assert [row["point"] for row in rows if row["kind"] == "face"] == [""]
    assert [row["x"] for row in rows if row["point"] == JOINTS[5]] == [""]


@pytest.mark.parametrize(
    ("name", "form"),
    [("a.csv", Format.CSV_LONG), ("a.JSON", Format.COCO), ("a.vtt", Format.WEBVTT), ("a.txt", None), ("set", None)],
)
def test_the_name_says_the_format_where_it_can(name: str, form: Format | None) -> None:
    if form is not None:
        assert guessed(Path(name)) is form
        return
    with pytest.raises(
        RecordingError, match=r"does not say which format .* csv-long, csv-wide, coco, yolo, mot, webvtt"
    ):
        guessed(Path(name))


FORMATS = pytest.mark.parametrize("form", list(Format))


@FORMATS
def test_a_damaged_sidecar_is_one_sentence_with_the_line_and_nothing_is_left(
    sidecar: Path, tmp_path: Path, form: Format
) -> None:
    lines = sidecar.read_text(encoding="utf-8").splitlines(keepends=True)
    lines[3] = '{"frame": 2, "analysed": true, "objects": 3}\n'
    sidecar.write_text("".join(lines), encoding="utf-8")
    with pytest.raises(RecordingError, match=r"^Line 4 of .*clip\.jsonl is no sidecar's: [^\n]*$"):
        export(sidecar, tmp_path / "out", form)
    assert [path.name for path in tmp_path.iterdir()] == ["clip.jsonl"]


@FORMATS
def test_what_exists_stays_unless_it_may_be_replaced(sidecar: Path, tmp_path: Path, form: Format) -> None:
    target = tmp_path / "out"
    export(sidecar, target, form)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    with pytest.raises(RecordingError, match=r"exists|is not empty"):
        export(sidecar, target, form)
    export(sidecar, target, form, overwrite=True)
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before


@FORMATS
def test_nothing_is_left_where_writing_fails_in_the_middle(
    sidecar: Path, tmp_path: Path, form: Format, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The sidecar is damaged between the first and a later reading of it, as a disk that fails would have it."""
    passes: list[int] = []

    def failing(path: Path) -> Iterator[Entry]:
        passes.append(1)
        for number, entry in enumerate(read_sidecar(path)):
            if len(passes) > 1 and number == 2:
                raise RecordingError("The data file cannot be read: the disk reports an error.")
            yield entry

    monkeypatch.setattr("desktop.batch.export.read_sidecar", failing)
    with pytest.raises(RecordingError, match="the disk reports an error"):
        export(sidecar, tmp_path / "out", form)
    assert [path.name for path in tmp_path.iterdir()] == ["clip.jsonl"]


@pytest.mark.parametrize("form", [Format.COCO, Format.YOLO])
def test_a_size_that_nobody_tells_is_one_sentence(tmp_path: Path, form: Format) -> None:
    (tmp_path / "a.jsonl").write_text('{"frame": 0, "time": 0, "analysed": true}\n', encoding="utf-8")
    with pytest.raises(RecordingError, match="does not tell the size of the video, its first line is missing"):
        export(tmp_path / "a.jsonl", tmp_path / "out", form)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("form", [Format.MOT, Format.WEBVTT])
def test_pictures_alone_are_not_for_formats_of_videos(tmp_path: Path, form: Format) -> None:
    writer = SidecarWriter(tmp_path / "a.jsonl")
    writer.picture("one.png", SIZE, scene())
    writer.close()
    with pytest.raises(RecordingError, match="tells of pictures only"):
        export(tmp_path / "a.jsonl", tmp_path / "out", form)


def test_a_folder_that_holds_anything_else_is_never_replaced(sidecar: Path, tmp_path: Path) -> None:
    (tmp_path / "set").mkdir()
    (tmp_path / "set" / "photo.jpg").write_bytes(b"dear")
    for overwrite in (False, True):
        with pytest.raises(RecordingError, match=r"is not empty|holds more than an export"):
            export(sidecar, tmp_path / "set", Format.YOLO, overwrite=overwrite)
    assert (tmp_path / "set" / "photo.jpg").read_bytes() == b"dear"
    with pytest.raises(RecordingError, match="is a file, and this export is a folder"):
        export(sidecar, tmp_path / "set" / "photo.jpg", Format.YOLO)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["clip.jsonl", "set"]


def test_the_sidecar_itself_is_never_the_output(sidecar: Path) -> None:
    before = sidecar.read_bytes()
    with pytest.raises(RecordingError, match="is the sidecar itself"):
        export(sidecar, sidecar, Format.CSV_LONG, overwrite=True)
    assert sidecar.read_bytes() == before


def test_a_name_from_a_foreign_sidecar_stays_inside_the_folder(tmp_path: Path) -> None:
    writer = SidecarWriter(tmp_path / "a.jsonl")
    for name in ("../../evil.png", "..", "C:\\x\\CON?.png", "/", "\ud800.png"):
        writer.picture(name, SIZE, Scene())
    writer.close()
    export(tmp_path / "a.jsonl", tmp_path / "set", Format.YOLO)
    assert {path.parent for path in tmp_path.rglob("*.txt")} == {tmp_path / "set", tmp_path / "set" / "labels"}
    assert len(list((tmp_path / "set" / "labels").iterdir())) == 5


@pytest.mark.parametrize("form", [Format.CSV_LONG, Format.COCO, Format.MOT, Format.WEBVTT])
def test_memory_does_not_grow_with_the_recording(tmp_path: Path, form: Format) -> None:
    def peak(frames: int) -> int:
        path = tmp_path / f"{frames}.jsonl"
        writer = SidecarWriter(path)
        writer.header(program="0", source="", size=SIZE, start="2026-11-22T10:00:00.000Z", networks={})
        for frame in range(frames):
            writer.line(frame, frame / 30, Scene((thing(),), (), (body(),)))
        writer.close()
        tracemalloc.start()
        try:
            export(path, tmp_path / f"{frames}.out", form)
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    peak(5)  # imports
    assert peak(160) < 1.5 * peak(40) + 100_000


def test_the_command_says_what_it_wrote_and_that_a_recording_was_cut_off(
    sidecar: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    text = sidecar.read_text(encoding="utf-8").splitlines(keepends=True)
    sidecar.write_text("".join(text[:-1]), encoding="utf-8")
    assert cli.run(["export", str(sidecar), "-o", str(tmp_path / "out.json"), "--no-faces", "--classes", "dog"]) == 0
    assert capfd.readouterr().err == (
        "clip has no end: its recording was cut off, and what there is was exported.\n"
        f"Wrote {tmp_path / 'out.json'} (coco, 3 frames that were analysed).\n"
    )
    told = json.loads((tmp_path / "out.json").read_text(encoding="utf-8"))
    assert [one["name"] for one in told["categories"]] == ["dog", "body"]


@pytest.mark.parametrize(
    ("arguments", "status", "sentence"),
    [
        (["missing.jsonl", "-o", "out.csv"], 1, "missing.jsonl cannot be read: there is no such file."),
        ([".", "-o", "out.csv"], 1, "The data file . cannot be read: it is a folder."),
        (["clip.jsonl", "-o", "out"], 2, "does not say which format is meant"),
        (["clip.jsonl", "-o", "e.csv", "--format", "yolo"], 2, "e.csv is no name for a folder, which yolo is here"),
        (["clip.jsonl", "-o", "e.csv", "--format", "coco"], 2, "e.csv is no name for coco: end it with .json."),
        (["clip.jsonl", "-o", "e.JSON", "--format", "csv-wide"], 2, "e.JSON is no name for csv-wide"),
        (["clip.jsonl", "-o", "clip.jsonl", "--format", "mot"], 1, "is the sidecar itself"),
        (["clip.jsonl", "-o", "nowhere/out.csv"], 1, "the folder does not exist"),
        (["clip.jsonl", "-o", "nowhere/out", "--format", "yolo"], 1, "cannot be made: the folder does not exist"),
        (["clip.jsonl", "-o", "out.csv", "--format", "xml"], 2, "xml"),
        (["clip.jsonl", "-o", "out.csv", "--classes", " , "], 2, "names no class"),
        (["clip.jsonl", "-o", "a.csv", "--no-objects", "--no-faces", "--no-bodies"], 2, "nothing is left to export"),
    ],
)
def test_what_cannot_be_exported_is_one_sentence(
    sidecar: Path,
    arguments: list[str],
    status: int,
    sentence: str,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(sidecar.parent)
    assert cli.run(["export", *arguments]) == status
    said = capfd.readouterr().err
    assert sentence in said
    assert "Traceback" not in said
    assert [path.name for path in sidecar.parent.iterdir()] == ["clip.jsonl"]


@pytest.mark.parametrize("arguments", [["-o", "out.csv"], ["-o", "set", "--format", "yolo"]])
def test_what_exists_is_refused_with_the_switch_that_replaces_it(
    sidecar: Path, arguments: list[str], monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(sidecar.parent)
    assert cli.run(["export", "clip.jsonl", *arguments]) == 0
    capfd.readouterr()
    assert cli.run(["export", "clip.jsonl", *arguments]) == 1
    assert capfd.readouterr().err.endswith("With --overwrite what is there is replaced.\n")
    assert cli.run(["export", "clip.jsonl", *arguments, "--overwrite"]) == 0


def test_several_videos_do_not_become_a_folder_that_is_called_as_a_file(several: Path, tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match=r"is no name for a folder, which webvtt is here: leave out .vtt"):
        export(several, tmp_path / "out.vtt", Format.WEBVTT)
    assert not (tmp_path / "out.vtt").exists()
    export(several, tmp_path / "out", Format.WEBVTT)


def test_a_face_among_the_objects_is_another_thing_than_a_face(tmp_path: Path) -> None:
    writer = SidecarWriter(tmp_path / "a.jsonl")
    writer.header(program="0", source="", size=SIZE, start="2026-11-22T10:00:00.000Z", networks={})
    writer.line(0, 0.0, Scene((thing("face"),), (Face(face().box, 0.5, face().points, 1),)))
    writer.close()
    export(tmp_path / "a.jsonl", tmp_path / "out.json", Format.COCO)
    data = COCO(str(tmp_path / "out.json"))
    assert [one["supercategory"] for one in data.loadCats(data.getCatIds())] == ["object", "face"]
    export(tmp_path / "a.jsonl", tmp_path / "set", Format.YOLO)
    assert [name for name, _ in yolo_of(tmp_path / "set")["a_000000"]] == ["face", "face"]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), form=st.sampled_from(list(Format)))
def test_flipped_bytes_give_an_export_or_one_error(several: Path, data: st.DataObject, form: Format) -> None:
    raw = bytearray(several.read_bytes())
    for _ in range(data.draw(st.integers(1, 6))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.sampled_from(b'0123456789-eE.,:{}[]"\\ntfu\xff'))
    bad = several.with_name("bad.jsonl")
    bad.write_bytes(raw)
    target = several.with_name("out")
    sentence = ""
    try:
        export(bad, target, form, overwrite=True)
    except RecordingError as error:
        sentence = str(error)
    assert "\n" not in sentence
    assert target.exists() != bool(sentence)
    assert not temporary_name(target).exists()
    if target.is_dir():
        shutil.rmtree(target)
    target.unlink(missing_ok=True)
