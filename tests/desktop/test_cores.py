"""Cores are divided so that nobody takes all, and a processor that lies about its abilities costs no life of ours."""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path

import pytest

from desktop import cores, trial
from desktop.cores import Budget, Limit
from models import child, precisions


@pytest.fixture(autouse=True)
def a_clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (cores.ISA, cores.TRYING, cores.THREADS, cores.PRECISION):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def amx(monkeypatch: pytest.MonkeyPatch) -> None:
    """A processor that lists AMX."""
    facts = ("model name: Example 9000", "flags: avx2 avx512f amx_tile amx_bf16")
    monkeypatch.setattr(cores, "_processor_facts", lambda: facts)


@pytest.mark.parametrize(
    ("usable", "inference", "opencv"),
    [(1, 1, 1), (2, 2, 1), (3, 2, 2), (4, 3, 2), (6, 4, 2), (8, 6, 2), (16, 8, 2), (128, 8, 2), (0, 1, 1)],
)
def test_networks_leave_a_core_to_the_rest_where_there_are_more_than_two(
    usable: int, inference: int, opencv: int
) -> None:
    budget = cores.divide(usable, {})
    assert budget == Budget(inference=inference, opencv=opencv, torch=inference, blas=1)


@pytest.mark.parametrize(("asked", "inference"), [("1", 1), ("3", 3), ("64", 4), ("0", 3), ("many", 3), ("-2", 3)])
def test_the_users_own_number_of_threads_counts_within_the_cores_there_are(asked: str, inference: int) -> None:
    assert cores.divide(4, {cores.THREADS: asked}).inference == inference


def test_at_least_one_core_is_usable_here_and_no_more_than_there_are() -> None:
    assert 1 <= cores.usable_cores() <= (os.cpu_count() or 1)


@pytest.mark.parametrize("works_below", range(len(cores.LIMITS)))
def test_the_highest_limit_that_lives_is_found(works_below: int) -> None:
    tried = []

    def lives(isa: str, precisions: tuple[str, ...]) -> bool:
        tried.append(isa)
        assert precisions == ("int8", "bf16")
        return cores.LIMITS.index(isa) >= works_below

    assert cores.find_limit(lives) == Limit(cores.LIMITS[works_below], origin="tried")
    assert tried == list(cores.LIMITS[: works_below + 1])


def test_where_nothing_lives_only_f32_is_left() -> None:
    assert cores.find_limit(lambda _isa, _precisions: False) == Limit(low=False, origin="tried")


def test_a_processor_without_amx_is_not_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cores, "_processor_facts", lambda: ("flags: avx2 avx512f avx512_bf16",))
    monkeypatch.setattr(cores, "trial_lives", lambda *_: pytest.fail("tried"))
    environ: dict[str, str] = {}
    assert cores.limit_instructions(environ, None) == Limit()
    assert environ == {}


@pytest.mark.usefixtures("amx")
def test_the_users_own_limit_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cores, "trial_lives", lambda *_: pytest.fail("tried"))
    environ = {cores.ISA: "AVX2"}
    assert cores.limit_instructions(environ, None) == Limit("AVX2", origin="user")
    assert environ == {cores.ISA: "AVX2"}


@pytest.mark.usefixtures("amx")
def test_the_trials_child_does_not_try_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cores, "trial_lives", lambda *_: pytest.fail("tried"))
    assert cores.limit_instructions({cores.TRYING: "1"}, None) == Limit()


@pytest.mark.usefixtures("amx")
def test_the_answer_is_kept_and_not_tried_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tried = []

    def lives(isa: str, _precisions: tuple[str, ...]) -> bool:
        tried.append(isa)
        return isa == "AVX512_CORE_FP16"

    monkeypatch.setattr(cores, "trial_lives", lives)
    folder = tmp_path / "not yet there"
    for origin in ("tried", "kept"):
        environ: dict[str, str] = {}
        assert cores.limit_instructions(environ, lambda: folder) == Limit("AVX512_CORE_FP16", origin=origin)
        assert environ == {cores.ISA: "AVX512_CORE_FP16"}
    assert tried == ["", "AVX512_CORE_FP16"]
    assert [path.suffix for path in folder.iterdir()] == [".json"]


@pytest.mark.usefixtures("amx")
def test_an_answer_of_another_processor_is_not_trusted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cores, "trial_lives", lambda *_: True)
    assert cores.limit_instructions({}, lambda: tmp_path).origin == "tried"
    monkeypatch.setattr(cores, "_processor_facts", lambda: ("model name: Example 9001", "flags: amx_tile"))
    assert cores.limit_instructions({}, lambda: tmp_path).origin == "tried"


@pytest.mark.usefixtures("amx")
@pytest.mark.parametrize("content", ["", "{", "[]", '{"isa": "SSE9", "low": true}', '{"low": true}', "\x00\xff"])
def test_a_damaged_answer_is_tried_again(content: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cores, "trial_lives", lambda *_: True)
    cores.limit_instructions({}, lambda: tmp_path)
    kept = next(tmp_path.iterdir())
    kept.write_text(content, encoding="utf-8")
    assert cores.limit_instructions({}, lambda: tmp_path) == Limit(origin="tried")
    assert json.loads(kept.read_text(encoding="utf-8"))["low"] is True


@pytest.mark.usefixtures("amx")
def test_a_cache_that_cannot_be_written_costs_only_the_next_trial(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cores, "trial_lives", lambda *_: True)
    file = tmp_path / "a file"
    file.write_text("", encoding="utf-8")
    assert cores.limit_instructions({}, lambda: file / "folder").origin == "tried"

    def nowhere() -> Path:
        raise PermissionError

    assert cores.limit_instructions({}, nowhere).origin == "tried"


