"""`onlooker watch` does what rules say, tells it for people and for programs, and ends whole."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from datetime import datetime, tzinfo
from pathlib import Path

import av
import bright_dog
import cv2
import numpy as np
import pytest
from clips import times_of, write_clip

from desktop.commands import cli
from desktop.commands.watch import options_for
from desktop.recordings.rule_file import make, parse
from desktop.recordings.sidecar_reader import End, Header, read_sidecar
from models.analyzer import ALL_FACES
from models.catalogue import DETECTOR
from models.classes import COCO
from models.object_watch import SCORE

posix = pytest.mark.skipif(sys.platform == "win32", reason="signals and shell scripts are of POSIX")
DOCS = Path(__file__).resolve().parents[2] / "docs" / "rules.md"
DOG = 'version = 1\n[[rule]]\nname = "Dog"\nwhat = ["dog"]\nseconds = 0.1\ngap = 0.1\n'
RATE = 20


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Dark for 0.15 s, bright for 0.8 s, dark for 0.3 s."""
    return _clip(tmp_path_factory.mktemp("clips") / "dog.mp4", 16)


@pytest.fixture(scope="module")
def long_clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same, bright for 1.6 s."""
    return _clip(tmp_path_factory.mktemp("clips") / "long.mp4", 32)


def _clip(path: Path, bright: int) -> Path:
    greys = [20] * 3 + [200] * bright + [20] * 6
    pictures = [np.full((64, 96, 3), grey, np.uint8) for grey in greys]
    return write_clip(path, pictures, [number / RATE for number in range(len(greys))])


@pytest.fixture(autouse=True)
def eyes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("desktop.commands.watch.load", bright_dog.load)


def rules(folder: Path, text: str = DOG) -> str:
    path = folder / "rules.toml"
    path.write_text(text, encoding="utf-8")
    return str(path)


def events(out: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in out.splitlines()]


def test_it_has_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["watch", "--help"]) == 0
    assert "docs/rules.md" in capsys.readouterr().out


def test_check_says_whether_the_rules_are_in_order_and_ends(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = rules(tmp_path, DOG + '[[rule]]\nname = "Cat"\nwhat = ["cat"]\non = false\n')
    assert cli.run(["watch", "--rules", path, "--check"]) == 0
    assert capsys.readouterr().out == f"{path} is in order: 2 rules, 1 switched off.\n"
    assert cli.run(["watch", "--rules", path, "--check", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["rules"][1] == {"name": "Cat", "on": False}


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (["demo"], 2, "--rules is missing"),
        (["--rules", "RULES"], 2, "SOURCE is missing"),
        (["demo", "--rules", "no.toml"], 1, "The rules no.toml cannot be read: there is no such file."),
        (["no such source", "--rules", "RULES"], 1, "no such source"),
        (["demo", "--rules", "WRONG"], 1, "did you mean dog?"),
        (["--check", "--rules", "WRONG"], 1, "The rule “Dog”: what names 'dgo'"),
        (["demo", "--rules", "OFF"], 1, "no rule is switched on"),
        (["demo", "--rules", "RULES", "--hide", "dgo"], 2, "did you mean dog?"),
    ],
)
def test_what_cannot_be_watched_is_one_sentence(
    arguments: list[str], status: int, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    texts = {"RULES": DOG, "WRONG": DOG.replace('"dog"', '"dgo"'), "OFF": DOG + "on = false"}
    words = []
    for word in arguments:
        if word in texts:
            (tmp_path / word).write_text(texts[word], encoding="utf-8")
        words.append(str(tmp_path / word) if word in texts else word)
    assert cli.run(["watch", *words, "-o", str(tmp_path / "out")]) == status
    told = capsys.readouterr()
    assert said in told.err
    assert told.out == ""
    assert not (tmp_path / "out").exists()


def test_each_event_is_a_line_of_json_and_its_files_are_whole(
    tmp_path: Path, clip: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = DOG + "snapshot = true\nrecord = { before = 0, after = 0.1 }\n"
    out = tmp_path / "events"
    assert cli.run(["watch", str(clip), "--rules", rules(tmp_path, text), "-o", str(out), "--json"]) == 0
    told = events(capsys.readouterr().out)
    assert [one["event"] for one in told] == ["found", "snapshot", "recording", "gone", "recorded"]
    assert told[0]["label"] == "dog"
    assert told[0]["size"] == [96, 64]
    files = [Path(str(path)) for one in told for path in one.get("files", ())]  # type: ignore[attr-defined]
    assert sorted(files) == sorted(out.iterdir())
    (video,) = (path for path in files if path.suffix == ".mp4")
    assert 0.4 < times_of(video)[-1] < 1.2
    first, *_, last = read_sidecar(video.with_suffix(".jsonl"))
    assert isinstance(first, Header)
    assert isinstance(last, End)


def test_people_are_told_on_stderr_unless_a_rule_is_silent(
    tmp_path: Path, clip: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = DOG + '[[rule]]\nname = "Quiet"\nwhat = ["person"]\nnotify = false\nsnapshot = true\n'
    assert cli.run(["watch", str(clip), "--rules", rules(tmp_path, text), "-o", str(tmp_path / "out")]) == 0
    told = capsys.readouterr()
    assert told.out == ""
    lines = [re.sub(r"^\d\d:\d\d:\d\d ", "", line) for line in told.err.splitlines()]
    assert "Dog: dog, 90% sure." in lines
    assert "Dog: the dog has gone." in lines
    assert [line for line in lines if line.startswith("Quiet")] == [
        f"Quiet: snapshot {path}" for path in (tmp_path / "out").iterdir()
    ]


def test_a_problem_is_told_and_the_rules_go_on(tmp_path: Path, clip: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = DOG + 'run = ["onlooker-no-such-program", "{label}"]\n'
    assert cli.run(["watch", str(clip), "--rules", rules(tmp_path, text), "-o", str(tmp_path), "--json", "-q"]) == 0
    told = capsys.readouterr()
    sentence = "The program onlooker-no-such-program of the rule “Dog” cannot be run: there is no such program."
    assert told.err.splitlines() == [sentence]
    assert [one["sentence"] for one in events(told.out) if one["event"] == "problem"] == [sentence]
    assert events(told.out)[-1]["event"] == "gone"


def test_no_recording_is_begun_where_less_is_free_than_was_asked_for(
    tmp_path: Path, clip: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, text = tmp_path / "out", DOG + "record = { before = 0, after = 0 }\n"
    arguments = ["-o", str(out), "--stop-below", "1e9"]
    assert cli.run(["watch", str(clip), "--rules", rules(tmp_path, text), *arguments]) == 0
    assert "a recording stops at 1000000000.0 GB: make room, or choose another folder" in capsys.readouterr().err
    assert list(out.iterdir()) == []


def test_only_what_the_rules_name_is_looked_for() -> None:
    def looked_for(*said: dict[str, object], hidden: frozenset[str] = frozenset()) -> list[object]:
        wished = [make({"name": f"r{place}", "what": ["dog"], **one}) for place, one in enumerate(said)]
        options = options_for(wished, detector=DETECTOR, input_size=None, max_faces=4, max_bodies=4, hidden=hidden)
        return [options.objects and sorted(options.classes or ()), options.faces, options.bodies]

    assert looked_for({}) == [["dog"], False, False]
    assert looked_for({"what": ["face"]}) == [False, True, False]
    assert looked_for({"what": ["body"]}, {"what": ["cat"], "on": False}) == [False, False, True]
    assert looked_for({"what": ["person"]}) == [["person"], False, False]
    assert looked_for({}, hidden=frozenset({"faces", "cat"})) == [["cat", "dog"], True, False]


def test_what_is_hidden_is_looked_for_as_well_as_can_be_whatever_rules_and_limits_say() -> None:
    wished = [make({"name": "a", "what": ["face"], "score": 0.9}), make({"name": "b", "what": ["cat"], "score": 0.9})]
    wished.append(make({"name": "c", "what": ["dog"], "score": 0.1}))
    options = options_for(
        wished,
        detector=DETECTOR,
        input_size=None,
        max_faces=1,
        max_bodies=4,
        hidden=frozenset({"faces", "cat", "dog", "bird"}),
    )
    assert options.max_faces == ALL_FACES
    assert options.face_score is not None
    assert options.face_score < 0.9
    assert options.class_scores == {"cat": SCORE, "dog": 0.1}


def test_the_lowest_score_of_the_rules_takes_the_place_of_the_usual_one_but_for_what_is_hidden() -> None:
    wished = [make({"name": "a", "what": ["dog", "cat"], "score": 0.8}), make({"name": "b", "what": ["dog"]})]
    wished.append(make({"name": "c", "what": ["face", "bird"], "score": 0.9}))
    options = options_for(
        wished, detector=DETECTOR, input_size=None, max_faces=4, max_bodies=4, hidden=frozenset({"bird"})
    )
    assert options.class_scores == {"cat": 0.8, "bird": SCORE}  # of dogs a rule wants whatever is usual
    assert options.face_score == 0.9


@posix
@pytest.mark.parametrize(("number", "status"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_signal_closes_the_recording_whole(tmp_path: Path, number: int, status: int) -> None:
    process = _recording(tmp_path)
    process.send_signal(number)
    out, err = process.communicate(timeout=60)
    assert process.returncode == status, err
    assert events(out)[-1]["event"] == "recorded"
    (video,) = (tmp_path / "out").glob("*.mp4")
    assert times_of(video)
    assert isinstance(list(read_sidecar(video.with_suffix(".jsonl")))[-1], End)
    assert len(list((tmp_path / "out").iterdir())) == 2


@posix
def test_where_nobody_reads_the_lines_any_more_it_ends_and_what_it_recorded_is_whole(tmp_path: Path) -> None:
    process = _recording(tmp_path)
    assert process.stdout is not None
    process.stdout.close()
    assert process.stderr is not None
    err = process.stderr.read()
    assert process.wait(60) == 1
    assert "Traceback" not in err
    process.stderr.close()
    assert sorted(path.suffix for path in (tmp_path / "out").iterdir()) == [".jsonl", ".mp4"]


def _recording(folder: Path) -> subprocess.Popen[str]:
    """`onlooker watch` with a recording that has run for a second; another second later the next line is due."""
    text = DOG + "record = { before = 0, after = 0 }\n"
    text += "".join(f'[[rule]]\nname = "{n} s"\nwhat = ["dog"]\nseconds = {n}\n' for n in (1, 2))
    process = subprocess.Popen(
        [
            *(sys.executable, "-P", bright_dog.__file__, "watch", "demo"),
            *("--rules", rules(folder, text), "-o", str(folder / "out"), "--json"),
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert process.stdout is not None
    for line in process.stdout:
        if json.loads(line)["rule"] == "1 s":
            break
    return process


class _Night(datetime):
    """A clock that stands at half past ten on a Tuesday evening."""

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
        return datetime(2026, 11, 24, 22, 30, tzinfo=tz)


def examples() -> list[str]:
    return re.findall(r"```toml\n(.*?)```", DOCS.read_text(encoding="utf-8"), re.DOTALL)


@posix
@pytest.mark.parametrize(
    ("place", "program", "first", "files"),
    [(0, "notify-send", "Onlooker", [".jsonl", ".mp4"]), (1, "scp", "-q", [".png"])],
)
def test_the_examples_of_the_documentation_do_what_it_says(
    place: int,
    program: str,
    first: str,
    files: list[str],
    tmp_path: Path,
    long_clip: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """`notify-send` and `scp` are scripts here that write down what they were given."""
    assert parse(examples()[place], COCO)
    script, given = tmp_path / "bin" / program, tmp_path / "given"
    script.parent.mkdir()
    script.write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" > "{given}"\n', encoding="utf-8")
    script.chmod(0o755)
    monkeypatch.setenv("PATH", str(script.parent), prepend=os.pathsep)
    monkeypatch.setattr("desktop.live.ruling.datetime", _Night)
    out = tmp_path / "out"
    assert cli.run(["watch", str(long_clip), "--rules", rules(tmp_path, examples()[place]), "-o", str(out)]) == 0
    assert sorted(path.suffix for path in out.iterdir()) == files
    arguments = given.read_text(encoding="utf-8").splitlines()
    assert arguments[0] == first
    if program == "scp":
        assert arguments == ["-q", "--", *(str(path) for path in out.iterdir()), "backup:events/"]
    else:
        assert arguments[1] == "Dog on the sofa: dog, 0.90"


def test_the_documentation_names_every_field_of_a_rule_and_no_other() -> None:
    from desktop.recordings.rule import Rule

    table = DOCS.read_text(encoding="utf-8").partition("## What a rule says")[2].partition("\n\n**")[0]
    assert re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE) == list(Rule.model_fields)


def _checkered(size: int = 96) -> np.ndarray[tuple[int, int, int], np.dtype[np.uint8]]:
    """A bright picture in which every pixel differs from its neighbours: what a blur takes away."""
    board = np.where(np.indices((size, size)).sum(0) % 2, 255, 120).astype(np.uint8)
    return np.repeat(board[..., None], 3, 2)


@pytest.mark.parametrize("hidden", [False, True])
def test_what_is_hidden_is_hidden_in_all_that_rules_store(tmp_path: Path, hidden: bool) -> None:
    """The dog of `bright_dog` stands in the middle; its fur is a chequered board."""
    clip = write_clip(tmp_path / "fur.mkv", [_checkered()] * 16, [number / 16 for number in range(16)], codec="ffv1")
    text = DOG + "snapshot = true\nrecord = { before = 1, after = 0 }\n"
    out = tmp_path / "out"
    arguments = ["watch", str(clip), "--rules", rules(tmp_path, text), "-o", str(out), "--no-labels"]
    assert cli.run([*arguments, *(("--hide", "dog") if hidden else ())]) == 0
    (picture,), (video,) = out.glob("*.png"), out.glob("*.mp4")
    with av.open(str(video)) as file:
        pictures = [frame.to_ndarray(format="bgr24") for frame in file.decode(video=0)]
    pictures.append(np.asarray(cv2.imread(str(picture))))
    assert len(pictures) > 5
    furs = [float(one[50:76, 44:52].std()) for one in pictures]
    assert max(furs) < 12 if hidden else min(furs) > 30


def test_both_videos_are_made_where_they_are_asked_for(tmp_path: Path, clip: Path) -> None:
    text = DOG + "record = { before = 0, after = 0 }\n"
    out = tmp_path / "out"
    arguments = ["watch", str(clip), "--rules", rules(tmp_path, text), "-o", str(out), "--both", "--height", "64"]
    assert cli.run(arguments) == 0
    assert sorted("".join(path.suffixes[-2:]) for path in out.iterdir() if "clean" in path.name) == [".clean.mp4"]
    assert sorted(path.suffix for path in out.iterdir()) == [".jsonl", ".mp4", ".mp4"]
    assert cli.run(["watch", str(clip), "--rules", rules(tmp_path, text), "--both", "--clean"]) == 2
