"""A short training of Onlooker-S by dense distillation alone, to see that it learns: the trial of docs/training.md.

    ONLOOKER_DATA=FOLDER ONLOOKER_MODELS=FOLDER python benchmarks/plain_training.py [--minutes 8] [--size 192]

Teacher: the published start of Onlooker-M, at the student's size. Pictures of objects/*-train, decoded once, flipped
at random; no labels. Batches of 16, AdamW at 2e-3 with a warm-up and a cosine over the time, one thread. Every cell and
all 80 classes teach. At the end the student is folded, and asked on pictures of objects/*-val how much of what the
teacher is sure of (score over 0.4) it finds: same class, overlap over 0.5, score over 0.2.
"""

from __future__ import annotations

import argparse
import math
import os
import time
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from models import boxes, fitting
from models.detector import SMALL, Detector, folded
from models.porting import nanodet
from models.training.dense import dense_loss
from models.training.module_detector import ModuleDetector

Pixels = NDArray[np.uint8]

BATCH, RATE, WARM_UP = 16, 2e-3, 0.05
TRAINED_ON, ASKED_ON = 2000, 150  # pictures
SURE, SEEN, OVERLAP = 0.4, 0.2, 0.5
SAY = 25  # steps between two lines


def pictures(folder: Path, part: str, most: int) -> list[Pixels]:
    """Pictures of the sets of a part, mixed by a fixed draw."""
    paths = sorted(folder.glob(f"objects/*-{part}/images/*.webp"))
    chosen = np.random.default_rng(0).permutation(len(paths))[:most]
    read = [cv2.imread(str(paths[place])) for place in chosen]
    return [np.asarray(pixels, np.uint8) for pixels in read if pixels is not None]


def scaled(batch: NDArray[np.uint8], detector: Detector) -> Tensor:
    """(N, H, W, 3) BGR -> (N, 3, H, W) RGB as a detector wants it."""
    mean, deviation = (
        torch.tensor(values).view(3, 1, 1) for values in (detector.design.mean, detector.design.deviation)
    )
    return (torch.from_numpy(batch).flip(-1).permute(0, 3, 1, 2).float() - mean) / deviation


def train(teacher: Detector, shown: NDArray[np.uint8], minutes: float) -> Detector:
    """The student after so many minutes."""
    student = Detector(replace(SMALL, branches=True)).train()
    steps = torch.optim.AdamW(student.parameters(), RATE, weight_decay=1e-4)
    random = np.random.default_rng(0)
    begin, step = time.monotonic(), 0
    lately: list[tuple[float, float]] = []
    while (part := (time.monotonic() - begin) / 60 / minutes) < 1:
        rate = RATE * (part / WARM_UP if part < WARM_UP else (1 + math.cos(math.pi * part)) / 2)
        for group in steps.param_groups:
            group["lr"] = rate
        batch = shown[random.choice(len(shown), BATCH, replace=False)]
        if random.random() < 0.5:
            batch = batch[:, :, ::-1].copy()
        given = scaled(batch, student)
        with torch.inference_mode():
            wanted = teacher(given)
        loss = dense_loss(student(given), {name: value.clone() for name, value in wanted.items()})
        steps.zero_grad()
        torch.autograd.backward(loss.total(0.25))
        torch.nn.utils.clip_grad_norm_(student.parameters(), 10.0)
        steps.step()
        step += 1
        lately.append((float(loss.scores.detach()), float(loss.sides.detach())))
        if step % SAY == 0:
            scores, sides = np.mean(lately, 0)
            print(
                f"{part:4.0%}  step {step}  {step * BATCH} pictures  scores {scores:.3f}  sides {sides:.3f}", flush=True
            )
            lately.clear()
    return folded(student.eval())


def found_again(student: Detector, teacher: Detector, asked: list[Pixels], size: int) -> tuple[int, int]:
    """How many of the teacher's things the student finds, and how many there are."""
    both = [ModuleDetector(one, (size, size)) for one in (student, teacher)]
    hits = there = 0
    for pixels in asked:
        seen, sure = both[0].find(pixels, SEEN), both[1].find(pixels, SURE)
        same = boxes.iou(sure.boxes, seen.boxes) * (sure.classes[:, None] == seen.classes)
        there += len(sure)
        hits += int((same > OVERLAP).any(1).sum()) if len(seen) else 0
    return hits, there


def main() -> None:
    """Train and ask."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=8.0)
    parser.add_argument("--size", type=int, default=192)
    given = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    data = Path(os.environ["ONLOOKER_DATA"])
    teacher = nanodet.read(Path(os.environ["ONLOOKER_MODELS"]) / nanodet.FILE)
    many = pictures(data, "train", TRAINED_ON)
    shown = np.stack([fitting.stretch(pixels, given.size, given.size)[0] for pixels in many])
    student = train(teacher, shown, given.minutes)
    hits, there = found_again(student, teacher, pictures(data, "val", ASKED_ON), given.size)
    print(f"The student finds {hits} of the {there} things that the teacher is sure of.")


if __name__ == "__main__":
    main()
