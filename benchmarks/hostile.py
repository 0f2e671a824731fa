"""What do damaged files do? Flips, cuts, fills and repeats bytes of good ones, and reads what comes of it.

    python benchmarks/hostile.py [--cases 10000] [--seed 0] [--most-memory 2048]

Of each file something has to be read, or one sentence has to say why not: anything else (a traceback, a sentence of two
lines, a case of more than a minute, a process that dies or takes more memory than it may) is a fault. Cases run in
children that are given a limit of memory and a watchdog; a child that ends is named with its case, and the next begins
behind it. Readers: the sidecar's, the repair's (videos that grow, closed ones, and their sidecars), that of videos
(MP4, Matroska, AVI), and that of rules.
"""

from __future__ import annotations

import argparse
import faulthandler
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.video.stream import VideoStream

from desktop.batch.repair import gather, repair_all
from desktop.recordings import rule_file
from desktop.recordings.recording import Recording
from desktop.recordings.sidecar_reader import read_sidecar
from desktop.sources.video import VideoSource
from models.errors import OnlookerError
from models.scene import BODY_POINTS, FACE_POINTS, Body, Detection, Face, Scene

SLOWEST = 60.0
"""Seconds that a case may take, on a machine that may be busy."""

_SLOW = 2.0  # seconds of the processor's time that are told

_SIZE = (96, 64)
_RULES = """version = 1

[[rule]]
name = "Dog on the sofa"
what = ["dog", "cat"]
score = 0.6
region = [[0.1, 0.5], [0.6, 0.5], [0.6, 1]]
seconds = 2
hours = "22:00-06:30"
days = ["fri", "sat"]
record = { before = 3, after = 10 }
run = ["notify-send", "--", "{rule}: {label} {score}", "{file}"]

[[rule]]
name = "Anybody"
what = ["person"]
"""


def made(folder: Path) -> dict[str, dict[str, bytes]]:
    """Good files, for each reader those that it gets at once, by name."""
    recording = Recording(folder / "walk.mp4", source="camera:0", networks={"faces": "x"}, program="0", clean=True)
    for number in range(40):
        pixels = np.full((_SIZE[1], _SIZE[0], 3), 40 + number, np.uint8)
        scene = _scene() if number % 10 == 0 else None
        recording.write(pixels, number / 30, scene=scene, analysed=scene is not None)
    growing = {path.name: path.read_bytes() for path in folder.iterdir()}
    recording.close()
    closed = {f"{path.name}.part": path.read_bytes() for path in folder.iterdir()}
    good = {
        "sidecar": {"a.jsonl": closed["walk.jsonl.part"]},
        "growing": growing,
        "closed": closed,
        "rules": {"a.toml": _RULES.encode()},
    }
    for kind, codec in (("mp4", "libx264"), ("mkv", "libx264"), ("avi", "mpeg4")):
        good[kind] = {f"a.{kind}": _clip(folder / f"a.{kind}", codec)}
    return good


def _scene() -> Scene:
    box = np.array((1, 2, 30, 40), np.float32)
    points = np.ones((BODY_POINTS, 4), np.float32)
    return Scene(
        (Detection(box, 0.9, "dog", 1),),
        (Face(box, 0.9, np.ones((FACE_POINTS, 3), np.float32), 1),),
        (Body(box, 0.9, points, points[:, :3], 1),),
    )


def _clip(path: Path, codec: str) -> bytes:
    with av.open(str(path), "w") as file:
        stream = file.add_stream(codec, rate=30)
        assert isinstance(stream, VideoStream)
        stream.width, stream.height, stream.pix_fmt = *_SIZE, "yuv420p"
        for number in range(20):
            frame = av.VideoFrame.from_ndarray(np.full((_SIZE[1], _SIZE[0], 3), 9 * number, np.uint8), format="bgr24")
            frame.pts, frame.time_base = number, Fraction(1, 30)
            file.mux(stream.encode(frame))
        file.mux(stream.encode(None))
    return path.read_bytes()


