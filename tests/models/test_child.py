"""Children: what they say line by line, how they ended, and that none outlives its time."""

from __future__ import annotations

import os
import signal
import sys
import threading

import pytest

from models import child


def python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


def test_every_line_is_handed_on_as_it_comes_and_the_last_ones_are_kept() -> None:
    lines: list[str] = []
    code = "import sys; [print(i) for i in range(30)]; sys.stdout.flush(); print('worse', file=sys.stderr); sys.exit(3)"
    status, last = child.run(python(code), env=child.environment(), timeout=60, line=lines.append)
    assert status == 3
    assert lines == [*(f"{number}\n" for number in range(30)), "worse\n"]
    assert last.splitlines() == [str(number) for number in range(11, 30)] + ["worse"]


@pytest.mark.skipif(os.name != "posix", reason="signals")
def test_a_signal_that_ends_a_child_is_its_negative_status() -> None:
    code = f"import os; os.kill(os.getpid(), {signal.SIGILL.value})"
    status, _ = child.run(python(code), env=child.environment(), timeout=60)
    assert status == -signal.SIGILL


def test_a_child_that_hangs_is_killed() -> None:
    status, last = child.run(
        python("import time; print('here', flush=True); time.sleep(600)"), env=child.environment(), timeout=1.0
    )
    assert status != 0
    assert last == "here\n"


def test_a_child_asked_for_nothing_reads_nothing() -> None:
    status, last = child.run(python("import sys; print(repr(sys.stdin.read()))"), env=child.environment(), timeout=60)
    assert (status, last) == (0, "''\n")


def test_bytes_that_are_no_text_break_nothing() -> None:
    code = r"import sys; sys.stdout.buffer.write(b'\xff\xfe done\n')"
    status, last = child.run(python(code), env=child.environment(), timeout=60)
    assert status == 0
    assert last.endswith(" done\n")


def test_who_listens_and_fails_leaves_no_child_and_no_thread() -> None:
    def fails(_text: str) -> None:
        raise LookupError

    with pytest.raises(LookupError):
        child.run(
            python("import time; print('here', flush=True); time.sleep(600)"),
            env=child.environment(),
            timeout=60,
            line=fails,
        )
    assert not [thread for thread in threading.enumerate() if isinstance(thread, threading.Timer)]


def test_a_program_that_is_not_there_is_an_oserror() -> None:
    with pytest.raises(OSError, match="no-such-program"):
        child.run(["/no-such-program"], env=child.environment(), timeout=60)


def test_a_childs_modules_are_ours_and_not_those_of_the_folder_it_starts_in(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    decoys = tmp_path_factory.mktemp("decoys")
    (decoys / "models").mkdir()
    (decoys / "models" / "__init__.py").write_text("raise SystemExit('a decoy')", encoding="utf-8")
    monkeypatch.chdir(decoys)
    status, last = child.run(child.command("models.forms", "--help"), env=child.environment(), timeout=60)
    assert (status, "--all" in last) == (0, True)


def test_changes_to_the_environment_reach_the_child() -> None:
    env = child.environment({"ONLOOKER_TRYING": "1"})
    assert child.run(python("import os; print(os.environ['ONLOOKER_TRYING'])"), env=env, timeout=60)[1] == "1\n"
    assert "ONLOOKER_TRYING" not in os.environ


@pytest.mark.parametrize("module", child.FROZEN_COMMANDS)
def test_a_frozen_program_starts_itself_with_a_hidden_command(module: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    assert child.command(module, "a", "b") == [sys.executable, child.FROZEN_COMMANDS[module], "a", "b"]
    assert "PYTHONPATH" not in child.environment() or child.environment()["PYTHONPATH"] == os.environ["PYTHONPATH"]
