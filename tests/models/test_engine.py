"""Engines give the original networks' answers, from forms that mend themselves, on the device that works."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from torch_engine import TorchEngine

import resources
from models import checking, child, devices, making, shelf
from models.catalogue import NETWORKS, Network
from models.cpu_engine import CpuEngine
from models.engine import Engine, load_engine, load_engines, usable_devices
from models.errors import NetworkError
from models.making import Progress

SMALL = "face-detector-short"


@pytest.fixture
def kept() -> Path:
    """The cache folder of the whole run, which comes to hold all forms."""
    return Path(os.environ["ONLOOKER_CACHE"])


@pytest.fixture
def ready(kept: Path) -> dict[str, Engine]:
    """All networks on the processor in f32."""
    return _loaded(kept)


@cache
def _loaded(folder: Path) -> dict[str, Engine]:
    return load_engines(list(NETWORKS), device="cpu", cache=folder, threads=2, precision="f32")


@pytest.fixture
def made(kept: Path, ready: dict[str, Engine], monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Forms are copied from the kept ones instead of made, which saves seconds; gives the keys of those that were."""
    del ready
    keys: list[str] = []

    def copy(
        make: Sequence[Network],
        measure: Sequence[Network],
        cache: Path,
        threads: int,
        report: Progress,
        *,
        sizes: Sequence[Network] = (),
    ) -> None:
        del measure, threads, report, sizes
        for network in make:
            keys.append(network.key)
            with shelf.replacing(shelf.place(network, cache)) as part:
                shutil.copytree(shelf.place(network, kept), part, dirs_exist_ok=True)

    monkeypatch.setattr(making, "prepare", copy)
    return keys


def pictures(network: Network, count: int) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    return np.random.default_rng(count).integers(0, 256, (count, *network.input, 3), np.uint8)


def load(cache: Path, progress: Progress | None = None) -> Engine:
    return load_engine(SMALL, device="cpu", cache=cache, threads=1, precision="f32", progress=progress)


def test_in_f32_every_network_answers_as_the_original_interpreter_did(ready: dict[str, Engine]) -> None:
    for key, engine in ready.items():
        assert engine.network is NETWORKS[key]
        assert (engine.device, engine.precision, engine.note) == ("cpu", "f32", "")
        # The mask's logits reach a thousand: f32's own rounding moves them by up to one, within 1e-3 of their range.
        assert checking.check(engine) <= 1e-3, key


@pytest.mark.parametrize("key", NETWORKS)
@pytest.mark.parametrize("count", [1, 3])
def test_all_outputs_for_one_and_for_several_pictures_are_torchs(
    key: str, count: int, ready: dict[str, Engine]
) -> None:
    found, expected = (
        ready[key].run(pictures(NETWORKS[key], count)),
        TorchEngine(key).run(pictures(NETWORKS[key], count)),
    )
    assert tuple(found) == NETWORKS[key].outputs
    for name, values in expected.items():
        assert found[name].dtype == np.float32
        assert found[name].shape == values.shape
        tolerance = 1e-3 * (float(np.ptp(values)) if values.size > count else 1.0)
        assert np.abs(found[name] - values).max() <= tolerance, name


def test_pictures_may_be_views_and_read_only(ready: dict[str, Engine]) -> None:
    network = NETWORKS["face-mesh"]
    upright = pictures(network, 2)
    expected = ready["face-mesh"].run(upright)["points"]
    flipped = np.ascontiguousarray(upright[..., ::-1])[..., ::-1]
    flipped.setflags(write=False)
    assert (ready["face-mesh"].run(flipped)["points"] == expected).all()
    assert np.allclose(ready["face-mesh"].run(flipped[1:])["points"][0], expected[1], atol=0.05)


