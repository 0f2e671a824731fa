"""The folder of added networks: each whole or not there, named once, and a damaged one breaks no other."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import small_networks as small

from models.classes import COCO
from models.errors import NetworkError
from models.importing import added
from models.importing.inspecting import Recognised, inspect
from models.objects import load_detector

PICTURE = np.random.default_rng(5).integers(0, 256, (48, 64, 3)).astype(np.uint8)


@pytest.fixture(scope="module")
def recognised(tmp_path_factory: pytest.TempPathFactory) -> Recognised:
    path = small.save(tmp_path_factory.mktemp("onnx") / "Herons & Co.onnx", small.one(small.yolo(3)))
    return inspect(path, PICTURE)


def test_a_network_is_kept_with_all_that_is_known_of_it(recognised: Recognised, tmp_path: Path) -> None:
    one = added.add(tmp_path, recognised, licence=" MIT \n")
    assert (one.key, one.file, one.licence, one.recipe) == ("herons-co", "Herons & Co.onnx", "MIT", recognised.recipe)
    assert one.path.read_bytes() == recognised.file.read_bytes()
    assert added.listed(tmp_path) == ((one,), ())
    assert added.add(tmp_path, recognised, "other").licence == added.NOT_STATED
    assert [path.name for path in sorted(tmp_path.iterdir())] == ["herons-co", "other"]


def test_names_never_collide(recognised: Recognised, tmp_path: Path) -> None:
    keys = [added.add(tmp_path, recognised).key for _ in range(3)]
    assert keys == ["herons-co", "herons-co-2", "herons-co-3"]
    with pytest.raises(NetworkError, match="There is a network herons-co already"):
        added.add(tmp_path, recognised, "herons-co")
    with pytest.raises(NetworkError, match="one of Onlooker's own"):
        added.add(tmp_path, recognised, "face-mesh")


@pytest.mark.parametrize(
    "name", ["", "../x", "a/b", "A", ".", "..", "-x", "x" * 65, "con", "nul.onnx", "x.", "x.part", "ä"]
)
def test_names_that_are_no_good_folders_are_refused(name: str, recognised: Recognised, tmp_path: Path) -> None:
    with pytest.raises(NetworkError, match="cannot be a network's name"):
        added.add(tmp_path / "networks", recognised, name)
    assert not (tmp_path / "networks").exists()


@pytest.mark.parametrize(
    "name", ["...onnx", "ÄÖ.onnx", "con.onnx", "x" * 300 + ".onnx", "face-mesh.onnx", "a.part.onnx"]
)
def test_whatever_a_file_is_called_a_key_is_found_for_it(name: str, tmp_path: Path) -> None:
    added.check_key(added.free_key(tmp_path, name))


def test_a_file_that_changed_since_it_was_tried_is_not_kept(tmp_path: Path) -> None:
    path = small.save(tmp_path / "own.onnx", small.one(small.yolo(3)))
    recognised = inspect(path, PICTURE)
    small.save(path, small.one(small.yolo(4)))
    with pytest.raises(NetworkError, match="has changed since it was tried"):
        added.add(tmp_path / "networks", recognised)
    assert list((tmp_path / "networks").iterdir()) == []


def test_damaged_ones_are_told_and_the_others_go_on(recognised: Recognised, tmp_path: Path) -> None:
    good = added.add(tmp_path, recognised, "good")
    whole = json.loads((good.folder / added.FACTS).read_text(encoding="utf-8"))
    damages = {
        "a-cut": json.dumps(whole)[:-20],
        "b-layout": json.dumps({**whole, "layout": "yolo9000"}),
        "c-look": json.dumps({**whole, "look": 7}),
        "d-size": json.dumps({**whole, "size": [1, 1]}),
        "e-list": "[]",
        "f-deep": "[" * 100_000,
        "g-version": json.dumps({**whole, "format": 99}),
        "h-labels": json.dumps({**whole, "labels": [None]}),
        "i-empty": "",
    }
    for name, text in damages.items():
        folder = added.add(tmp_path, recognised, name).folder
        (folder / added.FACTS).write_text(text, encoding="utf-8")
    (added.add(tmp_path, recognised, "j-gone").path).unlink()
    networks, sentences = added.listed(tmp_path)
    assert networks == (good,)
    assert len(sentences) == len(damages) + 1
    assert all("is damaged, or another version added it: remove it and add it again." in one for one in sentences)
    for name in damages:
        with pytest.raises(NetworkError, match="is damaged"):
            added.load(tmp_path, name, threads=1)
        added.remove(tmp_path, name)
    assert added.find(tmp_path, "good") == good


def test_what_was_removed_is_gone_and_what_was_never_there_is_told(recognised: Recognised, tmp_path: Path) -> None:
    added.add(tmp_path, recognised, "own")
    added.remove(tmp_path, "own")
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(NetworkError, match="No network 'own' was added: none was added"):
        added.remove(tmp_path, "own")
    with pytest.raises(NetworkError, match=r"No network '\.\./x' was added"):
        added.remove(tmp_path, "../x")


def test_an_added_network_is_a_detector_by_its_key(recognised: Recognised, tmp_path: Path) -> None:
    added.add(tmp_path / "networks", recognised, "own")
    detector = load_detector("own", cache=tmp_path, threads=1, added=tmp_path / "networks")
    assert (detector.key, detector.labels, detector.size) == ("own", ("class 0", "class 1", "class 2"), (64, 64))
    assert len(detector.find(PICTURE, 0.5)) == 1
    assert len(detector.find(np.zeros((0, 0, 3), np.uint8), 0.5)) == 0
    cuda = load_detector("own", cache=tmp_path, threads=1, added=tmp_path / "networks", device="cuda")
    assert "run on the processor" in cuda.note
    with pytest.raises(NetworkError, match="looks at pictures of 64 x 64 pixels, not of 320 x 320"):
        load_detector("own", size=320, cache=tmp_path, threads=1, added=tmp_path / "networks")
    with pytest.raises(NetworkError, match="There is no detector 'other'"):
        load_detector("other", cache=tmp_path, threads=1, added=tmp_path / "networks")


def test_a_file_that_was_exchanged_afterwards_is_not_run(recognised: Recognised, tmp_path: Path) -> None:
    one = added.add(tmp_path, recognised, "own")
    small.save(one.path, small.detr())
    with pytest.raises(NetworkError, match="has changed: remove it and add it again"):
        added.load(tmp_path, "own", threads=1)


def test_a_published_network_runs_at_other_sizes_where_it_leaves_them_free(shared_models: Path, tmp_path: Path) -> None:
    recognised = inspect(shared_models / "nanodet_plus_m_416.onnx", PICTURE, threads=2)
    added.add(tmp_path, recognised, "nanodet")
    detector = load_detector("nanodet", size=320, cache=tmp_path, threads=2, added=tmp_path)
    assert (detector.size, detector.labels) == ((320, 320), COCO)
    detector.find(PICTURE, 0.3)
