"""Files that are damaged, or made to do harm: something is read, or one sentence says why not, in little memory.

benchmarks/hostile.py has ten thousand cases of what some hundred are here.
"""

from __future__ import annotations

import subprocess
import sys
import tracemalloc
from pathlib import Path

import pytest
from bombs import h264_bomb, y4m_bomb
from cut_off import cut_off
from hostile import READERS, case, made

from desktop.batch.repair import gather, repair_all
from desktop.recordings import rule_file
from desktop.recordings.sidecar_reader import LONGEST, read_sidecar
from desktop.sources.video import MOST_PIXELS, VideoSource
from models.errors import OnlookerError, RecordingError, SourceError

GOOD = '{"onlooker": 1, "size": [64, 48]}\n'
WATCH = (
    "import sys; from pathlib import Path; from desktop.sources.video import VideoSource\n"
    "source = VideoSource(Path(sys.argv[1]))\n"
    "try:\n    source.open()\nexcept Exception as error:\n    print(type(error).__name__, error)\n"
    "status = Path('/proc/self/status').read_text()\n"  # getrusage would tell of the process that it came from, too
    "print(int(status.split('VmHWM:')[1].split()[0]) // 1024)"
)


def test_damaged_files_are_read_or_refused_in_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "good").mkdir()
    good = made(tmp_path / "good")
    sentences = [case(number, 7, good, tmp_path / "case") for number in range(15 * len(READERS))]
    refused = sum(bool(sentence) for sentence in sentences)
    assert 0 < refused < len(sentences)


@pytest.mark.parametrize("kind", list(READERS))
def test_the_good_files_of_each_reader_are_read(tmp_path: Path, kind: str) -> None:
    """Else the test above would be of nothing."""
    (tmp_path / "good").mkdir()
    folder = tmp_path / "case"
    folder.mkdir()
    for name, raw in made(tmp_path / "good")[kind].items():
        (folder / name).write_bytes(raw)
    READERS[kind](folder)


def test_a_line_of_a_quarter_of_a_gigabyte_is_refused_in_little_memory(tmp_path: Path) -> None:
    path = tmp_path / "walk.jsonl.part"
    cut_off(tmp_path)
    with path.open("ab") as file:
        file.truncate(1 << 28)  # zeros that take no room
    tracemalloc.start()
    try:
        with pytest.raises(RecordingError, match="Line 42 of"):
            list(read_sidecar(path))
        outcome = repair_all(gather([path]))
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert outcome.failures == []
    assert most < 8 * LONGEST
    *_, end = read_sidecar(tmp_path / "walk.jsonl")
    assert (tmp_path / "walk.jsonl").stat().st_size < 1 << 20
    assert getattr(end, "frames", 0) == 39


@pytest.mark.parametrize(
    "value",
    [
        "9" * 3_000_000,
        "-" + "9" * 4000,
        "0." + "9" * 3_000_000,
        "1e999999999",
        "[" * 1_000_000,
        "[" * 1_000_000 + "]" * 1_000_000,
        '{"a": ' * 500_000,
        "[" + "[], " * 300_000 + "0]",
        '"' + "\\ud800" * 300_000 + '"',
    ],
    ids=["digits", "more digits", "decimals", "exponent", "nested", "closed", "objects", "lists", "surrogates"],
)
@pytest.mark.parametrize("key", ["frame", "time", "objects", "size", "position"])
def test_a_value_that_is_made_to_do_harm_is_refused_in_little_memory(tmp_path: Path, key: str, value: str) -> None:
    path = tmp_path / "a.jsonl"
    entry = {"frame": "0", "time": "0", "analysed": "true"} | {key: value}
    path.write_text(GOOD + "{" + ", ".join(f'"{name}": {one}' for name, one in entry.items()) + "}\n")
    tracemalloc.start()
    try:
        if (key, value[:2]) != ("time", "0.") and (key, value[:2]) != ("position", "0."):
            with pytest.raises(RecordingError, match=r"Line 2 of .*\.$"):
                list(read_sidecar(path))
        else:
            assert len(list(read_sidecar(path))) == 2  # many digits, and a number all the same
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert most < 40 * LONGEST


