"""The manifest tells the truth about the weights, and damaged weights are named in one sentence."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from safetensors.numpy import load as load_tensors

import resources
from models.catalogue import NETWORKS
from models.errors import NetworkError
from models.weights import MANIFEST, build, load, manifest, quantised_names

MESH = NETWORKS["face-mesh"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the face mesh's weights and the manifest, to be damaged."""
    for name in (MESH.weights, MANIFEST):
        shutil.copy(resources.path(f"weights/{name}"), tmp_path)
    return tmp_path


def one_sentence(error: pytest.ExceptionInfo[NetworkError]) -> str:
    text = str(error.value)
    assert "\n" not in text
    assert text.endswith("Install Onlooker again.")
    return text


def rename_in_manifest(folder: Path, **values: str) -> None:
    """Changes what the manifest says of the face mesh."""
    content = json.loads((folder / MANIFEST).read_text("utf-8"))
    next(entry for entry in content["files"] if entry["file"] == MESH.weights).update(values)
    (folder / MANIFEST).write_text(json.dumps(content), "utf-8")


def test_every_weights_file_has_an_entry_and_every_entry_a_file() -> None:
    files = {path.name for path in resources.path("weights").iterdir()} - {MANIFEST, "answers.npz"}
    assert files == set(manifest())
    quantised = {name for one in NETWORKS.values() if "int8" in one.precisions for name in quantised_names(one)}
    assert {network.weights for network in NETWORKS.values()} | quantised == files


@pytest.mark.parametrize("name", sorted(manifest()))
def test_an_entry_says_what_the_file_is(name: str) -> None:
    entry, data = manifest()[name], resources.path(f"weights/{name}").read_bytes()
    assert entry["sha256"] == hashlib.sha256(data).hexdigest()
    assert entry["bytes"] == len(data)
    assert entry["licence"] == "Apache-2.0"
    if name.endswith(".safetensors"):
        assert {str(tensor.dtype) for tensor in load_tensors(data).values()} == {"float16"}


@pytest.mark.parametrize("name", sorted(name for name, entry in manifest().items() if "made_from" in entry))
def test_an_entry_of_a_form_for_int8_says_what_it_was_made_from_and_what_that_costs(name: str) -> None:
    entry = manifest()[name]
    assert entry["made_from"] in {other["sha256"] for other in manifest().values()}
    points = entry["points"]
    assert all(points["f32"][what] - points["int8"][what] < 1 for what in points["f32"])


@pytest.mark.parametrize(
    "name", sorted(name for name, entry in manifest().items() if "wheel" in entry.get("origin", ()))
)
def test_an_entry_of_ported_weights_says_from_which_wheel_and_how_near_to_it(name: str) -> None:
    entry = manifest()[name]
    assert entry["origin"]["wheel"].startswith("mediapipe-0.10.21-")
    assert max(entry["checked_against"]["largest_errors_of_range"].values()) <= 1e-3


@pytest.mark.parametrize("name", sorted(name for name, entry in manifest().items() if "training" in entry))
def test_an_entry_of_trained_weights_says_from_what_and_how_they_were_trained(name: str) -> None:
    entry = manifest()[name]
    assert "Apache-2.0" in entry["origin"]["started_from"]
    assert {"data", "command", "seed", "date"} <= set(entry["training"])
    assert entry["bytes"] <= 6_000_000


def test_a_truncated_file_is_named(folder: Path) -> None:
    path = folder / MESH.weights
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(NetworkError) as error:
        load(MESH, folder)
    assert MESH.weights in one_sentence(error)


def test_one_flipped_bit_is_noticed(folder: Path) -> None:
    path = folder / MESH.weights
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    with pytest.raises(NetworkError, match="damaged") as error:
        load(MESH, folder)
    one_sentence(error)


def test_a_missing_file_is_named(folder: Path) -> None:
    (folder / MESH.weights).unlink()
    with pytest.raises(NetworkError, match="missing") as error:
        load(MESH, folder)
    assert MESH.weights in one_sentence(error)


def test_a_file_that_is_no_safetensors_is_named_even_where_its_checksum_is_right(folder: Path) -> None:
    (folder / MESH.weights).write_bytes(b"nothing of the kind")
    rename_in_manifest(folder, sha256=hashlib.sha256(b"nothing of the kind").hexdigest())
    with pytest.raises(NetworkError, match="cannot be read") as error:
        load(MESH, folder)
    one_sentence(error)


def test_a_file_without_an_entry_is_refused(folder: Path) -> None:
    rename_in_manifest(folder, file="another.safetensors")
    with pytest.raises(NetworkError, match="in no list") as error:
        load(MESH, folder)
    one_sentence(error)


def test_weights_of_another_network_do_not_fit(folder: Path) -> None:
    other = resources.path(f"weights/{NETWORKS['face-detector-short'].weights}").read_bytes()
    (folder / MESH.weights).write_bytes(other)
    rename_in_manifest(folder, sha256=hashlib.sha256(other).hexdigest())
    with pytest.raises(NetworkError, match="do not fit") as error:
        build(MESH, folder=folder)
    one_sentence(error)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"files": 3}', b"\xff\xfe"], ids=repr)
def test_a_damaged_manifest_is_named(folder: Path, content: bytes) -> None:
    (folder / MANIFEST).write_bytes(content)
    with pytest.raises(NetworkError, match="list of weights files") as error:
        load(MESH, folder)
    one_sentence(error)


def test_a_missing_manifest_is_named(folder: Path) -> None:
    (folder / MANIFEST).unlink()
    with pytest.raises(NetworkError, match=MANIFEST) as error:
        load(MESH, folder)
    one_sentence(error)


def test_catalogue_and_weights_are_read_without_torch() -> None:
    code = (
        "import sys; from models.catalogue import NETWORKS; from models.weights import load;"
        "load(NETWORKS['face-mesh']); sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=100).returncode == 0
