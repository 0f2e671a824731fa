"""Whether bfloat16 helps to train on this processor: tried in a child process, since a wrong promise kills it.

Run as `python -m models.training.half_precision` it trains a few convolutions both ways and prints how many times as
fast bfloat16 was. Some machines name instructions (AMX) that end the process when torch uses them.
"""

from __future__ import annotations

import sys
import time

import torch
from torch import nn

from models import child

WAIT = 60.0  # seconds
TRIED = [sys.executable, "-P", "-m", "models.training.half_precision"]


def helps() -> bool:
    """Whether training in bfloat16 works here and is faster than in float32."""
    if getattr(sys, "frozen", False):
        return False  # a frozen program has no `-m`; float32 is right everywhere
    try:
        status, words = child.run(TRIED, env=child.environment(), timeout=WAIT)
    except OSError:
        return False
    try:
        return status == 0 and float(words.split()[-1]) > 1.0
    except (ValueError, IndexError):
        return False


def gain(runs: int = 3) -> float:
    """How many times as fast forward and backward passes are in bfloat16 as in float32."""
    layers = nn.Sequential(nn.Conv2d(64, 64, 1), nn.ReLU(), nn.Conv2d(64, 64, 3, padding=1), nn.Conv2d(64, 64, 1))
    layers.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # its stub lacks it
    pictures = torch.rand(4, 64, 40, 40).contiguous(memory_format=torch.channels_last)
    seconds = {}
    for low in (False, True):
        taken = []
        for _ in range(runs + 1):
            begun = time.perf_counter()
            with torch.autocast("cpu", torch.bfloat16, enabled=low):
                answer = layers(pictures)
            answer.float().square().mean().backward()
            taken.append(time.perf_counter() - begun)
        seconds[low] = min(taken)
    return seconds[False] / seconds[True]


if __name__ == "__main__":
    sys.stdout.write(f"{gain():.3f}\n")
