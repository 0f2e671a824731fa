"""Batches to learn from, each made from the seed and its own number alone: a run goes on exactly where it stopped."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from models.training.assignment import Truth
from models.training.augmentation import Augmentation, augment
from models.training.examples import Example

AHEAD = 2
_ORDERS = 1 << 32  # sets the generators of orders apart from those of batches


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """`pictures` (B, H, W, 3) BGR uint8, and what they show."""

    pictures: Tensor
    truth: Truth


@dataclass(frozen=True, slots=True)
class Plan:
    """What batches are made of: `size` pictures of each, inputs of one of `sides` pixels drawn with `odds`; `wide` of
    them have a smaller height, as a film has."""

    size: int
    sides: Sequence[int]
    odds: Sequence[float]
    wide: float
    augmentation: Augmentation
    seed: int


def make(examples: Sequence[Example], plan: Plan, number: int) -> Batch:
    """Batch `number` of the run."""
    random = np.random.default_rng([plan.seed, number])
    side = int(random.choice(np.asarray(plan.sides), p=np.asarray(plan.odds) / np.sum(plan.odds)))
    height = max(min(plan.sides), int(side * 0.6) // 32 * 32) if random.random() < plan.wide else side
    first = number * plan.size
    chosen = [_place(examples, plan.seed, first + one) for one in range(plan.size)]
    return batch([augment(examples, place, (height, side), plan.augmentation, random) for place in chosen])


def batch(examples: Sequence[Example]) -> Batch:
    """Examples of one size put together."""
    most = max(1, *(len(one.boxes) for one in examples))
    count = len(examples)
    boxes, weights = np.zeros((count, most, 4), np.float32), np.zeros((count, most), np.float32)
    classes = np.zeros((count, most), np.int64)
    present, ignored = np.zeros((count, most), bool), np.zeros((count, most), bool)
    for row, one in enumerate(examples):
        filled = slice(len(one.boxes))
        boxes[row, filled], classes[row, filled], weights[row, filled] = one.boxes, one.classes, one.weights
        present[row, filled], ignored[row, filled] = ~one.ignored, one.ignored
    labelled = np.stack([one.labelled for one in examples])
    parts = (boxes, classes, weights, present, ignored, labelled)
    return Batch(
        torch.from_numpy(np.stack([one.pixels for one in examples])), Truth(*(torch.from_numpy(part) for part in parts))
    )


def stream(examples: Sequence[Example], plan: Plan, start: int, end: int) -> Generator[Batch]:
    """Batches `start` .. `end` - 1 in order, the next ones made in a thread meanwhile."""
    with ThreadPoolExecutor(1, "batches") as thread:
        waiting = [thread.submit(make, examples, plan, number) for number in range(start, min(start + AHEAD, end))]
        for number in range(start, end):
            ready = waiting.pop(0).result()
            if number + AHEAD < end:
                waiting.append(thread.submit(make, examples, plan, number + AHEAD))
            yield ready


def _place(examples: Sequence[Example], seed: int, number: int) -> int:
    """Which example is the `number`th of the run: each once in every pass, in an order of its own."""
    passes, within = divmod(number, len(examples))
    return int(_order(seed, passes, len(examples))[within])


@lru_cache(maxsize=4)
def _order(seed: int, passes: int, count: int) -> NDArray[np.intp]:
    return np.random.default_rng([seed, _ORDERS, passes]).permutation(count)
