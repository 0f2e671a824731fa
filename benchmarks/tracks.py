"""How well tracks keep to people whose identities were checked by hand, beside published trackers on the same boxes.

`python benchmarks/tracks.py` looks at the clip people_dance_square of ONLOOKER_DATA and prints a table: seven people
who dance, cross and hide one another, checked in every fifth of 225 frames (`identities.csv`: a detector's boxes, whose
they are said by eye). All frames are looked at, then every second and third, and some at irregular times.
`--detector KEY`, `--size N`: another detector. The trackers of the package `trackers` run in an environment of their
own, which is made once; `--alone` leaves them out.
"""

from __future__ import annotations

import cores_first  # noqa: F401 - before numpy is imported

# isort: split
import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from landmark_data import frames
from mediapipe_environment import PeerError, own_environment
from numpy.typing import NDArray
from track_metrics import Kept, Marked, checked, judge

from desktop import cores, folders
from models.cells import Things
from models.errors import OnlookerError
from models.object_tracks import FAINT, ObjectTracks
from models.object_watch import PERSON, SCORE
from models.objects import DEFAULT, load_detector

CLIP = "people_dance_square.mp4"
PEER = "trackers", "2.6.1"


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """A frame of the clip that was looked at: its place, its time (s), and the people found, unsure ones too."""

    frame: int
    time: float
    found: Things


def choices(count: int) -> dict[str, NDArray[np.bool_]]:
    """Which of `count` frames are looked at; those that were checked always are."""
    random = np.random.default_rng(1)
    places = np.arange(count)
    picked = {f"every {n}": places % n == 0 for n in (1, 2, 3)} | {"irregular": random.random(count) < 0.45}
    return {name: chosen | (places % 5 == 0) for name, chosen in picked.items()}


def ours(looks: Sequence[Look]) -> tuple[dict[int, Marked], float]:
    """Our tracks by frame, and the median milliseconds of a step."""
    tracks, least = ObjectTracks(1), np.full(1, SCORE, np.float32)
    seen, taken = {}, []
    for look in looks:
        start = time.perf_counter()
        known = tracks.advance(look.found, least, look.time)
        taken.append(time.perf_counter() - start)
        seen[look.frame] = Marked(known.boxes, known.tracks.tolist())
    return seen, float(np.median(taken)) * 1000


def theirs(looks: Sequence[Look]) -> dict[str, dict[int, Marked]]:
    """For each of the package's trackers the tracks by frame. Raises PeerError."""
    python = own_environment(*PEER)
    child = Path(__file__).with_name("tracker_child.py")
    counts = [len(look.found) for look in looks]
    fps = (len(looks) - 1) / (looks[-1].time - looks[0].time)
    with tempfile.TemporaryDirectory() as folder:
        asked, answered = Path(folder, "detections.npz"), Path(folder, "tracks.npz")
        np.savez(
            asked,
            frames=np.repeat(np.arange(len(looks)), counts),
            boxes=np.concatenate([look.found.boxes for look in looks]),
            scores=np.concatenate([look.found.scores for look in looks]),
            fps=fps,
        )
        done = subprocess.run(
            [str(python), "-W", "ignore", str(child), str(asked), str(answered)], capture_output=True, text=True
        )
        if done.returncode:
            raise PeerError(f"The other trackers ended: {(done.stderr.strip().splitlines() or ['?'])[-1]}")
        with np.load(answered) as stored:
            found = {name: stored[name] for name in stored.files}
    seen = {}
    for name, rows in found.items():
        seen[name] = {
            look.frame: Marked(
                rows[rows[:, 0] == place, 2:].astype(np.float32), rows[rows[:, 0] == place, 1].astype(int).tolist()
            )
            for place, look in enumerate(looks)
        }
    return seen


def look_at(clip: Path, key: str, size: int | None) -> list[Look]:
    """The people of each frame, as our detector sees them."""
    threads = cores.set_up(folders.cache).budget.inference
    detector = load_detector(key, size=size, device="cpu", cache=folders.cache(), threads=threads)
    print(f"{key}, input {detector.size}, {detector.precision}; beside {' '.join(PEER)}")
    person = detector.labels.index(PERSON)
    looks = []
    for place, (pixels, moment) in enumerate(frames(clip)):
        found = detector.find(pixels, FAINT * SCORE)
        people = found.classes == person
        boxes, scores = found.boxes[people], found.scores[people]
        looks.append(Look(place, moment, Things(boxes, scores, np.zeros(len(scores), np.intp))))
    return looks


def line(name: str, kept: Kept) -> str:
    """A row of the table."""
    return f"{name:<28} {kept.found:>4} of {kept.boxes} {kept.switches:>9} {kept.tracks:>7} {kept.idf1:>6.3f}"


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--detector", default=DEFAULT)
    parser.add_argument("--size", type=int)
    parser.add_argument("--alone", action="store_true")
    wanted = parser.parse_args()
    data = os.environ.get("ONLOOKER_DATA")
    if not data:
        parser.error("name the folder of the data sets in ONLOOKER_DATA.")
    truth = checked(Path(__file__).with_name("identities.csv"))
    try:
        looks = look_at(Path(data) / "videos" / CLIP, wanted.detector, wanted.size)
        for name, chosen in choices(len(looks)).items():
            some = [look for look in looks if chosen[look.frame]]
            seen, taken = ours(some)
            print(f"\n{name}: {len(some)} frames{'':<14} found switches tracks   IDF1")
            print(line(f"Onlooker ({taken:.2f} ms a frame)", judge(truth, seen)))
            if not wanted.alone:
                for peer, tracks in theirs(some).items():
                    print(line(peer, judge(truth, tracks)))
    except OnlookerError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
