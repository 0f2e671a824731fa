"""The command line keeps its contract: what goes where, exit statuses, help at once, children of a frozen program."""

from __future__ import annotations

import json
import logging
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import psutil
import pytest
from clips import numbered, times_of, write_clip
from fake_source import until

import desktop.__main__ as program
from desktop import __version__
from desktop.batch.annotate import Progress
from desktop.commands import bars, cli, interruption
from desktop.commands.bench import measure, percentile
from desktop.commands.talk import Talk, logs_on_stderr, table
from desktop.sources.cameras import Camera
from models.catalogue import DETECTOR
from models.child import FROZEN_COMMANDS
from models.classes import COCO
from models.errors import SourceError

Add = Callable[[Callable[..., None]], None]
HEAVY = ("cv2", "openvino", "torch", "PySide6", "av", "numpy")


def onlooker(*arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    """A process of its own, as a user starts it."""
    return subprocess.run(
        [sys.executable, "-P", "-m", "desktop", *arguments],
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=100,
        check=False,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), **environ},
    )


@pytest.mark.parametrize(
    ("arguments", "meant"),
    [
        ([], ["window"]),
        (["demo"], ["window", "demo"]),
        (["camera:0"], ["window", "camera:0"]),
        (["rtsp://host/live"], ["window", "rtsp://host/live"]),
        (["--debug"], ["window", "--debug"]),
        (["--debug", "demo"], ["window", "--debug", "demo"]),
        (["demo", "--debug"], ["window", "demo", "--debug"]),
        (["annotate", "x"], ["annotate", "x"]),
        (["--debug", "annotate", "x"], ["annotate", "--debug", "x"]),
        (["-q", "--debug", "cameras", "--json"], ["cameras", "-q", "--debug", "--json"]),
        (["./annotate"], ["window", "./annotate"]),  # a file of that name
        (["--debug", "models", "fetch", "x"], ["models", "fetch", "--debug", "x"]),
        (["--debug", "models", "--json"], ["models", "--debug", "--json"]),
        (["--help"], ["--help"]),
        (["-h"], ["-h"]),
        (["--version"], ["--version"]),
        (["--unknown"], ["window", "--unknown"]),
    ],
)
def test_what_begins_with_no_command_is_meant_for_the_window(arguments: list[str], meant: list[str]) -> None:
    assert cli.with_command(arguments) == meant


def test_help_comes_on_stdout_without_loading_anything_heavy() -> None:
    script = (
        "import sys; from desktop.__main__ import main; sys.argv[1:] = ['--help']; status = main();"
        f"loaded = [name for name in {HEAVY} if name in sys.modules]; print(status, loaded, file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True, cwd=os.curdir
    )
    assert done.stderr.strip().endswith("0 []")
    assert all(name in done.stdout for name in ("annotate", "cameras", "models", "bench", "self-check"))
    assert "window " not in done.stdout.replace("the window", "")


