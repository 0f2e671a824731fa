"""Which precision a network uses: those that its accuracy allows, the quickest here, and none that kills."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any, cast

import pytest

from models import checking, child, making, precisions, runtime, shelf
from models.catalogue import NETWORKS, Network, Precision
from models.cpu_engine import CpuEngine
from models.engine import load_engine
from models.errors import NetworkError
from models.weights import manifest, quantised_names

LOW = NETWORKS["face-detector-full"]  # may use bf16
HIGH = NETWORKS["face-mesh"]  # may not


class Processor:
    """A processor with other abilities than this machine's."""

    def __init__(self, *abilities: str) -> None:
        self._abilities = abilities

    def get_property(self, _device: str, name: str) -> Any:
        return list(self._abilities) if name == "OPTIMIZATION_CAPABILITIES" else f"Example with {self._abilities}"


@pytest.fixture(autouse=True)
def no_wishes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(precisions.LOWEST, raising=False)


@pytest.fixture
def bf16(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runtime, "core", lambda: Processor("FP32", "BF16", "INT8"))


def test_every_network_may_use_f32_and_int8_where_a_form_for_it_ships() -> None:
    assert all("f32" in network.precisions for network in NETWORKS.values())
    quantised = {key for key, network in NETWORKS.items() if "int8" in network.precisions}
    assert quantised == {key for key, network in NETWORKS.items() if set(quantised_names(network)) <= set(manifest())}


