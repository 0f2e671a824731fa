"""How fast is learned at each step, and how fast each tensor learns."""

from __future__ import annotations

import math

from torch import Tensor

USUAL_SIZE = 0.1
"""Root mean square of a tensor from which it learns at the full rate."""


def rate(step: int, steps: int, warm_up: int) -> float:
    """Part of the learning rate, 0..1: rises over `warm_up` steps, then half a cosine down to 0 (Loshchilov and Hutter,
    arXiv:1608.03983, equation 5, without restarts)."""
    rising = min(1.0, (step + 1) / max(warm_up, 1))
    return rising * 0.5 * (1 + math.cos(math.pi * min(step / max(steps, 1), 1.0)))


def tensor_rate(weights: Tensor) -> float:
    """Part of the rate at which a tensor learns, 0..1: min(1, rms / 0.1).

    With batch norms folded in, the size of weights is arbitrary (root mean squares from 0.014 to 1.8 in the start), and
    Adam's steps do not know it: at one rate for all the small tensors are wrecked within minutes (docs/training.md).
    """
    return min(1.0, float(weights.detach().float().pow(2).mean().sqrt()) / USUAL_SIZE)