def test_what_an_engine_gave_stays_when_it_runs_again(ready: dict[str, Engine]) -> None:
    for key in ("face-mesh", "body-landmarks"):
        first = ready[key].run(pictures(NETWORKS[key], 1))
        before = {name: values.copy() for name, values in first.items()}
        ready[key].run(pictures(NETWORKS[key], 1) // 2)
        assert all((first[name] == values).all() for name, values in before.items())


@pytest.mark.parametrize(
    "wrong",
    [
        np.zeros((1, 128, 128, 3), np.float32),
        np.zeros((128, 128, 3), np.uint8),
        np.zeros((1, 3, 128, 128), np.uint8),
        np.zeros((1, 64, 64, 3), np.uint8),
        np.zeros((0, 128, 128, 3), np.uint8),
    ],
    ids=["floats", "one picture alone", "channels first", "another size", "none"],
)
def test_what_is_no_picture_of_its_size_is_refused(wrong: object, ready: dict[str, Engine]) -> None:
    with pytest.raises(ValueError, match=r"^face-detector-short takes uint8 \(N, 128, 128, 3\), not "):
        ready[SMALL].run(wrong)  # type: ignore[arg-type]  # that is what is tested


def test_t22_threads_pinning_and_precision_have_their_effect(ready: dict[str, Engine]) -> None:
    engine = ready[SMALL]
    assert isinstance(engine, CpuEngine)
    compiled = engine._request.get_compiled_model()
    said = {
        name: compiled.get_property(name)
        for name in ("INFERENCE_NUM_THREADS", "NUM_STREAMS", "ENABLE_CPU_PINNING", "INFERENCE_PRECISION_HINT")
    }
    assert {name: str(value) for name, value in said.items()} == {
        "INFERENCE_NUM_THREADS": "2",
        "NUM_STREAMS": "1",
        "ENABLE_CPU_PINNING": "False",
        "INFERENCE_PRECISION_HINT": "<Type: 'float32'>",
    }


def test_with_forms_at_hand_neither_torch_nor_any_telemetry_is_needed(kept: Path, ready: dict[str, Engine]) -> None:
    del ready
    code = f"""
import sys, threading
sys.modules["torch"] = None
from pathlib import Path
from models.engine import load_engines
engines = load_engines({list(NETWORKS)!r}, device="auto", cache=Path({str(kept)!r}), threads=1, precision="f32")
assert sys.modules["openvino_telemetry"] is None
print(*[engine.device + engine.note for engine in engines.values()], threading.active_count())
"""
    status, last = child.run([sys.executable, "-c", code], env=child.environment(), timeout=100)
    assert (status, last.split()) == (0, [*["cpu"] * len(NETWORKS), "1"])


def test_without_torch_and_form_one_sentence_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(NetworkError, match=r"^Face detector, .* torch, which prepares it, is not installed\. Install "):
        load(tmp_path)
    assert not any(path.is_file() for path in tmp_path.rglob("*"))


@pytest.mark.parametrize(("key", "device"), [("face-mash", "cpu"), ("face-mesh", "gpu")])
def test_unknown_names_are_refused_with_those_that_there_are(key: str, device: str, tmp_path: Path) -> None:
    with pytest.raises(NetworkError, match=r"^There is no .*(face-mesh|auto, cpu, cuda, mps)"):
        load_engine(key, device=device, cache=tmp_path, threads=1)


def _truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def _other_weights(path: Path) -> None:
    weights = np.frombuffer(path.read_bytes(), np.float32)
    path.write_bytes((weights * np.float32(1.01)).tobytes())


DAMAGES: dict[str, tuple[str, Callable[[Path], object]]] = {
    "no weights": (shelf.BIN, Path.unlink),
    "half of the weights": (shelf.BIN, _truncate),
    "other weights": (shelf.BIN, _other_weights),
    "no description": (shelf.XML, Path.unlink),
    "an empty description": (shelf.XML, lambda path: path.write_bytes(b"")),
    "half of the description": (shelf.XML, _truncate),
    "another network's description": (
        shelf.XML,
        lambda path: path.write_bytes(path.read_bytes().replace(b'names="scores"', b'names="points"')),
    ),
    "no facts": (shelf.FACTS, Path.unlink),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_t26_a_damaged_form_is_made_again(damage: str, tmp_path: Path, made: list[str]) -> None:
    load(tmp_path)
    folder = shelf.place(NETWORKS[SMALL], tmp_path)
    name, change = DAMAGES[damage]
    change(folder / name)
    assert checking.check(load(tmp_path)) <= 1e-3
    assert made == [SMALL, SMALL]
    load(tmp_path)
    assert made == [SMALL, SMALL]  # and then it is whole
    assert [path.name for path in folder.parent.iterdir()] == [folder.name]


def test_a_form_that_stays_wrong_is_an_error_and_not_an_engine(
    tmp_path: Path, made: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(checking.TOLERANCES, "f32", 0.0)
    with pytest.raises(NetworkError, match=r"^Face detector, short range \(BlazeFace\) gives wrong answers"):
        load(tmp_path)
    assert len(made) == 3


def test_t26_another_library_gets_another_form_and_the_oldest_goes(
    tmp_path: Path, made: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    real = shelf.version
    folders: list[Path] = []
    good = shelf.place(NETWORKS[SMALL], tmp_path)
    for number, release in enumerate(("", "2030.1", "2030.2", "2030.3")):
        if release:
            monkeypatch.setattr(shelf, "version", lambda name, r=release: r if name == "openvino" else real(name))
        folder = shelf.place(NETWORKS[SMALL], tmp_path)
        if release:
            shutil.copytree(good if good.is_dir() else folders[-1], folder)
        else:
            load(tmp_path)
        os.utime(folder, (number, number))
        folders.append(folder)
    assert len(set(folders)) == 4
    assert made == [SMALL]
    left_behind = good.parent / f"{SMALL}-0123-x.part"
    left_behind.mkdir()
    os.utime(left_behind, (0, 0))
    fresh = good.parent / f"{SMALL}-4567-x.part"
    fresh.mkdir()
    shelf.prune(tmp_path)
    assert sorted(good.parent.iterdir()) == sorted([*folders[2:], fresh])


def test_a_cache_that_cannot_be_written_costs_time_only(
    tmp_path: Path, made: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "a file"
    file.write_text("", encoding="utf-8")
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    for _ in range(2):
        assert checking.check(load(file / "cache")) <= 1e-3
    assert made == [SMALL, SMALL]
    assert list(tmp_path.iterdir()) == [file]  # the temporary folders are gone


def test_t26_on_a_full_disk_networks_load_all_the_same(
    tmp_path: Path, made: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _folder: shutil._ntuple_diskusage(10**9, 10**9, 0))
    assert checking.check(load(tmp_path / "cache")) <= 1e-3
    assert made == [SMALL]
    assert not any(path.is_file() for path in tmp_path.rglob("*"))


def test_a_form_that_ships_is_taken_before_the_caches_and_a_wrong_one_is_not(
    tmp_path: Path, kept: Path, made: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    network = NETWORKS[SMALL]
    shutil.copytree(shelf.place(network, kept), tmp_path / "resources" / "forms" / SMALL)
    real = resources.path

    def path(name: str) -> Path:
        found = tmp_path / "resources" / name
        return found if name.startswith("forms/") and found.exists() else real(name)

    monkeypatch.setattr("resources.path", path)
    assert checking.check(load(tmp_path / "cache")) <= 1e-3
    assert made == []
    shipped = shelf.shipped(network)
    assert shipped is not None
    _other_weights(shipped / shelf.BIN)
    assert checking.check(load(tmp_path / "cache")) <= 1e-3
    assert made == [SMALL]
    assert load(tmp_path / "cache")
    assert made == [SMALL]
    facts = json.loads((shipped / shelf.FACTS).read_text(encoding="utf-8"))
    (shipped / shelf.FACTS).write_text(json.dumps({**facts, "weights": "others"}), encoding="utf-8")
    assert shelf.shipped(network) is None


def test_progress_never_falls_and_ends_at_one(tmp_path: Path, made: list[str]) -> None:
    said: list[tuple[str, float]] = []
    load(tmp_path, progress=lambda text, part: said.append((text, part)))
    parts = [part for _, part in said]
    assert parts == sorted(parts)
    assert parts[-1] == 1.0
    assert all(text for text, _ in said)
    assert made == [SMALL]


def test_a_graphics_device_that_fails_leaves_the_processor_and_a_sentence(
    kept: Path, ready: dict[str, Engine], monkeypatch: pytest.MonkeyPatch
) -> None:
    del ready
    monkeypatch.setattr(devices, "choose", lambda _wanted: ("mps", ""))  # promised, and not there
    engine = load_engine(SMALL, device="auto", cache=kept, threads=1, precision="f32")
    assert engine.device == "cpu"
    assert engine.note.startswith("The graphics device (mps) is not used: ")
    assert checking.check(engine) <= 1e-3


def test_a_device_that_was_asked_for_and_is_not_there_is_told(
    kept: Path, ready: dict[str, Engine], monkeypatch: pytest.MonkeyPatch
) -> None:
    del ready
    monkeypatch.setattr(devices, "look", lambda name: devices.Device(name, name, "no driver is installed", there=False))
    engine = load_engine(SMALL, device="cuda", cache=kept, threads=1, precision="f32")
    assert engine.note == "cuda was asked for, but no driver is installed; the processor is used."
    assert load_engine(SMALL, device="auto", cache=kept, threads=1, precision="f32").note == ""


def test_the_processor_is_always_a_usable_device() -> None:
    assert [device.name for device in usable_devices()] == ["cpu", "cuda", "mps"]
    assert usable_devices()[0].usable
    assert all(device.usable == (not device.reason) for device in usable_devices())


def test_two_processes_at_once_make_one_whole_form(tmp_path: Path) -> None:
    command = child.command("models.forms", "--cache", str(tmp_path), "--make", SMALL)
    both = [subprocess.Popen(command, env=child.environment(), stdout=subprocess.DEVNULL) for _ in range(2)]
    assert [process.wait(100) for process in both] == [0, 0]
    folder = shelf.place(NETWORKS[SMALL], tmp_path)
    assert list(folder.parent.iterdir()) == [folder]
    engine = CpuEngine(NETWORKS[SMALL], shelf.read(folder), precision="f32", threads=1)
    assert checking.check(engine) <= 1e-3
