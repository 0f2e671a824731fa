"""A form for int8 ships where it loses less than a point, and is used where it is whole and of the weights at hand."""

from __future__ import annotations

import importlib.util
import json
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest

import resources
from models import child, forms, precisions, weights
from models.catalogue import NETWORKS
from models.errors import NetworkError
from models.training import quantisation

NETWORK = NETWORKS["face-detector-short"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the network's weights and the manifest, and a form for int8 that is only bytes."""
    for name in (NETWORK.weights, weights.MANIFEST):
        shutil.copy(resources.path(f"weights/{name}"), tmp_path)
    quantisation.ship(NETWORK, (b"<xml/>", b"weights"), {"points": {}}, tmp_path)
    return tmp_path


def test_nncf_makes_a_form_that_answers_nearly_as_f32_does() -> None:
    if importlib.util.find_spec("nncf") is None:
        pytest.skip("nncf is not installed: it is in the extra `quantisation`")
    code = """
import numpy as np
from models import checking
from models.catalogue import NETWORKS
from models.cpu_engine import CpuEngine
from models.training import quantisation

network = NETWORKS["face-detector-short"]
picture, _ = checking.stored(network)
shown = [np.ascontiguousarray(one[None, ..., ::-1]) for one in (picture, picture[:, ::-1], picture[::-1])]
form = quantisation.quantise(network, shown)
assert b"FakeQuantize" in form[0]
assert checking.check(CpuEngine(network, form, precision="int8", threads=1)) <= 0.5  # three pictures are few
"""  # a child's: NNCF leaves threads behind
    status, last = child.run([sys.executable, "-c", code], env=child.environment(), timeout=110)
    assert status == 0, last


def test_a_split_becomes_slices_that_give_the_same() -> None:
    from models.runtime import core, openvino

    ov = openvino()
    ops = ov.opset13
    given = ops.parameter([1, 6, 2, 2], np.float32)
    parts = ops.variadic_split(given, np.int64(1), np.array([1, 3, 2], np.int64))
    model = ov.Model([ops.concat([parts.output(2), parts.output(0)], 1)], [given])
    values = np.arange(24, dtype=np.float32).reshape(1, 6, 2, 2)
    assert "VariadicSplit" not in {node.get_type_name() for node in forms.sliced(model).get_ops()}
    found = core().compile_model(model, "CPU", {"INFERENCE_NUM_THREADS": 1})([values])[0]
    assert (found == values[:, [4, 5, 0]]).all()


@pytest.mark.parametrize(
    ("lost", "ships"), [((0.0, 0.0), True), ((0.99, -3.0), True), ((1.0, 0.0), False), ((-2.0, 1.2), False)]
)
def test_a_point_lost_anywhere_is_too_much(lost: tuple[float, float], ships: bool) -> None:
    full = {"voc-val 416": 80.0, "coco-val 256": 20.0}
    low = {name: points - less for (name, points), less in zip(full.items(), lost, strict=True)}
    assert quantisation.good_enough(full, low) is ships


def test_what_is_shipped_is_found_again_beside_the_weights(folder: Path) -> None:
    assert weights.quantised(NETWORK, folder) == (b"<xml/>", b"weights")
    assert weights.load(NETWORK, folder)
    entry = weights.manifest(folder)["face_detector_short.int8.bin"]
    assert entry["bytes"] == len(b"weights")
    assert entry["made_from"] == weights.manifest(folder)[NETWORK.weights]["sha256"]


def test_a_damaged_or_missing_form_is_named(folder: Path) -> None:
    _, name = weights.quantised_names(NETWORK)
    (folder / name).write_bytes(b"other")
    with pytest.raises(NetworkError, match=rf"\({name}\) are damaged\. Install Onlooker again\.$"):
        weights.quantised(NETWORK, folder)
    (folder / name).unlink()
    with pytest.raises(NetworkError, match=rf"{name} is missing"):
        weights.quantised(NETWORK, folder)


def test_a_form_that_was_made_from_other_weights_is_not_used(folder: Path) -> None:
    path = folder / weights.MANIFEST
    written = json.loads(path.read_text(encoding="utf-8"))
    for entry in written["files"]:
        entry["sha256"] = "new" if entry["file"] == NETWORK.weights else entry["sha256"]
    path.write_text(json.dumps(written), encoding="utf-8")
    with pytest.raises(NetworkError, match=r"was not made from the weights of face-detector-short\."):
        weights.quantised(NETWORK, folder)


def test_without_its_form_int8_is_left_out_and_f32_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    def damaged(*_: object) -> tuple[bytes, bytes]:
        raise NetworkError("damaged")

    monkeypatch.setattr(weights, "quantised", damaged)
    monkeypatch.setattr(precisions, "candidates", lambda _network: ("f32", "int8"))
    monkeypatch.setattr(precisions, "_ROUNDS", 1)
    form = quantisation.written(forms.convert(NETWORK))
    best, milliseconds = precisions.measure(NETWORK, form, 1)
    assert best == "f32"
    assert set(milliseconds) == {"f32"}