@pytest.mark.usefixtures("bf16")
@pytest.mark.parametrize(
    ("network", "lowest", "candidates"),
    [
        (LOW, "", ("f32", "bf16")),
        (LOW, "int8", ("f32", "bf16")),
        (LOW, "bf16", ("f32", "bf16")),
        (LOW, "f32", ("f32",)),
        (HIGH, "", ("f32",)),
        (HIGH, "bf16", ("f32",)),
    ],
)
def test_a_network_uses_what_its_accuracy_and_the_user_allow(
    network: Network, lowest: str, candidates: tuple[Precision, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(precisions.LOWEST, lowest)
    assert precisions.candidates(network) == candidates


def test_a_processor_without_the_ability_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runtime, "core", lambda: Processor("FP32", "INT8"))
    assert precisions.candidates(LOW) == ("f32",)


def test_a_precision_that_there_is_not_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv(precisions.LOWEST, "fp8")
    with pytest.raises(NetworkError, match=r"^ONLOOKER_PRECISION is 'fp8'; it may be f32, bf16 or int8\.$"):
        load_engine(LOW.key, device="cpu", cache=tmp_path, threads=1)


@pytest.mark.usefixtures("bf16")
def test_the_answer_is_kept_for_this_processor_and_this_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert precisions.chosen(HIGH, tmp_path) == "f32"
    assert precisions.chosen(LOW, tmp_path) is None
    precisions.keep(LOW, tmp_path, "bf16", {"f32": 2.0, "bf16": 1.0})
    assert precisions.chosen(LOW, tmp_path) == "bf16"
    monkeypatch.setenv(precisions.LOWEST, "f32")
    assert precisions.chosen(LOW, tmp_path) == "f32"
    monkeypatch.delenv(precisions.LOWEST)
    monkeypatch.setenv("ONEDNN_MAX_CPU_ISA", "AVX512_CORE")
    assert precisions.chosen(LOW, tmp_path) is None
    monkeypatch.delenv("ONEDNN_MAX_CPU_ISA", raising=False)
    monkeypatch.setattr(runtime, "core", lambda: Processor("FP32", "BF16"))
    assert precisions.chosen(LOW, tmp_path) is None


@pytest.mark.usefixtures("bf16")
@pytest.mark.parametrize("content", ["", "{", "[]", '{"precision": "fp8"}', '{"precision": ["bf16"]}'])
def test_a_damaged_answer_is_measured_again(content: str, tmp_path: Path) -> None:
    precisions.keep(LOW, tmp_path, "bf16", {})
    (answer,) = (tmp_path / "precisions").iterdir()
    answer.write_text(content, encoding="utf-8")
    assert precisions.chosen(LOW, tmp_path) is None


@pytest.mark.parametrize(
    ("taken", "errors", "best"),
    [
        ((10.0, 5.0), (0.0, 0.1), "bf16"),
        ((10.0, 9.5), (0.0, 0.1), "f32"),
        ((5.0, 10.0), (0.0, 0.1), "f32"),
        ((10.0, 5.0), (0.0, 0.9), "f32"),
    ],
    ids=["quicker", "hardly quicker", "slower", "quicker and wrong"],
)
def test_the_quickest_that_answers_rightly_is_chosen(
    taken: tuple[float, float], errors: tuple[float, float], best: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Engine:
        def __init__(self, network: Network, form: object, *, precision: Precision, threads: int) -> None:
            del network, form, threads
            self.precision = precision

    times: dict[Precision, float] = {"f32": taken[0], "bf16": taken[1]}
    off: dict[Precision, float] = {"f32": errors[0], "bf16": errors[1]}

    def timed(engines: Iterable[Engine]) -> list[float]:
        return [times[engine.precision] for engine in engines]

    monkeypatch.setattr(precisions, "candidates", lambda _network: ("f32", "bf16"))
    monkeypatch.setattr(precisions, "CpuEngine", Engine)
    monkeypatch.setattr(precisions, "_times", timed)
    monkeypatch.setattr(checking, "check", lambda engine: off[cast("Engine", engine).precision])
    assert precisions.measure(LOW, (b"", b""), 1)[0] == best


def test_timing_gives_milliseconds_of_real_engines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(precisions, "candidates", lambda _network: ("f32",))
    form = _form(NETWORKS["face-detector-short"])
    best, milliseconds = precisions.measure(NETWORKS["face-detector-short"], form, 1)
    assert best == "f32"
    assert milliseconds["f32"] > 0


@pytest.mark.usefixtures("bf16")
@pytest.mark.skipif(os.name != "posix", reason="signals")
@pytest.mark.parametrize(
    ("number", "kept"),
    [("SIGILL", "f32"), ("SIGSEGV", "f32"), ("SIGINT", None), ("SIGTERM", None), ("SIGKILL", None)],
)
def test_t36_a_processor_that_kills_while_a_precision_is_timed_gets_f32_and_is_not_asked_again(
    number: str, kept: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = f"import os, signal; os.kill(os.getpid(), signal.{number})"
    monkeypatch.setattr(child, "command", lambda *_: [sys.executable, "-S", "-c", f"{code}; signal.pause()"])
    making.prepare([], [LOW], tmp_path, 1, lambda _text, _part: None)
    assert precisions.chosen(LOW, tmp_path) == kept


@pytest.mark.usefixtures("bf16")
@pytest.mark.skipif(os.name != "posix", reason="signals")
def test_a_processor_on_which_timing_hangs_gets_f32(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(child, "command", lambda *_: [sys.executable, "-S", "-c", "import signal; signal.pause()"])
    monkeypatch.setattr(making, "_TIMEOUT", 0.2)
    making.prepare([], [LOW], tmp_path, 1, lambda _text, _part: None)
    assert precisions.chosen(LOW, tmp_path) == "f32"


@pytest.mark.skipif(os.name != "posix", reason="signals")
def test_t36_an_engine_is_loaded_although_timing_killed_the_child(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(precisions, "candidates", lambda network: ("f32", "bf16")[: len(network.precisions)])
    real = child.command

    def dying(module: str, *arguments: str) -> list[str]:
        """The real child, which dies when it comes to time something."""
        code = f"""
import os, sys
from models import forms, precisions
precisions.measure = lambda *_: os.kill(os.getpid(), {signal.SIGILL.value})
sys.exit(forms.main({list(arguments)!r}))
"""
        return [*real(module)[:-2], "-c", code]

    monkeypatch.setattr(child, "command", dying)
    engine = load_engine(LOW.key, device="cpu", cache=tmp_path, threads=1)
    assert engine.precision == "f32"
    assert checking.check(engine) <= checking.TOLERANCES["f32"]
    monkeypatch.setattr(making, "prepare", lambda *_: pytest.fail("asked again"))
    assert load_engine(LOW.key, device="cpu", cache=tmp_path, threads=1).precision == "f32"


def test_a_low_precision_that_turns_out_wrong_is_given_up_for_good(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(precisions, "candidates", lambda _network: ("f32", "bf16"))
    monkeypatch.setitem(checking.TOLERANCES, "bf16", 0.0)
    folder = shelf.place(LOW, tmp_path)
    with shelf.replacing(folder) as part:
        for name, data in zip((shelf.XML, shelf.BIN), _form(LOW), strict=True):
            (part / name).write_bytes(data)
        (part / shelf.FACTS).write_text("{}", encoding="utf-8")
    precisions.keep(LOW, tmp_path, "bf16", {})
    assert load_engine(LOW.key, device="cpu", cache=tmp_path, threads=1).precision == "f32"
    assert precisions.chosen(LOW, tmp_path) == "f32"


def test_the_chosen_precision_is_used_and_another_can_be_forced() -> None:
    cache = Path(os.environ["ONLOOKER_CACHE"])
    chosen = load_engine(LOW.key, device="cpu", cache=cache, threads=2)
    assert chosen.precision == precisions.chosen(LOW, cache)
    assert checking.check(chosen) <= checking.TOLERANCES[chosen.precision]
    assert load_engine(LOW.key, device="cpu", cache=cache, threads=2, precision="f32").precision == "f32"


def _form(network: Network) -> tuple[bytes, bytes]:
    cache = Path(os.environ["ONLOOKER_CACHE"])
    assert isinstance(load_engine(network.key, device="cpu", cache=cache, threads=1, precision="f32"), CpuEngine)
    return shelf.read(shelf.place(network, cache))
