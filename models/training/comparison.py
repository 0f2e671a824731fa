"""Whether one detector is better than another, or luckier: a paired bootstrap over pictures.

Pictures are drawn with replacement, the same ones for both, and the difference is computed for each draw; where 95 % of
the differences lie is the interval (Efron and Tibshirani, "An Introduction to the Bootstrap", 1993, chapter 13: the
percentile interval). A difference whose interval lies above 0 is one that other pictures of the kind would show too.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from models.training import precision_recall
from models.training.evaluation import Scores
from models.training.judging import Doubles

PART = 0.95
DRAWS = 1000
_AT_ONCE = 50  # draws, which bounds the memory


@dataclass(frozen=True, slots=True, eq=False)
class Duel:
    """What two detectors, or one at two sizes, scored on the same pictures. `data`: the name of these pictures: duels
    of one name are drawn together. `measure`: which average precision counts, COCO's over ten overlaps or VOC's."""

    data: str
    measure: Literal["coco", "voc"]
    first: Scores
    second: Scores


@dataclass(frozen=True, slots=True)
class Difference:
    """By how much the second is better than the first, 0..1, and between which values 95 % of the draws lie."""

    mean: float
    low: float
    high: float

    @property
    def better(self) -> bool:
        """Whether the second is better beyond chance."""
        return self.low > 0


def compare(duels: Sequence[Duel], *, draws: int = DRAWS, seed: int = 0) -> Difference:
    """The mean difference over all duels. The same seed gives the same answer. Raises ValueError where the two of a
    duel, or duels of one name, did not see equally many pictures, or there is no duel."""
    if not duels:
        raise ValueError("nothing to compare")
    counts = {duel.data: duel.first.pictures for duel in duels}
    if any({duel.first.pictures, duel.second.pictures} != {counts[duel.data]} for duel in duels):
        raise ValueError("only answers for the same pictures can be compared")
    plain = np.mean([_difference(duel, np.ones((1, counts[duel.data]), np.int64))[0] for duel in duels])
    drawn = []
    random = {data: np.random.default_rng((seed, zlib.crc32(data.encode()))) for data in counts}
    for start in range(0, draws, _AT_ONCE):
        weights = {data: _drawn(random[data], count, min(_AT_ONCE, draws - start)) for data, count in counts.items()}
        drawn.append(np.mean([_difference(duel, weights[duel.data]) for duel in duels], axis=0))
    low, high = np.quantile(np.concatenate(drawn), [(1 - PART) / 2, (1 + PART) / 2])
    return Difference(float(plain), float(low), float(high))


def _drawn(random: np.random.Generator, pictures: int, draws: int) -> NDArray[np.int64]:
    """(draws, pictures): how often each picture is in a draw of as many."""
    return random.multinomial(pictures, np.full(pictures, 1 / pictures), draws)


def _difference(duel: Duel, weights: NDArray[np.int64]) -> Doubles:
    """(draws,)"""
    return _average(duel.second, duel.measure, weights) - _average(duel.first, duel.measure, weights)


def _average(scores: Scores, measure: Literal["coco", "voc"], weights: NDArray[np.int64]) -> Doubles:
    """(draws,): the mean over classes that the draw has anything of."""
    if measure == "coco":
        areas = precision_recall.areas(scores.coco, precision_recall.sampled, weights)
    else:
        areas = precision_recall.areas(scores.voc, precision_recall.whole, weights)
    return np.asarray(np.nanmean(areas.mean(axis=1), axis=1), np.float64)
