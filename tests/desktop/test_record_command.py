"""`onlooker record` writes whole files however it ends, and says by its exit status and its report how it did."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import av
import pytest
from fake_source import until

from desktop.commands import cli
from desktop.commands import record as record_module
from desktop.recordings.claim import Claim
from desktop.recordings.sidecar_reader import End, Line, read_sidecar

BLIND = ("--no-objects", "--no-faces", "--no-bodies")
FAST = ("--encoder", "libx264")
Capture = pytest.CaptureFixture[str]


def _report(capsys: Capture) -> dict[str, Any]:
    report: dict[str, Any] = json.loads(capsys.readouterr().out)
    return report


def _times(path: Path) -> list[float]:
    with av.open(str(path)) as container:
        return [float(frame.time or 0.0) for frame in container.decode(video=0)]


def _lines(path: Path) -> list[Line]:
    entries = list(read_sidecar(path))
    lines = [entry for entry in entries if isinstance(entry, Line)]
    assert isinstance(entries[-1], End)
    assert entries[-1].frames == len(lines)
    return lines


def test_without_anything_to_look_for_every_frame_is_kept_at_its_time(tmp_path: Path, capsys: Capture) -> None:
    target = tmp_path / "a.mp4"
    assert cli.run(["record", "demo", "-o", str(target), "--duration", "1", "--json", *BLIND, *FAST]) == 0
    report = _report(capsys)
    assert report["files"] == [str(tmp_path / "a.jsonl"), str(target)]
    assert report["whole"]
    assert (report["dropped"], report["skipped"], report["late"]) == (0, 0, 0)
    assert report["frames"] == report["captured"] == len(_times(target)) == len(_lines(tmp_path / "a.jsonl"))
    assert report["duration"] == pytest.approx(1.0, abs=0.2)
    lines = _lines(tmp_path / "a.jsonl")
    assert not any(line.analysed for line in lines)
    assert [line.position for line in lines][:2] == pytest.approx([0.0, 1 / 30], abs=0.001)  # from the first frame on


def test_without_anything_to_look_for_no_network_is_loaded(tmp_path: Path) -> None:
    script = (
        "import sys; from desktop.commands import cli; "
        f"status = cli.run({['record', 'demo', '-o', str(tmp_path / 'a.mp4'), '--duration', '0.3', *BLIND, *FAST]!r}); "
        "print(status, [name for name in ('torch', 'openvino', 'models.analyzer') if name in sys.modules])"
    )
    told = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "0 []"


def test_what_is_seen_is_drawn_into_one_video_and_left_out_of_the_other(tmp_path: Path, capsys: Capture) -> None:
    arguments = ["record", "demo", "-o", str(tmp_path / "a.mp4"), "--duration", "2", "--both", "--json", *FAST]
    assert cli.run([*arguments, "--no-objects", "--no-bodies"]) == 0
    report = _report(capsys)
    assert [Path(name).name for name in report["files"]] == ["a.jsonl", "a.mp4", "a.clean.mp4"]
    assert report["frames"] + report["dropped"] == report["captured"]
    assert _times(tmp_path / "a.mp4") == _times(tmp_path / "a.clean.mp4")
    assert any(line.scene is not None and line.scene.faces for line in _lines(tmp_path / "a.jsonl"))


@pytest.mark.skipif(sys.platform == "win32", reason="Windows ends a program without telling it")
@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_interrupted_it_closes_the_file_whole(tmp_path: Path, number: int, status: int) -> None:
    target, part = tmp_path / "a.mp4", tmp_path / "a.mp4.part"
    command = [sys.executable, "-m", "desktop", "record", "demo", "-o", str(target), "--json", *BLIND, *FAST]
    running = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=_environment())
    try:
        until(lambda: part.exists() and part.stat().st_size > 50_000, "something is recorded", patience=60)
        running.send_signal(number)
        out, said = running.communicate(timeout=60)
    finally:
        running.kill()
        running.communicate()
    assert running.returncode == status
    report = json.loads(out)
    assert (report["whole"], report["interrupted"]) == (True, True)
    assert report["frames"] == len(_times(target)) == len(_lines(tmp_path / "a.jsonl"))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.jsonl", "a.mp4"]
    assert "Traceback" not in said


def _environment() -> dict[str, str]:
    return os.environ | {"PYTHONUNBUFFERED": "1"}


def test_a_folder_gets_a_new_name_each_time(tmp_path: Path, capsys: Capture) -> None:
    for _ in range(2):
        assert cli.run(["record", "demo", "-o", str(tmp_path), "--duration", "0.2", *BLIND, *FAST]) == 0
    capsys.readouterr()
    assert len(list(tmp_path.glob("*.mp4"))) == len(list(tmp_path.glob("*.jsonl"))) == 2


def test_a_folder_that_is_named_by_its_ending_is_made(tmp_path: Path, capsys: Capture) -> None:
    assert cli.run(["record", "demo", "-o", f"{tmp_path}/new/", "--duration", "0.2", "--json", *BLIND, *FAST]) == 0
    data, video = map(Path, _report(capsys)["files"])
    assert sorted((tmp_path / "new").iterdir()) == [data, video]


def test_what_exists_is_replaced_only_when_allowed(tmp_path: Path, capsys: Capture) -> None:
    target = tmp_path / "a.mp4"
    target.write_bytes(b"precious")
    arguments = ["record", "demo", "-o", str(target), "--duration", "0.2", *BLIND, *FAST]
    assert cli.run(arguments) == 1
    assert "exists: choose another name. With --overwrite what is there is replaced." in capsys.readouterr().err
    assert target.read_bytes() == b"precious"
    assert cli.run([*arguments, "--overwrite"]) == 0
    assert _times(target)


def test_a_video_is_not_recorded_into_itself(tmp_path: Path, capsys: Capture) -> None:
    target = tmp_path / "a.mp4"
    target.write_bytes(b"precious")
    assert cli.run(["record", str(target), "-o", str(target), "--overwrite", *BLIND]) == 1
    assert "what is to be recorded" in capsys.readouterr().err
    assert target.read_bytes() == b"precious"


@pytest.mark.parametrize(
    ("arguments", "status", "says"),
    [
        (["-o", "a.avi"], 2, "end it with .mp4"),
        (["-o", "a.MP4"], 2, "end it with .mp4"),  # what a crash left of it would not be found
        (["-o", "a.mp4", "--clean", "--both"], 2, "exclude each other"),
        (["-o", "new"], 2, "end it with .mp4, or with / for a folder"),
        (["-o", "a.mp4", "--keep-face-points"], 2, "--keep-face-points goes with --hide faces"),
        (["-o", "a.mp4", "--hide", "faces"], 2, "needs something to be looked for"),
        (["-o", "a.mp4", "--encoder", "theora"], 2, "no encoder theora"),
        (["-o", "a.mp4", "--quality", "3"], 2, "'--quality'"),
        (["-o", "nowhere/a.mp4"], 1, "the folder does not exist"),
        (["-o", "a.mp4", "--stop-below", "1e9"], 1, "choose another folder"),
    ],
)
def test_what_cannot_be_recorded_is_refused_in_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture, arguments: list[str], status: int, says: str
) -> None:
    monkeypatch.chdir(tmp_path)
    assert cli.run(["record", "demo", *arguments, *BLIND]) == status
    assert says in " ".join(capsys.readouterr().err.replace("│", " ").split())
    assert list(tmp_path.iterdir()) == []


def test_a_new_name_that_another_program_takes_meanwhile_is_left_to_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    rivals: list[Claim] = []

    def refuse_then_lose(path: Path, *arguments: Any, **names: Any) -> None:
        refuse(path, *arguments, **names)
        rivals.append(Claim(path, overwrite=False))  # as a second `onlooker record` of the same second does

    refuse = record_module._refuse
    monkeypatch.setattr(record_module, "_refuse", refuse_then_lose)
    assert cli.run(["record", "demo", "-o", str(tmp_path), "--duration", "0.2", "--json", *BLIND, *FAST]) == 0
    data, video = map(Path, _report(capsys)["files"])
    rivals[0].give_up()
    assert sorted(tmp_path.iterdir()) == [data, video]
    assert video != rivals[0].place.target
    assert video.name.startswith("Onlooker ")


def test_a_source_that_is_not_there_is_told_and_leaves_nothing(tmp_path: Path, capsys: Capture) -> None:
    assert cli.run(["record", str(tmp_path / "none.mp4"), "-o", str(tmp_path / "a.mp4"), *BLIND]) == 1
    (tmp_path / "text.mp4").write_text("no video")
    assert cli.run(["record", str(tmp_path / "text.mp4"), "-o", str(tmp_path / "a.mp4"), *BLIND]) == 1
    assert "Traceback" not in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["text.mp4"]
