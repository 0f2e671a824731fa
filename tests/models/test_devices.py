"""Graphics devices: used when a real kernel ran on them, left alone with a reason when not, replaced when they fail."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch_engine import TorchEngine

from models import checking, child, devices, gpu_engine
from models.catalogue import NETWORKS, Network, Precision
from models.cpu_engine import CpuEngine
from models.devices import Device
from models.errors import NetworkError
from models.gpu_engine import GpuEngine


@pytest.fixture(autouse=True)
def untried() -> Iterator[None]:
    devices.look.cache_clear()
    yield
    devices.look.cache_clear()


@pytest.fixture
def hardware(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine with a card, its driver and a torch that could use it."""
    monkeypatch.setattr(devices, "_absent", lambda _name: "")
    monkeypatch.setattr(devices, "_without_torch", lambda _name: "")


def trial(code: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The child that tries a device runs `code` instead."""
    monkeypatch.setattr(child, "command", lambda *_: [sys.executable, "-S", "-c", code])


@pytest.mark.usefixtures("hardware")
def test_a_card_that_ran_a_kernel_is_used_and_tried_once(monkeypatch: pytest.MonkeyPatch) -> None:
    trial("print('a library talks'); print('name: Example 5090')", monkeypatch)
    assert devices.choose("auto") == ("cuda", "")
    trial("raise SystemExit(1)", monkeypatch)
    assert devices.choose("cuda") == ("cuda", "")
    assert devices.look("cuda") == Device("cuda", "Example 5090")


@pytest.mark.usefixtures("hardware")
@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("print('why: the driver is too old'); raise SystemExit(1)", "the driver is too old"),
        ("import os; os.abort()", "its trial failed (status -6)"),
        ("import sys; sys.exit('no kernel image')", "its trial failed (no kernel image)"),
        ("print('name: Example'); raise SystemExit(3)", "its trial failed (name: Example)"),
        ("pass", "its trial failed (status 0)"),
    ],
    ids=["says why", "dies", "fails", "fails at the end", "says nothing"],
)
@pytest.mark.skipif(sys.platform == "win32", reason="a signal's status")
def test_a_card_that_ran_none_is_told_with_the_reason(code: str, reason: str, monkeypatch: pytest.MonkeyPatch) -> None:
    trial(code, monkeypatch)
    assert devices.choose("cuda") == ("cpu", f"cuda was asked for, but {reason}; the processor is used.")
    note = f"The graphics device (cuda) is not used: {reason}. The graphics device (mps) is not used: {reason}."
    assert devices.choose("auto") == ("cpu", note)
    assert not devices.look("mps").usable


@pytest.mark.usefixtures("hardware")
def test_a_card_that_hangs_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(devices, "_TIMEOUT", 0.5)
    trial("import time; time.sleep(600)", monkeypatch)
    assert devices.choose("cuda")[0] == "cpu"


@pytest.mark.usefixtures("hardware")
def test_a_trial_that_cannot_start_is_a_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(child, "command", lambda *_: ["/no-such-program"])
    assert devices.look("cuda").reason.startswith("it could not be tried (")


def test_without_hardware_nothing_is_started_and_auto_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(devices, "_absent", lambda _name: "there is none")
    monkeypatch.setattr(child, "run", lambda *_, **__: pytest.fail("started"))
    assert devices.choose("auto") == devices.choose("cpu") == ("cpu", "")
    assert devices.choose("mps") == ("cpu", "mps was asked for, but there is none; the processor is used.")


def test_without_torch_no_card_is_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(devices, "_absent", lambda _name: "")
    monkeypatch.setitem(sys.modules, "torch", None)
    assert devices.look("cuda").reason == "torch, which graphics devices need, is not installed"


def test_another_word_is_refused() -> None:
    with pytest.raises(NetworkError, match=r"^There is no device 'tpu'\. Choose auto, cpu, cuda, mps\.$"):
        devices.choose("tpu")


def test_the_trial_itself_answers_for_the_processor_and_for_what_is_not_there(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert devices.main(["cpu"]) == 0
    if not torch.cuda.is_available():
        assert devices.main(["cuda"]) == 1
        assert capsys.readouterr().out.splitlines()[-1].startswith("why: ")


class Pressed(torch.nn.Module):
    """A device whose memory holds so many pictures at once, or that fails."""

    def __init__(self, real: torch.nn.Module, most: int, error: RuntimeError | None = None) -> None:
        super().__init__()
        self.real, self.most, self.counts = real, most, list[int]()
        self.error = error or torch.OutOfMemoryError("out of memory")

    def forward(self, pictures: torch.Tensor) -> Any:
        self.counts.append(len(pictures))
        if len(pictures) > self.most:
            raise self.error
        return self.real(pictures)


class Instead:
    """The processor's engine that takes over."""

    device, note = "cpu", ""
    precision: Precision = "f32"

    def __init__(self) -> None:
        self._real = TorchEngine("face-mesh")
        self.network, self.run = self._real.network, self._real.run


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> GpuEngine:
    """Runs on torch's processor, which is a device like any other."""
    monkeypatch.setattr(gpu_engine, "_TRIES", 1)
    made: list[Any] = []

    def fallback(_network: Network) -> CpuEngine:
        made.append(Instead())
        assert len(made) == 1
        taken: CpuEngine = made[0]
        return taken

    return GpuEngine(NETWORKS["face-mesh"], "cpu", fallback=fallback)


def pictures(count: int) -> NDArray[np.uint8]:
    return np.random.default_rng(1).integers(0, 256, (count, 192, 192, 3), np.uint8)


def same(found: Any, expected: Any) -> bool:
    return all(
        found[name].shape == values.shape and np.abs(found[name] - values).max() <= 1e-3 * max(np.ptp(values), 1)
        for name, values in expected.items()
    )


@pytest.mark.parametrize("key", ["face-mesh", "body-landmarks"])
def test_torchs_engine_answers_as_the_original_did(key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gpu_engine, "_TRIES", 1)
    engine = GpuEngine(NETWORKS[key], "cpu", fallback=lambda _network: pytest.fail("fell back"))
    assert checking.check(engine) <= checking.TOLERANCES["f32"]
    assert tuple(engine.run(checking.stored(engine.network)[0][None])) == NETWORKS[key].outputs
    assert engine.note == ""


def test_t28_where_memory_is_short_half_as_many_pictures_are_given_at_once(engine: GpuEngine) -> None:
    pressed = engine._module = Pressed(engine._module, most=2)
    found = engine.run(pictures(5))
    assert pressed.counts == [5, 2, 3, 1, 2]
    assert same(found, TorchEngine("face-mesh").run(pictures(5)))
    assert engine.note == ""


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (torch.OutOfMemoryError("much"), "ran out of memory"),
        (RuntimeError("no kernel\nat line 1"), "failed (no kernel)"),
        (RuntimeError(), "failed (RuntimeError)"),
    ],
)
def test_t28_where_nothing_fits_or_the_device_fails_the_processor_goes_on(
    error: RuntimeError, words: str, engine: GpuEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine.device = "cuda"  # as it would be; the real module stays where it is
    monkeypatch.setattr(engine, "_forward", lambda module, given: module(torch.from_numpy(given)))
    engine._module = Pressed(engine._module, most=0, error=error)
    for _ in range(2):
        assert same(engine.run(pictures(3)), TorchEngine("face-mesh").run(pictures(3)))
    assert engine.note == f"cuda {words}; the processor is used."
    assert engine.device == "cpu"


def test_pictures_of_another_size_are_refused(engine: GpuEngine) -> None:
    with pytest.raises(ValueError, match="takes uint8"):
        engine.run(np.zeros((1, 128, 128, 3), np.uint8))


def test_the_engine_keeps_to_32_bits_on_cards_that_would_take_fewer(engine: GpuEngine) -> None:
    assert engine.precision == "f32"
    assert not torch.backends.cudnn.allow_tf32