def damaged(raw: bytes, chance: random.Random) -> bytes:
    """With some bytes flipped, and sometimes a part cut off, set to zero, repeated or taken out."""
    data = bytearray(raw)
    for _ in range(chance.choice((0, 1, 1, 2, 5, 20))):
        data[_place(data, chance)] = chance.randrange(256)
    what = chance.randrange(8)
    begin, end = sorted((_place(data, chance), _place(data, chance)))
    if what == 0:
        del data[begin:]
    elif what == 1:
        data[begin:end] = bytes(end - begin)
    elif what == 2:
        data[begin:begin] = data[begin:end]
    elif what == 3:
        del data[begin : min(end, begin + 9)]
    elif what == 4:  # a size or a count that is as large as it can be
        data[begin : begin + 4] = chance.choice((b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", b"\x00\x00\x00\x01"))
    return bytes(data)


def _place(data: bytes | bytearray, chance: random.Random) -> int:
    """Anywhere, but for every second time near the beginning, where headers are."""
    return chance.randrange(max(1, min(len(data), 2000) if chance.random() < 0.5 else len(data)))


def _read_sidecar(folder: Path) -> None:
    for _ in read_sidecar(folder / "a.jsonl"):
        pass


def _repair(folder: Path) -> None:
    outcome = repair_all(gather([folder]))
    for sentence in (*outcome.failures, *(one.sentence for one in outcome.repaired)):
        if "\n" in sentence:
            raise ValueError(f"a sentence of two lines: {sentence!r}")
    for video in folder.glob("*.mp4"):
        _watch(video)


def _watch(path: Path) -> None:
    source = VideoSource(path)
    try:
        source.open()
        while source.read() is not None:
            pass
    finally:
        source.close()


def _watch_only(folder: Path) -> None:
    (path,) = folder.iterdir()
    _watch(path)


def _read_rules(folder: Path) -> None:
    rule_file.load(folder / "a.toml")


READERS: dict[str, Callable[[Path], None]] = {
    "sidecar": _read_sidecar,
    "growing": _repair,
    "closed": _repair,
    "mp4": _watch_only,
    "mkv": _watch_only,
    "avi": _watch_only,
    "rules": _read_rules,
}


def case(number: int, seed: int, good: dict[str, dict[str, bytes]], folder: Path) -> str:
    """Damage the files of one reader, and read them; "" where something was read, else the sentence that said why not.

    Raises what no reader may raise.
    """
    chance = random.Random(f"{seed} {number}")
    kind = list(READERS)[number % len(READERS)]
    folder.mkdir()
    try:
        for name, raw in good[kind].items():
            (folder / name).write_bytes(damaged(raw, chance))
        READERS[kind](folder)
    except OnlookerError as error:
        sentence = str(error)
        if not sentence or "\n" in sentence:
            raise ValueError(f"no single sentence: {sentence!r}") from error
        return sentence
    finally:
        shutil.rmtree(folder)
    return ""


def _run(first: int, count: int, seed: int) -> None:
    """In the child: all cases from `first` on; says the number of each before it, and what is wrong with it."""
    with tempfile.TemporaryDirectory() as name:
        source = Path(name) / "good"
        source.mkdir()
        good = made(source)
        refused = 0
        for number in range(first, count):
            sys.stdout.write(f"{number}\n")
            sys.stdout.flush()
            faulthandler.dump_traceback_later(SLOWEST, exit=True)
            begun = time.process_time()
            try:
                refused += bool(case(number, seed, good, Path(name) / "case"))
            except Exception as error:  # noqa: BLE001 - a fault, told
                sys.stdout.write(f"fault {number}: {type(error).__name__}: {error!s:.300}\n".replace("\n", " ") + "\n")
            slow = time.process_time() - begun
            if slow > _SLOW:
                sys.stdout.write(f"slow {number}: {slow:.1f} s\n")
        faulthandler.cancel_dump_traceback_later()
        sys.stdout.write(f"refused {refused}\n")


def _children(count: int, seed: int, most_memory: int) -> Iterator[str]:
    """What children say that run all cases, one after another where one ends before its time."""
    first = 0
    limit = f"import resource; resource.setrlimit(resource.RLIMIT_AS, ({most_memory << 20},) * 2); "
    while first < count:
        start = f"import sys; sys.path.insert(0, {str(Path(__file__).parent)!r}); import hostile; "
        script = limit + start + f"hostile._run({first}, {count}, {seed})"
        child = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
        assert child.stdout is not None
        with child.stdout:
            for line in child.stdout:
                if line.strip().isdigit():
                    first = int(line) + 1
                else:
                    yield line.strip()
        status = child.wait()
        if status == 0:
            return
        yield f"fault {first - 1}: the process ended with {status}"


def main() -> None:
    parser = argparse.ArgumentParser(description="Damaged files, and what reads them.")
    parser.add_argument("--cases", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--most-memory", type=int, default=2048, metavar="MIB", help="of addresses, for the process")
    wanted = parser.parse_args()
    faults = 0
    for line in _children(wanted.cases, wanted.seed, wanted.most_memory):
        faults += line.startswith("fault")
        print(line, flush=True)
    print(f"{wanted.cases} cases of {len(READERS)} kinds, {faults} faults")
    sys.exit(faults > 0)


if __name__ == "__main__":
    main()