@pytest.mark.parametrize("size", ["[1000000000, 1000000000]", "[1e9, 1e9]", "[0, 5]", "[-1, 5]", "[1, 2, 3]", "{}"])
def test_a_sidecar_of_a_size_that_no_picture_has_is_refused(tmp_path: Path, size: str) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text(f'{{"onlooker": 1, "size": {size}}}\n')
    with pytest.raises(RecordingError, match="size does not hold width and height"):
        list(read_sidecar(path))


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="only Linux tells this of a process")
@pytest.mark.parametrize(
    ("name", "side", "sentence"),
    [
        ("a.h264", 100_000, "holds no frame that can be read"),
        ("a.h264", 16_000, "pictures of 16000 x 16000 pixels, more than are read here"),
        ("a.y4m", 100_000, "cannot be read"),
        ("a.y4m", 16_000, "more than are read here"),
    ],
)
def test_a_video_that_claims_to_be_enormous_is_refused_in_little_memory(
    tmp_path: Path, name: str, side: int, sentence: str
) -> None:
    path = (h264_bomb if name.endswith(".h264") else y4m_bomb)(tmp_path / name, side)
    done = subprocess.run(
        [sys.executable, "-c", WATCH, str(path)], capture_output=True, text=True, check=True, timeout=60
    )
    told, mebibytes = done.stdout.splitlines()
    assert told.startswith("SourceError ")
    assert sentence in told
    assert int(mebibytes) < 400


def test_the_bomb_is_a_video_where_it_is_small(tmp_path: Path) -> None:
    """Else the test above would be of nothing."""
    source = VideoSource(h264_bomb(tmp_path / "a.h264", 160))
    assert source.open().size == (160, 160)
    source.close()
    assert MOST_PIXELS > 7680 * 4320


def test_a_video_whose_texts_are_no_utf8_is_read(tmp_path: Path) -> None:
    (tmp_path / "good").mkdir()
    raw = made(tmp_path / "good")["mp4"]["a.mp4"]
    assert b"VideoHandler" in raw
    (tmp_path / "a.mp4").write_bytes(raw.replace(b"VideoHandler", b"Video\xff\xfendler"))
    source = VideoSource(tmp_path / "a.mp4")
    source.open()
    frames = 0
    while source.read() is not None:
        frames += 1
    source.close()
    assert frames == 20


@pytest.mark.parametrize(
    "text",
    [
        "version = " + "9" * 500_000,
        "version = 1\nx = " + "[" * 500_000,
        "version = 1\n" + "a." * 400_000 + "b = 1",
        "version = 1\n" + "[[rule]]\n" * 20_000,
        "version = 1\n[" + "a." * 400_000 + "b]",
        "version = 1\nx = " + "{a = " * 200_000,
        "version = 1\nx = {" + "a." * 400_000 + "b = 1}",
        "version = 1\nx = [0, {" + "'a' . " * 150_000 + "b = 1}]",
        'version = 1\n[[rule]]\nname = "a"\nwhat = ["dog"]\nregion = [' + "[1e308, -1e308], " * 50_000 + "]",
    ],
    ids=["digits", "nested", "dotted", "rules", "table", "inline", "inline dotted", "quoted", "region"],
)
def test_rules_that_are_made_to_do_harm_are_refused_in_one_sentence(tmp_path: Path, text: str) -> None:
    path = tmp_path / "rules.toml"
    path.write_text(text)
    with pytest.raises(OnlookerError) as caught:
        rule_file.load(path)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 500 + len(str(path))


def test_a_video_of_nothing_but_zeros_is_no_video(tmp_path: Path) -> None:
    for name in ("a.mp4", "b.mkv"):
        (tmp_path / name).write_bytes(bytes(1 << 20))
        with pytest.raises(SourceError):
            VideoSource(tmp_path / name).open()
    (tmp_path / "c.mp4.part").write_bytes(bytes(1 << 20))
    assert len(repair_all(gather([tmp_path])).failures) == 1
