"""Does memory stay flat? Watches the real window live on a looping file, under Xvfb, from outside.

    python benchmarks/soak.py [--minutes 10] [--source demo]

Prints memory and threads of the process over time, the growth by a straight line through all after the first two
minutes, and how the program ended on SIGTERM.
"""

from __future__ import annotations

import argparse
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import psutil
from screen import virtual_screen

MIB = 2**20
EVERY = 5.0  # seconds between two looks
WARM = 120.0  # seconds after which memory should be flat


def watch(program: psutil.Process, seconds: float) -> list[tuple[float, float, int]]:
    """Seconds since the start, resident MiB and threads, every five seconds."""
    begin = time.monotonic()
    seen: list[tuple[float, float, int]] = []
    while (passed := time.monotonic() - begin) < seconds:
        if not program.is_running() or program.status() == psutil.STATUS_ZOMBIE:
            sys.exit(f"The program ended after {passed:.0f} s.")
        seen.append((passed, program.memory_info().rss / MIB, program.num_threads()))
        if len(seen) % 12 == 1:
            print(f"{passed:6.0f} s  {seen[-1][1]:7.1f} MiB  {seen[-1][2]} threads", flush=True)
        time.sleep(EVERY)
    return seen


def growth(seen: list[tuple[float, float, int]]) -> float:
    """MiB a minute by least squares, the start left out."""
    warm = min(WARM, seen[-1][0] / 2)
    times, sizes = np.array([(passed / 60, size) for passed, size, _ in seen if passed >= warm]).T
    return float(np.polyfit(times, sizes, 1)[0])


def main() -> None:
    parser = argparse.ArgumentParser(description="Memory of the live window over time.")
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--source", default="demo")
    wanted = parser.parse_args()
    with virtual_screen(1280, 800) as environment, tempfile.TemporaryDirectory() as folder:
        environment |= {"ONLOOKER_CONFIG": folder, "ONLOOKER_VIDEOS": folder}
        log = Path(folder) / "log"
        with log.open("w") as said:
            child = subprocess.Popen(
                [sys.executable, "-P", "-m", "desktop", wanted.source], env=environment, stderr=said
            )
        try:
            seen = watch(psutil.Process(child.pid), wanted.minutes * 60)
            child.send_signal(signal.SIGTERM)
            status = child.wait(30)
        finally:
            child.kill()
        print(log.read_text(), end="")
    print(f"growth {growth(seen):+.2f} MiB a minute, most {max(size for _, size, _ in seen):.0f} MiB")
    print(f"SIGTERM: exit status {status}" + ("" if status == 128 + signal.SIGTERM else ", 143 was expected"))


if __name__ == "__main__":
    main()