@pytest.mark.usefixtures("amx")
@pytest.mark.skipif(os.name != "posix", reason="signals")
def test_t36_a_processor_that_kills_at_every_limit_leaves_us_alive_with_f32(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried = []

    def dying(_module: str, *_arguments: str) -> list[str]:
        tried.append(1)
        return [sys.executable, "-S", "-c", f"import os; os.kill(os.getpid(), {signal.SIGILL.value})"]

    monkeypatch.setattr(child, "command", dying)
    environ: dict[str, str] = {}
    assert cores.limit_instructions(environ, lambda: tmp_path) == Limit(low=False, origin="tried")
    assert len(tried) == len(cores.LIMITS)
    assert environ == {precisions.LOWEST: "f32"}
    environ = {precisions.LOWEST: "bf16"}  # said by the user, who knows better
    assert cores.limit_instructions(environ, lambda: tmp_path).origin == "kept"
    assert environ == {precisions.LOWEST: "bf16"}
    assert len(tried) == len(cores.LIMITS)


@pytest.mark.usefixtures("amx")
@pytest.mark.skipif(os.name != "posix", reason="signals")
def test_t36_a_processor_that_kills_without_a_limit_gets_one(monkeypatch: pytest.MonkeyPatch) -> None:
    code = (
        "import os; assert os.environ['ONLOOKER_TRYING'] == '1'; isa = os.environ.get('ONEDNN_MAX_CPU_ISA'); "
        f"os.kill(os.getpid(), {signal.SIGILL.value}) if isa != 'AVX512_CORE_BF16' else None"
    )
    monkeypatch.setattr(child, "command", lambda *_: [sys.executable, "-S", "-c", code])
    environ: dict[str, str] = {}
    assert cores.limit_instructions(environ, None) == Limit("AVX512_CORE_BF16", origin="tried")
    assert environ == {cores.ISA: "AVX512_CORE_BF16"}


def test_the_child_says_wrong_with_the_status_that_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    def wrong(_precision: str) -> None:
        raise ArithmeticError

    monkeypatch.setattr(trial, "convolve", wrong)
    assert trial.main(["int8"]) == trial.WRONG == cores._WRONG


@pytest.mark.skipif(os.name != "posix", reason="signals")
@pytest.mark.parametrize(
    ("code", "lived"),
    [
        ("pass", True),
        (f"import os; os.kill(os.getpid(), {signal.SIGSEGV.value})", False),
        (f"raise SystemExit({trial.WRONG})", False),
        ("import os; os.kill(os.getpid(), 9)", None),  # by who was short of memory, or by our time-out
        ("raise MemoryError", None),
    ],
)
def test_only_crashes_and_wrong_answers_speak_against_a_processor(
    code: str, lived: bool | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(child, "command", lambda *_: [sys.executable, "-S", "-c", code])
    assert cores.trial_lives("", ("int8",)) is lived


@pytest.mark.usefixtures("amx")
def test_a_trial_that_says_nothing_is_not_kept_and_costs_this_start_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    command = child.command
    monkeypatch.setattr(child, "command", lambda *_: ["/no-such-program"])
    environ: dict[str, str] = {}
    assert cores.limit_instructions(environ, lambda: tmp_path) == Limit(low=False, origin="unknown")
    assert environ == {precisions.LOWEST: "f32"}
    assert list(tmp_path.iterdir()) == []
    monkeypatch.setattr(child, "command", command)
    monkeypatch.setattr(cores, "trial_lives", lambda *_: True)
    assert cores.limit_instructions({}, lambda: tmp_path) == Limit(origin="tried")


def test_this_machines_own_trial_answers() -> None:
    # AVX2 is what every processor that OpenVINO runs on can do, so this trial lives everywhere.
    assert cores.trial_lives("AVX2", ("int8",))


@pytest.mark.parametrize(
    ("limit", "words"),
    [
        (Limit(), "No instruction limit: this processor lists no AMX."),
        (Limit("AVX2", origin="user"), "Instruction limit AVX2, set by ONEDNN_MAX_CPU_ISA."),
        (Limit(origin="tried"), "No instruction limit: AMX works (tried now)."),
        (Limit("AVX2", origin="kept"), "Instruction limit AVX2: this processor lists AMX and cannot use it (tried at"),
        (Limit(low=False, origin="unknown"), "could not be tried this time, the next start tries again."),
        (Limit(low=False, origin="tried"), "Only f32 is used: int8 and bf16 fail on this processor at every limit"),
    ],
)
def test_what_was_set_up_is_told_with_its_reason(limit: Limit, words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cores, "_state", cores.Cores(Budget(1, 1, 1, 1), limit))
    assert cores.describe().startswith("1 thread for networks, 1 for OpenCV. ")
    assert words in cores.describe()


def test_shares_are_exported_once_and_the_users_own_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    names = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "OPENCV_FOR_THREADS_NUM")
    for name in names:
        monkeypatch.delenv(name, raising=False)
    for name in ("MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS"):
        monkeypatch.setenv(name, "5")
    monkeypatch.setattr(cores, "_state", None)
    monkeypatch.setattr(cores, "_processor_facts", lambda: ("flags: avx2",))
    monkeypatch.setattr(cores, "usable_cores", lambda: 4)
    assert cores.set_up() is cores.set_up()
    assert {name: os.environ[name] for name in names} == dict(zip(names, ("1", "3", "2"), strict=True))
    assert os.environ["MKL_NUM_THREADS"] == "5"
    for name in names:
        monkeypatch.setenv(name, os.environ[name])  # so that they are put back
