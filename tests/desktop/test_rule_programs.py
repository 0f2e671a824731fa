"""Programs that rules run get what is written, nothing of ours, and never outlive us."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest
from fake_source import until

from desktop.live.programs import Programs

posix = pytest.mark.skipif(sys.platform == "win32", reason="groups of processes and /proc are of POSIX")


class Said:
    """What was told."""

    def __init__(self) -> None:
        self.sentences: list[str] = []

    def __call__(self, _rule: str, sentence: str) -> None:
        self.sentences.append(sentence)


def python(code: str, *arguments: str) -> list[str]:
    return [sys.executable, "-c", code, *arguments]


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return "State:\tZ" not in Path(f"/proc/{pid}/status").read_text()


def test_each_argument_arrives_as_it_is(tmp_path: Path) -> None:
    said, odd = Said(), ["a b", "$(touch gone)", "; rm *", '"', "", "é\n"]
    programs = Programs(tmp_path, said)
    programs.run("Dog", python("import json, sys; json.dump(sys.argv[1:], open('out.json', 'w'))", *odd), 30.0)
    programs.close(30.0)
    assert json.loads((tmp_path / "out.json").read_text()) == odd
    assert [path.name for path in tmp_path.iterdir()] == ["out.json"]
    assert said.sentences == []


@posix
def test_a_program_holds_no_file_of_ours_and_has_no_terminal(tmp_path: Path) -> None:
    held = (tmp_path / "held").open("wb")
    os.set_inheritable(held.fileno(), True)
    programs = Programs(tmp_path, Said())
    code = (
        "import os, json; fds = {n: os.readlink(f'/proc/self/fd/{n}') for n in os.listdir('/proc/self/fd')"
        " if os.path.exists(f'/proc/self/fd/{n}')}; json.dump([fds, os.getsid(0)], open('out.json', 'w'))"
    )
    programs.run("Dog", python(code), 30.0)
    programs.close(30.0)
    held.close()
    files, session = json.loads((tmp_path / "out.json").read_text())
    assert not [name for name in files.values() if "held" in name]
    assert {files[number] for number in ("0", "1", "2")} == {"/dev/null"}
    assert session != os.getsid(0)


def test_what_cannot_be_run_or_ends_badly_is_told(tmp_path: Path) -> None:
    said = Said()
    programs = Programs(tmp_path, said)
    programs.run("Dog", ["onlooker-no-such-program"], 5.0)
    programs.run("Dog", [str(tmp_path)], 5.0)
    programs.run("Dog", python("raise SystemExit(3)"), 30.0)
    programs.close(30.0)
    assert sorted(said.sentences) == sorted(
        [
            "The program onlooker-no-such-program of the rule “Dog” cannot be run: there is no such program.",
            f"The program {tmp_path} of the rule “Dog” cannot be run: the folder may not be written to.",
            f"The program {sys.executable} of the rule “Dog” ended with status 3.",
        ]
    )


def test_a_program_that_takes_too_long_is_ended(tmp_path: Path) -> None:
    said = Said()
    programs = Programs(tmp_path, said)
    programs.run("Dog", python("import time; time.sleep(600)"), 0.2)
    until(lambda: programs.running == 0, "it is ended")
    assert said.sentences == [
        f"The program {sys.executable} of the rule “Dog” was ended since it took more than 0.2 seconds."
    ]
    programs.close(0.0)


@posix
def test_a_program_that_will_not_end_is_ended_with_all_that_it_started(tmp_path: Path) -> None:
    programs = Programs(tmp_path, Said())
    code = (
        "import os, signal, subprocess, sys, time; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)']);"
        "open('part', 'w').write(f'{os.getpid()} {child.pid}'); os.rename('part', 'pids'); time.sleep(600)"
    )
    programs.run("Dog", python(code), 600.0)
    until((tmp_path / "pids").exists, "it runs")
    programs.close(0.0)
    pids = [int(pid) for pid in (tmp_path / "pids").read_text().split()]
    until(lambda: not any(alive(pid) for pid in pids), "both are gone")


def test_no_more_than_so_many_run_at_a_time(tmp_path: Path) -> None:
    said = Said()
    programs = Programs(tmp_path, said, most=2)
    code = "import os, time\nwhile not os.path.exists('go'): time.sleep(0.02)\nopen(str(os.getpid()), 'w')"
    for _ in range(5):
        programs.run("Dog", python(code), 60.0)
    assert programs.running == 2
    assert (
        said.sentences
        == [f"The program {sys.executable} of the rule “Dog” was not run: 2 programs of rules run already."] * 3
    )
    (tmp_path / "go").touch()
    until(lambda: programs.running == 0, "both end")
    programs.run("Dog", python(code), 60.0)
    programs.close(30.0)
    assert len(list(tmp_path.iterdir())) == 4
    assert len(said.sentences) == 3


def test_at_the_end_what_still_runs_is_ended_and_nothing_is_begun(tmp_path: Path) -> None:
    said = Said()
    programs = Programs(tmp_path, said)
    programs.run("Dog", python("import time; time.sleep(600)"), 600.0)
    programs.close(0.0)
    programs.run("Dog", python("open('begun', 'w')"), 5.0)
    assert programs.running == 0
    assert said.sentences == [f"The program {sys.executable} of the rule “Dog” was ended since Onlooker ends."]
    assert not (tmp_path / "begun").exists()