@pytest.mark.parametrize("command", ["annotate", "cameras", "models", "bench", "train", "self-check", "window"])
def test_every_command_has_help(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run([command, "--help"]) == 0
    assert f"onlooker {command}" in capsys.readouterr().out


def test_the_module_run_with_python_says_its_version() -> None:
    done = onlooker("--version")
    assert (done.returncode, done.stdout, done.stderr) == (0, f"onlooker {__version__}\n", "")


@pytest.mark.parametrize(
    "arguments",
    [
        ["annotate"],  # no input
        ["annotate", "demo"],  # no output
        ["annotate", "demo", "-o", "x.mp4", "--score", "1.5"],  # no score
        ["annotate", "demo", "-o", "x.mp4", "--device", "tpu"],
        ["annotate", "demo", "-o", "x.mp4", "--no-objects", "--no-faces", "--no-bodies"],  # nothing left to look for
        ["models", "--frobnicate"],
        ["demo", "another"],
    ],
)
def test_wrong_usage_is_2_and_leaves_nothing(
    arguments: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert cli.run(arguments) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert "Error" in said.err
    assert list(tmp_path.iterdir()) == []


def test_models_are_listed_with_licence_and_size(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["models", "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    listed = {entry["key"]: entry for entry in answer["networks"]}
    assert {"cpu": True}.items() <= {entry["device"]: entry["usable"] for entry in answer["devices"]}.items()
    assert listed["face-mesh"]["licence"] == "Apache-2.0"
    assert listed["face-mesh"]["input"] == [192, 192]
    assert listed["body-landmarks"]["parameters"] > 3_000_000
    assert listed["face-mesh"]["labels"] == []
    assert listed[DETECTOR]["labels"] == list(COCO)  # what --classes, --hide and rules may name
    assert cli.run(["models"]) == 0
    out = capsys.readouterr().out
    assert all(key in out for key in listed)


def test_cameras_are_listed_with_the_source_that_opens_each(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    found = [
        Camera(0, "HD Webcam", "/dev/video0", cv2.CAP_V4L2, "camera:HD Webcam"),
        Camera(2, "Microscope [x]", "", cv2.CAP_DSHOW, "camera:Microscope [x]"),
    ]
    monkeypatch.setattr("desktop.sources.cameras.list_cameras", lambda: found)
    assert cli.run(["cameras"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "SOURCE                 NAME            PATH",
        "camera:HD Webcam       HD Webcam       /dev/video0",
        "camera:Microscope [x]  Microscope [x]",
    ]
    assert cli.run(["cameras", "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)
    assert listed[0] == {
        "source": "camera:HD Webcam",
        "name": "HD Webcam",
        "index": 0,
        "path": "/dev/video0",
        "backend": "V4L2",
    }


def test_where_there_is_no_camera_a_sentence_says_so(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("desktop.sources.cameras.list_cameras", list)
    assert cli.run(["cameras", "--json"]) == 0
    said = capsys.readouterr()
    assert json.loads(said.out) == []
    assert "No camera was found" in said.err


@pytest.fixture
def command() -> Iterator[Add]:
    """Makes a command of a function, for as long as the test lasts."""

    def add(function: Callable[..., None]) -> None:
        cli.app.command("test-command")(function)

    before = list(cli.app.registered_commands)
    yield add
    cli.app.registered_commands[:] = before


def test_an_error_of_ours_is_one_sentence_and_1(command: Add, capsys: pytest.CaptureFixture[str]) -> None:
    def fails() -> None:
        raise SourceError("The camera rtsp://me:secret@host/a?token=abc is not there.")

    command(fails)
    assert cli.run(["test-command"]) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err == "The camera rtsp://***@host/a?token=*** is not there.\n"


def test_an_error_of_nobodys_is_one_sentence_and_its_traceback_comes_with_debug(
    command: Add, capsys: pytest.CaptureFixture[str]
) -> None:
    def fails(debug: bool = False) -> None:
        Talk(debug=debug)
        raise ZeroDivisionError("oh\nno")

    command(fails)
    assert cli.run(["test-command"]) == 1
    plain = capsys.readouterr().err
    assert plain.count("\n") == 1
    assert "ZeroDivisionError: oh" in plain
    assert cli.run(["test-command", "--debug"]) == 1
    told = capsys.readouterr().err
    assert "Traceback" in told
    assert told.endswith(plain)
    assert cli.run(["test-command"]) == 1
    assert "Traceback" not in capsys.readouterr().err  # what --debug changed is as it was


@pytest.mark.skipif(sys.platform == "win32", reason="Windows knows no such signals")
@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_a_signal_ends_a_command_with_its_status(command: Add, number: int, status: int) -> None:
    before = [signal.getsignal(one) for one in interruption.SIGNALS]
    command(lambda: os.kill(os.getpid(), number))
    assert cli.run(["test-command"]) == status
    assert [signal.getsignal(one) for one in interruption.SIGNALS] == before


@pytest.mark.skipif(sys.platform == "win32", reason="Windows knows no such signals")
def test_within_steps_the_first_signal_is_noted_and_the_second_interrupts() -> None:
    with interruption.between_steps() as stop:
        assert not stop()
        os.kill(os.getpid(), signal.SIGTERM)
        assert stop()
        assert stop.asked == signal.SIGTERM
        with pytest.raises(interruption.Interrupted) as interrupted:
            os.kill(os.getpid(), signal.SIGINT)
    assert interrupted.value.status == 130


@pytest.mark.skipif(sys.platform == "win32", reason="Windows knows no such signals")
def test_a_signal_that_is_ignored_stays_ignored() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)  # as nohup does
    try:
        with interruption.at_once():
            os.kill(os.getpid(), signal.SIGHUP)
    finally:
        signal.signal(signal.SIGHUP, before)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows knows no such signals")
@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_while_the_program_starts_is_no_traceback(
    number: int, status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("desktop.cores.set_up", lambda _folder: os.kill(os.getpid(), number))
    monkeypatch.setattr(sys, "argv", ["onlooker", "models"])
    assert program.main() == status


@pytest.mark.skipif(os.name != "posix", reason="streams are closed by a shell")
def test_a_program_without_streams_does_its_work_and_keeps_its_files_clean(tmp_path: Path) -> None:
    """What was opened next would be file 2, and get whatever a library writes to stderr."""
    script = (
        "import os, sys; from desktop import __main__ as program; from desktop.commands import cli;"
        "cli.run = lambda _words: os._exit(os.open('file', os.O_CREAT) * 10 + (sys.stderr is None));"
        "program.main()"
    )
    command = f'exec "{sys.executable}" -c "{script}" <&- >&- 2>&-'
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(command, shell=True, timeout=60, check=False, env=environ, cwd=tmp_path)
    assert done.returncode >= 30
    assert done.returncode % 10 == 0


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no such device")
def test_an_answer_for_which_there_is_no_room_is_one_sentence(
    command: Add, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    command(lambda: Talk().answer("the answer"))
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        monkeypatch.setattr(sys, "stdout", full)
        assert cli.run(["test-command"]) == 1
    assert capsys.readouterr().err == "The answer cannot be written: the disk is full.\n"


@pytest.mark.skipif(os.name != "posix", reason="a terminal is made by the system")
def test_sentences_have_lines_of_their_own_above_a_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    import pty

    monkeypatch.setenv("TERM", "xterm")
    leader, follower = pty.openpty()
    talk = Talk()
    with os.fdopen(follower, "w", encoding="utf-8") as terminal:
        monkeypatch.setattr(sys, "stderr", terminal)
        with bars.frames(talk) as report:
            report(Progress("a.mp4", 1, 2, 1, 3))
            talk.fail("[b] It broke :x: in b.png.")
            report(Progress("a.mp4", 1, 2, 2, 3))
        written = os.read(leader, 100_000).decode()
    os.close(leader)
    shown = [line.split("\x1b[2K")[-1] for line in written.split("\n")]  # what is left after a line was cleared
    lines = [re.sub(r"\x1b\[[\d;?]*[A-Za-z]|\r", "", line) for line in shown]
    assert "[b] It broke :x: in b.png." in lines


@pytest.fixture(scope="module")
def long_clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clip that nobody annotates within the patience of these tests."""
    path = tmp_path_factory.mktemp("clips") / "long.mkv"
    return write_clip(path, numbered(300) * 7, [number / 30 for number in range(2100)])


@pytest.mark.skipif(sys.platform == "win32", reason="Windows knows no such signals")
@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_annotate_that_is_interrupted_leaves_a_whole_video_with_its_data(
    tmp_path: Path, long_clip: Path, number: int, status: int
) -> None:
    video, data = tmp_path / "out.mp4", tmp_path / "out.jsonl"
    part = tmp_path / "out.jsonl.part"
    arguments = ["annotate", str(long_clip), "-o", str(video), "--data", str(data), "--no-bodies"]
    with subprocess.Popen(
        [sys.executable, "-P", "-m", "desktop", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    ) as process:
        try:
            until(
                lambda: process.poll() is not None or (part.exists() and part.read_bytes().count(b"\n") > 10),
                "a few frames annotated",
                90.0,
            )
            process.send_signal(number)
            out, err = process.communicate(timeout=60)
        finally:
            process.kill()
    assert process.returncode == status, err
    assert out == ""
    assert "what was done so far is whole" in err
    assert "Traceback" not in err
    lines = [json.loads(line) for line in data.read_text(encoding="utf-8").splitlines()]
    assert lines[0]["onlooker"] == 1
    assert lines[-1]["end"] is True
    assert 10 <= len(times_of(video)) == lines[-1]["frames"] == len(lines) - 2 < 2100
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out.jsonl", "out.mp4"]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows knows no such signals")
def test_annotate_that_is_interrupted_while_networks_are_made_leaves_nothing(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "clip.mkv", numbered(2), [0.0, 0.1])
    with subprocess.Popen(
        [sys.executable, "-P", "-m", "desktop", "annotate", str(clip), "-o", str(tmp_path / "out.mp4")],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "ONLOOKER_CACHE": str(tmp_path / "cache")},
    ) as process:
        try:
            children = psutil.Process(process.pid).children
            until(
                lambda: process.poll() is not None or any("forms" in _words(one) for one in children()), "a child", 60.0
            )
            process.send_signal(signal.SIGTERM)
            _out, err = process.communicate(timeout=60)
        finally:
            process.kill()
    assert process.returncode == 143, err
    assert "Traceback" not in err
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["clip.mkv"]


def _words(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline())
    except psutil.Error:
        return ""


def test_a_reader_that_goes_away_is_no_error_of_ours() -> None:
    command = f'"{sys.executable}" -P -m desktop models | true'
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(command, shell=True, capture_output=True, text=True, timeout=60, check=False, env=environ)
    assert done.stderr == ""


@pytest.mark.parametrize("word", FROZEN_COMMANDS.values())
def test_a_frozen_programs_children_are_run_before_the_processor_is_tried(
    word: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = next(name for name, value in FROZEN_COMMANDS.items() if value == word)
    asked: list[list[str]] = []

    def work(arguments: list[str]) -> int:
        asked.append(arguments)
        return 7

    monkeypatch.setattr(f"{module}.main", work)
    monkeypatch.setattr("desktop.cores.set_up", lambda _folder: pytest.fail("a trial tried again"))
    monkeypatch.setattr(sys, "argv", ["onlooker", word, "a", "b"])
    assert program.main() == 7
    assert asked == [["a", "b"]]


@pytest.mark.parametrize(
    "secret",
    [
        "rtsp://me:canary@host/",
        "rtsp://me:canary/canary@host/",
        "rtsp://me:canary@canary@host/",
        "http://host/live?loginpas=canary",
        "rtsp://host/user=canary_password=canary_channel=1.sdp",
        "me:canary@host",
    ],
)
def test_credentials_do_not_reach_the_log_nor_what_is_said(secret: str, capsys: pytest.CaptureFixture[str]) -> None:
    with logs_on_stderr():
        try:
            int(secret)
        except ValueError:
            logging.getLogger("some.library").exception("lost %s", secret)
        Talk().say(f"{secret} is lost.")
        Talk().fail(f"There is no {secret}.")
    said = capsys.readouterr().err
    assert said.count("host") == 4
    assert "lost " in said
    assert "Traceback" in said
    assert "canary" not in said


def test_a_quiet_command_says_errors_only(capsys: pytest.CaptureFixture[str]) -> None:
    talk = Talk(quiet=True)
    talk.say("hello")
    talk.fail("It broke.")
    assert capsys.readouterr().err == "It broke.\n"


def test_tables_are_aligned_and_keep_long_cells_whole() -> None:
    assert table([("A", "LONG"), ("x" * 5, "y"), ("", "z")]) == "A      LONG\nxxxxx  y\n       z"


def test_bench_gives_figures_for_every_network_and_for_all_together(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["bench", "--seconds", "0.1", "--json", "--quiet"]) == 0
    said = capsys.readouterr()
    assert said.err == ""
    answer = json.loads(said.out)
    figures = {figure["what"]: figure for figure in answer["milliseconds"]}
    assert list(figures) == [
        *("face-detector-full", "face-mesh", "body-detector", "body-landmarks", "onlooker-m"),
        "everything, a frame",
    ]
    assert all(0 < figure["tenth"] <= figure["median"] and figure["runs"] >= 5 for figure in figures.values())
    assert answer["versions"]["openvino"]
    assert answer["frames"] > 30
    assert "for networks" in answer["cores"]


def test_measuring_is_bounded_by_time_and_has_at_least_five_runs() -> None:
    ticks = iter(range(1000))
    calls: list[int] = []
    assert measure(lambda: calls.append(1), 0.0, clock=lambda: float(next(ticks))) == [1.0] * 5
    assert len(calls) == 7  # two of them to warm up
    assert len(measure(lambda: None, 20.0, clock=lambda: float(next(ticks)))) == 10


@pytest.mark.parametrize(
    ("values", "part", "expected"), [([3.0], 0.1, 3.0), ([2.0, 1.0], 0.5, 1.5), ([4.0, 0.0, 1.0, 2.0, 3.0], 0.1, 0.4)]
)
def test_percentiles_lie_between_the_values(values: list[float], part: float, expected: float) -> None:
    assert percentile(values, part) == pytest.approx(expected)
