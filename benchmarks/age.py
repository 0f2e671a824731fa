"""How old is what is on the screen? Measured from outside, beside what the window claims.

    python benchmarks/age.py [--seconds 20]

The real window runs under Xvfb on a source that paints its clock into each frame as a bar code, at 1280x720 and 30
frames a second, with a person in the picture. Screenshots are taken at random moments and the bar code is read: now
minus that time is the age from glass to glass, but for the camera and the monitor. Three rows: networks as they are, an
analysis that takes 2 s a frame, and none.
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import mss
import numpy as np
from barcode import read
from numpy.typing import NDArray
from screen import virtual_screen

SCREEN = (1280, 800)
ROWS = {"real": "networks as they are", "slow": "an analysis of 2 s a frame", "none": "nothing looked for"}


def screenshots(display: str, picture: tuple[int, int, int, int], seconds: float) -> tuple[list[float], int]:
    """Ages in ms that screenshots of `picture` (left, top, width, height) show, and how many could not be read."""
    left, top, width, height = picture
    ages: list[float] = []
    unreadable = 0
    chance = random.Random(0)
    end = time.monotonic() + seconds
    with mss.MSS(display=display) as screen:
        while time.monotonic() < end:
            before = time.perf_counter_ns()
            shot = screen.grab({"left": left, "top": top, "width": width, "height": height})
            pixels: NDArray[np.uint8] = np.frombuffer(shot.raw, np.uint8).reshape(height, width, 4)[..., :3]
            shown = read(pixels, before)
            if shown is None:
                unreadable += 1
            else:
                ages.append((before - shown) / 1e6)
            time.sleep(chance.uniform(0.02, 0.1))
    return ages, unreadable


def measure(row: str, seconds: float) -> None:
    """Run the window once and print its line of the table."""
    with virtual_screen(*SCREEN) as environment, tempfile.TemporaryDirectory() as folder:
        environment |= {"ONLOOKER_CONFIG": folder, "ONLOOKER_VIDEOS": folder}
        command = [sys.executable, str(Path(__file__).with_name("clock_window.py")), row]
        with subprocess.Popen(
            command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        ) as child:
            assert child.stdin is not None
            assert child.stdout is not None
            ready = json.loads(child.stdout.readline() or "{}")
            if "picture" not in ready:
                sys.exit("The window did not come to show anything.")
            ages, unreadable = screenshots(environment["DISPLAY"], tuple(ready["picture"]), seconds)
            child.stdin.write("end\n")
            child.stdin.flush()
            told = json.loads(child.stdout.readline())
    outside, claimed = (np.percentile(values, [50, 95]) for values in (ages, told["claims"]))
    third = len(ages) // 3
    drift = float(np.median(ages[-third:]) - np.median(ages[:third]))
    print(
        f"{ROWS[row]:28} {outside[0]:5.0f} {outside[1]:5.0f}   {claimed[0]:5.0f} {claimed[1]:5.0f}   {drift:+5.0f}   "
        f"{told['captured']:4.1f} / {told['analysed']:4.1f}   {len(ages)} + {unreadable}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description="The age of the picture on the screen, from outside.")
    parser.add_argument("--seconds", type=float, default=20.0)
    seconds = parser.parse_args().seconds
    print("ms                           outside       claimed              captured /   screenshots")
    print("                               p50   p95     p50   p95   drift   analysed a s  (+ unreadable)")
    for row in ROWS:
        measure(row, seconds)


if __name__ == "__main__":
    main()
